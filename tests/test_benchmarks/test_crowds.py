import numpy as np

from wholebody_mm.benchmarks.crowds import crowd
from wholebody_mm.skeletons import WHOLEBODY135


def test_crowds_have_every_point_and_depend_on_the_seed_alone():
    keypoints, visible = crowd(np.random.default_rng(4), 6, 848, 480)
    again, _ = crowd(np.random.default_rng(4), 6, 848, 480)
    np.testing.assert_array_equal(keypoints, again)
    assert keypoints.shape == (6, 135, 2) and visible.shape == (6, 135)
    inside = (keypoints >= 0) & (keypoints <= [847, 479])
    np.testing.assert_array_equal(visible > 0, inside.all(axis=2))
    assert visible.max() == 2
    at = WHOLEBODY135.index
    for n in range(6):
        # The points that drawn people lack are where they belong.
        neck, top = (
            keypoints[n, at('upper_neck')],
            keypoints[n, at('head_top')],
        )
        nose = keypoints[n, at('nose')]
        assert np.linalg.norm(top - neck) > np.linalg.norm(nose - neck)
        eye, pupil = (
            keypoints[n, at('left_eye')],
            keypoints[n, at('left_pupil')],
        )
        assert np.linalg.norm(eye - pupil) < 0.2 * np.linalg.norm(top - neck)


def test_nobody():
    keypoints, visible = crowd(np.random.default_rng(0), 0, 64, 64)
    assert keypoints.shape == (0, 135, 2) and visible.shape == (0, 135)
