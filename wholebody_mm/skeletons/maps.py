"""Maps between the skeletons of the package."""

from __future__ import annotations

from dataclasses import replace

from wholebody_mm.skeletons.body25b import BODY25B
from wholebody_mm.skeletons.coco import COCO17
from wholebody_mm.skeletons.coco_wholebody import (
    COCO_WHOLEBODY133,
    LEFT_ROOT,
    RIGHT_ROOT,
)
from wholebody_mm.skeletons.labelled_sets import derived_map
from wholebody_mm.skeletons.openpose import BODY25, MIDPOINTS
from wholebody_mm.skeletons.skeleton import Skeleton
from wholebody_mm.skeletons.skeleton_map import SkeletonMap, map_by_names
from wholebody_mm.skeletons.wholebody135 import (
    LEFT_HAND,
    RIGHT_HAND,
    WHOLEBODY135,
)

_HANDS = (
    (LEFT_ROOT, 'left_wrist', LEFT_HAND),
    (RIGHT_ROOT, 'right_wrist', RIGHT_HAND),
)


def _has_hands(skeleton: Skeleton) -> bool:
    """Whether hands begin at the wrists of the body, as the union's do."""
    names = {*skeleton.keypoint_names}
    roots = {root for root, _, _ in _HANDS}
    return names.isdisjoint(roots) and any(
        wrist in names and not names.isdisjoint(fingers)
        for _, wrist, fingers in _HANDS
    )


def _from_wholebody133(target: Skeleton) -> SkeletonMap:
    """From COCO-WholeBody; a hand root stands in for a lost wrist."""
    source = COCO_WHOLEBODY133
    fallbacks = {
        target.index(wrist): source.index(root)
        for root, wrist, _ in _HANDS
        if wrist in target.keypoint_names
    }
    return map_by_names(source, target, fallbacks=fallbacks)


def _to_wholebody133(source: Skeleton) -> SkeletonMap:
    """To COCO-WholeBody; a hand root is the wrist if a finger was found.

    A root that keeps a score where no finger was found makes a hand of one
    point out of every body wrist: exact ground truth then evaluates to 58 AP
    for the left hand.
    """
    target = COCO_WHOLEBODY133
    base = derived_map(source, target)
    sources, requires = list(base.sources), {}
    for root, wrist, fingers in _HANDS:
        if wrist not in source.keypoint_names:
            continue
        found = tuple(
            source.index(name)
            for name in fingers
            if name in source.keypoint_names
        )
        if found:
            sources[target.index(root)] = (source.index(wrist),)
            requires[target.index(root)] = found
    return replace(base, sources=tuple(sources), requires=requires)


def _to_body25(source: Skeleton) -> SkeletonMap:
    """To BODY_25, whose neck and middle of the hips are midpoints.

    Unless the source has points of these names.
    """
    base = derived_map(source, BODY25)
    sources = list(base.sources)
    for name, ends in MIDPOINTS.items():
        i = BODY25.index(name)
        if not sources[i] and {*ends} <= {*source.keypoint_names}:
            sources[i] = tuple(source.index(n) for n in ends)
    return replace(base, sources=tuple(sources))


WHOLEBODY133_TO_135 = _from_wholebody133(WHOLEBODY135)
WHOLEBODY135_TO_133 = _to_wholebody133(WHOLEBODY135)
_SPECIAL = {
    ('coco_wholebody133', 'wholebody135'): WHOLEBODY133_TO_135,
    ('wholebody135', 'coco_wholebody133'): WHOLEBODY135_TO_133,
    # The bodies have no hands, so no hand roots either.
    ('coco17', 'coco_wholebody133'): map_by_names(COCO17, COCO_WHOLEBODY133),
    ('body25b', 'coco_wholebody133'): map_by_names(BODY25B, COCO_WHOLEBODY133),
    ('body25', 'coco_wholebody133'): map_by_names(BODY25, COCO_WHOLEBODY133),
    # made once, not for every image that is written
    **{
        (source.name, 'body25'): _to_body25(source)
        for source in (COCO17, COCO_WHOLEBODY133, WHOLEBODY135, BODY25B)
    },
}


def get_map(source: Skeleton, target: Skeleton) -> SkeletonMap:
    """The map between two skeletons: their rule, or by equal names.

    Raises:
        ValueError: If the two have no keypoint in common.
    """
    special = _SPECIAL.get((source.name, target.name))
    # somebody's own skeleton may have one of these names
    if special and (special.source, special.target) == (source, target):
        return special
    if target == COCO_WHOLEBODY133 and _has_hands(source):
        return _to_wholebody133(source)
    if source == COCO_WHOLEBODY133 and _has_hands(target):
        return _from_wholebody133(target)
    by_names = (
        _to_body25(source) if target == BODY25 else derived_map(source, target)
    )
    if not by_names.labelled.any():
        raise ValueError(
            f'{source.name} and {target.name} have no keypoint name in common'
        )
    return by_names
