"""What the data sets of the paper label: source skeletons for their readers.

Each holds points of the union skeleton under their union names; the map into
the union follows from the names, and :data:`DERIVED` adds points that a data
set does not label but that are means of points that it does.
"""

from __future__ import annotations

from dataclasses import replace

from wholebody_mm.skeletons.skeleton import Skeleton
from wholebody_mm.skeletons.skeleton_map import SkeletonMap, map_by_names
from wholebody_mm.skeletons.wholebody135 import (
    BODY,
    FACE,
    FOOT,
    LEFT_HAND,
    PUPILS,
    RIGHT_HAND,
    WHOLEBODY135,
)

# MPII's joints in its order; pelvis and thorax are no points of the union.
MPII_JOINTS = (
    ('right_ankle', 'right_knee', 'right_hip')
    + ('left_hip', 'left_knee', 'left_ankle')
    + ('pelvis', 'thorax', 'upper_neck', 'head_top')
    + ('right_wrist', 'right_elbow', 'right_shoulder')
    + ('left_shoulder', 'left_elbow', 'left_wrist')
)

# The 17 COCO points and 6 of the feet, of the OpenPose foot annotations.
COCO_FOOT23 = WHOLEBODY135.subset('coco_foot23', BODY + FOOT)
# The joints that the paper's network learns from MPII: its other joints are
# put elsewhere than COCO's of the same name.
MPII4 = WHOLEBODY135.subset(
    'mpii4', ('left_shoulder', 'right_shoulder', 'upper_neck', 'head_top')
)
# i-bug's 68 points.
IBUG68 = WHOLEBODY135.subset('ibug68', FACE)
# A hand starts with its wrist, which is the body's.
RIGHT_HAND21 = WHOLEBODY135.subset(
    'right_hand21', ('right_wrist', *RIGHT_HAND)
)
HANDS42 = WHOLEBODY135.subset(
    'hands42', ('left_wrist', 'right_wrist', *LEFT_HAND, *RIGHT_HAND)
)
# What is reconstructed in the Panoptic Studio: no feet, neck and head top.
PANOPTIC127 = WHOLEBODY135.subset(
    'panoptic127', BODY + LEFT_HAND + RIGHT_HAND + FACE + PUPILS
)
LABELLED_SETS = (
    COCO_FOOT23,
    MPII4,
    IBUG68,
    RIGHT_HAND21,
    HANDS42,
    PANOPTIC127,
)


def _face(*points: int) -> tuple[str, ...]:
    return tuple(FACE[i] for i in points)


_RIGHT_EYE, _LEFT_EYE = _face(*range(36, 42)), _face(*range(42, 48))
# Face sets: nose, eyes and pupils tie a face to its body. The nose is the
# mean of its bridge and lower edge without the middle one, as in the released
# network's training.
DERIVED = {
    IBUG68.name: {
        'nose': _face(27, 28, 29, 30, 31, 32, 34, 35),
        'left_eye': _LEFT_EYE,
        'right_eye': _RIGHT_EYE,
        'left_pupil': _LEFT_EYE,
        'right_pupil': _RIGHT_EYE,
    }
}


def derived_map(source: Skeleton, target: Skeleton) -> SkeletonMap:
    """By names, and :data:`DERIVED`'s means where the target has the point.

    A mean is present only if all its points are.
    """
    base = map_by_names(source, target)
    sources = list(base.sources)
    for name, points in DERIVED.get(source.name, {}).items():
        if name in target.keypoint_names:
            where = tuple(source.index(point) for point in points)
            sources[target.index(name)] = where
    return replace(base, sources=tuple(sources))
