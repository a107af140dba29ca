"""Scored limbs to people."""

from __future__ import annotations

import math

import numpy as np

from wholebody_mm.codecs.compiled import compiled

# Smaller groups are adopted peak by peak, if at all: two peaks of noise that
# happen to join say nothing about each other.
MIN_GROUP = 3
# Of the keypoints that two people both have, this many are in the same places
# if they are one: two at least, and half of all.
MIN_DOUBLES = 2


@compiled
def _root(parent, i):
    """The group of peak i; halves the path on the way."""
    while parent[i] != i:
        parent[i] = parent[parent[i]]
        i = parent[i]
    return i


@compiled
def group_peaks(limbs, out_limb, out_ends, order, first, counts):
    """Join peaks to people along the limbs, best limb first.

    Each peak starts as a group of one. A limb joins the groups of its ends if
    no keypoint is in both; that one rule starts people, extends them and
    merges two halves, and redundant limbs give each join several chances.

    Args:
        limbs: (L, 2) int32 keypoints.
        out_limb: (C,) int32 limb types of the candidates.
        out_ends: (C, 2) int32 their peaks.
        order: (C,) int64 candidates, best first.
        first: (K,) int64 number of peaks of all keypoints before each.
        counts: (K,) int32 peaks of each keypoint.

    Returns:
        (N, K) int32 the peak of each keypoint of each person, -1 where there
        is none; people are groups of two or more peaks.
    """
    num_keypoints = counts.shape[0]
    total = first[num_keypoints - 1] + counts[num_keypoints - 1]
    words = (num_keypoints + 63) // 64
    parent = np.arange(total)
    taken = np.zeros((total, words), np.uint64)
    for k in range(num_keypoints):
        bit = np.uint64(1) << np.uint64(k & 63)
        for i in range(counts[k]):
            taken[first[k] + i, k >> 6] = bit
    size = np.ones(total, np.int32)
    for c in order:
        a, b = limbs[out_limb[c], 0], limbs[out_limb[c], 1]
        ga = _root(parent, first[a] + out_ends[c, 0])
        gb = _root(parent, first[b] + out_ends[c, 1])
        if ga == gb:
            continue
        disjoint = True
        for z in range(words):
            disjoint &= (taken[ga, z] & taken[gb, z]) == 0
        if not disjoint:
            continue
        if size[ga] < size[gb]:
            ga, gb = gb, ga
        parent[gb] = ga
        size[ga] += size[gb]
        for z in range(words):
            taken[ga, z] |= taken[gb, z]
    people = 0
    for i in range(total):
        people += parent[i] == i and size[i] > 1
    slots = np.full((people, num_keypoints), -1, np.int32)
    person = np.full(total, -1, np.int32)
    n = 0
    for k in range(num_keypoints):
        for i in range(counts[k]):
            root = _root(parent, first[k] + i)
            if size[root] < 2:
                continue
            if person[root] < 0:
                person[root] = n
                n += 1
            slots[person[root], k] = i
    return slots


@compiled
def share_peaks(
    limbs, shareable, out_limb, out_ends, out_score, minimum, slots
):
    """Give a person the end of a limb that another person holds as well.

    Where two people's same keypoint merges into one peak (nearer than about
    12 pixels at stride 8), only one of them can own it. The other, holding
    one end of a limb, takes the best candidate for the other end.

    Args:
        limbs: (L, 2) int32 keypoints.
        shareable: (K,) bool keypoints that may be shared. Not those of
            hands: a shared wrist would bring a whole hand of somebody else.
        out_limb: (C,) int32 limb types of the candidates, ordered.
        out_ends: (C, 2) int32 their peaks.
        out_score: (C,) float32 their scores.
        minimum: Score from which a candidate counts.
        slots: (N, K) int32 peaks of each person, extended in place.
    """
    num_limbs = limbs.shape[0]
    start = np.zeros(num_limbs + 1, np.int64)
    for c in range(out_limb.shape[0]):
        start[out_limb[c] + 1] += 1
    for limb in range(num_limbs):
        start[limb + 1] += start[limb]
    own = slots.copy()
    for p in range(slots.shape[0]):
        for limb in range(num_limbs):
            a, b = limbs[limb, 0], limbs[limb, 1]
            if not (shareable[a] and shareable[b]):
                continue
            for held, free, side in ((a, b, 0), (b, a, 1)):
                # Only from what the person owns: chains of shared points
                # would copy the other person.
                if own[p, held] < 0 or slots[p, free] >= 0:
                    continue
                best = minimum
                for c in range(start[limb], start[limb + 1]):
                    if (
                        out_ends[c, side] == own[p, held]
                        and out_score[c] > best
                    ):
                        best = out_score[c]
                        slots[p, free] = out_ends[c, 1 - side]


