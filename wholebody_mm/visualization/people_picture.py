"""People of a skeleton on an image; NumPy and OpenCV only."""

from __future__ import annotations

import cv2
import numpy as np

from wholebody_mm.codecs.part_rules import PartRules
from wholebody_mm.skeletons import Skeleton
from wholebody_mm.visualization.draw import draw_people

# Face and hand points lie close together: drawn this much smaller.
FINE_SIZE = 0.3


def draw_skeletons(
    image: np.ndarray,
    keypoints: np.ndarray,
    scores: np.ndarray,
    skeleton: Skeleton,
    ids: np.ndarray | None = None,
    threshold: float = 0.1,
) -> np.ndarray:
    """A copy of a BGR image with people in their skeleton's colours.

    Args:
        image: (H, W, 3) uint8, BGR.
        keypoints: (N, K, 2) pixels.
        scores: (N, K); keypoints below the threshold are left out.
        skeleton: K keypoints.
        ids: (N,) numbers written over their heads.
        threshold: Least score drawn.
    """
    sizes = np.where(PartRules(skeleton).trunk, 1.0, FINE_SIZE)
    colors = [color[::-1] for color in skeleton.colors]
    canvas = draw_people(
        image,
        keypoints,
        scores,
        skeleton.links,
        colors,
        threshold=threshold,
        keypoint_sizes=sizes,
    )
    for i, number in enumerate(ids if ids is not None else ()):
        # what was not found lies in the corner
        shown = (scores[i] >= threshold) & (scores[i] > 0)
        if shown.any():
            _write_number(canvas, keypoints[i, shown], int(number))
    return canvas


def _write_number(canvas: np.ndarray, points: np.ndarray, number: int) -> None:
    """Write an id above a person, white on black outlines."""
    size = float(np.clip(np.ptp(points[:, 1]) / 300, 0.5, 1.5))
    top = points[points[:, 1].argmin()]
    high, wide = canvas.shape[:2]
    x = int(np.clip(top[0], 0, max(0, wide - 30)))
    y = int(np.clip(top[1] - 12 * size, 24 * size, high - 1))
    for color, width in (((0, 0, 0), 4), ((255, 255, 255), 1)):
        cv2.putText(
            canvas,
            str(number),
            (x, y),
            cv2.FONT_HERSHEY_SIMPLEX,
            size,
            color,
            max(1, round(width * size)),
            cv2.LINE_AA,
        )
