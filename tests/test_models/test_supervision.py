"""Where each channel is learnt."""

import numpy as np
import pytest

from wholebody_mm.models.supervision import expand_weights
from wholebody_mm.skeletons import COCO17, WHOLEBODY135, get_map

BODY = get_map(COCO17, WHOLEBODY135).labelled
SIZE = 12


def weights(**changes):
    """Weights of an image with nobody, all labelled, unless changed."""
    parts = len(WHOLEBODY135.part_names)
    values = dict(
        skeleton=WHOLEBODY135,
        stride=8,
        labelled=np.ones(135, bool),
        ignore=np.zeros((parts, SIZE, SIZE), np.uint8),
        person=np.zeros((SIZE, SIZE), np.uint8),
        negatives=False,
        visible=np.zeros((0, 135)),
        boxes=np.zeros((0, 4)),
    )
    return expand_weights(**{**values, **changes})


def test_an_image_without_people_teaches_everything():
    for planes in weights():
        assert (planes == 1).all()


@pytest.mark.parametrize('negatives', [False, True])
def test_what_a_data_set_does_not_label(negatives):
    person = np.zeros((SIZE, SIZE), np.uint8)
    person[4:8, 4:8] = 1
    keypoints, limbs = weights(
        labelled=BODY, person=person, negatives=negatives
    )
    assert (keypoints[BODY] == 1).all()
    expected = (1 - person) if negatives else np.zeros_like(person)
    for i in np.flatnonzero(~BODY):
        np.testing.assert_array_equal(keypoints[i], expected)
    for limb, (a, b) in enumerate(WHOLEBODY135.limbs):
        want = np.ones_like(person) if BODY[a] and BODY[b] else expected
        np.testing.assert_array_equal(limbs[limb], want)


def test_a_limb_across_parts_takes_both_ignored_regions():
    names = WHOLEBODY135.part_names
    ignore = np.zeros((len(names), SIZE, SIZE), np.uint8)
    ignore[names.index('lefthand'), 2] = 1
    ignore[names.index('body'), 5] = 1
    keypoints, limbs = weights(ignore=ignore)
    wrist, thumb = (
        WHOLEBODY135.index(n) for n in ('left_wrist', 'left_thumb1')
    )
    across = WHOLEBODY135.limbs.index((wrist, thumb))
    within = WHOLEBODY135.limbs.index((thumb, thumb + 1))
    assert np.flatnonzero(limbs[across].min(1) == 0).tolist() == [2, 5]
    assert np.flatnonzero(limbs[within].min(1) == 0).tolist() == [2]
    assert np.flatnonzero(keypoints[wrist].min(1) == 0).tolist() == [5]


def test_a_missing_keypoint_is_ignored_within_its_persons_box():
    visible = np.full((1, 135), 2.0)
    nose, eye = WHOLEBODY135.index('nose'), WHOLEBODY135.index('left_eye')
    visible[0, nose] = 0
    keypoints, limbs = weights(
        visible=visible, boxes=np.array([[16.0, 32, 47, 63]])
    )
    hidden = np.argwhere(keypoints[nose] == 0)
    assert hidden.min(0).tolist() == [3, 1]
    assert hidden.max(0).tolist() == [8, 6]
    assert (keypoints[eye] == 1).all()
    limb = WHOLEBODY135.limbs.index((nose, eye))
    np.testing.assert_array_equal(limbs[limb], keypoints[nose])


def test_a_missing_keypoint_may_be_beyond_the_box_but_not_in_anothers():
    """Three in a row: the first lacks an ear, the second has both."""
    ear, eye = WHOLEBODY135.index('left_ear'), WHOLEBODY135.index('left_eye')
    visible = np.full((3, 135), 2.0)
    visible[[0, 2], ear] = 0
    boxes = np.array([[0.0, 0, 7, 31], [32, 0, 39, 31], [48, 0, 55, 31]])
    around = boxes.copy()
    around[0] = -50, -50, 60, 80
    ignore = np.zeros((len(WHOLEBODY135.part_names), SIZE, SIZE), np.uint8)
    ignore[WHOLEBODY135.part_names.index('body'), 0, 4] = 1
    keypoints, limbs = weights(
        visible=visible, boxes=boxes, around=around, ignore=ignore
    )
    plane = keypoints[ear]
    assert not plane[:11, :3].any() and not plane[5:11, :8].any()
    assert plane[1:4, 4].all()  # where the ear of the second is known
    assert not plane[:4, 6].any()  # the third's own box
    assert plane[:, 9:].all()
    assert not plane[0, 4]  # ignored for another reason
    assert keypoints[eye].sum() == SIZE**2 - 1
    limb = WHOLEBODY135.limbs.index((eye, ear))
    np.testing.assert_array_equal(limbs[limb], plane)


