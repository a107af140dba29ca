"""Scenes: how many people, where the camera looks, what stands around."""

from __future__ import annotations

import numpy as np
import pytest

from wholebody_mm.synthetic.camera import aim
from wholebody_mm.synthetic.face_outline import landmarks
from wholebody_mm.synthetic.scenes import sample_scene

pytestmark = pytest.mark.usefixtures('body')


def scenes(preset, count, **more):
    for i in range(count):
        yield sample_scene(
            np.random.default_rng([7, i]), preset, 96, 96, **more
        )


def test_aim_shows_the_target_at_the_pixel():
    target = np.array([0.3, 2.0, 1.1])
    camera = aim(
        target,
        3.0,
        (20, 50),
        focal=120,
        width=96,
        height=80,
        down=12,
        roll=7,
    )
    pixel, distance = camera.project(target[None])
    assert pixel[0] == pytest.approx([20, 50], abs=1e-6)
    assert distance[0] == pytest.approx(3)
    assert camera.axes @ camera.axes.T == pytest.approx(np.eye(3), abs=1e-9)
    # It looks down: the view axis points below the horizon.
    assert camera.axes[2, 2] < -0.15


def test_aim_stays_above_the_floor():
    camera = aim(
        np.array([0, 0, 0.3]),
        4.0,
        (48, 40),
        focal=100,
        width=96,
        height=80,
        down=-20,
        roll=0,
    )
    assert camera.eye[2] >= 0.11


def test_people_in_each_preset():
    crowds = [len(s.figures) for s in scenes('crowd', 6)]
    assert max(crowds) <= 30 and sorted(crowds)[1] >= 5
    assert {len(s.figures) for s in scenes('body', 12)} <= {0, 1, 2, 3, 4}
    assert all(
        2 <= len(s.figures) <= 3 for s in scenes('body', 6, people=(2, 3))
    )


def test_presets_show_what_they_are_called_after():
    def size(preset, first, last):
        """Median size in pixels of a group of points of the first person."""
        sizes = []
        for s in scenes(preset, 8, people=(1, 1)):
            pixels, _ = s.camera.project(s.posed[0].keypoints[first:last])
            sizes.append(np.ptp(pixels, axis=0).max())
        return np.median(sizes)

    assert size('face', 23, 91) > 2.5 * size('body', 23, 91)
    assert size('hand', 91, 133) > 1.5 * size('body', 91, 133)
    assert len(landmarks()['face']) == 68


def test_people_stand_on_the_ground():
    for s in scenes('body', 8, people=(1, 3)):
        for figure, posed in zip(s.figures, s.posed, strict=True):
            low = posed.vertices[:13380, 2].min()
            if figure.pose.support == 'air':
                assert low > 0.03
            else:
                assert low == pytest.approx(0, abs=0.03)


def test_equal_seeds_give_equal_scenes():
    one, two = (next(scenes('mixed', 1)) for _ in range(2))
    assert one.camera.eye == pytest.approx(two.camera.eye, abs=0)
    assert len(one.surfaces) == len(two.surfaces)
    for a, b in zip(one.surfaces, two.surfaces, strict=True):
        assert (a.vertices == b.vertices).all()


def test_unknown_presets_are_named():
    with pytest.raises(ValueError, match='portrait'):
        next(scenes('portrait', 1))
