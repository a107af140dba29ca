"""COCO-WholeBody's 133 keypoints.

17 body, 6 foot, 68 face and 2 x 21 hand points in the order of
https://github.com/jin-s13/COCO-WholeBody; each hand starts with its root.
"""

from __future__ import annotations

from wholebody_mm.skeletons.skeleton import RGB, Skeleton
from wholebody_mm.skeletons.wholebody135 import (
    BODY,
    FACE,
    FINE_TARGET_SIGMA,
    FOOT,
    HAND_ROOT_SIGMA,
    LEFT_HAND,
    RIGHT_HAND,
    WHOLEBODY135,
)

LEFT_ROOT, RIGHT_ROOT = 'left_hand_root', 'right_hand_root'
NAMES = (
    BODY + FOOT + FACE + (LEFT_ROOT, *LEFT_HAND) + (RIGHT_ROOT, *RIGHT_HAND)
)
_WRIST_OF = {LEFT_ROOT: 'left_wrist', RIGHT_ROOT: 'right_wrist'}


def _build() -> Skeleton:
    union = WHOLEBODY135
    index = {name: i for i, name in enumerate(NAMES)}
    root_of = {wrist: root for root, wrist in _WRIST_OF.items()}

    def renamed(pairs: tuple[tuple[int, int], ...]) -> list[tuple[int, int]]:
        """Pairs among the 133 points; finger chains start at the root."""
        out = []
        for a, b in pairs:
            name_a, name_b = union.keypoint_names[a], union.keypoint_names[b]
            if name_b in LEFT_HAND + RIGHT_HAND and name_a in root_of:
                name_a = root_of[name_a]
            if name_a in index and name_b in index:
                out.append((index[name_a], index[name_b]))
        return out

    wrists = [(index[w], index[r]) for r, w in _WRIST_OF.items()]

    def of_union(values: tuple, root_value: float | RGB | None) -> tuple:
        """Values in 133 order; the roots get their own (or the wrist's)."""
        out = []
        for name in NAMES:
            if name in _WRIST_OF and root_value is not None:
                out.append(root_value)
            else:
                out.append(values[union.index(_WRIST_OF.get(name, name))])
        return tuple(out)

    return Skeleton(
        name='coco_wholebody133',
        keypoint_names=NAMES,
        part_sizes=(
            ('body', len(BODY)),
            ('foot', len(FOOT)),
            ('face', len(FACE)),
            ('lefthand', 1 + len(LEFT_HAND)),
            ('righthand', 1 + len(RIGHT_HAND)),
        ),
        flip_pairs=tuple(renamed(union.flip_pairs))
        + ((index[LEFT_ROOT], index[RIGHT_ROOT]),),
        limbs=tuple(renamed(union.limbs) + wrists),
        oks_sigmas=of_union(union.oks_sigmas, HAND_ROOT_SIGMA),
        target_sigmas=of_union(union.target_sigmas, FINE_TARGET_SIGMA),
        colors=of_union(union.colors, None),
        links=tuple(renamed(union.links)),
        reference=(
            'Jin et al., Whole-Body Human Pose Estimation in the Wild, '
            'ECCV 2020'
        ),
    )


COCO_WHOLEBODY133 = _build()
