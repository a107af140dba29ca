"""What the boxes of an image's people tell of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

# Of such an overlap, boxes of two categories are of one person: two people
# who are both annotated hardly ever cover each other so well.
SAME_PERSON = 0.7
# Pixels by which tools round the sides of a box.
_ROUNDING = 1.0
# Share of its sides by which a detector's box may miss whom it is of.
_MISSES = 0.05
# A box that ends where a person's labelled points end says nothing of where
# the person ends. Someone labelled from the eyes to the hips has knees and
# ankles below the box, 1.2 times its height; an arm may be stretched and who
# lies has the legs beside the box: hence all sides, by the longer one.
_REACH = 1.5
# A nose alone has no size, two eyes are not a hundredth of a person.
_TELL_A_SIZE = 5
# Pixels; more than images have.
_EVERYWHERE = 1e5


def box_iou(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(n, m) intersection over union of (n, 4) and (m, 4) x0 y0 x1 y1."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(-1)
    areas = [(x[:, 2:] - x[:, :2]).prod(-1) for x in (a, b)]
    union = areas[0][:, None] + areas[1][None] - common
    return common / np.maximum(union, 1e-9)


def annotated_again(
    boxes: np.ndarray,
    known: np.ndarray,
    categories: Sequence[Any],
    tight: np.ndarray,
) -> np.ndarray:
    """Boxes without keypoints of people who are labelled in another category.

    A detector's boxes beside skeletons, for example: taken for people of
    whom nothing is known, they would hide what is. One box a person, the
    best first. A tight box says nothing of where its person ends, so that a
    larger one around it may be of the same person too; the smallest such.

    Args:
        boxes: (M, 4) x0, y0, x1, y1.
        known: (M,) bool, who has a labelled keypoint.
        categories: M category ids. In one category there is one annotation a
            person, as in COCO.
        tight: (M,) bool, whose box is no more than the extents of the
            labelled points.

    Returns:
        (M,) int, the index of the labelled person whose box it is; else -1.
    """
    whose = np.full(len(boxes), -1)
    if len(set(categories)) < 2 or known.all():
        return whose
    ids = np.array(categories, object)
    candidates = known[:, None] & ~known[None] & (ids[:, None] != ids[None])
    overlap = np.where(candidates, box_iou(boxes, boxes), 0)
    while overlap.max() >= SAME_PERSON:
        person, box = np.unravel_index(overlap.argmax(), overlap.shape)
        whose[box] = person
        overlap[person] = overlap[:, box] = 0
        candidates[person] = candidates[:, box] = False
    sides = boxes[:, 2:] - boxes[:, :2]
    low, high = boxes[:, :2] - _MISSES * sides, boxes[:, 2:] + _MISSES * sides
    within = (boxes[:, None, :2] >= low).all(-1)
    within &= (boxes[:, None, 2:] <= high).all(-1)
    around = candidates & tight[:, None] & within
    # as many people as possible, then the smallest boxes
    areas = sides.prod(axis=1) / max(sides.prod(axis=1).sum(), 1e-9)
    cost = np.where(around, areas, 1.0 + len(boxes))
    for person, box in zip(*linear_sum_assignment(cost), strict=True):
        if around[person, box]:
            whose[box] = person
    return whose


def are_tight(
    boxes: np.ndarray, points: np.ndarray, visible: np.ndarray
) -> np.ndarray:
    """Whose box is no more than the extents of the labelled points.

    Args:
        boxes: (N, 4) x0, y0, x1, y1.
        points: (N, K, 2).
        visible: (N, K), above 0 where a point is labelled.

    Returns:
        (N,) bool; false without a labelled point.
    """
    seen = (visible > 0)[..., None]
    low = np.where(seen, points, np.inf).min(axis=1, initial=np.inf)
    high = np.where(seen, points, -np.inf).max(axis=1, initial=-np.inf)
    extents = np.concatenate([low, high], axis=1)
    return (np.abs(boxes - extents) <= _ROUNDING).all(axis=1)


def within_reach(boxes: np.ndarray, labelled: np.ndarray) -> np.ndarray:
    """(N, 4) where people may be of whom (N, 4) boxes hold a part.

    They may reach beyond the image.

    Args:
        boxes: (N, 4) x0, y0, x1, y1, the extents of the labelled points.
        labelled: (N,) how many points are labelled. Of few the extents do not
            tell a person's size: the whole image may be meant.
    """
    sides = boxes[:, 2:] - boxes[:, :2]
    margin = _REACH * sides.max(axis=1, keepdims=True)
    margin[labelled < _TELL_A_SIZE] = _EVERYWHERE
    return np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], 1)
