import numpy as np
import pytest
from mmpose.registry import TRANSFORMS

import wholebody_mm.datasets.registered  # noqa: F401
from wholebody_mm.datasets.transforms.regions import SupervisionRegions
from wholebody_mm.skeletons import COCO_WHOLEBODY133, WHOLEBODY135

IDENTITY = np.array([[1, 0, 0], [0, 1, 0]], np.float32)
PARTS = list(WHOLEBODY135.part_names)


def regions(ignore=(), boxes=(), stride=8, size=(80, 64), **kwargs):
    results = dict(
        img=np.zeros((size[1], size[0], 3), np.uint8),
        skeleton=kwargs.pop('skeleton', WHOLEBODY135),
        ignore_regions=list(ignore),
        person_boxes=np.array(boxes, np.float32).reshape(-1, 4),
        negatives=True,
    )
    matrix = kwargs.pop('warp_mat', IDENTITY)
    results.update(warp_mat=matrix, boxes_warp_mat=matrix)
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


@pytest.mark.parametrize(
    'other',
    [
        dict(type='mmpose.RandomFlip', prob=1.0),
        dict(type='mmpose.BottomupRandomAffine', input_size=(96, 96)),
    ],
)
def test_mmposes_transforms_leave_the_regions_behind(other):
    rng = np.random.default_rng(0)
    visible = np.full((1, 135), 2, np.float32)
    results = dict(
        img=np.zeros((96, 96, 3), np.uint8),
        img_shape=(96, 96),
        keypoints=rng.uniform(10, 80, (1, 135, 2)).astype(np.float32),
        keypoints_visible=visible,
        bbox=np.float32([[10, 10, 80, 80]]),
        person_boxes=np.float32([[10, 10, 80, 80]]),
        ignore_regions=[],
        labelled=np.ones(135, bool),
        negatives=True,
        flip_indices=list(WHOLEBODY135.flip_indices),
        skeleton=WHOLEBODY135,
    )
    warp = TRANSFORMS.build(
        dict(
            type='mmpose.WholeBodyRandomWarp',
            input_size=(96, 96),
            flip_prob=0.0,
        )
    )
    results = warp(results)
    SupervisionRegions().transform(dict(results))
    moved = TRANSFORMS.build(other)(dict(results, bbox_score=np.ones(1)))
    with pytest.raises(ValueError, match='moved or mirrored.*RandomFlip'):
        SupervisionRegions().transform(moved)
    # or instead of it
    del results['boxes_warp_mat']
    with pytest.raises(ValueError, match='let WholeBodyRandomWarp'):
        SupervisionRegions().transform(results)


def test_another_reader_is_named():
    results = dict(img=np.zeros((64, 80, 3), np.uint8), warp_mat=IDENTITY)
    with pytest.raises(ValueError, match="with one of wholebody_mm's data"):
        SupervisionRegions().transform(results)
