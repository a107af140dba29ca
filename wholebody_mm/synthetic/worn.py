"""Hats, glasses, scarves, bags on the back: what people wear besides."""

from __future__ import annotations

import numpy as np

from wholebody_mm.synthetic import materials as m
from wholebody_mm.synthetic import primitives as shapes
from wholebody_mm.synthetic.body import load_body
from wholebody_mm.synthetic.kinematics import normals
from wholebody_mm.synthetic.mesh import Piece, Surface
from wholebody_mm.synthetic.props import object_material, thing
from wholebody_mm.synthetic.regions import (
    HAIR_PART,
    SEE_THROUGH,
    landmarks,
    load_regions,
)
from wholebody_mm.synthetic.textures import PRINTS

HATS = ('cap', 'beanie', 'brim', 'helmet')


def sample_worn(rng: np.random.Generator) -> dict[str, str]:
    """What a person wears besides clothes: kind to variant."""
    out = {}
    if rng.random() < 0.16:
        out['hat'] = HATS[int(rng.integers(len(HATS)))]
    if rng.random() < 0.2:
        out['glasses'] = 'dark' if rng.random() < 0.35 else 'clear'
    if rng.random() < 0.06:
        out['scarf'] = 'plain'
    if rng.random() < 0.09:
        out['backpack'] = 'plain'
    return out


def wear(
    figure, posed, owner: int, on_head, rng: np.random.Generator
) -> list[Surface]:
    """Surfaces of what :func:`sample_worn` chose.

    Args:
        figure, posed: The person; `figure.look['worn']` says what.
        owner: Number of the person.
        on_head: Takes points around the average head to the world, see
            `figure.on_head`.
        rng: Source of randomness.
    """
    worn = figure.look.get('worn', {})
    out: list[Surface] = []
    if 'hat' in worn:
        solid, material = _hat(worn['hat'], rng)
        if not figure.look.get('hairless'):
            out.append(_on_head(solid, material, HAIR_PART, owner, on_head))
    if 'glasses' in worn:
        for solid, material in _glasses(worn['glasses'] == 'dark', rng):
            out.append(_on_head(solid, material, SEE_THROUGH, owner, on_head))
    if 'scarf' in worn:
        surface = _on_bone(figure, posed, 'neck01', _scarf(rng), rng)
        surface.owner = owner
        surface.pieces[0].part = HAIR_PART
        out.append(surface)
    if 'backpack' in worn:
        out.append(_on_bone(figure, posed, 'spine02', _backpack(rng), rng))
    return out


def _on_head(solid, material, part, owner, on_head) -> Surface:
    vertices = on_head(solid[0])
    return Surface(
        vertices,
        normals(vertices, solid[1]),
        np.asarray(solid[0], np.float32),
        [Piece(solid[1], material, part)],
        owner=owner,
    )


def _on_bone(figure, posed, bone: str, solid, rng) -> Surface:
    """A solid around the average body that moves with one bone."""
    body = load_body()
    j = body.bone(bone)
    vertices, faces = solid
    local = (vertices - body.rest_joints[j]) * figure.size
    world = local @ posed.rotations[j].T + posed.joints[j]
    return thing(
        (world.astype(np.float32), faces),
        object_material(rng, 0.5),
        np.asarray(vertices, np.float32),
    )


def _cloth(rng) -> np.ndarray:
    row = m.random_pattern(m.blank(m.OBJECT), rng, PRINTS, 0.65)
    row[m.TWO_SIDED] = 1
    if row[m.PATTERN] == m.PRINT:
        row[m.PATTERN] = m.PLAIN
    return row


def _hat(kind: str, rng):
    """A hat around the average head."""
    centre = load_regions().head_centre
    middle = centre + np.array([0, 0.008, 0.0])
    low = {'cap': 0.042, 'beanie': 0.03, 'brim': 0.05, 'helmet': 0.02}[kind]
    tall = {'cap': 0.118, 'beanie': 0.128, 'brim': 0.135, 'helmet': 0.15}[kind]
    tall += rng.uniform(0, 0.015)
    wide = 0.088 + (0.016 if kind == 'helmet' else rng.uniform(0, 0.006))
    deep = wide + 0.024
    t = np.linspace(0, np.pi / 2, 8)
    dome = [(np.cos(a), low + (tall - low) * np.sin(a)) for a in t]
    if kind == 'brim':
        dome = [(1, low), (1.0, low + 0.03), (0.92, tall), (0.0, tall - 0.01)]
    vertices, faces = shapes.lathe(dome, 22, close=False)
    vertices = vertices * np.array([wide, deep, 1.0], np.float32)
    parts = [(vertices, faces)]
    if kind == 'cap':
        angle = np.linspace(-1.15, 1.15, 15)
        if rng.random() < 0.12:
            angle = angle + np.pi  # worn backwards
        inner = np.stack([wide * np.sin(angle), -deep * np.cos(angle)], 1)
        reach = rng.uniform(0.05, 0.085)
        grow = 1 + reach / deep * np.cos(np.linspace(-1.3, 1.3, 15))[:, None]
        outer = inner * grow
        edge = np.concatenate(
            [
                np.c_[inner, np.full(15, low)],
                np.c_[outer, np.full(15, low - rng.uniform(0.0, 0.02))],
            ]
        ).astype(np.float32)
        quads = []
        for i in range(14):
            quads += [(i, i + 1, i + 16), (i, i + 16, i + 15)]
        parts.append((edge, np.array(quads, np.int32)))
    if kind == 'brim':
        reach = rng.uniform(1.45, 2.1)
        ring = shapes.lathe(
            [(1.0, low), (reach, low - rng.uniform(-0.01, 0.025))],
            22,
            close=False,
        )
        parts.append(
            (ring[0] * np.array([wide, deep, 1.0], np.float32), ring[1])
        )
    vertices, faces = shapes.join(parts)
    # The rim of a hat is higher at the forehead than at the neck.
    vertices[:, 2] -= 0.22 * (vertices[:, 1] + 0.03)
    return (vertices + middle.astype(np.float32), faces), _cloth(rng)


