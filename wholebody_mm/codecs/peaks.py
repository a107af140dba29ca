"""Confidence maps to peaks with sub-cell positions.

No map is enlarged. Near its peak a Gaussian's logarithm is a parabola in x
and one in y, so three cells a direction give the position and height of the
peak exactly on clean maps.
"""

from __future__ import annotations

import math

import numpy as np

from wholebody_mm.codecs.compiled import compiled

LARGEST = np.float32(np.finfo(np.float32).max)
# Values are raised to this before the logarithm: noise can be 0 or negative.
SMALLEST = 1e-3


@compiled
def _finite(value):
    """The value, 0 if it is infinite or no number (absence)."""
    if abs(value) <= LARGEST:
        return value
    return np.float32(0.0)


@compiled
def _above(value, c, or_equal):
    """Whether a finite value beats a peak's value c."""
    return (value > c or (or_equal and value == c)) and value <= LARGEST


@compiled
def _refine(before, centre, after, first, last, sigma):
    """Offset of the peak in one direction, within half a cell.

    Args:
        before: Value of the cell before, ignored at the first cell.
        centre: Value of the peak's cell, above 0.
        after: Value of the cell after, ignored at the last cell.
        first: Whether there is no cell before.
        last: Whether there is no cell after.
        sigma: Standard deviation of the targets in cells: at a border, where
            a neighbour is missing, it stands for the curvature.

    Returns:
        The offset in cells and the logarithm of the rise to the peak.
    """
    if first and last:
        return 0.0, 0.0
    c = math.log(max(centre, SMALLEST))
    if first:
        curvature = 1.0 / (sigma * sigma)
        offset = 0.5 - (c - math.log(max(after, SMALLEST))) / curvature
    elif last:
        curvature = 1.0 / (sigma * sigma)
        offset = (c - math.log(max(before, SMALLEST))) / curvature - 0.5
    else:
        b = math.log(max(before, SMALLEST))
        a = math.log(max(after, SMALLEST))
        curvature = 2.0 * c - b - a
        if curvature < 1e-4:  # a plateau: stay at the centre of the cell
            return 0.0, 0.0
        offset = 0.5 * (a - b) / curvature
    offset = min(max(offset, -0.5), 0.5)
    return offset, 0.5 * curvature * offset * offset


@compiled
def find_peaks(heatmaps, sigmas, threshold, cells, scores, counts):
    """Local maxima of each map.

    A cell is a peak if it is higher than the neighbours after it and not
    lower than those before it in reading order, so that a plateau gives one
    peak; the cells at the border count too. Of more peaks than there is room
    for the highest stay.

    Args:
        heatmaps: (K, h, w) float32; what is not finite counts as 0.
        sigmas: (K,) float32 target sigmas in cells.
        threshold: Peaks are above it; above 0.
        cells: (K, M, 2) float32 room for x, y in cells.
        scores: (K, M) float32 room for the height of the refined peak, at
            most 1.
        counts: (K,) int32, written: peaks of each map.
    """
    num_keypoints, h, w = heatmaps.shape
    room = cells.shape[1]
    for k in range(num_keypoints):
        m = heatmaps[k]
        n = 0
        lowest = 0
        for j in range(h):
            row = m[j]
            # Vectorised; skips the rows without any candidate.
            some = False
            for i in range(w):
                some |= row[i] > threshold
            if not some:
                continue
            for i in range(w):
                c = row[i]
                if not (c > threshold and c <= LARGEST):
                    continue
                if i < w - 1 and _above(row[i + 1], c, True):
                    continue
                if i > 0 and _above(row[i - 1], c, False):
                    continue
                if j < h - 1 and _above(m[j + 1, i], c, True):
                    continue
                if j > 0 and _above(m[j - 1, i], c, False):
                    continue
                beaten = False
                if i > 0:
                    beaten |= j > 0 and _above(m[j - 1, i - 1], c, False)
                    beaten |= j < h - 1 and _above(m[j + 1, i - 1], c, True)
                if i < w - 1:
                    beaten |= j > 0 and _above(m[j - 1, i + 1], c, False)
                    beaten |= j < h - 1 and _above(m[j + 1, i + 1], c, True)
                if beaten:
                    continue
                left = _finite(row[i - 1]) if i > 0 else np.float32(0)
                right = _finite(row[i + 1]) if i < w - 1 else np.float32(0)
                up = _finite(m[j - 1, i]) if j > 0 else np.float32(0)
                down = _finite(m[j + 1, i]) if j < h - 1 else np.float32(0)
                dx, rise_x = _refine(left, c, right, i == 0, i == w - 1,
                                     sigmas[k])  # fmt: skip
                dy, rise_y = _refine(up, c, down, j == 0, j == h - 1,
                                     sigmas[k])  # fmt: skip
                height = c * math.exp(rise_x + rise_y)
                height = np.float32(min(height, 1.0))
                slot = n
                if n < room:
                    n += 1
                elif height > scores[k, lowest]:
                    slot = lowest
                else:
                    continue
                cells[k, slot, 0] = i + dx
                cells[k, slot, 1] = j + dy
                scores[k, slot] = height
                if n == room:
                    lowest = 0
                    for q in range(1, n):
                        if scores[k, q] < scores[k, lowest]:
                            lowest = q
        counts[k] = n
