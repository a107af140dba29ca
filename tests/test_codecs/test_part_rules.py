from dataclasses import replace

import numpy as np
import pytest

from wholebody_mm.codecs.part_rules import PartRules
from wholebody_mm.skeletons import COCO17, WHOLEBODY135

RULES = PartRules(WHOLEBODY135)


def has(*parts, of=WHOLEBODY135):
    """(1, K) bool: all keypoints of some parts, or single keypoints."""
    found = np.zeros((1, of.num_keypoints), bool)
    for part in parts:
        found[0, of.parts[part] if part in of.parts else of.index(part)] = True
    return found


@pytest.mark.parametrize(
    'parts, count',
    [
        (('foot',), 0),
        (('face',), 1),
        (('lefthand', 'righthand'), 2),
        (('nose', 'left_eye', 'face', 'foot'), 3),
        (('body', 'foot', 'lefthand', 'righthand', 'face'), 22),
    ],
)
def test_parts_count_as_evidence(parts, count):
    assert RULES.count(has(*parts)) == count
    assert RULES.most == 22


def test_a_face_or_hand_may_stand_alone_but_feet_and_bodies_not():
    assert RULES.complete(has('face'), 0.5)
    assert RULES.complete(has('lefthand'), 0.5)
    assert not RULES.complete(has('left_thumb1', 'left_thumb2'), 0.5)
    assert not RULES.complete(has('foot', 'body'), 0.5)


def test_weak_parts_are_dropped_whole():
    scores = 0.9 * has('body', 'face', 'left_thumb1', 'left_thumb2')
    weak = RULES.weak(scores, 0.1)
    assert weak[0, WHOLEBODY135.parts['lefthand']].all()
    assert not weak[0, WHOLEBODY135.parts['face']].any()
    assert not weak[0, WHOLEBODY135.parts['body']].any()


def test_related_keypoints():
    related = RULES.related(2)
    at = WHOLEBODY135.index
    assert related[at('face-8'), at('left_shoulder')]
    assert related[at('face-8'), at('face-40')]
    assert related[at('left_ankle'), at('left_heel')]
    assert not related[at('face-8'), at('left_knee')]
    assert not related[at('face-8'), at('left_thumb4')]
    assert not related[at('left_pinky_finger4'), at('right_ankle')]


def test_near_keypoints_are_within_the_hops():
    near = PartRules(COCO17).near(1)
    wrist = COCO17.index('left_wrist')
    ends = {a + b - wrist for a, b in COCO17.limbs if wrist in (a, b)}
    assert set(near[wrist][near[wrist] >= 0]) == ends


def test_limits_of_ones_own():
    rules = PartRules(WHOLEBODY135, dict(foot=2))
    assert rules.count(has('foot')) == 2
    with pytest.raises(ValueError, match="names \\['tail'\\]"):
        PartRules(WHOLEBODY135, dict(tail=2))


def test_the_first_part_counts_whatever_it_is_called():
    foot = COCO17.subset('foot', COCO17.keypoint_names[:3])
    foot = replace(foot, part_sizes=(('foot', 3),))
    rules = PartRules(foot)
    assert rules.most == 3
    assert rules.count(np.ones((1, 3), bool)) == 3