@compiled
def take_peaks(cells, scores, slots):
    """Where each person's keypoints are.

    Args:
        cells: (K, M, 2) float32 peaks in cells.
        scores: (K, M) float32 their heights.
        slots: (N, K) int32 peaks of each person, -1 where there is none.

    Returns:
        (N, K, 2) and (N, K) float32 of these, 0 where there is none.
    """
    num_people, num_keypoints = slots.shape
    positions = np.zeros((num_people, num_keypoints, 2), np.float32)
    heights = np.zeros((num_people, num_keypoints), np.float32)
    for p in range(num_people):
        for k in range(num_keypoints):
            i = slots[p, k]
            if i >= 0:
                positions[p, k, 0] = cells[k, i, 0]
                positions[p, k, 1] = cells[k, i, 1]
                heights[p, k] = scores[k, i]
    return positions, heights


@compiled
def trunk_diagonals(cells, trunk, slots):
    """Diagonal of the box around each person's trunk.

    Args:
        cells: (K, M, 2) float32 peaks in cells.
        trunk: (K,) bool keypoints of the trunk.
        slots: (N, K) int32 peaks of each person.

    Returns:
        (N,) float32 cells, 0 without any trunk keypoint.
    """
    num_people, num_keypoints = slots.shape
    diagonals = np.zeros(num_people, np.float32)
    for p in range(num_people):
        x0, y0, x1, y1 = np.inf, np.inf, -np.inf, -np.inf
        for k in range(num_keypoints):
            i = slots[p, k]
            if i >= 0 and trunk[k]:
                x0, x1 = min(x0, cells[k, i, 0]), max(x1, cells[k, i, 0])
                y0, y1 = min(y0, cells[k, i, 1]), max(y1, cells[k, i, 1])
        if x1 >= x0:
            diagonals[p] = math.sqrt((x1 - x0) ** 2 + (y1 - y0) ** 2)
    return diagonals


@compiled
def adopt_groups(cells, related, reach, alive, slots):
    """Give groups that are no people by themselves to the nearest person.

    Where the image cuts a head in two, mouth and chin have no limb to the
    body; where a wrist is hidden, a hand has none. A group goes to the person
    that holds a related keypoint nearest to one of the group's and none of
    the group's own keypoints.

    Args:
        cells: (K, M, 2) float32 peaks in cells.
        related: (K, K) bool keypoints that belong near each other.
        reach: (N,) float32 cells; furthest way for each person.
        alive: (N,) bool; these people adopt groups of the others.
        slots: (N, K) int32 peaks of each group, changed in place; an adopted
            group is left empty.
    """
    num_people, num_keypoints = slots.shape
    held = np.empty(num_keypoints, np.int64)
    for g in range(num_people):
        if alive[g]:
            continue
        size = 0
        for k in range(num_keypoints):
            if slots[g, k] >= 0:
                held[size] = k
                size += 1
        if size < MIN_GROUP:
            continue
        best, best_person = np.inf, -1
        for p in range(num_people):
            if not alive[p]:
                continue
            limit2 = min(best, reach[p] * reach[p])
            disjoint = True
            for t in range(size):
                disjoint &= slots[p, held[t]] < 0
            if not disjoint:
                continue
            for q in range(num_keypoints):
                if slots[p, q] < 0:
                    continue
                x, y = cells[q, slots[p, q], 0], cells[q, slots[p, q], 1]
                for t in range(size):
                    k = held[t]
                    if not related[k, q]:
                        continue
                    dx = cells[k, slots[g, k], 0] - x
                    dy = cells[k, slots[g, k], 1] - y
                    d2 = dx * dx + dy * dy
                    if d2 < limit2:
                        limit2 = d2
                        best, best_person = d2, p
        if best_person >= 0:
            for t in range(size):
                slots[best_person, held[t]] = slots[g, held[t]]
                slots[g, held[t]] = -1


