"""MMPose's own visualiser works with current NumPy."""

from __future__ import annotations

import wholebody_mm.compat  # noqa: F401

import numpy as np
import pytest
from mmpose.visualization.opencv_backend_visualizer import (
    OpencvBackendVisualizer,
)


@pytest.mark.parametrize('radius', [5, 5.0, np.array([5]), np.array([[5.0]])])
def test_circles_are_drawn_whatever_the_radius_is(radius):
    visualizer = OpencvBackendVisualizer('circles', backend='opencv')
    visualizer.set_image(np.zeros((40, 40, 3), np.uint8))
    visualizer.draw_circles(
        np.array([20.0, 15.0]), radius, face_colors=(255, 0, 0), alpha=1.0
    )
    drawn = visualizer.get_image()[..., 0] > 0
    rows, columns = np.nonzero(drawn)
    assert (rows.min(), rows.max()) == (10, 20)
    assert (columns.min(), columns.max()) == (15, 25)
