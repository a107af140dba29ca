"""Things in a scene: seats, furniture, poles and plants, occluders."""

from __future__ import annotations

import numpy as np

from wholebody_mm.synthetic import materials as m
from wholebody_mm.synthetic import primitives as shapes
from wholebody_mm.synthetic.kinematics import Z, normals, rotation
from wholebody_mm.synthetic.mesh import Piece, Surface
from wholebody_mm.synthetic.regions import (
    SKIN_END,
    THIGH_L,
    THIGH_R,
    TORSO,
    load_regions,
)
from wholebody_mm.synthetic.textures import PRINTS

_SIT = 0.012  # metres that a body sinks into its seat


def thing(
    solid: shapes.Solid,
    material: np.ndarray,
    texture: np.ndarray | None = None,
) -> Surface:
    """A surface of the scene from a solid in world coordinates."""
    vertices, faces = solid
    return Surface(
        vertices,
        normals(vertices, faces),
        vertices if texture is None else texture,
        [Piece(faces, material, 0)],
    )


def object_material(rng: np.random.Generator, plain: float) -> np.ndarray:
    """Paint, wood, plastic, metal, cloth."""
    row = m.random_pattern(m.blank(m.OBJECT), rng, PRINTS, plain)
    if rng.random() < 0.35:  # wood
        row[m.PATTERN] = m.PLANKS
        row[m.FREQUENCY] = rng.uniform(3, 12)
        row[m.COLOR_A : m.COLOR_A + 3] = m.linear(
            m.hsv(rng.uniform(0.05, 0.1), 0.5, rng.uniform(0.25, 0.8))
        )
        row[m.COLOR_B : m.COLOR_B + 3] = 0.5 * row[m.COLOR_A : m.COLOR_A + 3]
    if row[m.PATTERN] == m.PRINT:
        row[m.PATTERN] = m.PLAIN
    row[m.TWO_SIDED] = 1
    if rng.random() < 0.3:
        row[m.SPECULAR] = rng.uniform(0.05, 0.5)
    return row


def _legs(width, depth, height, thick) -> list[shapes.Solid]:
    out = []
    for x in (-1, 1):
        for y in (-1, 1):
            at = (
                x * (width / 2 - thick),
                y * (depth / 2 - thick),
                height / 2,
            )
            out.append(
                shapes.place(shapes.box((thick, thick, height)), None, at)
            )
    return out


def seat(figure, posed, rng: np.random.Generator) -> list[Surface]:
    """A chair, stool, bench, sofa or block under someone who sits."""
    regions = load_regions()
    vertices = posed.vertices[:SKIN_END]
    carrying = np.isin(regions.part[:SKIN_END], (TORSO, THIGH_L, THIGH_R))
    root = posed.joints[0]
    near = np.linalg.norm(vertices[:, :2] - root[:2], axis=1) < 0.22
    under = vertices[carrying & near]
    height = float(under[:, 2].min()) + _SIT if len(under) else 0.0
    if height < 0.1:
        return []
    forward = posed.rotations[0] @ np.array([0.0, -1.0, 0.0])
    turn = rotation(Z, np.degrees(np.arctan2(forward[0], -forward[1])))
    kind = rng.choice(['chair', 'stool', 'bench', 'sofa', 'block'])
    wide = {'bench': rng.uniform(0.9, 1.8), 'sofa': rng.uniform(0.8, 1.9)}
    width = wide.get(str(kind), rng.uniform(0.36, 0.52))
    deep = rng.uniform(0.36, 0.5)
    thick = rng.uniform(0.03, 0.09)
    parts: list[shapes.Solid] = []
    if kind in ('sofa', 'block'):
        parts.append(
            shapes.place(
                shapes.box((width, deep, height)), None, (0, 0, height / 2)
            )
        )
    elif kind == 'stool':
        parts.append(
            shapes.place(
                shapes.cylinder(width / 2, thick),
                None,
                (0, 0, height - thick / 2),
            )
        )
        parts.append(
            shapes.place(
                shapes.cylinder(0.03, height), None, (0, 0, height / 2)
            )
        )
    else:
        parts.append(
            shapes.place(
                shapes.box((width, deep, thick)),
                None,
                (0, 0, height - thick / 2),
            )
        )
        parts += _legs(width, deep, height, 0.04)
    back = height + rng.uniform(0.25, 0.6)
    if kind == 'sofa' or (kind in ('chair', 'bench') and rng.random() < 0.8):
        board = 0.16 if kind == 'sofa' else 0.03
        parts.append(
            shapes.place(
                shapes.box((width, board, back - height * 0.5)),
                None,
                (0, deep / 2 + board / 2, (back + height * 0.5) / 2),
            )
        )
    if kind == 'sofa':
        for side in (-1, 1):
            parts.append(
                shapes.place(
                    shapes.box((0.12, deep, height + 0.18)),
                    None,
                    (side * (width / 2 + 0.06), 0, (height + 0.18) / 2),
                )
            )
    # The pelvis is over the rear half of the seat.
    solid = shapes.join(parts)
    texture = solid[0].copy()
    solid = shapes.place(solid, np.eye(3), (0, -0.06, 0))
    solid = shapes.place(solid, turn, (root[0], root[1], 0))
    return [thing(solid, object_material(rng, 0.6), texture)]