def test_a_missing_part_may_be_beyond_the_box_but_not_in_anothers():
    """The first lacks both feet, the second has them."""
    feet = WHOLEBODY135.parts['foot']
    visible = np.full((2, 135), 2.0)
    visible[0, feet] = 0
    boxes = np.array([[0.0, 0, 7, 31], [32, 0, 39, 31]])
    around = boxes.copy()
    around[0] = -50, -50, 60, 80
    ignore = np.zeros((len(WHOLEBODY135.part_names), SIZE, SIZE), np.uint8)
    ignore[WHOLEBODY135.part_names.index('foot'), :4, 0] = 1
    keypoints, _ = weights(
        visible=visible, boxes=boxes, around=around, ignore=ignore
    )
    plane = keypoints[feet.start]
    assert plane[:4, 4].all()
    assert not plane[:11, :3].any() and not plane[5:11, :8].any()
    assert plane[:, 9:].all()
    assert keypoints[0].all()


def test_a_part_without_any_keypoint_is_left_to_its_region():
    """It may be ignored in the part's own small box."""
    visible = np.full((1, 135), 2.0)
    visible[0, WHOLEBODY135.parts['face']] = 0
    keypoints, limbs = weights(
        visible=visible, boxes=np.array([[0.0, 0, 95, 95]])
    )
    assert (keypoints == 1).all()
    assert (limbs == 1).all()


def test_a_person_outside_the_image_changes_nothing():
    visible = np.full((1, 135), 2.0)
    visible[0, ::2] = 0
    keypoints, _ = weights(
        visible=visible, boxes=np.array([[-90.0, -90, -30, -30]])
    )
    assert (keypoints == 1).all()


def test_a_hidden_point_of_known_place_is_ignored_around_it_only():
    elbow, wrist, shoulder = (
        WHOLEBODY135.index(f'left_{n}') for n in ('elbow', 'wrist', 'shoulder')
    )
    visible = np.full((1, 135), 2.0)
    visible[0, elbow] = -1
    points = np.full((1, 135, 2), 20.0)
    points[0, [shoulder, elbow, wrist]] = [4, 12], [60, 12], [60, 76]
    arguments = dict(visible=visible, boxes=np.array([[0.0, 0, 95, 95]]))
    keypoints, limbs = weights(keypoints=points, **arguments)
    # a box of 95 pixels: 14 pixels around the elbow's cell 7, 1
    assert (keypoints[elbow, 0:3, 6:9] == 0).all()
    assert keypoints[elbow].mean() > 0.7
    others = np.delete(keypoints, elbow, axis=0)
    assert others.all()
    upper = WHOLEBODY135.limbs.index((shoulder, elbow))
    lower = WHOLEBODY135.limbs.index((elbow, wrist))
    assert (limbs[upper, 1, 0:9] == 0).all() and limbs[upper, 6:].all()
    assert (limbs[lower, 1:10, 7] == 0).all() and limbs[lower, :, :4].all()
    # without places, and of those that nobody knows, the whole box
    unknown = weights(**arguments)
    assert not unknown[0][elbow].any() and not unknown[1][upper].any()
    visible[0, elbow] = 0
    for planes, expected in zip(
        weights(keypoints=points, **arguments), unknown, strict=True
    ):
        np.testing.assert_array_equal(planes, expected)


def forearm(elbow, wrist, box=(0.0, 0, 95, 95)):
    """Weights of a forearm whose elbow is hidden at a known place."""
    ends = [WHOLEBODY135.index(f'left_{n}') for n in ('elbow', 'wrist')]
    visible = np.full((1, 135), 2.0)
    visible[0, ends[0]] = -1
    points = np.full((1, 135, 2), 20.0)
    points[0, ends] = elbow, wrist
    _, limbs = weights(
        visible=visible, boxes=np.array([box]), keypoints=points
    )
    return limbs[WHOLEBODY135.limbs.index(tuple(ends))]


def test_a_limb_that_leads_out_of_sight_is_ignored_at_its_hidden_end_only():
    """The warp puts what is known beyond the image far from the input."""
    # nor does a point far beyond the image make a person large
    boxes = (0.0, 0, 95, 95), (0.0, 0, 95, 9000)
    for box, reach in zip(boxes, (1, 3), strict=True):
        ignored = np.argwhere(forearm((60, 60), (-96, -96), box) == 0)
        assert [7, 7] in ignored.tolist()
        assert abs(ignored - 7).max() <= reach + 1


def test_a_limb_beyond_the_input_is_nothing_to_ignore():
    for wrist, nothing in (((60, 60), False), ((-96, -96), True)):
        limb = forearm((-96, -96), wrist)
        assert limb.all() == nothing
        assert limb.mean() > 0.8


def test_a_limb_to_somewhere_unknown_is_ignored_in_the_whole_box():
    elbow, wrist = (
        WHOLEBODY135.index(f'left_{n}') for n in ('elbow', 'wrist')
    )
    visible = np.full((1, 135), 2.0)
    visible[0, [elbow, wrist]] = -1, 0
    _, limbs = weights(
        visible=visible,
        boxes=np.array([[0.0, 0, 95, 95]]),
        keypoints=np.full((1, 135, 2), 20.0),
    )
    assert not limbs[WHOLEBODY135.limbs.index((elbow, wrist))].any()
