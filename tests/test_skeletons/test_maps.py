"""Conversions between skeletons, and the rule of the hand roots."""

from dataclasses import replace

import numpy as np
import pytest

from wholebody_mm.skeletons import (
    BODY25,
    BODY25B,
    COCO17,
    COCO_WHOLEBODY133,
    WHOLEBODY135,
    SkeletonMap,
    get_map,
)

TO_UNION = get_map(COCO_WHOLEBODY133, WHOLEBODY135)
FROM_UNION = get_map(WHOLEBODY135, COCO_WHOLEBODY133)


def people(skeleton, n=3):
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(1, 100, (n, skeleton.num_keypoints, 2))
    return keypoints.astype(np.float32), np.full(keypoints.shape[:2], 2.0)


def test_there_and_back_changes_only_the_roots():
    keypoints, visible = people(COCO_WHOLEBODY133)
    back, seen = FROM_UNION(*TO_UNION(keypoints, visible))
    roots = [
        COCO_WHOLEBODY133.index(f'{s}_hand_root') for s in ('left', 'right')
    ]
    wrists = [COCO_WHOLEBODY133.index(f'{s}_wrist') for s in ('left', 'right')]
    keypoints[:, roots] = keypoints[:, wrists]
    np.testing.assert_array_equal(back, keypoints)
    np.testing.assert_array_equal(seen, visible)


def test_names_stay_with_their_points():
    keypoints, visible = people(COCO_WHOLEBODY133)
    union, _ = TO_UNION(keypoints, visible)
    for name in ('left_big_toe', 'face-30', 'right_pinky_finger4', 'nose'):
        np.testing.assert_array_equal(
            union[:, WHOLEBODY135.index(name)],
            keypoints[:, COCO_WHOLEBODY133.index(name)],
        )


def test_a_hand_root_stands_in_for_a_lost_wrist():
    keypoints, visible = people(COCO_WHOLEBODY133)
    wrist, root = (
        COCO_WHOLEBODY133.index(n) for n in ('left_wrist', 'left_hand_root')
    )
    visible[0, wrist] = 0
    visible[1, [wrist, root]] = 0
    union, seen = TO_UNION(keypoints, visible)
    target = WHOLEBODY135.index('left_wrist')
    np.testing.assert_array_equal(union[0, target], keypoints[0, root])
    np.testing.assert_array_equal(union[2, target], keypoints[2, wrist])
    assert seen[:, target].tolist() == [2, 0, 2]


def test_no_finger_no_hand_root():
    keypoints, scores = people(WHOLEBODY135)
    scores[0, WHOLEBODY135.parts['lefthand']] = 0
    scores[1, WHOLEBODY135.parts['lefthand']] = 0
    scores[1, WHOLEBODY135.index('left_thumb4')] = 0.3
    _, seen = FROM_UNION(keypoints, scores)
    root = COCO_WHOLEBODY133.index('left_hand_root')
    assert seen[:, root].tolist() == [0, 2, 2]
    assert (seen[:, COCO_WHOLEBODY133.index('right_hand_root')] == 2).all()


def test_what_a_source_labels():
    assert TO_UNION.labelled.sum() == 131
    absent = np.flatnonzero(~TO_UNION.labelled)
    names = [WHOLEBODY135.keypoint_names[i] for i in absent]
    assert names == ['upper_neck', 'head_top', 'right_pupil', 'left_pupil']
    assert get_map(COCO17, WHOLEBODY135).labelled.sum() == 17
    assert get_map(BODY25B, COCO_WHOLEBODY133).labelled.sum() == 23


def test_a_mean_needs_all_of_its_sources():
    eyes = SkeletonMap(COCO17, COCO17, ((1, 2),) + ((),) * 16)
    keypoints, visible = people(COCO17, 2)
    # not even its place is known where that of one source is not
    visible[1, 1:3] = -1, 0
    out, seen = eyes(keypoints, visible)
    np.testing.assert_allclose(out[0, 0], keypoints[0, 1:3].mean(0), rtol=1e-6)
    assert seen[:, 0].tolist() == [2, 0]
    assert (out[1] == 0).all()


