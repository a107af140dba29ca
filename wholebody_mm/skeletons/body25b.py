"""The 25 body and foot keypoints of the BODY_25B networks, with 36 limbs.

The first 25 points of the union skeleton. Its limb list hangs the head top
on the shoulders instead of on the upper neck.
"""

from __future__ import annotations

from dataclasses import replace

from wholebody_mm.skeletons.wholebody135 import (
    BODY,
    FOOT,
    NECK_HEAD,
    WHOLEBODY135,
)

_BASE = WHOLEBODY135.subset('body25b', BODY + NECK_HEAD + FOOT)


def _limbs() -> tuple[tuple[int, int], ...]:
    limbs = list(_BASE.limbs)
    neck = _BASE.index('upper_neck')
    head = _BASE.index('head_top')
    left = _BASE.index('left_shoulder')
    right = _BASE.index('right_shoulder')
    limbs[limbs.index((neck, head))] = (left, head)
    limbs.insert(limbs.index((right, neck)) + 1, (right, head))
    return tuple(limbs)


BODY25B = replace(_BASE, limbs=_limbs())
