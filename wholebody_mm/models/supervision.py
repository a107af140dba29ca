"""Which channel is learnt where: the binary weights W of the loss.

For channel c and cell p, after "Single-Network Whole-Body Pose Estimation",
equations 5 and 6 and the paragraphs "High false positive rate" and "Further
refinement":

    W_c(p) = 1 - ignore_part(c)(p)   if the data set labels c
             1 - person(p)           if not, and absence may be learnt
             0                       otherwise

A limb is labelled if both its ends are; it takes the union of its ends'
ignored regions. A single keypoint that is missing from a labelled part of a
person is ignored where that person may be (the box, or, if it holds no more
than the labelled points, as far as the rest may reach, but for other people's
boxes that have this keypoint), or, where its place is known though
nobody could label it (rendered people, visibility below 0), around that place.
"""

from __future__ import annotations

import numpy as np

from wholebody_mm.codecs.geometry import lie_within, to_cells
from wholebody_mm.skeletons import Skeleton

# How far around a hidden keypoint whose place is known nothing is learnt of
# it, of the longer side of the person's box: a third of a torso; and at most,
# of the input's: a box reaches as far as what is known beyond the image.
HIDDEN_REACH = 0.1
LARGEST_REACH = 0.25


def expand_weights(
    skeleton: Skeleton,
    stride: int,
    labelled: np.ndarray,
    ignore: np.ndarray,
    person: np.ndarray,
    negatives: bool,
    visible: np.ndarray,
    boxes: np.ndarray,
    keypoints: np.ndarray | None = None,
    around: np.ndarray | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """The weights of one image.

    Args:
        skeleton: K keypoints, L limbs, P parts.
        stride: Input pixels a map cell.
        labelled: (K,) bool, what the data set labels.
        ignore: (P, h, w) uint8, 1 where a part is not to be learnt.
        person: (h, w) uint8, 1 near people.
        negatives: Whether absence of unlabelled keypoints may be learnt.
        visible: (N, K) visibilities; 0 is not labelled, below 0 neither, but
            its place is in ``keypoints``.
        boxes: (N, 4) people's boxes x0, y0, x1, y1 in input pixels.
        keypoints: (N, K, 2) places in input pixels, for those below 0;
            without them those count as 0.
        around: (N, 4) where people may be whose boxes do not say it; by
            default within the boxes.

    Returns:
        (K, h, w) and (L, h, w) uint8, 1 where the channel is supervised.
    """
    labelled = np.asarray(labelled, bool)
    limbs = skeleton.limb_array
    limb_labelled = labelled[limbs].all(axis=1)
    h, w = person.shape
    outside = (1 - person) if negatives else np.zeros_like(person)
    free = 1 - ignore
    keypoint_weights = np.empty((skeleton.num_keypoints, h, w), np.uint8)
    keypoint_weights[labelled] = free[skeleton.keypoint_part[labelled]]
    keypoint_weights[~labelled] = outside
    limb_weights = np.empty((skeleton.num_limbs, h, w), np.uint8)
    limb_parts = skeleton.limb_parts[limb_labelled]
    limb_weights[limb_labelled] = free[limb_parts[:, 0]]
    limb_weights[limb_labelled] &= free[limb_parts[:, 1]]
    limb_weights[~limb_labelled] = outside
    part = skeleton.keypoint_part
    if keypoints is None:
        keypoints = np.zeros((*np.shape(visible)[:2], 2), np.float32)
        visible = np.maximum(visible, 0)
    if around is not None and not np.array_equal(around, boxes):
        any_lost = np.zeros(len(labelled), bool)
        for seen, box, reach in zip(visible, boxes, around, strict=True):
            if np.array_equal(box, reach):
                continue
            # whole parts too, beyond the box to which `ignore` keeps
            lost = labelled & (seen == 0)
            limb_lost = limb_labelled & lost[limbs].any(axis=1)
            rows, columns = cells_of_box(reach, stride)
            keypoint_weights[lost, rows, columns] = 0
            limb_weights[limb_lost, rows, columns] = 0
            any_lost |= lost
        # Of others who have the keypoint it is known where theirs is: someone
        # without ears must not hide the ears of a whole crowd.
        both = skeleton.limb_parts
        limb_any_lost = any_lost[limbs].any(axis=1)
        for seen, box in zip(visible, boxes, strict=True):
            known = labelled & (seen > 0)
            limb_known = (
                limb_labelled & limb_any_lost & known[limbs].all(axis=1)
            )
            known &= any_lost
            rows, columns = cells_of_box(box, stride)
            here = free[:, rows, columns]
            keypoint_weights[known, rows, columns] = here[part[known]]
            limb_weights[limb_known, rows, columns] = (
                here[both[limb_known, 0]] & here[both[limb_known, 1]]
            )
    for seen, box, places in zip(visible, boxes, keypoints, strict=True):
        # a part without any keypoint is ignored as a whole, in `ignore`
        part_seen = np.bincount(part, seen > 0) > 0
        missing = labelled & (seen <= 0) & part_seen[part]
        if not missing.any():
            continue
        lost = missing & (seen == 0)
        limb_missing = limb_labelled & missing[limbs].any(axis=1)
        limb_lost = limb_missing & (seen[limbs] == 0).any(axis=1)
        rows, columns = cells_of_box(box, stride)
        keypoint_weights[lost, rows, columns] = 0
        limb_weights[limb_lost, rows, columns] = 0
        reach = min(
            HIDDEN_REACH * max(box[2] - box[0], box[3] - box[1]),
            LARGEST_REACH * stride * max(w, h),
        )
        for k in np.flatnonzero(missing & ~lost):
            rows, columns = cells_of_box(_around(places[[k]], reach), stride)
            keypoint_weights[k, rows, columns] = 0
        for limb in np.flatnonzero(limb_missing & ~limb_lost):
            ends = places[limbs[limb]]
            # towards an end beyond the input no field is drawn
            ends = ends[lie_within(to_cells(ends, stride), (w, h))]
            if not len(ends):
                continue
            rows, columns = cells_of_box(_around(ends, reach), stride)
            limb_weights[limb, rows, columns] = 0
    return keypoint_weights, limb_weights


def _around(points: np.ndarray, reach: float) -> np.ndarray:
    """(4,) box around (n, 2) points and ``reach`` pixels further."""
    low, high = points.min(axis=0) - reach, points.max(axis=0) + reach
    return np.concatenate([low, high])


def cells_of_box(box: np.ndarray, stride: int) -> tuple[slice, slice]:
    """Rows and columns of the cells that a box in pixels touches.

    Args:
        box: (4,) x0, y0, x1, y1 in input pixels.
        stride: Input pixels a cell.
    """
    x0, y0, x1, y1 = to_cells(box, stride)
    columns = slice(max(int(np.floor(x0)), 0), max(int(x1) + 2, 0))
    rows = slice(max(int(np.floor(y0)), 0), max(int(y1) + 2, 0))
    return rows, columns
