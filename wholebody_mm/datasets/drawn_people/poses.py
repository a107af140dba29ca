"""Random poses: figures with all 133 keypoints of COCO-WholeBody.

A figure is built in three dimensions, one unit tall, x to the viewer's right,
y down, z towards the viewer, and then projected. A person that faces the
viewer therefore has the left side at positive x.
"""

from __future__ import annotations

import numpy as np

from wholebody_mm.skeletons import COCO_WHOLEBODY133
from wholebody_mm.skeletons.wholebody135 import FINGERS

_SIDES = (('left', 1.0), ('right', -1.0))
# Lengths relative to the height of the figure, near those of adults.
_UPPER_ARM, _FOREARM, _THIGH, _SHIN = 0.165, 0.145, 0.235, 0.225
_SHOULDER_Y, _HIP_Y, _SHOULDER_X, _HIP_X = 0.19, 0.49, 0.105, 0.06
_HAND, _FACE_HALF_WIDTH, _HEAD_Y = 0.115, 0.062, 0.085


def sample_people(
    rng: np.random.Generator,
    num_people: int,
    width: int,
    height: int,
    overlap: float = 0.3,
    scale: tuple[float, float] = (0.4, 0.95),
    rotation: float = 20.0,
) -> np.ndarray:
    """Random people of varied size, pose and direction.

    Args:
        rng: Source of all randomness.
        num_people: N, the number of people; 0 is allowed.
        width: Width of the image in pixels.
        height: Height of the image in pixels.
        overlap: Largest share of a person's box (of the smaller of two
            boxes) that another one may cover, as long as there is room; a
            crowd that leaves none is placed as loosely as was found.
        scale: Smallest and largest height of an upright person, relative to
            the image's height. Towards 1 and above it parts of people are
            outside of the image.
        rotation: Largest rotation in the image plane in degrees, either way.

    Returns:
        (N, 133, 2) float32 pixel coordinates in COCO-WholeBody's order.
        People that come later are nearer to the viewer. Points may lie
        outside of the image.
    """
    people: list[np.ndarray] = []
    boxes: list[np.ndarray] = []
    for _ in range(num_people):
        best, best_box, least = None, None, np.inf
        for attempt in range(30):
            # A crowded image takes smaller people.
            shrink = 1.0 - 0.6 * attempt / 30
            size = height * rng.uniform(*scale) * shrink
            person = _projected(_figure(rng), rng, rotation) * size
            person += _position(person, rng, width, height)
            box = np.concatenate([person.min(axis=0), person.max(axis=0)])
            covered = max((_covered(box, b) for b in boxes), default=0.0)
            if covered < least:
                best, best_box, least = person, box, covered
            if covered <= overlap:
                break
        people.append(best)
        boxes.append(best_box)
    shape = (num_people, COCO_WHOLEBODY133.num_keypoints, 2)
    return np.array(people, np.float32).reshape(shape)


def _covered(a: np.ndarray, b: np.ndarray) -> float:
    """Intersection of two x0, y0, x1, y1 boxes over the smaller area."""
    size = np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2])
    smaller = min(np.prod(a[2:] - a[:2]), np.prod(b[2:] - b[:2]))
    return float(np.prod(np.maximum(size, 0)) / max(smaller, 1e-6))


def _position(
    person: np.ndarray, rng: np.random.Generator, width: int, height: int
) -> np.ndarray:
    """A shift that keeps most of a person inside of the image."""
    low, high = person.min(axis=0), person.max(axis=0)
    room = np.array([width, height], np.float64) - 1 - (high - low)
    margin = 0.1 * (high - low)
    first = np.minimum(-margin, room + margin)
    last = np.maximum(-margin, room + margin)
    return rng.uniform(first, last) - low


def _projected(
    figure: np.ndarray, rng: np.random.Generator, rotation: float
) -> np.ndarray:
    """(133, 2) orthographic view of a figure, rotated in the image plane."""
    angle = np.deg2rad(rng.uniform(-rotation, rotation))
    c, s = np.cos(angle), np.sin(angle)
    return figure[:, :2] @ np.array([[c, s], [-s, c]])


