"""Peaks and fields to scored limbs.

A pair of peaks is a limb if the field along the line between them points from
the first to the second. Its score is the mean of the field's component along
the line.
"""

from __future__ import annotations

import math

import numpy as np

from wholebody_mm.codecs.compiled import compiled
from wholebody_mm.codecs.peaks import LARGEST

# Samples along a line: sqrt(5 * length in pixels), 5 to 25, as in the
# released code's decoder (facts of it; longer limbs need no denser samples).
MIN_SAMPLES, MAX_SAMPLES, SAMPLE_DENSITY = 5, 25, 5.0
# Weight of the ends' heights beside the limb's score in the order of joining.
END_WEIGHT = np.float32(0.1)


@compiled
def _sample_finite(px, py, i, j, i1, j1, fx, fy, ux, uy):
    """Like :func:`_sample`, with what is not finite counting as 0."""
    total = np.float32(0)
    for jj, wy in ((j, np.float32(1) - fy), (j1, fy)):
        for ii, wx in ((i, np.float32(1) - fx), (i1, fx)):
            if abs(px[jj, ii]) <= LARGEST:
                total += px[jj, ii] * ux * wx * wy
            if abs(py[jj, ii]) <= LARGEST:
                total += py[jj, ii] * uy * wx * wy
    if abs(total) <= LARGEST:
        return total
    return np.float32(0)


@compiled
def _sample(px, py, x, y, ux, uy):
    """The field at x, y in cells, clamped to the map, times (ux, uy)."""
    h, w = px.shape
    x = min(max(x, np.float32(0)), np.float32(w - 1))
    y = min(max(y, np.float32(0)), np.float32(h - 1))
    # Unsigned, so that the compiler need not care for indices from the end.
    i, j = np.uint32(x), np.uint32(y)
    i1 = min(np.uint32(i + np.uint32(1)), np.uint32(w - 1))
    j1 = min(np.uint32(j + np.uint32(1)), np.uint32(h - 1))
    fx, fy = x - np.float32(i), y - np.float32(j)
    a = px[j, i] * ux + py[j, i] * uy
    b = px[j, i1] * ux + py[j, i1] * uy
    c = px[j1, i] * ux + py[j1, i] * uy
    d = px[j1, i1] * ux + py[j1, i1] * uy
    top = a + (b - a) * fx
    bottom = c + (d - c) * fx
    value = top + (bottom - top) * fy
    if abs(value) <= LARGEST:
        return value
    return _sample_finite(px, py, i, j, i1, j1, fx, fy, ux, uy)


@compiled
def _line_score(px, py, ax, ay, ux, uy, length, stride, threshold, fraction):
    """Mean field along a line, -1 if too few of its samples pass."""
    reach = length * max(abs(ux), abs(uy)) * stride
    n = int(math.sqrt(SAMPLE_DENSITY * reach) + 0.5)
    n = min(max(n, MIN_SAMPLES), MAX_SAMPLES)
    may_fail = int(math.floor(n * (1.0 - fraction) + 1e-6))
    failed, total = 0, np.float32(0)
    step = length / np.float32(n)
    step_x, step_y = ux * step, uy * step
    x, y = ax - np.float32(0.5) * step_x, ay - np.float32(0.5) * step_y
    for _ in range(n):
        x, y = x + step_x, y + step_y
        value = _sample(px, py, x, y, ux, uy)
        if value > threshold:
            total += value
        else:
            failed += 1
            if failed > may_fail:
                return np.float32(-1)
    return total / np.float32(n - failed)


@compiled
def score_limbs(
    pafs, limbs, cells, scores, counts, stride, threshold, fraction,
    close, room, out_limb, out_ends, out_score, out_rank,
):  # fmt: skip
    """Score all pairs of peaks of all limbs.

    The middle of the line is looked at first: nearly all wrong pairs fail
    there. Ends nearer than ``close`` have no direction to speak of (some
    coincide); where the field says nothing they pass with the lowest score.

    Args:
        pafs: (2 L, h, w) float32 fields; what is not finite counts as 0.
        limbs: (L, 2) int32 keypoints.
        cells: (K, M, 2) float32 peaks in cells.
        scores: (K, M) float32 heights of the peaks.
        counts: (K,) int32 peaks of each keypoint.
        stride: float32 pixels a cell.
        threshold: float32; a sample passes above it.
        fraction: Samples of a line that must pass, 0 to 1.
        close: float32 cells.
        room: Most limbs to keep of one type; the best stay.
        out_limb: (C,) int32 room, C at least L * room, for the limb type.
        out_ends: (C, 2) int32 room for the two peaks.
        out_score: (C,) float32 room.
        out_rank: (C,) float32 room for the order of joining, lowest first:
            the score and a little of both peaks' heights, negated.

    Returns:
        The number of limbs written, ordered by type.
    """
    n = 0
    most = cells.shape[1] ** 2
    pair = np.empty(most, np.int32)
    value = np.empty(most, np.float32)
    close2 = close * close
    threshold2 = threshold * threshold
    half = np.float32(0.5)
    for limb in range(limbs.shape[0]):
        a, b = limbs[limb, 0], limbs[limb, 1]
        px, py = pafs[2 * limb], pafs[2 * limb + 1]
        found = 0
        for ia in range(counts[a]):
            ax, ay = cells[a, ia, 0], cells[a, ia, 1]
            for ib in range(counts[b]):
                dx, dy = cells[b, ib, 0] - ax, cells[b, ib, 1] - ay
                length2 = dx * dx + dy * dy
                score = np.float32(-1)
                if length2 > np.float32(1e-10):
                    x, y = ax + half * dx, ay + half * dy
                    middle = _sample(px, py, x, y, dx, dy)
                    if middle > 0 and middle * middle > threshold2 * length2:
                        length = np.float32(math.sqrt(length2))
                        score = _line_score(
                            px, py, ax, ay, dx / length, dy / length, length,
                            stride, threshold, fraction,
                        )  # fmt: skip
                if score < 0 and length2 < close2:
                    score = threshold
                if score < 0:
                    continue
                pair[found] = ia * counts[b] + ib
                value[found] = score
                found += 1
        if found <= room:
            kept = np.arange(found)
        else:
            kept = np.argsort(-value[:found], kind='mergesort')[:room]
        for q in kept:
            out_limb[n] = limb
            out_ends[n, 0] = pair[q] // counts[b]
            out_ends[n, 1] = pair[q] % counts[b]
            out_score[n] = value[q]
            heights = scores[a, out_ends[n, 0]] + scores[b, out_ends[n, 1]]
            out_rank[n] = -(value[q] + END_WEIGHT * heights)
            n += 1
    return n
