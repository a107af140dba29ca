"""The union skeleton: 135 keypoints and 152 limbs.

17 COCO body points, upper neck and head top (MPII), 6 feet, 2 x 20 hand
points (the wrist is the 21st of each hand) and 70 face points (68 of i-bug's
mark-up and two pupils), after section 3.2 of "Single-Network Whole-Body Pose
Estimation" (Hidalgo et al., 2019) and the facts published of its network.
Names are those of COCO-WholeBody where it has the point.
"""

from __future__ import annotations

import colorsys

from wholebody_mm.skeletons.skeleton import RGB, Skeleton

# COCO's body sigmas, https://cocodataset.org/#keypoints-eval, and those that
# COCO-WholeBody adds, https://github.com/jin-s13/COCO-WholeBody. Upper neck
# and head top: CrowdPose's. Pupils: those of COCO's eyes.
BODY_SIGMAS = (
    (0.026, 0.025, 0.025, 0.035, 0.035, 0.079, 0.079, 0.072, 0.072)
    + (0.062, 0.062, 0.107, 0.107, 0.087, 0.087, 0.089, 0.089)
)  # fmt: skip
NECK_HEAD_SIGMAS = (0.079, 0.079)
FOOT_SIGMAS = (0.068, 0.066, 0.066, 0.092, 0.094, 0.094)
FACE_SIGMAS = (
    (0.042, 0.043, 0.044, 0.043, 0.040, 0.035, 0.031, 0.025, 0.020)
    + (0.023, 0.029, 0.032, 0.037, 0.038, 0.043, 0.041, 0.045)  # contour
    + (0.013, 0.012, 0.011, 0.011, 0.012)  # right brow
    + (0.012, 0.011, 0.011, 0.013, 0.015)  # left brow
    + (0.009, 0.007, 0.007, 0.007, 0.012, 0.009, 0.008, 0.016, 0.010)  # nose
    + (0.017, 0.011, 0.009, 0.011, 0.009, 0.007)  # right eye
    + (0.013, 0.008, 0.011, 0.012, 0.010, 0.034)  # left eye
    + (0.008, 0.008, 0.009, 0.008, 0.008, 0.007, 0.010)  # outer mouth
    + (0.008, 0.009, 0.009, 0.009, 0.007)
    + (0.007, 0.008, 0.011, 0.008, 0.008, 0.008, 0.01, 0.008)  # inner mouth
)
PUPIL_SIGMAS = (0.025, 0.025)
HAND_ROOT_SIGMA = 0.029
FINGER_SIGMAS = (
    (0.022, 0.035, 0.037, 0.047)
    + (0.026, 0.025, 0.024, 0.035)
    + (0.018, 0.024, 0.022, 0.026)
    + (0.017, 0.021, 0.021, 0.032)
    + (0.02, 0.019, 0.022, 0.031)
)

# Standard deviations of the Gaussian targets in input pixels: 7 for body and
# foot, 5.75 for the denser points of hands and face.
COARSE_TARGET_SIGMA = 7.0
FINE_TARGET_SIGMA = 5.75

BODY = (
    ('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear')
    + ('left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow')
    + ('left_wrist', 'right_wrist', 'left_hip', 'right_hip')
    + ('left_knee', 'right_knee', 'left_ankle', 'right_ankle')
)
NECK_HEAD = ('upper_neck', 'head_top')
FOOT = tuple(
    f'{side}_{point}'
    for side in ('left', 'right')
    for point in ('big_toe', 'small_toe', 'heel')
)
FINGERS = ('thumb', 'forefinger', 'middle_finger', 'ring_finger')
FINGERS += ('pinky_finger',)
FINGER_POINTS = tuple(f'{f}{i}' for f in FINGERS for i in (1, 2, 3, 4))
LEFT_HAND = tuple(f'left_{point}' for point in FINGER_POINTS)
RIGHT_HAND = tuple(f'right_{point}' for point in FINGER_POINTS)
FACE = tuple(f'face-{i}' for i in range(68))
PUPILS = ('right_pupil', 'left_pupil')
NAMES = BODY + NECK_HEAD + FOOT + LEFT_HAND + RIGHT_HAND + FACE + PUPILS

_LEFT_HAND, _RIGHT_HAND, _FACE = 25, 45, 65


def _chain(*points: int) -> list[tuple[int, int]]:
    """Limbs along a chain of points."""
    return list(zip(points[:-1], points[1:], strict=True))


def _hand(wrist: int, first: int) -> list[tuple[int, int]]:
    """Five finger chains that start at the wrist."""
    limbs: list[tuple[int, int]] = []
    for finger in range(first, first + 20, 4):
        limbs += _chain(wrist, *range(finger, finger + 4))
    return limbs


def _face_run(first: int, last: int) -> list[tuple[int, int]]:
    """A chain of consecutive face points, in i-bug's numbers."""
    return _chain(*range(_FACE + first, _FACE + last + 1))


def _face_pairs(*pairs: tuple[int, int]) -> list[tuple[int, int]]:
    """Limbs between face points, in i-bug's numbers (68, 69: pupils)."""
    return [(_FACE + a, _FACE + b) for a, b in pairs]


# fmt: off
_BODY_TREE = [(0, 1), (0, 2), (1, 3), (2, 4), (0, 5), (0, 6), (5, 7), (6, 8),
              (7, 9), (8, 10), (5, 11), (6, 12), (11, 13), (12, 14),
              (13, 15), (14, 16)]
