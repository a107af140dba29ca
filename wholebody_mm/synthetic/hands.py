"""Fingers and wrists: grips within the joints' limits."""

from __future__ import annotations

import numpy as np

from wholebody_mm.synthetic.kinematics import cross, rotation, unit

# Curl of index, middle, ring, little finger and thumb; 0 straight, 1 closed.
GRIPS = {
    'open': (0.0, 0.0, 0.0, 0.0, 0.0),
    'relaxed': (0.25, 0.3, 0.33, 0.36, 0.15),
    'fist': (1.0, 1.0, 1.0, 1.0, 0.8),
    'grasp': (0.55, 0.58, 0.6, 0.62, 0.45),
    'hold': (0.8, 0.82, 0.84, 0.86, 0.6),
    'point': (0.0, 0.95, 1.0, 1.0, 0.6),
    'victory': (0.0, 0.0, 0.95, 1.0, 0.8),
    'thumb': (1.0, 1.0, 1.0, 1.0, -0.3),
    'pinch': (0.55, 0.2, 0.15, 0.1, 0.5),
    'phone': (0.15, 0.95, 0.95, 0.1, -0.2),
}
SHARES = {
    'open': 0.2,
    'relaxed': 0.3,
    'fist': 0.08,
    'grasp': 0.1,
    'point': 0.06,
    'victory': 0.03,
    'thumb': 0.03,
    'pinch': 0.05,
    'phone': 0.01,
    'random': 0.14,
}
# Full curl in degrees at the three joints of a finger.
FULL_CURL = (82.0, 95.0, 60.0)
FULL_THUMB = (28.0, 42.0, 55.0)


def palm_frame(
    body, heads: np.ndarray, side: str
) -> tuple[np.ndarray, np.ndarray]:
    """Rest direction out of the palm and towards the fingers (unit)."""
    wrist = heads[body.bone(f'wrist.{side}')]
    index = heads[body.bone(f'finger2-1.{side}')] - wrist
    little = heads[body.bone(f'finger5-1.{side}')] - wrist
    normal = unit(cross(index, little))
    # Rest fingers are slightly bent, towards the palm.
    bend = np.zeros(3)
    for k in (2, 3, 4, 5):
        a, b, c = (
            heads[body.bone(f'finger{k}-{j}.{side}')] for j in (1, 2, 3)
        )
        bend += unit(c - b) - unit(b - a)
    if bend @ normal < 0:
        normal = -normal
    return normal, unit(heads[body.bone(f'finger3-1.{side}')] - wrist)


def pose_hand(
    body,
    heads: np.ndarray,
    local: np.ndarray,
    side: str,
    grip: str,
    rng: np.random.Generator,
) -> None:
    """Bend a wrist and its fingers; `local` is changed in place.

    Args:
        body: The body model.
        heads: (J, 3) rest bone heads.
        local: (J, 3, 3) rotations of the pose; the wrist's forearm share of
            the twist is kept.
        side: ``L`` or ``R``.
        grip: A name of `GRIPS`, or ``random``.
        rng: Source of variation.
    """
    s = 1.0 if side == 'L' else -1.0
    palm, along = palm_frame(body, heads, side)
    across = unit(cross(along, palm))
    flexion = float(np.clip(rng.normal(0, 18), -50, 50))
    deviation = float(np.clip(rng.normal(0, 8), -20, 20))
    wrist = body.bone(f'wrist.{side}')
    local[wrist] = (
        local[wrist] @ rotation(across, flexion) @ rotation(palm, deviation)
    )
    if grip == 'random':
        curls = rng.uniform(-0.1, 1.0, 5)
        curls[1:4] = 0.5 * curls[1:4] + 0.5 * rng.uniform(0, 0.8)
    else:
        curls = np.asarray(GRIPS[grip]) + rng.normal(0, 0.06, 5)
        if grip == 'relaxed':
            curls[:4] += rng.uniform(-0.2, 0.25)
    curls = np.clip(curls, -0.12, 1.0)
    spread = rng.normal(2, 5) + (6 if grip in ('open', 'victory') else 0)
    spread = float(np.clip(spread, -3, 14))
    for k in range(2, 6):
        bones = [body.bone(f'finger{k}-{j}.{side}') for j in (1, 2, 3)]
        direction = unit(heads[bones[1]] - heads[bones[0]])
        axis = unit(cross(direction, palm))
        curl = curls[k - 2]
        fan = (k - 3.5) * spread * (1 - max(curl, 0)) * s
        for bone, full, rest in zip(bones, FULL_CURL, (8, 4, 2), strict=True):
            local[bone] = rotation(axis, curl * full - rest)
        local[bones[0]] = rotation(palm, fan) @ local[bones[0]]
    bones = [body.bone(f'finger1-{j}.{side}') for j in (1, 2, 3)]
    first = unit(heads[bones[1]] - heads[bones[0]])
    second = unit(heads[bones[2]] - heads[bones[1]])
    oppose = unit(cross(first, palm) + 0.5 * cross(first, along))
    flex = unit(cross(second, palm))
    curl = curls[4]
    local[bones[0]] = rotation(oppose, curl * FULL_THUMB[0]) @ rotation(
        along, float(np.clip(rng.normal(0, 8), -15, 15))
    )
    local[bones[1]] = rotation(flex, curl * FULL_THUMB[1])
    local[bones[2]] = rotation(flex, curl * FULL_THUMB[2])
