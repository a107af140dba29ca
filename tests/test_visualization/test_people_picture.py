"""People in their skeleton's colours on BGR images."""

import numpy as np
import pytest

from wholebody_mm.skeletons import COCO17, WHOLEBODY135
from wholebody_mm.visualization.people_picture import draw_skeletons

IMAGE = np.zeros((200, 200, 3), np.uint8)


def one_point(skeleton, name, at=(50, 60)):
    """A person of whom one keypoint was found."""
    keypoints = np.zeros((1, skeleton.num_keypoints, 2), np.float32)
    scores = np.zeros((1, skeleton.num_keypoints), np.float32)
    keypoints[0, skeleton.index(name)] = at
    scores[0, skeleton.index(name)] = 1
    return keypoints, scores


def test_colours_are_turned_from_rgb_to_bgr():
    picture = draw_skeletons(IMAGE, *one_point(COCO17, 'left_wrist'), COCO17)
    color = COCO17.colors[COCO17.index('left_wrist')]
    assert tuple(picture[60, 50]) == color[::-1] != color
    assert not IMAGE.any()


def test_faces_and_hands_are_drawn_finer():
    keypoints = np.zeros((1, 135, 2), np.float32)
    far = [WHOLEBODY135.index(n) for n in ('nose', 'left_ankle')]
    knee, thumb = map(WHOLEBODY135.index, ('right_knee', 'left_thumb4'))
    keypoints[0, far] = (5, 5), (5, 195)  # a tall person has wide lines
    keypoints[0, [knee, thumb]] = (60, 100), (140, 100)
    scores = np.zeros((1, 135))
    scores[0, [*far, knee, thumb]] = 1
    picture = draw_skeletons(IMAGE, keypoints, scores, WHOLEBODY135)
    wide = picture[80:120, 40:80].any(axis=-1).sum()
    fine = picture[80:120, 120:160].any(axis=-1).sum()
    assert 0 < fine < wide


@pytest.mark.parametrize('at', [(100, 100), (199, 0), (-500, 900)])
def test_ids_are_written_wherever_people_are(at):
    person = one_point(COCO17, 'nose', at)
    plain = draw_skeletons(IMAGE, *person, COCO17)
    numbered = draw_skeletons(IMAGE, *person, COCO17, ids=np.array([12]))
    assert np.abs(numbered.astype(int) - plain).max() > 100


def test_nobody():
    picture = draw_skeletons(
        IMAGE,
        np.zeros((0, 17, 2)),
        np.zeros((0, 17)),
        COCO17,
        ids=np.zeros(0, int),
    )
    np.testing.assert_array_equal(picture, IMAGE)


def test_ids_stay_with_people_at_threshold_zero():
    keypoints, scores = one_point(COCO17, 'nose', (150, 150))
    image = np.zeros((200, 200, 3), np.uint8)
    picture = draw_skeletons(
        image, keypoints, scores, COCO17, np.array([7]), threshold=0
    )
    assert not picture[:40, :40].any()
    assert picture[100:].any()