_FEET = [(15, 19), (19, 20), (15, 21), (16, 22), (22, 23), (16, 24)]
_NECK = [(5, 17), (17, 18)]
# Each closes a cycle: more evidence that two points are of one person.
_REDUNDANT = [(6, 17), (3, 4), (3, 5), (4, 6), (5, 9), (6, 10), (9, 10),
              (9, 11), (10, 12), (11, 12), (15, 16)]
_HANDS = _hand(9, _LEFT_HAND) + _hand(10, _RIGHT_HAND)
_FACE_LIMBS = (
    [(0, _FACE + 30), (2, _FACE + 39), (1, _FACE + 42)]  # nose, eyes of body
    + _face_run(0, 16)  # contour
    + _face_pairs((0, 17), (16, 26))
    + _face_run(17, 26)  # brows
    + _face_pairs((21, 27), (22, 27))
    + _face_run(27, 30)  # bridge of the nose
    + _face_pairs((30, 33), (33, 32), (32, 31), (33, 34), (34, 35))
    + _face_pairs((27, 39), (27, 42))
    + _face_run(36, 41) + _face_run(42, 47)  # eyes
    + _face_pairs((33, 51))
    + _face_run(48, 59)  # outer mouth
    + _face_pairs((48, 60), (54, 64))
    + _face_run(60, 67)  # inner mouth
    + _face_pairs((36, 68), (39, 68), (42, 69), (45, 69))
)
# What a picture shows: the tree, shoulders and hips across, closed eyes and
# mouth; not the lines that tie the face's groups together.
_LINKS = (
    _BODY_TREE[:4] + [(5, 6), (11, 12)] + _BODY_TREE[6:] + _FEET
    + [(17, 18)] + _HANDS
    + _face_run(0, 16) + _face_run(17, 21) + _face_run(22, 26)
    + _face_run(27, 30) + _face_run(31, 35)
    + _face_run(36, 41) + _face_pairs((41, 36))
    + _face_run(42, 47) + _face_pairs((47, 42))
    + _face_run(48, 59) + _face_pairs((59, 48))
    + _face_run(60, 67) + _face_pairs((67, 60))
)
_FACE_FLIPS = (
    [(i, 16 - i) for i in range(8)]
    + [(17 + i, 26 - i) for i in range(5)]
    + [(31, 35), (32, 34)]
    + [(36, 45), (37, 44), (38, 43), (39, 42), (40, 47), (41, 46)]
    + [(48, 54), (49, 53), (50, 52), (55, 59), (56, 58)]
    + [(60, 64), (61, 63), (65, 67)]
    + [(68, 69)]
)
# fmt: on


def _hue(hue: float, value: float = 1.0, saturation: float = 1.0) -> RGB:
    r, g, b = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return int(255 * r), int(255 * g), int(255 * b)


def _colors() -> tuple[RGB, ...]:
    """Left in greens to blues, right in reds to yellows, face near white."""
    colors: list[RGB] = []
    for name in BODY + NECK_HEAD + FOOT:
        if name.startswith('left'):
            colors.append((0, 220, 60) if name not in FOOT else (0, 255, 200))
        elif name.startswith('right'):
            colors.append((255, 128, 0) if name not in FOOT else (255, 210, 0))
        else:
            colors.append((80, 150, 255))
    for first_hue in (0.38, 0.86):  # left hand, right hand
        for finger in range(len(FINGERS)):
            for joint in range(4):
                colors.append(
                    _hue(first_hue + 0.06 * finger, 0.6 + 0.13 * joint)
                )
    colors += [(255, 255, 255)] * len(FACE) + [(255, 255, 0)] * len(PUPILS)
    return tuple(colors)


WHOLEBODY135 = Skeleton(
    name='wholebody135',
    keypoint_names=NAMES,
    part_sizes=(
        ('body', len(BODY) + len(NECK_HEAD)),
        ('foot', len(FOOT)),
        ('lefthand', len(LEFT_HAND)),
        ('righthand', len(RIGHT_HAND)),
        ('face', len(FACE) + len(PUPILS)),
    ),
    flip_pairs=tuple(
        [(i, i + 1) for i in range(1, 17, 2)]
        + [(19 + i, 22 + i) for i in range(3)]
        + [(_LEFT_HAND + i, _RIGHT_HAND + i) for i in range(20)]
        + [(_FACE + a, _FACE + b) for a, b in _FACE_FLIPS]
    ),
    limbs=tuple(
        _BODY_TREE + _FEET + _NECK + _REDUNDANT + _HANDS + _FACE_LIMBS
    ),
    oks_sigmas=(
        BODY_SIGMAS
        + NECK_HEAD_SIGMAS
        + FOOT_SIGMAS
        + 2 * FINGER_SIGMAS
        + FACE_SIGMAS
        + PUPIL_SIGMAS
    ),
    target_sigmas=(
        (COARSE_TARGET_SIGMA,) * _LEFT_HAND
        + (FINE_TARGET_SIGMA,) * (len(NAMES) - _LEFT_HAND)
    ),
    colors=_colors(),
    links=tuple(_LINKS),
    reference=(
        'Hidalgo et al., Single-Network Whole-Body Pose Estimation, ICCV 2019'
    ),
)
