"""Peaks and fields to scored limbs.

A pair of peaks is a limb if the field along the line between them points from
the first to the second. Its score is the mean of the field's component along
the line, of the samples where it is large enough.
"""

from __future__ import annotations

import math

import numpy as np

from wholebody_mm.codecs.compiled import compiled, inlined

# Samples along a line: sqrt(5 * length in pixels), 5 to 25, as in the
# released code's decoder (facts of it; longer limbs need no denser samples).
MIN_SAMPLES, MAX_SAMPLES, SAMPLE_DENSITY = 5, 25, 5.0
# Weight of the ends' heights beside the limb's score in the order of joining.
END_WEIGHT = np.float32(0.1)
# Larger values, far beyond any field, are none: their sums must be finite.
HUGE = np.float32(1e15)
# Squared cells; ends nearer than this have no direction.
SHORTEST = np.float32(1e-10)
# Of a squared length, so that no rounding makes it less than its component.
ROUNDING = np.float32(0.999)


@compiled
def _reach(cells, counts, reach):
    """The box of each keypoint's peaks.

    Args:
        cells: (K, M, 2) float32 peaks in cells.
        counts: (K,) int32 peaks of each keypoint.
        reach: (K, 4) int64, written: least x and y, and largest x and y, of
            whole cells.
    """
    for k in range(cells.shape[0]):
        for axis in range(2):
            low, high = np.float32(np.inf), np.float32(-np.inf)
            for i in range(counts[k]):
                low = min(low, cells[k, i, axis])
                high = max(high, cells[k, i, axis])
            if counts[k]:
                reach[k, axis] = int(math.floor(low))
                reach[k, 2 + axis] = int(math.floor(high))


@compiled
def _part(first, second, most):
    """First and last cell, on one axis, between the ends of a limb.

    Args:
        first: (2,) least and largest whole cell of one end's peaks.
        second: The same of the other end's.
        most: Cells of the map.

    Returns:
        With one cell more at both sides (samples are rounded), and one after
        the last where their neighbour is; the last may be the one after the
        map.
    """
    low = max(0, min(first[0], second[0], most - 1) - 1)
    high = min(most, max(first[1], second[1], 0) + 2)
    return low, high


@compiled
def _copy(m, x0, y0, wide, high, out):
    """Copy a part of a map; what is not finite, or beyond it, becomes 0.

    In order: fetching a map from memory sample by sample takes longer than
    all that is done with it.

    Args:
        m: (h, w) float32 map.
        x0: First column.
        y0: First row.
        wide: Columns; the last may be the one after the map.
        high: Rows, the same.
        out: float32 room for wide * high values in reading order.
    """
    h, w = m.shape
    columns, rows = min(wide, w - x0), min(high, h - y0)
    for j in range(rows):
        row = m[y0 + j, x0 : x0 + columns]
        target = out[j * wide : (j + 1) * wide]
        for i in range(columns):
            c = row[i]
            target[i] = c if abs(c) <= HUGE else np.float32(0)
        target[columns:] = 0
    out[rows * wide : high * wide] = 0


@compiled
def _mark_fields(px, py, wide, threshold, strong, marks):
    """Mark the places around which the field is strong enough to pass.

    A sample is a mean of four cells' components, none of which is larger
    than the cell's field is long.

    Args:
        px: (n,) float32 x of the field in a part of the map, in reading order.
        py: (n,) float32 y of the field.
        wide: Columns of the part.
        threshold: float32, as of :func:`_likely_pairs`.
        strong: (n,) uint8 room.
        marks: (n,) uint8, written: 1 where the cell or one of those after
            it, below it or below that one is strong; of the last row and
            cell nobody asks.
    """
    limit = threshold * threshold * ROUNDING
    n = strong.shape[0]
    for i in range(n):
        strong[i] = px[i] * px[i] + py[i] * py[i] > limit
    last = n - wide - 1
    after, below, diagonal = strong[1:], strong[wide:], strong[wide + 1 :]
    for i in range(last):
        marks[i] = strong[i] | after[i] | below[i] | diagonal[i]


@inlined
def _place(part, x, y):
    """The cell at or before x, y in cells, clamped to the map.

    Args:
        part: Of a map: its largest x and y, the part's columns, and what the
            place of the part's first cell would be if it began at 0, 0.
        x: float32 cells.
        y: float32 cells.

    Returns:
        Its place in the part, and how far after it in x and in y.
    """
    right, bottom, wide, start = part
    x = min(max(x, np.float32(0)), right)
    y = min(max(y, np.float32(0)), bottom)
    # Unsigned, so that the compiler need not care for indices from the end.
    i, j = np.uint32(x), np.uint32(y)
    return j * wide + i - start, x - np.float32(i), y - np.float32(j)


@inlined
def _sample(px, py, part, x, y, ux, uy):
    """The field at x, y in cells, clamped to the map, times (ux, uy).

    Args:
        px: float32 x of the field in a part of the map, in reading order.
        py: y of the field.
        part: Of it, as of :func:`_place`.
        x: float32 cells.
        y: float32 cells.
        ux: float32.
        uy: float32.
    """
    at, fx, fy = _place(part, x, y)
    after, below = at + np.uint64(1), at + part[2]
    diagonal = below + np.uint64(1)
    a = px[at] * ux + py[at] * uy
    b = px[after] * ux + py[after] * uy
    c = px[below] * ux + py[below] * uy
    d = px[diagonal] * ux + py[diagonal] * uy
    top = a + (b - a) * fx
    bottom = c + (d - c) * fx
    return top + (bottom - top) * fy


