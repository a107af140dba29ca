"""MMPose's own visualiser draws keypoints with NumPy 2.4 and later.

``PoseLocalVisualizer`` hands ``int()`` an array of one element as a circle's
radius, which NumPy refuses since 2.4. ``WholeBodyVisualizer`` does not need
this; models of MMPose that are mixed in, and their inferencers, do.
"""

from __future__ import annotations

import functools
from types import ModuleType

from wholebody_mm.compat.imports import on_import
from wholebody_mm.compat.mend import Mend

import numpy as np

_MODULE = 'mmpose.visualization.opencv_backend_visualizer'


def _draw_with_plain_radius(module: ModuleType) -> None:
    """Make the radius a number before the visualiser asks for one."""
    visualizer = module.OpencvBackendVisualizer
    original = visualizer.draw_circles

    @functools.wraps(original)
    def draw_circles(self, center, radius, *args, **kwargs):
        if self.backend == 'opencv':
            radius = float(np.ravel(radius)[0])
        return original(self, center, radius, *args, **kwargs)

    visualizer.draw_circles = draw_circles


def apply() -> Mend:
    """Mend the visualiser, when it is imported, if NumPy needs it."""
    name = 'circles of PoseLocalVisualizer'
    try:
        int(np.ones(1))
    except TypeError as error:
        on_import((_MODULE,), after=_draw_with_plain_radius)
        return Mend(name, True, f'NumPy {np.__version__}: {error}')
    return Mend(name, False, 'this NumPy takes an array of one as a number')