def _turn(
    points: np.ndarray, yaw: float, pitch: float, roll: float = 0.0
) -> np.ndarray:
    """Rotate (..., 3) points: roll about z, then pitch, then yaw about y."""
    cy, sy, cp, sp = np.cos(yaw), np.sin(yaw), np.cos(pitch), np.sin(pitch)
    cr, sr = np.cos(roll), np.sin(roll)
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, cp, sp], [0, -sp, cp]])
    about_y = np.array([[cy, 0, sy], [0, 1, 0], [-sy, 0, cy]])
    return points @ (about_y @ about_x @ about_z).T


def _direction(side: float, out: float, forward: float) -> np.ndarray:
    """Unit vector that hangs down, swung outwards and to the viewer."""
    return np.array(
        [
            side * np.sin(out) * np.cos(forward),
            np.cos(out) * np.cos(forward),
            np.sin(forward),
        ]
    )


def _figure(rng: np.random.Generator) -> np.ndarray:
    """(133, 3) a random figure, one unit tall, turned by a random yaw."""
    names: dict[str, np.ndarray] = {}
    build = rng.uniform(0.85, 1.15, 2)  # shoulders, hips
    for side, sign in _SIDES:
        _limbs(names, side, sign, build, rng)
    head = _head(rng)
    names.update(head)
    points = np.array([names[n] for n in COCO_WHOLEBODY133.keypoint_names])
    # Seen from slightly above, so that toes are below the ankles.
    camera_pitch = rng.uniform(0.1, 0.35)
    points = _turn(points, rng.choice([0.4, 1.2]) * rng.uniform(-1, 1), 0.0)
    return _turn(points, 0.0, camera_pitch)


