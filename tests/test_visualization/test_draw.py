"""Pictures of people."""

import numpy as np
import pytest

from wholebody_mm.skeletons import COCO17
from wholebody_mm.visualization.draw import draw_people, person_size

RED, BLUE = (255, 0, 0), (0, 0, 255)


def blank():
    return np.zeros((60, 80, 3), np.uint8)


def test_points_and_links_get_their_colours():
    keypoints = np.array([[[10.0, 30], [70, 30]]])
    image = blank()
    out = draw_people(image, keypoints, np.ones((1, 2)), [(0, 1)], [RED, BLUE])
    assert (image == 0).all()
    assert tuple(out[30, 10]) == RED
    assert tuple(out[30, 70]) == BLUE
    r, g, b = out[30, 40]  # a link has its second end's colour
    assert b > 200 and r == g == 0
    assert (out[10] == 0).all()


def test_what_is_below_the_threshold_is_not_drawn():
    keypoints = np.array([[[10.0, 30], [70, 30]]])
    scores = np.array([[0.9, 0.05]])
    out = draw_people(blank(), keypoints, scores, [(0, 1)], [RED, BLUE])
    assert tuple(out[30, 10]) == RED
    assert (out[:, 20:] == 0).all()


def test_far_outside_and_not_finite_does_no_harm():
    keypoints = np.array([[[10.0, 30], [1e12, 30], [np.nan, 5]]])
    out = draw_people(
        blank(),
        keypoints,
        np.ones((1, 3)),
        [(0, 1), (1, 2)],
        [RED, BLUE, BLUE],
    )
    assert tuple(out[30, 79]) == BLUE  # the link leaves the image


def test_nobody_and_wrong_colours():
    out = draw_people(
        blank(), np.zeros((0, 17, 2)), np.zeros((0, 17)), [], COCO17.colors
    )
    assert (out == 0).all()
    with pytest.raises(ValueError, match='2 colours for keypoints'):
        draw_people(
            blank(), np.zeros((1, 3, 2)), np.ones((1, 3)), [], [RED, BLUE]
        )


def test_size_is_that_of_what_was_found():
    points = np.array([[0.0, 0], [10, 4], [999, 999]])
    assert person_size(points, np.array([True, True, False])) == 10
    assert person_size(points, np.zeros(3, bool)) == 0
