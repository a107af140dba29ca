"""The skeletons of the original's smaller networks: BODY_25, face, hand.

Facts of the released networks' tables. Names, flips, sigmas and colours are
the union skeleton's; limbs are in the order of the networks' field channels,
so that imported weights need no reordering. (BODY_25B is in ``body25b.py``,
BODY_135 is the union skeleton itself.)
"""

from __future__ import annotations

from wholebody_mm.skeletons.skeleton import RGB, Skeleton
from wholebody_mm.skeletons.wholebody135 import (
    COARSE_TARGET_SIGMA,
    FACE,
    FINE_TARGET_SIGMA,
    FINGER_POINTS,
    FINGER_SIGMAS,
    FOOT,
    HAND_ROOT_SIGMA,
    LEFT_HAND,
    PUPILS,
    WHOLEBODY135,
)

NECK, MID_HIP = 'neck', 'mid_hip'  # midpoints of the shoulders, the hips
_BODY_25 = (
    ('nose', NECK)
    + ('right_shoulder', 'right_elbow', 'right_wrist')
    + ('left_shoulder', 'left_elbow', 'left_wrist')
    + (MID_HIP, 'right_hip', 'right_knee', 'right_ankle')
    + ('left_hip', 'left_knee', 'left_ankle')
    + ('right_eye', 'left_eye', 'right_ear', 'left_ear')
)
_BODY_25_LIMBS = (
    ((1, 8), (9, 10), (10, 11), (8, 9), (8, 12), (12, 13), (13, 14), (1, 2))
    + ((2, 3), (3, 4), (2, 17), (1, 5), (5, 6), (6, 7), (5, 18), (1, 0))
    + ((0, 15), (0, 16), (15, 17), (16, 18))
    + ((14, 19), (19, 20), (14, 21), (11, 22), (22, 23), (11, 24))
)
# Ears to shoulders: evidence, not to be drawn.
_BODY_25_HIDDEN = ((2, 17), (5, 18))
_MIDPOINTS = {
    NECK: ('left_shoulder', 'right_shoulder'),
    MID_HIP: ('left_hip', 'right_hip'),
}


def _body25() -> Skeleton:
    union = WHOLEBODY135
    names = _BODY_25 + FOOT
    # A midpoint is as well defined as the points that it lies between.
    like = [union.index(_MIDPOINTS.get(name, (name,))[0]) for name in names]

    def mirrored(name: str) -> str:
        if name in _MIDPOINTS:
            return name
        i = union.index(name)
        return union.keypoint_names[union.flip_indices[i]]

    flips = ((i, names.index(mirrored(n))) for i, n in enumerate(names))
    colors: list[RGB] = [union.colors[i] for i in like]
    for name in _MIDPOINTS:
        colors[names.index(name)] = union.colors[union.index('upper_neck')]
    return Skeleton(
        name='body25',
        keypoint_names=names,
        part_sizes=(('body', len(_BODY_25)), ('foot', len(FOOT))),
        flip_pairs=tuple((i, j) for i, j in flips if i < j),
        limbs=_BODY_25_LIMBS,
        oks_sigmas=tuple(union.oks_sigmas[i] for i in like),
        target_sigmas=(COARSE_TARGET_SIGMA,) * len(names),
        colors=tuple(colors),
        links=tuple(x for x in _BODY_25_LIMBS if x not in _BODY_25_HIDDEN),
        reference=(
            'Cao et al., OpenPose: Realtime Multi-Person 2D Pose Estimation '
            'using Part Affinity Fields, TPAMI 2019'
        ),
    )


def _hand21() -> Skeleton:
    """A hand of either side: the wrist, then thumb to little finger."""
    union = WHOLEBODY135
    where = [union.index(name) for name in LEFT_HAND]
    wrist, joints = 0, len(FINGER_POINTS) // 5
    limbs: list[tuple[int, int]] = []
    for first in range(1, 1 + len(FINGER_POINTS), joints):
        chain = (wrist, *range(first, first + joints))
        limbs += zip(chain[:-1], chain[1:], strict=True)
    return Skeleton(
        name='hand21',
        keypoint_names=('wrist', *FINGER_POINTS),
        part_sizes=(('hand', 1 + len(FINGER_POINTS)),),
        flip_pairs=(),  # a mirrored left hand is a right hand
        limbs=tuple(limbs),
        oks_sigmas=(HAND_ROOT_SIGMA, *FINGER_SIGMAS),
        target_sigmas=(FINE_TARGET_SIGMA,) * (1 + len(FINGER_POINTS)),
        colors=(
            union.colors[union.index('left_wrist')],
            *(union.colors[i] for i in where),
        ),
        reference=(
            'Simon et al., Hand Keypoint Detection in Single Images using '
            'Multiview Bootstrapping, CVPR 2017'
        ),
    )


BODY25 = _body25()
FACE70 = WHOLEBODY135.subset('face70', FACE + PUPILS)
HAND21 = _hand21()
MIDPOINTS = _MIDPOINTS