def _table(rng) -> shapes.Solid:
    width, deep = rng.uniform(0.6, 1.8), rng.uniform(0.5, 0.9)
    height = rng.choice([0.45, 0.75, 1.05]) * rng.uniform(0.9, 1.1)
    top = shapes.place(
        shapes.box((width, deep, 0.04)), None, (0, 0, height - 0.02)
    )
    parts = [top, *_legs(width, deep, height, rng.uniform(0.03, 0.08))]
    for _ in range(int(rng.integers(0, 4))):  # things on it
        radius, tall = rng.uniform(0.03, 0.08), rng.uniform(0.06, 0.3)
        at = (
            rng.uniform(-0.4, 0.4) * width,
            rng.uniform(-0.4, 0.4) * deep,
            height + tall / 2,
        )
        parts.append(shapes.place(shapes.cylinder(radius, tall, 10), None, at))
    return shapes.join(parts)


def _cupboard(rng) -> shapes.Solid:
    size = (rng.uniform(0.4, 1.6), rng.uniform(0.3, 0.6), rng.uniform(0.5, 2))
    return shapes.place(shapes.box(size), None, (0, 0, size[2] / 2))


def _pole(rng) -> shapes.Solid:
    height = rng.uniform(1.0, 3.5)
    radius = rng.uniform(0.02, 0.15)
    return shapes.place(
        shapes.cylinder(radius, height, 12), None, (0, 0, height / 2)
    )


def _plant(rng) -> shapes.Solid:
    height = rng.uniform(0.3, 1.6)
    parts = [
        shapes.lathe([(0.1, 0), (0.15, 0.25)], 12),
        shapes.place(
            shapes.cylinder(0.02, height, 6), None, (0, 0, height / 2)
        ),
    ]
    for _ in range(int(rng.integers(4, 12))):
        radii = rng.uniform(0.05, 0.22, 3)
        at = rng.normal((0, 0, height), (0.15, 0.15, 0.15))
        parts.append(shapes.place(shapes.ellipsoid(radii, 6, 8), None, at))
    return shapes.join(parts)


def _parcel(rng) -> shapes.Solid:
    size = rng.uniform(0.15, 0.7, 3)
    return shapes.place(shapes.box(size), None, (0, 0, size[2] / 2))


def _screen(rng) -> shapes.Solid:
    """A fence, a sign or a television on two posts."""
    width, tall = rng.uniform(0.5, 2.5), rng.uniform(0.3, 1.2)
    low = rng.uniform(0.0, 1.0)
    parts = [
        shapes.place(
            shapes.box((width, 0.04, tall)), None, (0, 0, low + tall / 2)
        )
    ]
    for side in (-1, 1):
        parts.append(
            shapes.place(
                shapes.box((0.05, 0.05, low + tall)),
                None,
                (side * width / 2, 0, (low + tall) / 2),
            )
        )
    return shapes.join(parts)


_MAKERS = (_table, _cupboard, _pole, _plant, _parcel, _screen)


def _any_thing(rng, spot) -> Surface:
    solid = _MAKERS[int(rng.integers(len(_MAKERS)))](rng)
    texture = solid[0].copy()
    turn = rotation(Z, rng.choice([0, 90]) + rng.normal(0, 15))
    return thing(
        shapes.place(solid, turn, spot), object_material(rng, 0.5), texture
    )


def furniture(camera, posed, rng: np.random.Generator) -> list[Surface]:
    """Things on the ground around the people, mostly behind them."""
    out = []
    taken = [p.joints[0][:2] for p in posed]
    nearest = min((p.joints[0][1] for p in posed), default=camera.eye[1] + 2)
    base = max(nearest - camera.eye[1], 1.0)
    for _ in range(int(rng.integers(0, 7))):
        for _ in range(8):
            depth = base * rng.uniform(0.85, 2.6)
            u = camera.width * rng.uniform(-0.1, 1.1)
            spot = camera.ray_on_ground(u, depth)
            if all(np.linalg.norm(spot[:2] - t) > 0.75 for t in taken):
                out.append(_any_thing(rng, spot))
                taken.append(spot[:2])
                break
    return out


def occluder(camera, posed, rng: np.random.Generator) -> list[Surface]:
    """Something between the camera and somebody that hides a part."""
    if not posed:
        return []
    person = posed[int(rng.integers(len(posed)))]
    target = person.keypoints[int(rng.integers(5, 17))]
    share = rng.uniform(0.55, 0.85)
    spot = camera.eye + share * (target - camera.eye)
    distance = float(np.linalg.norm(target - camera.eye)) * share
    size = distance / camera.focal * camera.height
    kind = rng.integers(4)
    if kind == 0:  # a table, wall or counter across the lower part
        solid = shapes.box((size * 1.6, 0.05 * size, size * 0.5))
        spot = spot + np.array([0, 0, -size * rng.uniform(0.2, 0.45)])
    elif kind == 1:  # a post, tree or rail
        solid = shapes.cylinder(size * rng.uniform(0.01, 0.06), size * 2.5, 10)
        if rng.random() < 0.3:
            turn = rotation(np.array([0.0, 1.0, 0.0]), 90 + rng.normal(0, 10))
            solid = shapes.place(solid, turn)
    elif kind == 2:  # leaves, a bag, a head
        radii = size * rng.uniform(0.04, 0.16, 3)
        solid = shapes.ellipsoid(radii)
    else:
        solid = shapes.box(size * rng.uniform(0.06, 0.4, 3))
        solid = shapes.place(solid, rotation(rng.normal(size=3), 90))
    texture = solid[0] / size * 2
    return [
        thing(
            shapes.place(solid, None, spot),
            object_material(rng, 0.5),
            texture,
        )
    ]
