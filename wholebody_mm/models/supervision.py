"""Which channel is learnt where: the binary weights W of the loss.

For channel c and cell p, after "Single-Network Whole-Body Pose Estimation",
equations 5 and 6 and the paragraphs "High false positive rate" and "Further
refinement":

    W_c(p) = 1 - ignore_part(c)(p)   if the data set labels c
             1 - person(p)           if not, and absence may be learnt
             0                       otherwise

A limb is labelled if both its ends are; it takes the union of its ends'
ignored regions. A single keypoint that is missing from a labelled part of a
person is ignored within that person's box.
"""

from __future__ import annotations

import numpy as np

from wholebody_mm.codecs.geometry import to_cells
from wholebody_mm.skeletons import Skeleton


def expand_weights(
    skeleton: Skeleton,
    stride: int,
    labelled: np.ndarray,
    ignore: np.ndarray,
    person: np.ndarray,
    negatives: bool,
    visible: np.ndarray,
    boxes: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """The weights of one image.

    Args:
        skeleton: K keypoints, L limbs, P parts.
        stride: Input pixels a map cell.
        labelled: (K,) bool, what the data set labels.
        ignore: (P, h, w) uint8, 1 where a part is not to be learnt.
        person: (h, w) uint8, 1 near people.
        negatives: Whether absence of unlabelled keypoints may be learnt.
        visible: (N, K) visibilities; 0 is not labelled.
        boxes: (N, 4) people's boxes x0, y0, x1, y1 in input pixels.

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
    for seen, box in zip(visible, boxes, strict=True):
        # a part without any keypoint is ignored as a whole, in `ignore`
        part_seen = np.bincount(part, seen > 0) > 0
        missing = labelled & (seen <= 0) & part_seen[part]
        if not missing.any():
            continue
        x0, y0, x1, y1 = to_cells(box, stride)
        columns = slice(max(int(np.floor(x0)), 0), max(int(x1) + 2, 0))
        rows = slice(max(int(np.floor(y0)), 0), max(int(y1) + 2, 0))
        limb_missing = limb_labelled & missing[limbs].any(axis=1)
        keypoint_weights[missing, rows, columns] = 0
        limb_weights[limb_missing, rows, columns] = 0
    return keypoint_weights, limb_weights