def _limbs(
    names: dict[str, np.ndarray],
    side: str,
    sign: float,
    build: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Add the arm, hand, leg and foot of one side."""
    shoulder = np.array([sign * _SHOULDER_X * build[0], _SHOULDER_Y, 0.0])
    out = rng.choice([rng.uniform(0.05, 0.6), rng.uniform(0.6, 2.6)])
    arm = _direction(sign, out, rng.normal(0, 0.3))
    elbow = shoulder + _UPPER_ARM * arm
    bend = rng.uniform(-1.9, 0.4) if out < 1.6 else rng.uniform(-0.5, 1.2)
    forearm = _direction(sign, out - bend, rng.normal(0.15, 0.3))
    wrist = elbow + _FOREARM * forearm
    names[f'{side}_shoulder'] = shoulder
    names[f'{side}_elbow'] = elbow
    names[f'{side}_wrist'] = wrist
    along = _direction(
        sign, out - bend + rng.normal(0, 0.3), rng.normal(0, 0.3)
    )
    _add_hand(names, side, sign, wrist, along, rng)

    hip = np.array([sign * _HIP_X * build[1], _HIP_Y, 0.0])
    out, forward = rng.normal(0.1, 0.15), rng.normal(0.1, 0.3)
    if rng.uniform() < 0.15:  # a raised knee
        out, forward = rng.uniform(0.3, 1.0), rng.uniform(0.3, 0.9)
    knee = hip + _THIGH * _direction(sign, out, forward)
    shin = _direction(
        sign, rng.normal(0.02, 0.1), forward - rng.uniform(0, 0.8)
    )
    ankle = knee + _SHIN * shin
    names[f'{side}_hip'], names[f'{side}_knee'] = hip, knee
    names[f'{side}_ankle'] = ankle
    foot = np.array(
        [
            [-0.012 * sign, 0.03, 0.1],  # big toe
            [0.022 * sign, 0.03, 0.085],  # small toe
            [0.0, 0.032, -0.035],  # heel
        ]
    )
    foot = _turn(foot, sign * rng.uniform(-0.2, 0.9), rng.uniform(-0.2, 0.2))
    for name, offset in zip(
        ('big_toe', 'small_toe', 'heel'), foot, strict=True
    ):
        names[f'{side}_{name}'] = ankle + offset


def _add_hand(
    names: dict[str, np.ndarray],
    side: str,
    sign: float,
    wrist: np.ndarray,
    along: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Add 21 hand points: a palm of varied roll, fingers spread and bent."""
    across = np.cross(along, [0.0, 0.0, 1.0])
    across /= max(np.linalg.norm(across), 1e-6)
    normal = np.cross(across, along)
    roll = rng.uniform(-1.2, 1.2)
    # The thumb points to the body's middle on both sides of a relaxed hand.
    across = sign * (np.cos(roll) * across + np.sin(roll) * normal)
    normal = np.cross(across, along)
    size = _HAND * rng.uniform(0.9, 1.15)
    spread, curl = rng.uniform(0.6, 1.4), rng.uniform(0.0, 0.5)
    names[f'{side}_hand_root'] = wrist
    #          knuckle across, along, direction, length of the three bones
    fingers = (
        (0.14, 0.18, 0.75, 0.21),  # thumb
        (0.20, 0.50, 0.16, 0.17),
        (0.06, 0.53, 0.03, 0.19),
        (-0.07, 0.50, -0.09, 0.17),
        (-0.19, 0.45, -0.22, 0.13),
    )
    for finger, (x, y, angle, bone) in zip(FINGERS, fingers, strict=True):
        point = wrist + size * (x * across + y * along)
        names[f'{side}_{finger}1'] = point
        angle = angle * spread + rng.normal(0, 0.05)
        ahead = np.sin(angle) * across + np.cos(angle) * along
        bent = 0.0
        for joint in (2, 3, 4):
            bent += curl * rng.uniform(0.5, 1.2)
            step = np.cos(bent) * ahead + np.sin(bent) * normal
            point = point + size * bone * step
            names[f'{side}_{finger}{joint}'] = point


def _head(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """The 68 face points, nose, eyes and ears of a head that looks around."""
    face = _face(rng)
    head = dict(
        nose=face[30],
        right_eye=face[36:42].mean(axis=0),
        left_eye=face[42:48].mean(axis=0),
        left_ear=np.array([1.06, -0.1, -0.1]),
        right_ear=np.array([-1.06, -0.1, -0.1]),
    )
    head.update({f'face-{i}': point for i, point in enumerate(face)})
    points = np.array(list(head.values())) * _FACE_HALF_WIDTH
    points *= rng.uniform(0.9, 1.15)
    points = _turn(
        points,
        rng.uniform(-0.6, 0.6),
        rng.uniform(-0.25, 0.25),
        rng.normal(0, 0.12),
    )
    centre = np.array([0.0, _HEAD_Y, 0.01])
    return dict(zip(head, points + centre, strict=True))


def _face(rng: np.random.Generator) -> np.ndarray:
    """(68, 3) face in i-bug's order, half a face wide is one unit.

    i-bug counts from the viewer's left, which is the person's right.
    """
    turn = np.pi * np.arange(17) / 16
    contour = np.stack([-np.cos(turn), -0.15 + 1.3 * np.sin(turn)], 1)
    arch = np.linspace(0, np.pi, 5)
    brow_x = np.linspace(-0.78, -0.2, 5)
    lift = rng.uniform(0.0, 0.12)
    brow = np.stack([brow_x, -0.42 - lift - 0.08 * np.sin(arch)], 1)
    bridge = np.stack([np.zeros(4), np.linspace(-0.18, 0.2, 4)], 1)
    base_x = np.linspace(-0.2, 0.2, 5)
    base = np.stack([base_x, 0.34 - 0.3 * np.abs(base_x)], 1)
    open_eye = rng.uniform(0.05, 0.1)
    around = np.deg2rad([180, 120, 60, 0, -60, -120])
    eye = np.stack([0.18 * np.cos(around), -open_eye * np.sin(around)], 1)
    smile, open_mouth = rng.uniform(-0.06, 0.06), rng.uniform(0.03, 0.14)
    wide = rng.uniform(0.34, 0.46)

    def lips(points: int, x: float, y: float) -> np.ndarray:
        angle = np.pi - 2 * np.pi * np.arange(points) / points
        px = x * np.cos(angle)
        return np.stack(
            [px, 0.62 - y * np.sin(angle) - smile * (px / x) ** 2], 1
        )

    mirror = np.array([-1.0, 1.0])
    flat = np.concatenate(
        [
            contour,
            brow,
            brow[::-1] * mirror,
            bridge,
            base,
            eye + [-0.42, -0.2],
            eye + [0.42, -0.2],
            lips(12, wide, open_mouth + 0.07),
            lips(8, wide * 0.8, open_mouth),
        ]
    )
    depth = 0.85 * np.sqrt(np.maximum(0.05, 1 - 0.95 * flat[:, 0] ** 2))
    depth[27:36] += np.array([0.05, 0.12, 0.2, 0.3, 0.1, 0.15, 0.2, 0.15, 0.1])
    return np.concatenate([flat, depth[:, None]], 1)
