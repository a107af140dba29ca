"""Things in people's hands."""

from __future__ import annotations

import numpy as np

from wholebody_mm.synthetic import primitives as shapes
from wholebody_mm.synthetic.body import load_body
from wholebody_mm.synthetic.hands import palm_frame
from wholebody_mm.synthetic.kinematics import Z, cross, rotation, unit
from wholebody_mm.synthetic.mesh import Surface
from wholebody_mm.synthetic.props import object_material, thing

# Thing to the grip of the hand that holds it, see `hands.GRIPS`.
GRIP_OF = {
    'racket': 'hold',
    'bat': 'hold',
    'pole': 'hold',
    'umbrella': 'hold',
    'bag': 'hold',
    'phone': 'grasp',
    'cup': 'grasp',
    'book': 'grasp',
    'ball': 'open',
}


def sample_held(rng: np.random.Generator, share: float) -> dict[str, str]:
    """Side to the thing that hand holds; mostly nothing.

    Args:
        rng: Source of randomness.
        share: Share of people who hold something.
    """
    if rng.random() > share:
        return {}
    names = list(GRIP_OF)
    first = 'L' if rng.random() < 0.4 else 'R'
    out = {first: names[int(rng.integers(len(names)))]}
    if rng.random() < 0.1:  # ski poles, two bags
        out['R' if first == 'L' else 'L'] = out[first]
    return out


def hand_frame(figure, posed, side: str):
    """Where a hand grips, and its axes in the world.

    Returns:
        (3,) point in the closed hand; (3, 3) columns: out of the thumb's
        side of the fist, out of the palm, towards the fingers.
    """
    body = load_body()
    palm, along = palm_frame(body, figure.heads, side)
    wrist = body.bone(f'wrist.{side}')
    turn = posed.rotations[wrist]
    palm, along = turn @ palm, turn @ along
    index = posed.joints[body.bone(f'finger2-1.{side}')]
    little = posed.joints[body.bone(f'finger5-1.{side}')]
    across = unit(index - little)
    across = unit(across - (across @ along) * along)
    knuckles = (index + little) / 2
    size = figure.size
    point = knuckles + palm * 0.033 * size - along * 0.008 * size
    return point, np.stack([across, palm, along], 1)


def hold_objects(
    figure, posed, held: dict[str, str], rng: np.random.Generator
) -> list[Surface]:
    """Surfaces of what a person holds (see :func:`sample_held`)."""
    out = []
    for side, name in held.items():
        point, frame = hand_frame(figure, posed, side)
        out += _MAKERS[name](point, frame, rng)
    return out


