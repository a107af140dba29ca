"""Candidate limbs to limbs of which each peak has one at most, by type.

The bipartite matching of the paper: for each type of limb by itself, the set
of pairs with the largest sum of scores in which no peak occurs twice. The
greedy grouping (:mod:`.people`) does without; this is the option beside it.
"""

from __future__ import annotations

import numpy as np

from wholebody_mm.codecs.compiled import compiled

# Scores count up to this; fields are unit vectors, so that 1 is a lot.
HIGHEST = 1e3


@compiled
def match_limbs(limbs, counts, out_limb, out_ends, out_score, keep):
    """Mark the candidates that are in the best matching of their type.

    A candidate whose ends are in no other one is matched outright. For n and
    m peaks that the others have as their two ends: the Hungarian method with
    shortest augmenting paths, n * n * m steps at most.

    Args:
        limbs: (L, 2) int32 keypoints.
        counts: (K,) int32 peaks of each keypoint.
        out_limb: (C,) int32 limb types of the candidates, ordered.
        out_ends: (C, 2) int32 their peaks.
        out_score: (C,) float32 their scores, above 0.
        keep: (C,) bool, written.
    """
    keep[:] = False
    most = 0
    for k in range(counts.shape[0]):
        most = max(most, counts[k])
    benefit = np.empty((most, most), np.float64)
    which = np.empty((most, most), np.int64)
    degree = np.empty((2, most), np.int32)
    place = np.empty((2, most), np.int32)
    begin, total = 0, out_limb.shape[0]
    while begin < total:
        limb = out_limb[begin]
        end = begin
        while end < total and out_limb[end] == limb:
            end += 1
        degree[:] = 0
        for c in range(begin, end):
            degree[0, out_ends[c, 0]] += 1
            degree[1, out_ends[c, 1]] += 1
        place[:] = -1
        for c in range(begin, end):
            i, j = out_ends[c, 0], out_ends[c, 1]
            if degree[0, i] == 1 and degree[1, j] == 1:
                keep[c] = True
            else:
                place[0, i], place[1, j] = 0, 0
        n = _number(place[0, : counts[limbs[limb, 0]]])
        m = _number(place[1, : counts[limbs[limb, 1]]])
        # rows are the smaller side, so that each of them finds a column
        swap = n > m
        if swap:
            n, m = m, n
        benefit[:n, :m] = 0.0  # not a candidate: as good as unmatched
        which[:n, :m] = -1
        for c in range(begin, end):
            if keep[c]:
                continue
            i, j = place[0, out_ends[c, 0]], place[1, out_ends[c, 1]]
            if swap:
                i, j = j, i
            # Fields far beyond their range may sum up to infinity.
            benefit[i, j] = min(max(out_score[c], 0.0), HIGHEST)
            which[i, j] = c
        row_of = _assign(benefit, n, m)
        for j in range(m):
            if row_of[j] >= 0 and which[row_of[j], j] >= 0:
                keep[which[row_of[j], j]] = True
        begin = end


@compiled
def _number(place):
    """Number in order what is not negative; returns how many that are."""
    n = 0
    for i in range(place.shape[0]):
        if place[i] >= 0:
            place[i] = n
            n += 1
    return n


@compiled
def _assign(benefit, n, m):
    """(m,) int64 row of each column, -1 without: the largest sum, n <= m."""
    u, v = np.zeros(n + 1), np.zeros(m + 1)
    row = np.zeros(m + 1, np.int64)  # of each column; both count from 1
    way = np.zeros(m + 1, np.int64)
    shortest = np.empty(m + 1)
    used = np.empty(m + 1, np.bool_)
    for i in range(1, n + 1):
        row[0] = i
        column = 0
        shortest[:] = np.inf
        used[:] = False
        while True:
            used[column] = True
            current, delta, following = row[column], np.inf, -1
            for j in range(1, m + 1):
                if used[j]:
                    continue
                cost = -benefit[current - 1, j - 1] - u[current] - v[j]
                if cost < shortest[j]:
                    shortest[j] = cost
                    way[j] = column
                if shortest[j] < delta:
                    delta, following = shortest[j], j
            for j in range(m + 1):
                if used[j]:
                    u[row[j]] += delta
                    v[j] -= delta
                else:
                    shortest[j] -= delta
            column = following
            if row[column] == 0:
                break
        while column:
            row[column] = row[way[column]]
            column = way[column]
    return row[1:] - 1
