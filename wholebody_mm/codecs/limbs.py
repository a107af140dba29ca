"""Peaks and fields to scored limbs.

A pair of peaks is a limb if the field along the line between them points from
the first to the second. Its score is the mean of the field's component along
the line.
"""

from __future__ import annotations

import math

import numpy as np

from wholebody_mm.codecs.compiled import compiled, inlined
from wholebody_mm.codecs.peaks import LARGEST

# Samples along a line: sqrt(5 * length in pixels), 5 to 25, as in the
# released code's decoder (facts of it; longer limbs need no denser samples).
MIN_SAMPLES, MAX_SAMPLES, SAMPLE_DENSITY = 5, 25, 5.0
# Weight of the ends' heights beside the limb's score in the order of joining.
END_WEIGHT = np.float32(0.1)
# Squared cells; ends nearer than this have no direction.
SHORTEST = 1e-10


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


@inlined
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
def _likely_pairs(px, py, starts, ends, threshold, close, pair):
    """Pairs whose line has the field in its middle, or hardly any length.

    Nearly all wrong pairs fail there. Without branches: in noise the
    processor could only guess them.

    Args:
        px: (h, w) float32 x of the field.
        py: (h, w) float32 y of the field.
        starts: (n, 2) float32 peaks in cells.
        ends: (m, 2) float32 peaks in cells.
        threshold: float32, of the middle.
        close: float32 cells.
        pair: (n * m,) int32 room, written: start times m plus end.

    Returns:
        The number of pairs.
    """
    found = 0
    half, shortest = np.float32(0.5), np.float32(SHORTEST)
    threshold2, close2 = threshold * threshold, close * close
    for a in range(starts.shape[0]):
        ax, ay = starts[a, 0], starts[a, 1]
        for b in range(ends.shape[0]):
            dx, dy = ends[b, 0] - ax, ends[b, 1] - ay
            length2 = dx * dx + dy * dy
            x, y = ax + half * dx, ay + half * dy
            middle = _sample(px, py, x, y, dx, dy)
            passes = middle * abs(middle) > threshold2 * length2
            passes &= length2 > shortest
            pair[found] = a * ends.shape[0] + b
            found += passes | (length2 < close2)
    return found


@compiled
def _start_lines(starts, ends, pair, stride, fraction, lines, left, spare):
    """Where the samples along the lines begin, and how many there are.

    Args:
        starts: (n, 2) float32 peaks in cells.
        ends: (m, 2) float32 peaks in cells.
        pair: (P,) int32 pairs as of :func:`_likely_pairs`.
        stride: float32 pixels a cell.
        fraction: Samples of a line that must pass, 0 to 1.
        lines: (P, 6) float32, written: a step before the first sample, the
            step, and the direction; x and y of each.
        left: (P,) int32, written: samples.
        spare: (P,) int32, written: how many of them may fail; -1 for a line
            without direction.
    """
    half = np.float32(0.5)
    for p in range(pair.shape[0]):
        a, b = pair[p] // ends.shape[0], pair[p] % ends.shape[0]
        ax, ay = starts[a, 0], starts[a, 1]
        dx, dy = ends[b, 0] - ax, ends[b, 1] - ay
        length2 = dx * dx + dy * dy
        length = np.float32(math.sqrt(length2))
        ux, uy = dx / length, dy / length
        reach = length * max(abs(ux), abs(uy)) * stride
        if not length2 > SHORTEST:
            ux, uy, reach = np.float32(0), np.float32(0), np.float32(0)
        n = int(math.sqrt(SAMPLE_DENSITY * reach) + 0.5)
        n = min(max(n, MIN_SAMPLES), MAX_SAMPLES)
        step = length / np.float32(n)
        step_x, step_y = ux * step, uy * step
        lines[p, 0], lines[p, 1] = ax - half * step_x, ay - half * step_y
        lines[p, 2], lines[p, 3] = step_x, step_y
        lines[p, 4], lines[p, 5] = ux, uy
        left[p] = n
        spare[p] = int(math.floor(n * (1.0 - fraction) + 1e-6))
        if not length2 > SHORTEST:
            spare[p] = -1