def _glasses(dark: bool, rng):
    """Frames, and lenses if they are dark, around the average eyes."""
    face = load_body().rest[landmarks()['face']]
    eye = face[42:48].mean(0)
    wide, tall = rng.uniform(0.021, 0.029), rng.uniform(0.015, 0.025)
    front = face[27, 1] - rng.uniform(0.004, 0.008)
    thick = rng.uniform(0.001, 0.0026)
    frame = m.blank(m.OBJECT)
    frame[m.COLOR_A : m.COLOR_A + 3] = m.linear(
        m.random_colour(rng) * (0.25 if rng.random() < 0.7 else 1)
    )
    frame[m.SPECULAR], frame[m.TWO_SIDED] = 0.3, 1
    angle = np.linspace(0, 2 * np.pi, 21)[:-1]
    power = rng.uniform(0.6, 1.0)  # round to nearly rectangular
    cx, cz = eye[0] + 0.001, eye[2] - 0.002

    def bent(c: np.ndarray) -> np.ndarray:
        return np.sign(c) * np.abs(c) ** power

    parts, lenses = [], []
    for side in (-1, 1):
        x = side * cx + wide * bent(np.cos(angle))
        z = cz + tall * bent(np.sin(angle))
        y = front + 0.25 * np.maximum(np.abs(x) - 0.035, 0)
        rim = np.stack([x, y, z], 1)
        parts.append(shapes.tube(rim, thick, 5, closed=True))
        outer = np.array(
            [
                side * (cx + wide),
                front + 0.25 * (cx + wide - 0.035),
                cz + 0.006,
            ]
        )
        ear = np.array([side * 0.077, face[16, 1] + 0.012, cz + 0.006])
        parts.append(shapes.tube([outer, (outer + ear) / 2, ear], thick, 5))
        vertices = np.concatenate([rim.mean(0)[None], rim])
        fan = [(0, 1 + i, 1 + (i + 1) % 20) for i in range(20)]
        lenses.append((vertices, np.array(fan, np.int32)))
    bridge = [
        (-cx + wide, front, cz + 0.003),
        (0, front - 0.002, cz + 0.006),
        (cx - wide, front, cz + 0.003),
    ]
    parts.append(shapes.tube(bridge, thick, 5))
    out = [(shapes.join(parts), frame)]
    if dark:
        lens = m.blank(m.OBJECT)
        lens[m.COLOR_A : m.COLOR_A + 3] = rng.uniform(0.002, 0.04, 3)
        lens[m.SPECULAR], lens[m.SHININESS] = 0.6, 40
        lens[m.TWO_SIDED] = 1
        out.append((shapes.join(lenses), lens))
    return out


def _scarf(rng) -> shapes.Solid:
    body = load_body()
    at = body.rest_joints[body.bone('neck01')]
    angle = np.linspace(0, 2 * np.pi, 17)[:-1]
    wide = rng.uniform(0.07, 0.085)
    path = np.stack(
        [
            at[0] + wide * np.sin(angle),
            at[1] - 0.012 - (wide + 0.005) * np.cos(angle),
            at[2] - 0.012 - 0.018 * np.cos(angle),
        ],
        1,
    )
    ring = shapes.tube(path, rng.uniform(0.025, 0.038), 9, closed=True)
    if rng.random() < 0.5:
        return ring
    end = path[0] + np.array([rng.uniform(-0.05, 0.05), -0.045, 0])
    long = rng.uniform(0.15, 0.4)
    strip = shapes.box((0.075, 0.016, long))
    return shapes.join(
        [ring, shapes.place(strip, None, end - [0, 0, long / 2])]
    )


def _backpack(rng) -> shapes.Solid:
    wide, deep, tall = rng.uniform((0.22, 0.1, 0.3), (0.36, 0.22, 0.55))
    back = 0.115
    middle = rng.uniform(0.38, 0.46)
    parts = [
        shapes.place(
            shapes.ellipsoid((wide * 0.58, deep * 0.7, tall * 0.58), 10, 16),
            None,
            (0, back + deep * 0.45, middle),
        ),
        shapes.place(
            shapes.box((wide * 0.85, deep * 0.8, tall * 0.85)),
            None,
            (0, back + deep * 0.42, middle),
        ),
    ]
    for side in (-1, 1):
        strap = [
            (side * 0.1, back, middle + 0.16),
            (side * 0.105, 0.0, 0.655),
            (side * 0.1, -0.09, 0.6),
            (side * 0.11, -0.145, 0.5),
            (side * 0.13, -0.12, 0.38),
            (side * 0.15, 0.03, 0.3),
            (side * 0.12, back, 0.28),
        ]
        parts.append(shapes.tube(strap, 0.017, 6))
    return shapes.join(parts)
