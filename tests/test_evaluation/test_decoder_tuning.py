"""Thresholds that suit a network are found."""

import dataclasses
import json

import cv2
import numpy as np
import pytest
from support.drawn import truth, write_drawn
from support.skeletons import BUST

from wholebody_mm.codecs.encoder import MapEncoder
from wholebody_mm.datasets.transforms.geometry import (
    top_left_warp,
    warp_points,
)
from wholebody_mm.evaluation.decoder_tuning import (
    GRID,
    StoredMaps,
    objective,
    possible,
    tune,
)
from wholebody_mm.inference.network import NetworkInfo
from wholebody_mm.inference.predictor import Predictor
from wholebody_mm.skeletons import COCO_WHOLEBODY133, WHOLEBODY135, get_map


class HalfHeight:
    """Knows the people of some images; its maps are half as high."""

    info = NetworkInfo('known', 'wholebody135', 8, 8, 240)

    def __init__(self, path, factor=0.5, heatmap_stride=8):
        self.info = dataclasses.replace(
            self.info, heatmap_stride=heatmap_stride
        )
        encoder = MapEncoder(WHOLEBODY135, 8, heatmap_stride)
        to_union = get_map(COCO_WHOLEBODY133, WHOLEBODY135)
        self.maps, self.factor = {}, factor
        names = {
            image['id']: image['file_name']
            for image in json.loads(path.read_text())['images']
        }
        for image_id, name in names.items():
            image = cv2.imread(str(path.parent / 'img' / name))
            size = image.shape[1], image.shape[0]
            matrix, input_size, _ = top_left_warp(size, 240, 8)
            mine = [(p, v) for i, p, v in truth(path) if i == image_id]
            points, visible = to_union(
                np.stack([p for p, _ in mine]), np.stack([v for _, v in mine])
            )
            maps = encoder.encode(
                warp_points(points, matrix), visible, input_size
            )
            self.maps[image.mean().round(6)] = maps

    def __call__(self, images):
        maps = self.maps[images[0].mean().round(6)]
        return tuple(self.factor * m[None] for m in maps)


@pytest.fixture(scope='module')
def stored(tmp_path_factory):
    path = write_drawn(tmp_path_factory.mktemp('drawn'), images=3)
    predictor = Predictor(network=HalfHeight(path))
    return StoredMaps(predictor, path, path.parent / 'img')


def test_a_threshold_that_hides_everyone_is_given_up(stored):
    def score(options):
        return objective(stored.metrics(options))

    start = dict(peak_threshold=0.6)  # above every peak
    assert score(start) == 0
    grid = dict(peak_threshold=(0.7, 0.2), min_score=(0.05,))
    best, value = tune(score, start, grid)
    assert best['peak_threshold'] == 0.2
    assert value > 0.9
    assert value == objective(stored.metrics(best))


def test_pixels_are_not_kept(stored):
    for _, item, *_ in stored.maps:
        assert item.pixels.size == 0 and item.pixels.base is None


def test_every_option_of_the_grid_is_one_of_the_decoder(stored):
    for option, values in GRID.items():
        stored.metrics({option: values[0]})


def test_what_few_keypoints_refuse_is_not_tried():
    info = NetworkInfo('bust', BUST.definition(), 8, 8, 240)
    start = dict(min_keypoints=2)
    grid = possible(GRID, start, info.build_decoder)
    assert grid['min_keypoints'] == [2, 3]  # most that count
    others = {k: list(v) for k, v in GRID.items() if k != 'min_keypoints'}
    assert grid == others | dict(min_keypoints=grid['min_keypoints'])
    for option, values in grid.items():
        for value in values:
            info.build_decoder({option: value})


def test_a_threshold_for_each_part_is_tried_again():
    """It can be no key of a dictionary."""
    start = dict(part_threshold={'face': 0.2})
    best, value = tune(
        lambda options: float(options['part_threshold'] == 0.1),
        start,
        dict(part_threshold=(0.1, 0.2)),
    )
    assert (best, value) == (dict(part_threshold=0.1), 1.0)
    best, _ = tune(lambda _: 0.0, start, dict(part_threshold=(0.1,)))
    assert best == start


def test_search_stops_when_nothing_changes():
    tried = []

    def score(options):
        tried.append(dict(options))
        return -abs(options['a'] - 2) - abs(options.get('b', 9) - 1)

    best, value = tune(
        score, dict(a=0), dict(a=(1, 2, 3), b=(0, 1)), rounds=10
    )
    assert (best, value) == (dict(a=2, b=1), 0)
    assert len(tried) < 12  # start, 5 of the first round, 3 of the second
    best, _ = tune(lambda options: 0.0, dict(a=5), dict(a=(1, 2)))
    assert best == dict(a=5)  # equal is no reason to change


def test_what_it_began_with_is_tried_again():
    """5 is worse than 1 until the other option changes."""
    values = {(5, 9): 0, (1, 9): 1, (1, 0): 2, (5, 0): 3}
    best, value = tune(
        lambda options: values[options['a'], options['b']],
        dict(a=5, b=9),
        dict(a=(1,), b=(0,)),
    )
    assert (best, value) == (dict(a=5, b=0), 3)


def test_no_images_is_refused(tmp_path):
    path = tmp_path / 'a.json'
    path.write_text(json.dumps(dict(images=[], annotations=[], categories=[])))
    network = dataclasses.make_dataclass('N', ['info'])(HalfHeight.info)
    with pytest.raises(ValueError, match='no images to tune on'):
        StoredMaps(Predictor(network=network), path, tmp_path)


def test_confidence_maps_may_be_finer(tmp_path):
    path = write_drawn(tmp_path, images=1)
    network = HalfHeight(path, heatmap_stride=4)
    stored = StoredMaps(Predictor(network=network), path, path.parent / 'img')
    assert objective(stored.metrics({})) > 0.9
