import numpy as np
import pytest

from wholebody_mm.datasets.transforms.regions import SupervisionRegions
from wholebody_mm.skeletons import COCO_WHOLEBODY133, WHOLEBODY135

IDENTITY = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
PARTS = list(WHOLEBODY135.part_names)


def regions(ignore=(), boxes=(), stride=8, size=(80, 64), **kwargs):
    results = dict(
        img=np.zeros((size[1], size[0], 3), np.uint8),
        skeleton=kwargs.pop('skeleton', WHOLEBODY135),
        warp_mat=kwargs.pop('warp_mat', IDENTITY),
        ignore_regions=list(ignore),
        person_boxes=np.array(boxes, np.float32).reshape(-1, 4),
    )
    return SupervisionRegions(stride, **kwargs).transform(results)


def test_nobody_and_nothing():
    out = regions()
    assert out['ignore'].shape == (5, 8, 10)
    assert out['person'].shape == (8, 10)
    assert out['ignore'].dtype == out['person'].dtype == np.uint8
    assert not out['ignore'].any()
    assert not out['person'].any()


def test_a_part_is_ignored_in_its_own_plane():
    out = regions([('face', np.array([16.0, 8, 30, 20]))])
    face = out['ignore'][PARTS.index('face')]
    assert face[1:3, 2:4].all()
    assert face.sum() == 4
    assert out['ignore'].sum() == 4
    assert not out['person'].any()


def test_everything_is_ignored_where_nothing_is_known():
    out = regions([(None, np.array([16.0, 8, 30, 20]))])
    assert (out['ignore'].sum(axis=(1, 2)) == 4).all()
    # Somebody is there, whoever it may be.
    assert out['person'].sum() == 4


def test_a_crowd_and_a_part_add_up():
    out = regions(
        [
            (None, np.array([0.0, 0, 7, 7])),
            ('foot', np.array([64.0, 48, 70, 55])),
        ]
    )
    foot = out['ignore'][PARTS.index('foot')]
    assert foot[0, 0] == foot[6, 8] == 1
    assert foot.sum() == 2
    assert out['ignore'].sum() == 6


def test_people_are_enlarged_by_their_size_on_each_side():
    out = regions(boxes=[[32, 24, 39, 31]])
    # 25..46 x 17..38 pixels
    assert out['person'][2:5, 3:6].all()
    assert out['person'].sum() == 9
    tight = regions(boxes=[[32, 24, 39, 31]], enlarge=0.0)
    assert tight['person'].sum() == 1


def test_regions_are_warped_into_the_input():
    flipped = np.array([[-1, 0, 79], [0, 1, 0]], np.float32)
    out = regions(
        [('body', np.array([0.0, 0, 7, 7]))], warp_mat=flipped, stride=4
    )
    body = out['ignore'][PARTS.index('body')]
    assert body.shape == (16, 20)
    assert body[:2, 18:].all()
    assert body.sum() == 4


def test_planes_are_those_of_the_skeleton():
    out = regions(
        [('lefthand', np.array([0.0, 0, 7, 7]))], skeleton=COCO_WHOLEBODY133
    )
    plane = COCO_WHOLEBODY133.part_names.index('lefthand')
    assert out['ignore'][plane].sum() == out['ignore'].sum() == 1


def test_input_that_does_not_fit_the_stride():
    with pytest.raises(ValueError, match='80 x 64 is no multiple.*24'):
        regions(stride=24)