@compiled
def _likely_pairs(px, py, part, marks, starts, ends, threshold, close, pairs):
    """Pairs whose line has the field in its middle, or hardly any length.

    Nearly all wrong pairs fail there, most of them at the marks. Without
    branches: in noise the processor could only guess them.

    Args:
        px: float32 x of the field, py, part: as of :func:`_sample`.
        py: The same.
        part: The same.
        marks: uint8, as of :func:`_mark_fields`.
        starts: (n, 2) float32 peaks in cells.
        ends: (m, 2) float32 peaks in cells.
        threshold: float32, of the middle.
        close: float32 cells.
        pairs: (n * m, 3) uint32 room: the start, the end, and 1 if the
            middle has the field.

    Returns:
        The number of pairs, uint64.
    """
    half = np.float32(0.5)
    threshold2, close2 = threshold * threshold, close * close
    marked = np.uint64(0)
    for a in range(starts.shape[0]):
        ax, ay = starts[a, 0], starts[a, 1]
        for b in range(ends.shape[0]):
            dx, dy = ends[b, 0] - ax, ends[b, 1] - ay
            at, _, _ = _place(part, ax + half * dx, ay + half * dy)
            pairs[marked, 0], pairs[marked, 1] = a, b
            near = dx * dx + dy * dy < close2
            marked += np.uint64(marks[at] | near)
    found = np.uint64(0)
    for p in range(marked):
        a, b = pairs[p, 0], pairs[p, 1]
        ax, ay = starts[a, 0], starts[a, 1]
        dx, dy = ends[b, 0] - ax, ends[b, 1] - ay
        length2 = dx * dx + dy * dy
        x, y = ax + half * dx, ay + half * dy
        middle = _sample(px, py, part, x, y, dx, dy)
        passes = middle * abs(middle) > threshold2 * length2
        passes &= length2 > SHORTEST
        pairs[found, 0], pairs[found, 1], pairs[found, 2] = a, b, passes
        found += np.uint64(passes | (length2 < close2))
    return found


@inlined
def _line_score(px, py, part, ax, ay, dx, dy, stride, threshold, fraction):
    """Mean field along a line, -1 if too few of its samples pass."""
    length = np.float32(math.sqrt(dx * dx + dy * dy))
    ux, uy = dx / length, dy / length
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
        value = _sample(px, py, part, x, y, ux, uy)
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
    pairs = np.empty((most, 3), np.uint32)
    value = np.empty(most, np.float32)
    h, w = pafs.shape[1], pafs.shape[2]
    px = np.empty((h + 1) * (w + 1), np.float32)
    py = np.empty((h + 1) * (w + 1), np.float32)
    strong = np.empty((h + 1) * (w + 1), np.uint8)
    marks = np.empty((h + 1) * (w + 1), np.uint8)
    reach = np.empty((counts.shape[0], 4), np.int64)
    _reach(cells, counts, reach)
    for limb in range(limbs.shape[0]):
        a, b = limbs[limb, 0], limbs[limb, 1]
        if counts[a] == 0 or counts[b] == 0:
            continue
        x0, x1 = _part(reach[a, ::2], reach[b, ::2], w)
        y0, y1 = _part(reach[a, 1::2], reach[b, 1::2], h)
        wide, high = x1 - x0 + 1, y1 - y0 + 1
        _copy(pafs[2 * limb], x0, y0, wide, high, px)
        _copy(pafs[2 * limb + 1], x0, y0, wide, high, py)
        size = wide * high
        _mark_fields(px, py, wide, threshold, strong[:size], marks)
        part = (
            np.float32(w - 1),
            np.float32(h - 1),
            np.uint64(wide),
            np.uint64(y0 * wide + x0),
        )
        starts, ends = cells[a, : counts[a]], cells[b, : counts[b]]
        likely = _likely_pairs(
            px, py, part, marks, starts, ends, threshold, close, pairs
        )
        found = 0
        for p in range(likely):
            ia, ib = pairs[p, 0], pairs[p, 1]
            ax, ay = starts[ia, 0], starts[ia, 1]
            dx, dy = ends[ib, 0] - ax, ends[ib, 1] - ay
            score = np.float32(-1)
            if pairs[p, 2]:
                score = _line_score(
                    px, py, part, ax, ay, dx, dy, stride, threshold, fraction
                )
            if score < 0 and dx * dx + dy * dy < close * close:
                score = threshold
            if not score >= 0:
                continue
            pairs[found, 0], pairs[found, 1] = ia, ib
            value[found] = score
            found += 1
        if found <= room:
            kept = np.arange(found)
        else:
            kept = np.argsort(-value[:found], kind='mergesort')[:room]
        for q in kept:
            out_limb[n] = limb
            out_ends[n, 0], out_ends[n, 1] = pairs[q, 0], pairs[q, 1]
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
