"""The skeletons of the original's body, face and hand networks."""

import numpy as np
import pytest

from wholebody_mm.skeletons import (
    BODY25,
    BODY25B,
    COCO17,
    COCO_WHOLEBODY133,
    FACE70,
    HAND21,
    WHOLEBODY135,
    get_map,
    get_skeleton,
)

# Facts of the released BODY_25: limbs, and the x channel of each in the 52.
LIMBS = (
    '1-8 1-2 1-5 2-3 3-4 5-6 6-7 8-9 9-10 10-11 8-12 12-13 13-14 1-0 0-15 '
    '15-17 0-16 16-18 2-17 5-18 14-19 19-20 14-21 11-22 22-23 11-24'
)
CHANNELS = (
    '0 14 22 16 18 24 26 6 2 4 8 10 12 30 32 36 34 38 20 28 40 42 44 46 48 50'
)


def test_limbs_are_in_the_order_of_the_field_channels():
    for limb, x in zip(LIMBS.split(), CHANNELS.split(), strict=True):
        pair = tuple(int(i) for i in limb.split('-'))
        assert BODY25.limbs[int(x) // 2] == pair


def test_points_of_the_mirrored_person():
    names = BODY25.keypoint_names
    for i, j in enumerate(BODY25.flip_indices):
        swap = {'left': 'right', 'right': 'left'}
        side, _, rest = names[i].partition('_')
        expected = f'{swap[side]}_{rest}' if side in swap else names[i]
        assert names[j] == expected
    indices, _ = BODY25.limb_flips
    assert (indices >= 0).all()


@pytest.mark.parametrize(
    'source', [COCO17, COCO_WHOLEBODY133, WHOLEBODY135, BODY25B]
)
def test_neck_and_hip_are_midpoints(source):
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(0, 100, (2, source.num_keypoints, 2))
    visible = np.ones((2, source.num_keypoints))
    visible[1, source.index('left_hip')] = 0
    out, seen = get_map(source, BODY25)(keypoints, visible)
    shoulders = [source.index(f'{s}_shoulder') for s in ('left', 'right')]
    np.testing.assert_allclose(
        out[:, BODY25.index('neck')],
        keypoints[:, shoulders].mean(axis=1),
        rtol=1e-5,
    )
    assert seen[:, BODY25.index('mid_hip')].tolist() == [1, 0]
    nose = BODY25.index('nose')
    np.testing.assert_allclose(
        out[:, nose], keypoints[:, source.index('nose')], rtol=1e-6
    )


def test_face_and_hand_are_parts_of_the_union():
    assert FACE70.num_keypoints == 70
    assert FACE70.keypoint_names == WHOLEBODY135.keypoint_names[65:]
    assert HAND21.num_keypoints == 21
    assert HAND21.keypoint_names[:2] == ('wrist', 'thumb1')
    assert HAND21.num_limbs == 20
    left = COCO_WHOLEBODY133.parts['lefthand']
    assert HAND21.oks_sigmas == COCO_WHOLEBODY133.oks_sigmas[left]


def test_they_are_found_by_name():
    for skeleton in (BODY25, FACE70, HAND21):
        assert get_skeleton(skeleton.name) is skeleton
    assert get_map(BODY25, COCO_WHOLEBODY133).labelled.sum() == 23
    assert get_map(BODY25, WHOLEBODY135).labelled.sum() == 23