@compiled
def join_doubles(cells, diagonals, distance, alive, slots, shared):
    """Make one of two people that are the same person, found twice.

    Unsure maps have two peaks where one keypoint is, and a few of them are
    enough for arms to go to the one and legs to the other. The smaller of the
    two gives the larger what that lacks.

    Args:
        cells: (K, M, 2) float32 peaks in cells.
        diagonals: (N,) float32 cells, size of each person's trunk.
        distance: float32, of the larger's diagonal: keypoints nearer than
            that are in the same place.
        alive: (N,) bool who is a person, changed in place.
        slots: (N, K) int32 peaks of each, changed in place; who is joined to
            another is left empty.
        shared: (N, K) bool, goes along with slots.
    """
    num_people, num_keypoints = slots.shape
    size = np.zeros(num_people, np.int64)
    for p in range(num_people):
        if alive[p]:
            size[p] = (slots[p] >= 0).sum()
    for g in np.argsort(size, kind='mergesort'):
        if not alive[g]:
            continue
        best, best_person = MIN_DOUBLES - 1, -1
        for p in range(num_people):
            if p == g or not alive[p] or size[p] < size[g]:
                continue
            limit = distance * diagonals[p]
            both, near = 0, 0
            for k in range(num_keypoints):
                a, b = slots[g, k], slots[p, k]
                if a < 0 or b < 0:
                    continue
                dx = cells[k, a, 0] - cells[k, b, 0]
                dy = cells[k, a, 1] - cells[k, b, 1]
                both += 1
                near += dx * dx + dy * dy <= limit * limit
            if 2 * near >= both and near > best:
                best, best_person = near, p
        if best_person < 0:
            continue
        for k in range(num_keypoints):
            if slots[g, k] >= 0 and slots[best_person, k] < 0:
                slots[best_person, k] = slots[g, k]
                shared[best_person, k] = shared[g, k]
                size[best_person] += 1
            slots[g, k] = -1
            shared[g, k] = False
        alive[g] = False


@compiled
def adopt_peaks(cells, counts, near, reach, alive, slots):
    """Give peaks that nobody holds to the nearest person that lacks them.

    A foot whose ankle was not found, or a finger whose limb missed by a hair,
    is still nearest to its own person (foot AP of exact maps: 84 without
    this, 100 with it; docs/codec.md).

    Args:
        cells: (K, M, 2) float32 peaks in cells.
        counts: (K,) int32 peaks of each keypoint.
        near: (K, T) int32 keypoints near in the skeleton, filled with -1.
        reach: (N,) float32 cells; furthest way from the peak to a near
            keypoint of each person.
        alive: (N,) bool; only these people adopt, and the peaks of the others
            are nobody's.
        slots: (N, K) int32 peaks of each person, extended in place; adopted
            peaks leave the people that are not alive.
    """
    num_people, num_keypoints = slots.shape
    held = np.zeros(cells.shape[1], np.bool_)
    for k in range(num_keypoints):
        held[:] = False
        for p in range(num_people):
            if alive[p] and slots[p, k] >= 0:
                held[slots[p, k]] = True
        for i in range(counts[k]):
            if held[i]:
                continue
            best, best_person = np.inf, -1
            for p in range(num_people):
                if not alive[p] or slots[p, k] >= 0:
                    continue
                for t in range(near.shape[1]):
                    q = near[k, t]
                    if q < 0:
                        break
                    if slots[p, q] < 0:
                        continue
                    d = math.sqrt(
                        (cells[q, slots[p, q], 0] - cells[k, i, 0]) ** 2
                        + (cells[q, slots[p, q], 1] - cells[k, i, 1]) ** 2
                    )
                    if d < reach[p] and d < best:
                        best, best_person = d, p
            if best_person < 0:
                continue
            for p in range(num_people):
                if not alive[p] and slots[p, k] == i:
                    slots[p, k] = -1
            slots[best_person, k] = i


@compiled
def complete_people(limbs, out_limb, out_ends, order, alive, slots, room):
    """Give people peaks that nobody holds, along limbs from those they have.

    As hysteresis follows an edge: what is too weak to begin a person is good
    enough where a person reaches it.

    Args:
        limbs: (L, 2) int32 keypoints.
        out_limb: (C,) int32 limb types of the candidates.
        out_ends: (C, 2) int32 their peaks.
        order: (C,) int64 candidates, best first.
        alive: (N,) bool; only these people are completed. What other groups
            hold stays with them, for it goes together if it goes at all.
        slots: (N, K) int32 peaks of each group, extended in place.
        room: Most peaks of a keypoint.
    """
    num_people, num_keypoints = slots.shape
    nobody, other_groups = -1, -2
    owner = np.full((num_keypoints, room), nobody, np.int32)
    for p in range(num_people):
        for k in range(num_keypoints):
            # a peak that two share belongs to one who is alive
            if slots[p, k] >= 0 and owner[k, slots[p, k]] < 0:
                owner[k, slots[p, k]] = p if alive[p] else other_groups
    changed = True
    while changed:  # each time somebody has one keypoint more
        changed = False
        for c in order:
            a, b = limbs[out_limb[c], 0], limbs[out_limb[c], 1]
            i, j = out_ends[c, 0], out_ends[c, 1]
            p, q = owner[a, i], owner[b, j]
            if q >= 0 and p < 0:
                a, b, i, j, p, q = b, a, j, i, q, p
            if p >= 0 and q == nobody and slots[p, b] < 0:
                slots[p, b], owner[b, j] = j, p
                changed = True
