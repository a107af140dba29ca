"""Where faces and hands are looked for."""

import numpy as np
import pytest

from wholebody_mm.openpose.crops import face_boxes, hand_boxes
from wholebody_mm.skeletons import BODY25, BODY25B

FACE = dict(
    nose=(100, 120), left_eye=(120, 100), right_eye=(80, 100),
    left_ear=(150, 100), right_ear=(50, 100), neck=(100, 220),
)  # fmt: skip
ARM = dict(left_wrist=(200, 300), left_elbow=(200, 200))


def body(skeleton, points, score=0.9):
    keypoints = np.zeros((1, skeleton.num_keypoints, 2))
    scores = np.zeros((1, skeleton.num_keypoints))
    for name, point in points.items():
        if name == 'neck' and name not in skeleton.keypoint_names:
            name = 'upper_neck'
        keypoints[0, skeleton.index(name)] = point
        scores[0, skeleton.index(name)] = score
    return keypoints, scores


@pytest.mark.parametrize('skeleton', [BODY25, BODY25B])
def test_a_face_is_the_mean_of_three_guesses(skeleton):
    (box,) = face_boxes(skeleton, *body(skeleton, FACE))
    # neck and nose: (100, 170), 200; eyes: (100, 100), 120; ears: 200
    np.testing.assert_allclose(box, [100, 370 / 3, 520 / 3])


def test_a_face_by_what_was_found():
    profile = {k: FACE[k] for k in ('nose', 'neck', 'left_eye', 'left_ear')}
    (box,) = face_boxes(BODY25, *body(BODY25, profile))
    np.testing.assert_allclose(box, [100, 170, 200])
    eyes = {k: FACE[k] for k in ('left_eye', 'right_eye')}
    (box,) = face_boxes(BODY25, *body(BODY25, eyes))
    np.testing.assert_allclose(box, [100, 100, 120])


def test_no_face_without_evidence_or_size():
    assert face_boxes(BODY25, *body(BODY25, FACE, 0.2))[0, 2] == 0
    assert face_boxes(BODY25, *body(BODY25, {'nose': (1, 1)}))[0, 2] == 0
    eyes = {'left_eye': (110, 100), 'right_eye': (98, 100)}
    assert face_boxes(BODY25, *body(BODY25, eyes))[0, 2] == 0  # 36 pixels
    eyes['left_eye'] = (112, 100)
    assert face_boxes(BODY25, *body(BODY25, eyes))[0, 2] == pytest.approx(42)
    # the same in an image three times as large is too small
    assert face_boxes(BODY25, *body(BODY25, eyes), 1 / 3)[0, 2] == 0


def test_a_hand_is_beyond_the_wrist():
    points = ARM | {'left_shoulder': (200, 120)}
    (box,) = hand_boxes(BODY25, *body(BODY25, points), 'left')
    # the forearm is the longer one
    np.testing.assert_allclose(box, [200, 333, 150])
    points['left_shoulder'] = (200, 0)
    (box,) = hand_boxes(BODY25, *body(BODY25, points), 'left')
    np.testing.assert_allclose(box, [200, 333, 1.5 * 0.9 * 200])
    assert hand_boxes(BODY25, *body(BODY25, points), 'right')[0, 2] == 0


def test_no_hand_without_its_arm():
    assert hand_boxes(BODY25, *body(BODY25, ARM), 'left')[0, 2] == 0
    points = ARM | {'left_shoulder': (200, 120)}
    assert hand_boxes(BODY25, *body(BODY25, points, 0.02), 'left')[0, 2] == 0


def test_nobody():
    empty = np.zeros((0, 25, 2)), np.zeros((0, 25))
    assert face_boxes(BODY25, *empty).shape == (0, 3)
    assert hand_boxes(BODY25, *empty, 'left').shape == (0, 3)
