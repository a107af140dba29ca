"""AP of a network on annotated images."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
from support.drawn import truth, write_drawn

from wholebody_mm.codecs import MapEncoder
from wholebody_mm.evaluation.annotated_people import AnnotatedPeople
from wholebody_mm.export.accuracy import accuracy
from wholebody_mm.inference.fixed_size import InputShape
from wholebody_mm.inference.network import NetworkInfo
from wholebody_mm.skeletons import COCO_WHOLEBODY133, get_skeleton

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
    annotated = AnnotatedPeople(ann_file, COCO_WHOLEBODY133)
    metrics = accuracy(network, annotated, tmp_path / 'img')
    assert metrics['body/AP'] > 0.9 and metrics['face/AP'] > 0.9
    for path in sorted((tmp_path / 'img').iterdir())[2:]:
        path.unlink()
    half = accuracy(network, annotated, tmp_path / 'img', max_images=2)
    assert half['body/AP'] > 0.9
    with pytest.raises(FileNotFoundError):
        accuracy(network, annotated, tmp_path / 'img')
    network.people = {key: [] for key in network.people}
    nothing = accuracy(network, annotated, tmp_path / 'img', max_images=2)
    assert set(nothing.values()) == {0.0}


def test_a_missing_image_is_named(tmp_path):
    ann_file = write_drawn(tmp_path, 1)
    network = Knowing(tmp_path, ann_file)
    annotated = AnnotatedPeople(ann_file, COCO_WHOLEBODY133)
    with pytest.raises(FileNotFoundError, match='nowhere'):
        accuracy(network, annotated, tmp_path / 'nowhere')


def test_inputs_as_large_as_those_of_a_file_of_one_size(tmp_path):
    """What is lost by a lower input is not lost by 8 bits."""
    ann_file = write_drawn(tmp_path, 1)
    shapes = []

    class Blind:
        info = NetworkInfo('blind', 'coco_wholebody133', 8, 8, SIZE[1])

        def __call__(self, images):
            shapes.append(images.shape[1:3])
            h, w = (side // 8 for side in images.shape[1:3])
            limbs = get_skeleton('coco_wholebody133').num_limbs
            shape = (len(images), 133, h, w), (len(images), 2 * limbs, h, w)
            return tuple(np.zeros(s, np.float32) for s in shape)

    annotated = AnnotatedPeople(ann_file, COCO_WHOLEBODY133)
    lower = Blind()
    lower.info = replace(Blind.info, height=120)
    lower.shape = InputShape(1, 120, 104)
    accuracy(Blind(), annotated, tmp_path / 'img', like=lower)
    ((height, width),) = shapes
    assert height <= 120 and width <= 104
