"""The far jaw line of a turned head lies on the visible outline."""

from __future__ import annotations

import numpy as np
import pytest

from wholebody_mm.synthetic.camera import Camera
from wholebody_mm.synthetic.face_outline import SLIDING, rows, visible_outline
from wholebody_mm.synthetic.figure import pose_figure
from wholebody_mm.synthetic.kinematics import Z, rotation
from wholebody_mm.synthetic.regions import landmarks


def outline(statue, yaw: float):
    """Pixels of the outline, of the fixed vertices and of the nose's tip."""
    posed = pose_figure(statue, rotation(Z, yaw))
    axes = np.array([[1.0, 0, 0], [0, 0, -1.0], [0, 1.0, 0]])
    camera = Camera(axes, np.array([0, -3.0, 0.7]), 2000.0, 400, 400)
    fixed = posed.vertices[landmarks()['face']].astype(float)
    return (
        camera.project(visible_outline(posed, camera))[0],
        camera.project(fixed[:17])[0],
        camera.project(fixed[30:31])[0][0],
    )


def test_a_frontal_face_keeps_its_points(statue):
    found, fixed, _ = outline(statue, 0)
    assert found == pytest.approx(fixed, abs=1e-3)


@pytest.mark.parametrize('yaw', [-70, -45, -25, 25, 45, 70])
def test_far_points_move_outwards_near_points_stay(statue, yaw):
    found, fixed, _ = outline(statue, yaw)
    # Turned to its left (positive yaw), the person's left is far: 9 to 16.
    far = range(11, 17) if yaw > 0 else range(0, 6)
    near = range(0, 6) if yaw > 0 else range(11, 17)
    sign = 1 if yaw > 0 else -1
    for i in far:
        assert sign * (found[i, 0] - fixed[i, 0]) > 1
        # Up and down it stays at its level.
        assert abs(found[i, 1] - fixed[i, 1]) < 14
    for i in near:
        assert found[i] == pytest.approx(fixed[i], abs=1e-3)


def test_the_order_along_the_jaw_is_kept(statue):
    found, _, _ = outline(statue, 45)
    assert (np.diff(found[9:17, 1]) < 0).all()
    assert (np.diff(found[0:8, 1]) > 0).all()


def test_rows_lie_on_their_side(body):
    for i in SLIDING:
        x = body.rest[rows()[i], 0]
        assert (x < 0).all() if i < 8 else (x > 0).all()
        assert len(x) >= 5