def _along(axis: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(3, 3) rotation that takes z to an axis and x near to another."""
    z = unit(axis)
    x = unit(other - (other @ z) * z)
    return np.stack([x, cross(z, x), z], 1)


def _solid(solid, turn, point, rng, plain=0.7) -> Surface:
    texture = solid[0].copy()
    return thing(
        shapes.place(solid, turn, point), object_material(rng, plain), texture
    )


def _racket(point, frame, rng) -> list[Surface]:
    turn = _along(frame[:, 0], frame[:, 1] + 0.3 * rng.normal(size=3))
    long = rng.uniform(0.28, 0.45)
    wide, tall = rng.uniform(0.09, 0.14), rng.uniform(0.12, 0.18)
    angle = np.linspace(0, 2 * np.pi, 25)[:-1]
    centre = long + tall
    ring = np.stack(
        [wide * np.cos(angle), 0 * angle, centre + tall * np.sin(angle)], 1
    )
    parts = [
        shapes.place(shapes.cylinder(0.014, 0.2), None, (0, 0, 0.03)),
        shapes.tube([(0, 0, 0.1), (0, 0, long)], 0.008),
        shapes.tube(ring, 0.008, 6, closed=True),
    ]
    strings = []
    for t in np.linspace(-0.8, 0.8, 9):
        h = tall * np.sqrt(1 - t * t)
        x = wide * t
        strings.append(
            shapes.tube([(x, 0, centre - h), (x, 0, centre + h)], 0.0012, 4)
        )
        w, z = wide * np.sqrt(1 - t * t), centre + tall * t
        strings.append(shapes.tube([(-w, 0, z), (w, 0, z)], 0.0012, 4))
    return [
        _solid(shapes.join(parts), turn, point, rng),
        _solid(shapes.join(strings), turn, point, rng, 1.0),
    ]


def _bat(point, frame, rng) -> list[Surface]:
    turn = _along(frame[:, 0], frame[:, 1])
    long = rng.uniform(0.5, 0.9)
    profile = [(0.018, -0.1), (0.014, -0.08), (0.016, 0.2), (0.033, long)]
    return [_solid(shapes.lathe(profile, 12), turn, point, rng)]


def _pole(point, frame, rng) -> list[Surface]:
    turn = _along(frame[:, 0], frame[:, 1])
    long, radius = rng.uniform(0.8, 2.2), rng.uniform(0.006, 0.022)
    solid = shapes.cylinder(radius, long, 10)
    solid = shapes.place(solid, None, (0, 0, rng.uniform(-0.45, 0.45) * long))
    return [_solid(solid, turn, point, rng)]


def _umbrella(point, frame, rng) -> list[Surface]:
    up = unit(np.array([rng.normal(0, 0.2), rng.normal(0, 0.2), 1.0]))
    turn = _along(up, frame[:, 1])
    angle = np.linspace(0, 1.1, 7)
    radius = rng.uniform(0.4, 0.6)
    profile = [
        (radius * np.sin(a) / np.sin(1.1), 0.72 + 0.35 * (np.cos(a) - 1))
        for a in angle[::-1]
    ]
    canopy = shapes.lathe(profile, 16, close=False)
    stick = shapes.place(shapes.cylinder(0.008, 0.9, 8), None, (0, 0, 0.3))
    return [
        _solid(canopy, turn, point, rng, 0.4),
        _solid(stick, turn, point, rng),
    ]


def _bag(point, frame, rng) -> list[Surface]:
    del frame
    wide, deep, tall = rng.uniform((0.18, 0.08, 0.18), (0.45, 0.2, 0.4))
    drop = rng.uniform(0.08, 0.25)
    t = np.linspace(0, np.pi, 9)
    handle = np.stack(
        [0.3 * wide * np.cos(t), 0 * t, -drop + drop * np.sin(t)], 1
    )
    parts = [
        shapes.tube(handle, 0.007, 6),
        shapes.place(
            shapes.box((wide, deep, tall)), None, (0, 0, -drop - tall / 2)
        ),
    ]
    turn = rotation(Z, rng.uniform(0, 180))
    return [_solid(shapes.join(parts), turn, point, rng, 0.4)]


def _phone(point, frame, rng) -> list[Surface]:
    turn = _along(frame[:, 2] * 0.6 + frame[:, 0] * 0.8, frame[:, 0])
    solid = shapes.box((0.072, 0.009, 0.15))
    return [
        _solid(
            solid, turn, point - frame[:, 1] * 0.004 + frame[:, 2] * 0.02, rng
        )
    ]


def _cup(point, frame, rng) -> list[Surface]:
    radius = rng.uniform(0.03, 0.042)
    if rng.random() < 0.5:
        solid = shapes.cylinder(radius, rng.uniform(0.08, 0.14))
    else:  # bottle
        solid = shapes.lathe(
            [(radius, -0.1), (radius, 0.05), (0.014, 0.1), (0.014, 0.14)], 12
        )
    turn = _along(frame[:, 0], frame[:, 1])
    return [_solid(solid, turn, point + frame[:, 1] * 0.012, rng)]


def _book(point, frame, rng) -> list[Surface]:
    size = rng.uniform((0.12, 0.008, 0.18), (0.22, 0.03, 0.3))
    turn = _along(frame[:, 2], frame[:, 0])
    return [_solid(shapes.box(size), turn, point + frame[:, 2] * 0.05, rng)]


def _ball(point, frame, rng) -> list[Surface]:
    radius = rng.choice([0.033, 0.1, 0.12]) * rng.uniform(0.9, 1.1)
    row = object_material(rng, 0.3)
    solid = shapes.ellipsoid((radius,) * 3, 12, 18)
    at = point + frame[:, 1] * (radius - 0.02) + frame[:, 2] * radius * 0.4
    return [thing(shapes.place(solid, None, at), row, solid[0] * 2)]


_MAKERS = {
    'racket': _racket,
    'bat': _bat,
    'pole': _pole,
    'umbrella': _umbrella,
    'bag': _bag,
    'phone': _phone,
    'cup': _cup,
    'book': _book,
    'ball': _ball,
}
assert set(_MAKERS) == set(GRIP_OF)
