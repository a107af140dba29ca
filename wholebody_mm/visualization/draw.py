"""Draws people on an image, their parts in colours. NumPy and OpenCV only."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

# Sub-pixel drawing: OpenCV takes integers of 1 / 2**SHIFT pixel.
SHIFT = 3
# Line width over the person's size and radius over line width; least and most
# of them in pixels.
WIDTH_PER_SIZE = 0.012
LEAST_WIDTH, MOST_WIDTH = 1.0, 8.0
RADIUS_PER_WIDTH = 1.1
LEAST_RADIUS = 0.7


def draw_people(
    image: np.ndarray,
    keypoints: np.ndarray,
    scores: np.ndarray,
    links: Sequence[tuple[int, int]],
    keypoint_colors: Sequence[Sequence[int]],
    link_colors: Sequence[Sequence[int]] | None = None,
    threshold: float = 0.1,
    keypoint_sizes: np.ndarray | None = None,
) -> np.ndarray:
    """A copy of the image with people on it.

    Args:
        image: (H, W, 3) uint8; colours are drawn in its channel order.
        keypoints: (N, K, 2) pixels.
        scores: (N, K); keypoints below the threshold are left out.
        links: Pairs of keypoints to join.
        keypoint_colors: K colours, 0 to 255.
        link_colors: A colour for each link; that of its second keypoint
            by default.
        threshold: Least score drawn.
        keypoint_sizes: (K,) factors of the radius and width, for example
            smaller for face and hands; 1 by default.

    Raises:
        ValueError: If there are not as many colours as keypoints.
    """
    keypoints = np.asarray(keypoints, np.float32)
    scores = np.asarray(scores, np.float32)
    count = len(keypoint_colors)
    if keypoints.shape[1:] != (count, 2):
        raise ValueError(
            f'{count} colours for keypoints of shape {keypoints.shape}'
        )
    if link_colors is None:
        link_colors = [keypoint_colors[b] for _, b in links]
    sizes = np.ones(count) if keypoint_sizes is None else keypoint_sizes
    canvas = np.ascontiguousarray(image).copy()
    # far people first, so that near ones are drawn over them
    order = np.argsort(
        [person_size(k, s > 0) for k, s in zip(keypoints, scores, strict=True)]
    )
    for person in order:
        points = keypoints[person]
        found = (scores[person] >= threshold) & (scores[person] > 0)
        shown = found & np.isfinite(points).all(-1)
        if not shown.any():
            continue
        width = np.clip(
            WIDTH_PER_SIZE * person_size(points, shown),
            LEAST_WIDTH,
            MOST_WIDTH,
        )
        # far outside, OpenCV's fixed point numbers would overflow
        fixed = np.clip(np.nan_to_num(points), -1e5, 1e5)
        fixed = np.round(fixed * (1 << SHIFT)).astype(int)
        for (a, b), color in zip(links, link_colors, strict=True):
            if shown[a] and shown[b]:
                cv2.line(
                    canvas,
                    fixed[a].tolist(),
                    fixed[b].tolist(),
                    _color(color),
                    max(1, round(width * min(sizes[a], sizes[b]))),
                    cv2.LINE_AA,
                    SHIFT,
                )
        for i in np.flatnonzero(shown):
            radius = max(LEAST_RADIUS, width * RADIUS_PER_WIDTH * sizes[i])
            cv2.circle(
                canvas,
                fixed[i].tolist(),
                round(radius * (1 << SHIFT)),
                _color(keypoint_colors[i]),
                cv2.FILLED,
                cv2.LINE_AA,
                SHIFT,
            )
    return canvas


def person_size(points: np.ndarray, found: np.ndarray) -> float:
    """Longer side of the box around the keypoints found, in pixels."""
    if not found.any():
        return 0.0
    return float(np.ptp(points[found], axis=0).max())


def _color(color: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(c) for c in color)
