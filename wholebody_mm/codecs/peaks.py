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
def _refine(before, c, after, first, last, sigma):
    """Offset of the peak in one direction, within half a cell.

    Args:
        before: Value of the cell before, ignored at the first cell.
        c: Logarithm of the value of the peak's cell.
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
def _find_busy_rows(m, threshold, busy):
    """Tell (h,) bool which rows have a value above the threshold."""
    for j in range(m.shape[0]):
        row = m[j]
        some = False
        for i in range(m.shape[1]):
            some |= row[i] > threshold
        busy[j] = some


@compiled
def _frame_rows(m, top, bottom, framed):
    """Copy rows and their neighbours into a frame of zeros.

    A zero never beats a peak, so that the cells at the border need no code of
    their own; what is not finite becomes 0 as well.

    Args:
        m: (h, w) float32 map.
        top: First row.
        bottom: The row after the last.
        framed: (h + 2, w + 2) float32 with zeros at its border, written.
    """
    h, w = m.shape
    for j in range(max(top - 1, 0), min(bottom + 1, h)):
        row, inner = m[j], framed[j + 1, 1 : w + 1]
        for i in range(w):
            inner[i] = row[i] if abs(row[i]) <= LARGEST else np.float32(0)


@compiled
def _mark_peaks(values, wide, threshold, marks):
    """Mark the cells that are peaks with 1, the others with 0.

    Without branches, so that it is vectorised.

    Args:
        values: (n + 2 * wide + 2,) float32 cells in reading order, from the
            one before and above the first that is marked.
        wide: Cells a row.
        threshold: Peaks are above it.
        marks: (n,) uint8, written.
    """
    n = marks.shape[0]
    row, below = values[wide:], values[2 * wide :]
    a0, a1, a2 = values[:n], values[1 : n + 1], values[2 : n + 2]
    r0, r1, r2 = row[:n], row[1 : n + 1], row[2 : n + 2]
    b0, b1, b2 = below[:n], below[1 : n + 1], below[2 : n + 2]
    for q in range(n):
        before, after = a0[q], b0[q]
        before = a1[q] if a1[q] > before else before
        before = a2[q] if a2[q] > before else before
        before = r0[q] if r0[q] > before else before
        after = b1[q] if b1[q] > after else after
        after = b2[q] if b2[q] > after else after
        after = r2[q] if r2[q] > after else after
        c = r1[q]
        marks[q] = (before <= c) & (after < c) & (c > threshold)


@compiled
def _list_marks(words, marks, listed):
    """Where marks are, in order.

    Args:
        words: (n,) uint64 the same memory as the marks: eight cells without
            a mark pass at once.
        marks: (8 * n,) uint8.
        listed: Room for the places, int32.

    Returns:
        How many there are.
    """
    count = 0
    for word in range(words.shape[0]):
        if words[word] == 0:
            continue
        for q in range(8 * word, 8 * word + 8):
            listed[count] = q
            count += marks[q]
    return count


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
    wide = w + 2
    framed = np.zeros((h + 2, wide), np.float32)
    values = framed.reshape(framed.size)
    busy = np.empty(h, np.bool_)
    words = np.empty(h * wide // 8 + 1, np.uint64)
    marks = words.view(np.uint8)
    listed = np.empty(marks.shape[0], np.int32)
    for k in range(num_keypoints):
        sigma = sigmas[k]
        _find_busy_rows(heatmaps[k], threshold, busy)
        n, lowest, bottom = 0, 0, 0
        while bottom < h:
            top = bottom
            while bottom < h and busy[bottom]:
                bottom += 1
            if bottom == top:
                bottom += 1
                continue
            _frame_rows(heatmaps[k], top, bottom, framed)
            # From the first cell of row ``top`` to the last of the row before
            # ``bottom``; the frame's cells between them are no peaks.
            length = (bottom - top) * wide - 2
            used = length // 8 + 1
            marks[length : 8 * used] = 0
            _mark_peaks(values[top * wide :], wide, threshold, marks[:length])
            count = _list_marks(words[:used], marks, listed)
            for place in listed[:count]:
                j, i = top + place // wide, place % wide
                row = framed[j + 1]
                c = row[i + 1]
                log_c = math.log(max(c, SMALLEST))
                dx, rise_x = _refine(row[i], log_c, row[i + 2],
                                     i == 0, i == w - 1, sigma)  # fmt: skip
                dy, rise_y = _refine(framed[j, i + 1], log_c,
                                     framed[j + 2, i + 1],
                                     j == 0, j == h - 1, sigma)  # fmt: skip
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


@compiled
def strong_first(heatmaps, cells, scores, counts, threshold, strong):
    """Put the peaks above a threshold before the others, both in order.

    As in :func:`find_peaks` it is the value of the peak's cell that counts.

    Args:
        heatmaps: (K, h, w) float32.
        cells: (K, M, 2) float32 x, y in cells, changed in place.
        scores: (K, M) float32 heights, changed in place.
        counts: (K,) int32 peaks of each map.
        threshold: float32.
        strong: (K,) int32, written: how many are above it.
    """
    for k in range(counts.shape[0]):
        n = counts[k]
        x, y = cells[k, :n, 0].copy(), cells[k, :n, 1].copy()
        height = scores[k, :n].copy()
        is_strong = np.empty(n, np.bool_)
        for i in range(n):
            column = min(max(int(x[i] + 0.5), 0), heatmaps.shape[2] - 1)
            row = min(max(int(y[i] + 0.5), 0), heatmaps.shape[1] - 1)
            is_strong[i] = heatmaps[k, row, column] > threshold
        strong[k] = is_strong.sum()
        high, low = 0, strong[k]
        for i in range(n):
            if is_strong[i]:
                at = high
                high += 1
            else:
                at = low
                low += 1
            cells[k, at, 0], cells[k, at, 1] = x[i], y[i]
            scores[k, at] = height[i]