@compiled
def _follow_lines(px, py, lines, left, spare, threshold, live, passed, total):
    """Go along all lines at once, a sample of each in turn.

    A line by itself would end at a sample that the processor cannot guess,
    and it would then stand still.

    Args:
        px: (h, w) float32 x of the field.
        py: (h, w) float32 y of the field.
        lines: (P, 6) float32 as of :func:`_start_lines`, changed.
        left: (P,) int32 samples, changed.
        spare: (P,) int32 how many may fail, changed: below 0 if too many
            did.
        threshold: float32; a sample passes above it.
        live: (P,) int32 room.
        passed: (P,) int32, written: samples that passed.
        total: (P,) float32, written: their sum.
    """
    count = 0
    for p in range(left.shape[0]):
        passed[p], total[p] = 0, 0
        live[count] = p
        count += spare[p] >= 0
    while count:
        kept = 0
        for q in range(count):
            p = live[q]
            x, y = lines[p, 0] + lines[p, 2], lines[p, 1] + lines[p, 3]
            lines[p, 0], lines[p, 1] = x, y
            value = _sample(px, py, x, y, lines[p, 4], lines[p, 5])
            passes = value > threshold
            total[p] += value if passes else np.float32(0)
            passed[p] += passes
            spare[p] -= not passes
            left[p] -= 1
            live[kept] = p
            kept += (spare[p] >= 0) & (left[p] > 0)
        count = kept


@compiled
def score_limbs(
    pafs, limbs, cells, scores, counts, stride, threshold, fraction,
    close, room, out_limb, out_ends, out_score, out_rank,
):  # fmt: skip
    """Score all pairs of peaks of all limbs.

    The middle of the line is looked at first, the whole line if that passes.
    Ends nearer than ``close`` have no direction to speak of (some
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
    lines = np.empty((most, 6), np.float32)
    left, spare = np.empty(most, np.int32), np.empty(most, np.int32)
    live, passed = np.empty(most, np.int32), np.empty(most, np.int32)
    for limb in range(limbs.shape[0]):
        a, b = limbs[limb, 0], limbs[limb, 1]
        px, py = pafs[2 * limb], pafs[2 * limb + 1]
        starts, ends = cells[a, : counts[a]], cells[b, : counts[b]]
        likely = _likely_pairs(px, py, starts, ends, threshold, close, pair)
        _start_lines(
            starts, ends, pair[:likely], stride, fraction, lines,
            left[:likely], spare[:likely],
        )  # fmt: skip
        _follow_lines(
            px, py, lines, left[:likely], spare[:likely], threshold, live,
            passed, value,
        )  # fmt: skip
        found = 0
        for p in range(likely):
            score = value[p] / np.float32(passed[p])
            if spare[p] < 0:
                ia, ib = pair[p] // counts[b], pair[p] % counts[b]
                dx = cells[b, ib, 0] - cells[a, ia, 0]
                dy = cells[b, ib, 1] - cells[a, ia, 1]
                if not dx * dx + dy * dy < close * close:
                    continue
                score = threshold
            if not score >= 0:
                continue
            pair[found] = pair[p]
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


def best_first(rank: np.ndarray) -> np.ndarray:
    """(C,) int64 candidates by (C,) float32 rank, equal ones as they come.

    A stable ``argsort``, several times as fast: whole numbers that hold rank
    and place are sorted, which needs no care for equal ones.
    """
    bits = (rank + np.float32(0)).view(np.int32)  # no -0
    # Read as whole numbers, negative floats are in reverse order.
    ordered = bits ^ ((bits >> 31) & np.int32(0x7FFFFFFF))
    keys = (ordered.astype(np.int64) << 32) | np.arange(len(rank))
    keys.sort()
    return keys & 0xFFFFFFFF