def test_nobody_and_wrong_shapes():
    keypoints, visible = TO_UNION(np.zeros((0, 133, 2)), np.zeros((0, 133)))
    assert keypoints.shape == (0, 135, 2)
    assert visible.shape == (0, 135)
    with pytest.raises(ValueError, match=r'\(N, 133, 2\)'):
        TO_UNION(np.zeros((1, 135, 2)), np.zeros((1, 135)))


def test_indices_out_of_range_are_refused():
    with pytest.raises(ValueError, match='17 is no keypoint of coco17'):
        SkeletonMap(COCO17, COCO17, ((17,),) * 17)
    with pytest.raises(ValueError, match='2 entries for 17'):
        SkeletonMap(COCO17, COCO17, ((1,), (2,)))


@pytest.mark.parametrize('hand', ['left', 'right'])
def test_skeletons_with_hands_have_hand_roots(hand):
    """Their perfect hands are to be worth 21 points, as the union's are."""
    body = WHOLEBODY135.keypoint_names[WHOLEBODY135.parts['body']]
    fingers = WHOLEBODY135.keypoint_names[WHOLEBODY135.parts[f'{hand}hand']]
    ours = WHOLEBODY135.subset('body_hand', (*body, *fingers))
    there = get_map(ours, COCO_WHOLEBODY133)
    keypoints, visible = people(ours)
    made, seen = there(keypoints, visible)
    root = COCO_WHOLEBODY133.index(f'{hand}_hand_root')
    wrist = ours.index(f'{hand}_wrist')
    np.testing.assert_array_equal(made[:, root], keypoints[:, wrist])
    assert seen[:, COCO_WHOLEBODY133.parts[f'{hand}hand']].all()
    visible[:, [ours.index(name) for name in fingers]] = 0
    assert not there(keypoints, visible)[1][:, root].any()
    # and back: the root stands in for the wrist
    keypoints, visible = people(COCO_WHOLEBODY133)
    visible[:, COCO_WHOLEBODY133.index(f'{hand}_wrist')] = 0
    made, _ = get_map(COCO_WHOLEBODY133, ours)(keypoints, visible)
    np.testing.assert_array_equal(made[:, wrist], keypoints[:, root])


def test_midpoints_of_a_skeleton_of_ones_own():
    """BODY_25's neck and middle of the hips, where both ends are there."""
    sides = [f'{side}_shoulder' for side in ('left', 'right')]
    own = WHOLEBODY135.subset('own', ('nose', *sides, 'left_hip'))
    keypoints, visible = people(own)
    made, seen = get_map(own, BODY25)(keypoints, visible)
    neck = BODY25.index('neck')
    ends = keypoints[:, [own.index(name) for name in sides]]
    np.testing.assert_allclose(made[:, neck], ends.mean(1), rtol=1e-6)
    assert seen[:, neck].all() and not seen[:, BODY25.index('mid_hip')].any()
    # what has the points itself keeps them
    assert get_map(BODY25, BODY25).sources[neck] == (neck,)
    with pytest.raises(ValueError, match='no keypoint name in common'):
        get_map(WHOLEBODY135.subset('top', ('head_top',)), BODY25)


def test_an_own_skeleton_of_a_known_name_goes_by_its_keypoints():
    names = COCO17.keypoint_names[::-1]
    reverse = [16 - i for i in range(17)]
    own = replace(
        COCO17,
        keypoint_names=names,
        flip_pairs=tuple(
            (reverse[a], reverse[b]) for a, b in COCO17.flip_pairs
        ),
        limbs=tuple((reverse[a], reverse[b]) for a, b in COCO17.limbs),
        links=(),
        oks_sigmas=COCO17.oks_sigmas[::-1],
    )
    sources = get_map(own, COCO_WHOLEBODY133).sources
    assert sources[COCO_WHOLEBODY133.index('nose')] == (names.index('nose'),)
