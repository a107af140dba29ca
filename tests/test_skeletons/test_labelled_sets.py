"""What the paper's data sets label of the union skeleton."""

import numpy as np
import pytest

from wholebody_mm.skeletons import WHOLEBODY135 as UNION
from wholebody_mm.skeletons import get_map, get_skeleton
from wholebody_mm.skeletons.labelled_sets import (
    HANDS42,
    IBUG68,
    LABELLED_SETS,
    MPII4,
    PANOPTIC127,
    RIGHT_HAND21,
)


@pytest.mark.parametrize('skeleton', LABELLED_SETS, ids=lambda s: s.name)
def test_points_go_to_those_of_their_name(skeleton):
    assert get_skeleton(skeleton.name) is skeleton
    k = skeleton.num_keypoints
    points = np.random.default_rng(0).uniform(0, 99, (1, k, 2))
    out, visible = get_map(skeleton, UNION)(points, np.full((1, k), 2.0))
    for i, name in enumerate(skeleton.keypoint_names):
        j = UNION.index(name)
        np.testing.assert_allclose(out[0, j], points[0, i], rtol=1e-5)
        assert visible[0, j] == 2


def counts(skeleton):
    labelled = get_map(skeleton, UNION).labelled
    return {
        part: int(labelled[where].sum())
        for part, where in UNION.parts.items()
        if labelled[where].any()
    }


def test_what_is_labelled():
    assert counts(MPII4) == dict(body=4)
    assert counts(IBUG68) == dict(body=3, face=70)
    assert counts(RIGHT_HAND21) == dict(body=1, righthand=20)
    assert counts(HANDS42) == dict(body=2, lefthand=20, righthand=20)
    assert counts(PANOPTIC127) == dict(
        body=17, lefthand=20, righthand=20, face=70
    )


def test_a_face_has_no_eye_if_a_point_of_the_eye_is_missing():
    visible = np.full((1, 68), 2.0)
    visible[0, 44] = 0  # of the left eye
    _, out = get_map(IBUG68, UNION)(np.ones((1, 68, 2)), visible)
    seen = {
        name: bool(out[0, UNION.index(name)] > 0)
        for name in ('left_eye', 'right_eye', 'left_pupil', 'nose')
    }
    assert seen == dict(
        left_eye=False, right_eye=True, left_pupil=False, nose=True
    )


def test_derived_points_lie_where_the_feature_is():
    points = np.zeros((1, 68, 2))
    points[0, 36:42, 0] = np.arange(6)  # right eye, mean 2.5
    points[0, 42:48, 0] = 10 + np.arange(6)
    points[0, [27, 28, 29, 30, 31, 32, 34, 35], 1] = 8
    points[0, 33, 1] = 99  # not of the mean
    out, _ = get_map(IBUG68, UNION)(points, np.full((1, 68), 2.0))
    assert out[0, UNION.index('right_eye')].tolist() == [2.5, 0]
    assert out[0, UNION.index('left_pupil')].tolist() == [12.5, 0]
    assert out[0, UNION.index('nose')].tolist() == [0, 8]
