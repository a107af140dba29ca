"""The jaw line of a turned head, where annotators see it.

The 68-point convention puts points 0 to 16 on the outline of the face as it
is seen. On a frontal face these are fixed places before the ears and along
the jaw; on a turned head those of the far side lie on the visible edge of
the cheek instead. So a far point slides along its row of vertices, from the
jaw towards the nose, to the one that stands out most.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from wholebody_mm.synthetic.body import load_body
from wholebody_mm.synthetic.kinematics import cross
from wholebody_mm.synthetic.regions import (
    HEAD,
    SKIN_END,
    landmarks,
    load_regions,
)

# The chin's own point is seen from everywhere but above.
SLIDING = (0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15, 16)
# Where the row of each point meets the middle of the face: a point of it.
_ROW_ENDS = (27, 28, 30, 33, 51, 57, 57, 8)
NEAREST_THE_NOSE = 0.4  # share of the way from the middle to the jaw
_HALF_ROW = 0.006  # metres


@lru_cache(maxsize=1)
def rows() -> dict[int, np.ndarray]:
    """Vertices along which each point of `SLIDING` may move."""
    body, regions = load_body(), load_regions()
    ids = landmarks()['face']
    rest = body.rest[:SKIN_END]
    fields = regions.skin_fields[:SKIN_END]
    face = (regions.part[:SKIN_END] == HEAD) & (fields[:, 1] < 0.1)
    face &= (fields[:, 0] > 0.25) & (fields[:, 5] < 0.1)
    out = {}
    for i in SLIDING:
        start, end = rest[ids[i]], rest[ids[_ROW_ENDS[min(i, 16 - i)]]]
        side = np.sign(start[0])
        share = side * rest[:, 0] / abs(start[0])
        level = end[2] + share * (start[2] - end[2])
        on_row = (
            face
            & (share > NEAREST_THE_NOSE)
            & (share < 1.1)
            & (rest[:, 1] < start[1] + 0.004)
            & (np.abs(rest[:, 2] - level) < _HALF_ROW)
        )
        out[i] = np.union1d(np.flatnonzero(on_row), [ids[i]])
    return out


def visible_outline(posed, camera) -> np.ndarray:
    """(17, 3) points of the face's outline, as seen from a camera.

    Args:
        posed: A `figure.PosedFigure`.
        camera: The `camera.Camera`.
    """
    body = load_body()
    ids = np.asarray(landmarks()['face'][:17])
    out = posed.vertices[ids].astype(np.float64)
    turn = posed.rotations[body.bone('head')]
    left, back, up = turn.T
    view = camera.eye - out.mean(0)
    view /= np.linalg.norm(view) + 1e-9
    across = cross(up, view)
    across /= np.linalg.norm(across) + 1e-9
    for i in SLIDING:
        side = -left if i < 8 else left
        # Rows of the near side face the camera and stay.
        if side @ view - 0.6 * (back @ view) > 0.45:
            continue
        outward = across if across @ (side - back) > 0 else -across
        row = posed.vertices[rows()[i]]
        to = row - camera.eye
        # Perspective: sideways per distance, as the image shows it.
        stands_out = (to @ outward) / np.maximum(-(to @ view), 1e-3)
        out[i] = row[np.argmax(stands_out)]
    return out
