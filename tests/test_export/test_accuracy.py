"""AP of a network on annotated images."""

import cv2
import numpy as np
import pytest
from support.drawn import truth, write_drawn

from wholebody_mm.codecs import MapEncoder
from wholebody_mm.export.accuracy import accuracy
from wholebody_mm.inference.network import NetworkInfo

SIZE = (320, 240)


class Knowing:
    """A network that knows the annotations; told apart by their pictures."""

    info = NetworkInfo('knowing', 'coco_wholebody133', 8, 8, SIZE[1])

    def __init__(self, folder, ann_file) -> None:
        self.people: dict[bytes, np.ndarray] = {}
        by_image: dict[int, list] = {}
        for number, points, v in truth(ann_file):
            by_image.setdefault(number, []).append((points, v))
        names = sorted((folder / 'img').iterdir())
        for number, path in enumerate(names, start=1):
            rows = by_image.get(number, [])
            self.people[cv2.imread(str(path)).tobytes()] = rows

    def __call__(self, images):
        rows = self.people[images[0].tobytes()]
        points = np.array([p for p, _ in rows]).reshape(-1, 133, 2)
        visible = np.array([v for _, v in rows]).reshape(-1, 133)
        maps = MapEncoder('coco_wholebody133').encode(points, visible, SIZE)
        return tuple(m[None] for m in maps)


def test_who_knows_the_truth_has_all_of_it(tmp_path):
    ann_file = write_drawn(tmp_path, 4)
    network = Knowing(tmp_path, ann_file)
    metrics = accuracy(network, ann_file, tmp_path / 'img')
    assert metrics['body/AP'] > 0.9 and metrics['face/AP'] > 0.9
    for path in sorted((tmp_path / 'img').iterdir())[2:]:
        path.unlink()
    half = accuracy(network, ann_file, tmp_path / 'img', max_images=2)
    assert half['body/AP'] > 0.9
    with pytest.raises(FileNotFoundError):
        accuracy(network, ann_file, tmp_path / 'img')
    network.people = {key: [] for key in network.people}
    nothing = accuracy(network, ann_file, tmp_path / 'img', max_images=2)
    assert set(nothing.values()) == {0.0}


def test_a_missing_image_is_named(tmp_path):
    ann_file = write_drawn(tmp_path, 1)
    network = Knowing(tmp_path, ann_file)
    with pytest.raises(FileNotFoundError, match='nowhere'):
        accuracy(network, ann_file, tmp_path / 'nowhere')
