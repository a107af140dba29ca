"""Whole-body poses within joint limits: families with random variation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from wholebody_mm.synthetic.arms import BOTH, SINGLE, ArmSolver
from wholebody_mm.synthetic.hands import SHARES, pose_hand
from wholebody_mm.synthetic.kinematics import X, Y, Z, rotation

FAMILIES = {
    'stand': 0.36,
    'walk': 0.15,
    'sit': 0.16,
    'run': 0.06,
    'lunge': 0.04,
    'kick': 0.03,
    'squat': 0.04,
    'jump': 0.03,
    'bend': 0.03,
    'swing': 0.04,
    'lie': 0.02,
    'free': 0.04,
}
# Degrees; flexion of hip and knee, abduction of the hip.
HIP_FLEXION = (-25.0, 120.0)
HIP_ABDUCTION = (-10.0, 50.0)
KNEE_FLEXION = (0.0, 140.0)
SPINE = ('spine05', 'spine04', 'spine03', 'spine02', 'spine01')
NECK = (('neck01', 0.2), ('neck02', 0.2), ('neck03', 0.2), ('head', 0.4))


@dataclass
class Pose:
    """Joint rotations of one person.

    Args:
        family: Name of the pose family.
        local: (J, 3, 3) rotations relative to the parent, rest axes.
        tilt: (3, 3) rotation of the whole body apart from its heading.
        support: What carries it: ``feet``, ``seat``, ``air`` or ``floor``.
        grips: Side to the name of its finger grip.
    """

    family: str
    local: np.ndarray
    tilt: np.ndarray
    support: str
    grips: dict[str, str]


def choose(rng: np.random.Generator, shares: dict[str, float]) -> str:
    """A key drawn with the given shares."""
    names = list(shares)
    total = np.cumsum(list(shares.values()))
    return names[int(np.searchsorted(total, rng.random() * total[-1]))]


def sample_pose(
    body,
    heads: np.ndarray,
    rng: np.random.Generator,
    *,
    family: str | None = None,
    hold: dict[str, str] | None = None,
    show_hands: float = 0.0,
) -> Pose:
    """Draw a pose.

    Args:
        body: The body model.
        heads: (J, 3) rest bone heads of this person.
        rng: Source of randomness.
        family: One of `FAMILIES`; drawn if None.
        hold: Side to grip for a hand that holds something.
        show_hands: Share of poses whose arms come to the front, where a
            camera sees the hands.
    """
    heads = np.asarray(heads, np.float64)
    family = family or choose(rng, FAMILIES)
    local = np.tile(np.eye(3), (body.num_bones, 1, 1))
    tilt, support = np.eye(3), 'feet'
    normal, uniform = rng.normal, rng.uniform
    forward = {
        'stand': normal(2, 6),
        'walk': normal(4, 6),
        'sit': normal(4, 12),
        'run': normal(12, 7),
        'lunge': normal(10, 12),
        'kick': normal(-2, 12),
        'squat': normal(24, 14),
        'jump': normal(0, 14),
        'bend': uniform(30, 80),
        'swing': normal(14, 10),
        'lie': normal(0, 12),
        'free': normal(8, 20),
    }[family]
    wild = family in ('free', 'swing', 'kick', 'jump')
    lateral = normal(0, 12 if wild else 4.5)
    twist = normal(0, 22 if wild else 9)
    _spine(body, local, forward, lateral, twist)
    _neck(body, local, rng, forward)
    if family == 'lie':
        support = 'floor'
        tilt = rotation(X, rng.choice([-90, 90]) + normal(0, 6))
        if rng.random() < 0.4:
            tilt = rotation(Y, rng.choice([-80, 80]))
    elif family == 'sit':
        support = 'seat'
    elif family == 'jump':
        support = 'air'
        tilt = rotation(X, normal(0, 10)) @ rotation(Y, normal(0, 10))
    elif family == 'run':
        tilt = rotation(X, uniform(0, 14))
        support = 'air' if rng.random() < 0.3 else 'feet'
    else:
        tilt = rotation(X, normal(0, 2)) @ rotation(Y, normal(0, 2))
    _legs(body, local, family, rng)
    _arms(body, heads, local, family, rng, hold or {}, show_hands)
    grips = {}
    for side in 'LR':
        grip = (hold or {}).get(side) or choose(rng, SHARES)
        pose_hand(body, heads, local, side, grip, rng)
        grips[side] = grip
    return Pose(family, local, tilt, support, grips)


def _spine(body, local, forward, lateral, twist) -> None:
    n = len(SPINE)
    turn = (
        rotation(X, forward / n)
        @ rotation(Y, lateral / n)
        @ rotation(Z, twist / n)
    )
    for name in SPINE:
        local[body.bone(name)] = turn


def _neck(body, local, rng, forward) -> None:
    # People who bend forward lift the head again.
    pitch = float(np.clip(rng.normal(-0.45 * forward, 13), -50, 45))
    yaw = float(np.clip(rng.normal(0, 25), -70, 70))
    roll = float(np.clip(rng.normal(0, 9), -30, 30))
    for name, share in NECK:
        local[body.bone(name)] = (
            rotation(Z, yaw * share)
            @ rotation(X, pitch * share)
            @ rotation(Y, roll * share)
        )
    up, side = rng.normal(0, 7), rng.normal(0, 12)
    for s in 'LR':
        local[body.bone(f'eye.{s}')] = rotation(Z, side) @ rotation(X, up)


def _leg_angles(family, leading, stride, rng) -> tuple[float, float, float]:
    """Hip flexion, hip abduction and knee flexion of one leg in degrees."""
    normal, uniform = rng.normal, rng.uniform
    if family == 'walk':
        if leading:
            return stride, normal(1, 3), abs(normal(8, 8))
        return -0.6 * stride, normal(1, 3), abs(normal(24, 16))
    if family == 'run':
        if leading:
            return uniform(40, 85), normal(2, 4), uniform(50, 110)
        return uniform(-25, 5), normal(2, 4), uniform(15, 100)
    if family == 'sit':
        return uniform(68, 100), uniform(-4, 24), uniform(50, 110)
    if family == 'squat':
        return uniform(75, 120), uniform(2, 35), uniform(90, 140)
    if family in ('lunge', 'swing'):
        if leading:
            return uniform(25, 85), uniform(0, 20), uniform(20, 90)
        return uniform(-25, 10), uniform(2, 25), uniform(0, 50)
    if family == 'kick':
        if leading:
            return uniform(10, 95), uniform(-5, 30), uniform(0, 70)
        return normal(-5, 10), normal(4, 4), abs(normal(12, 12))
    if family == 'jump':
        return uniform(-20, 80), uniform(0, 35), uniform(0, 110)
    if family == 'bend':
        return uniform(0, 30), uniform(0, 12), uniform(0, 40)
    if family in ('lie', 'free'):
        return uniform(-15, 80), uniform(-2, 35), uniform(0, 110)
    relaxed = abs(normal(0, 9)) if rng.random() < 0.75 else uniform(10, 40)
    return 0.5 * relaxed + normal(0, 4), abs(normal(2, 5)), relaxed


def _legs(body, local, family, rng) -> None:
    stride = rng.uniform(8, 36)
    first = 'L' if rng.random() < 0.5 else 'R'
    crossed = family == 'sit' and rng.random() < 0.15
    # Both legs of a sitter or squatter do much the same.
    common = _leg_angles(family, True, stride, rng)
    for side in 'LR':
        s = 1.0 if side == 'L' else -1.0
        flexion, abduction, knee = _leg_angles(
            family, side == first, stride, rng
        )
        if family in ('sit', 'squat') and rng.random() < 0.75:
            flexion = 0.75 * common[0] + 0.25 * flexion
            abduction = 0.7 * common[1] + 0.3 * abduction
            knee = 0.75 * common[2] + 0.25 * knee
        if crossed and side == first:
            flexion, abduction = flexion + 22, -14
        flexion = float(np.clip(flexion, *HIP_FLEXION))
        abduction = float(np.clip(abduction, *HIP_ABDUCTION))
        knee = float(np.clip(knee, *KNEE_FLEXION))
        outward = float(np.clip(rng.normal(8, 10), -20, 40))
        # The rest pose stands with legs 4 degrees apart.
        local[body.bone(f'upperleg01.{side}')] = (
            rotation(Y, -s * (abduction - 4))
            @ rotation(X, -flexion)
            @ rotation(Z, s * outward)
        )
        local[body.bone(f'lowerleg01.{side}')] = rotation(X, knee) @ rotation(
            Z, float(rng.normal(0, 4))
        )
        if family in ('stand', 'squat', 'bend', 'sit', 'lunge', 'swing'):
            # The sole stays near the ground's direction.
            ankle = -(knee - flexion) * rng.uniform(0.6, 1.0)
            ankle = float(np.clip(ankle, -28, 25)) + rng.normal(0, 4)
        else:
            ankle = float(np.clip(rng.normal(8, 16), -25, 45))
        local[body.bone(f'foot.{side}')] = rotation(X, ankle) @ rotation(
            Z, float(rng.normal(0, 6))
        )
        lift = abs(float(rng.normal(0, 8)))
        for k in range(1, 6):
            local[body.bone(f'toe{k}-1.{side}')] = rotation(
                X, -lift + rng.normal(0, 3)
            )


def _arms(body, heads, local, family, rng, hold, show_hands) -> None:
    solver = ArmSolver(body, heads, local)
    for side in 'LR':
        s = 1.0 if side == 'L' else -1.0
        local[body.bone(f'clavicle.{side}')] = rotation(
            Y, -s * rng.normal(0, 3)
        ) @ rotation(Z, float(rng.normal(0, 4)))
    if family == 'swing':
        solver.both('swing', rng)
        return
    both_share = sum(BOTH.values())
    calm = family in ('stand', 'walk', 'sit', 'squat')
    if not hold and calm and rng.random() < both_share:
        solver.both(choose(rng, BOTH), rng)
        return
    shares = dict(SINGLE)
    if family in ('stand', 'walk'):
        shares['hang'] *= 1.8
    if family in ('kick', 'jump', 'run', 'lunge', 'free', 'lie'):
        shares |= {'hang': 0.1, 'side': 0.2, 'raised': 0.2, 'hip': 0.01}
    if family in ('sit', 'squat'):
        shares |= {'hang': 0.06, 'knee': 0.3, 'hip': 0.01}
    if rng.random() < show_hands:
        shares |= {'hang': 0.0, 'hip': 0.0, 'knee': 0.0}
    for side in 'LR':
        own = dict(shares)
        if side in hold:
            own |= {'hip': 0.0, 'knee': 0.0}
        name = choose(rng, own)
        s = 1.0 if side == 'L' else -1.0
        if name == 'knee':
            _hand_on_knee(solver, side, rng)
        else:
            solver.single(side, name, rng)
        if name == 'raised':  # the shoulder goes up with the arm
            clavicle = body.bone(f'clavicle.{side}')
            local[clavicle] = rotation(Y, -s * 12) @ local[clavicle]


def _hand_on_knee(solver: ArmSolver, side: str, rng) -> None:
    """The wrist above the thigh, somewhere between hip and knee."""
    body = solver.body
    rotations, points = solver._frames()
    hip = points[body.bone(f'upperleg01.{side}')]
    knee_bone = body.bone(f'lowerleg01.{side}')
    along = rng.uniform(0.45, 0.95)
    thigh = rotations[body.bone(f'upperleg01.{side}')]
    # In front of the thigh is up when sitting.
    target = hip + along * (points[knee_bone] - hip)
    target = target + thigh @ np.array([0.0, -rng.uniform(0.1, 0.13), 0.0])
    s = 1.0 if side == 'L' else -1.0
    pole = np.array([s * 0.8, 0.8, -0.2])
    solver.reach_world(side, target, pole, float(rng.normal(0, 15)))
