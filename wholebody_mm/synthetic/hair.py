"""Hair: a shell on the scalp, and longer styles as curtains, tails, buns."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from wholebody_mm.synthetic import materials as m
from wholebody_mm.synthetic import primitives
from wholebody_mm.synthetic.kinematics import normals
from wholebody_mm.synthetic.mesh import Piece, Surface
from wholebody_mm.synthetic.regions import HAIR_PART, load_regions

STYLES = {
    'bald': 0.05,
    'buzz': 0.12,
    'short': 0.33,
    'thick': 0.12,
    'afro': 0.05,
    'bob': 0.11,
    'long': 0.12,
    'tail': 0.06,
    'bun': 0.04,
}
LONG_STYLES = ('bob', 'long', 'tail', 'bun')


def sample_style(rng: np.random.Generator, feminine: bool) -> str:
    """A key of `STYLES`; long hair is likelier on women."""
    shares = dict(STYLES)
    for name in shares:
        if feminine:
            shares[name] *= 3.0 if name in LONG_STYLES else 0.35
        elif name in LONG_STYLES:
            shares[name] *= 0.25
    names = list(shares)
    weights = np.array([shares[n] for n in names])
    return names[int(rng.choice(len(names), p=weights / weights.sum()))]


def sample_material(rng: np.random.Generator, age: float) -> np.ndarray:
    """A hair colour; greyer with age (anny's scale, 1 is very old)."""
    colours = np.array(m.HAIR_COLOURS, np.float64)
    grey = rng.random() < max(0, (age - 0.72) * 3)
    pick = rng.integers(8, 10) if grey else rng.integers(0, 8)
    if rng.random() < 0.4 and not grey:
        pick = rng.integers(0, 3)  # most of the world's hair is dark
    colour = colours[pick] * rng.uniform(0.8, 1.2)
    if rng.random() < 0.03:
        colour = m.hsv(rng.random(), 0.7, 0.8)
    row = m.blank(m.HAIR)
    row[m.COLOR_A : m.COLOR_A + 3] = m.linear(colour)
    row[m.SPECULAR] = rng.uniform(0.02, 0.12)
    row[m.SHININESS] = rng.uniform(6, 25)
    row[m.SEED] = rng.uniform(0, 50)
    row[m.TWO_SIDED] = 1
    return row


@lru_cache(maxsize=1)
def _scalp_mesh() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vertex ids, local faces and strand coordinates of the scalp shell."""
    from wholebody_mm.synthetic.body import load_body

    regions, rest = load_regions(), load_body().rest
    faces = regions.skin_faces
    faces = faces[(regions.scalp[faces] > -0.03).all(1)]
    ids, local = np.unique(faces, return_inverse=True)
    relative = rest[ids] - regions.head_centre
    # Strands run down from the crown: u around it, v along them.
    crown = np.array([0, 0.03, 0.08])
    around = np.arctan2(relative[:, 0], -(relative[:, 1] - crown[1]))
    down = np.linalg.norm(relative - crown, axis=1)
    strands = np.stack([around * 2.2, down * 6, 0 * down], 1)
    return (
        ids,
        local.reshape(-1, 3).astype(np.int32),
        strands.astype(np.float32),
    )


def scalp_hair(
    style: str,
    material: np.ndarray,
    posed: np.ndarray,
    posed_normals: np.ndarray,
    head_centre: np.ndarray,
    owner: int,
    size: float,
    rng: np.random.Generator,
) -> Surface:
    """The shell on the scalp.

    Args:
        style: A key of `STYLES`, not ``bald``.
        material: Of :func:`sample_material`.
        posed, posed_normals: (V, 3) float32 skin.
        head_centre: (3,) posed middle of the skull.
        owner: Number of the person.
        size: Head size relative to the average adult.
        rng: Source of randomness.
    """
    regions = load_regions()
    ids, faces, strands = _scalp_mesh()
    scalp = regions.scalp[ids]
    thickness = {
        'buzz': rng.uniform(0.001, 0.003),
        'short': rng.uniform(0.006, 0.018),
        'thick': rng.uniform(0.018, 0.04),
        'afro': rng.uniform(0.03, 0.08),
    }.get(style, rng.uniform(0.008, 0.018))
    shift = rng.normal(0, 0.006)
    if rng.random() < 0.15:  # receding
        shift -= rng.uniform(0.005, 0.025)
    edge = 0.004 * regions.noise[rng.integers(14, 20)][ids]
    cut = scalp + shift + edge
    relief = rng.uniform(0.1, 0.45)
    rough = 1 + relief * regions.noise[rng.integers(6, 18)][ids]
    profile = np.clip((cut + 0.004) / 0.02, 0.1, 1) ** 0.7
    outward = posed[ids] - head_centre
    outward /= np.linalg.norm(outward, axis=1, keepdims=True) + 1e-9
    share = {'afro': 0.8, 'thick': 0.4}.get(style, 0.15)
    direction = (1 - share) * posed_normals[ids] + share * outward
    lift = (thickness * size * profile * rough)[:, None]
    vertices = (posed[ids] + direction * lift).astype(np.float32)
    fields = np.zeros((len(ids), 6), np.float32)
    fields[:, 0] = 0.55 + 0.45 * np.clip(profile, 0, 1)
    return Surface(
        vertices,
        normals(vertices, faces),
        strands,
        [Piece(faces, material, HAIR_PART)],
        fields,
        cut.astype(np.float32),
        owner,
    )


def long_hair(
    style: str, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Hair below the scalp, around the average head.

    Returns:
        (V, 3) vertices in rest axes of the average body, (F, 3) faces and
        (V, 3) strand coordinates.
    """
    centre = load_regions().head_centre
    if style in ('bob', 'long'):
        return _curtain(style, centre, rng)
    back = centre + np.array([0, 0.105, 0.03 + rng.uniform(-0.05, 0.06)])
    if style == 'bun':
        if rng.random() < 0.4:
            back = centre + np.array([0, 0.04, 0.125])
        radius = rng.uniform(0.025, 0.045)
        v, f = primitives.ellipsoid((radius, radius, radius * 0.85))
        strands = np.stack([v[:, 2] * 12, v[:, 0] * 4, 0 * v[:, 0]], 1)
        return v + back.astype(np.float32), f, strands.astype(np.float32)
    t = np.linspace(0, 1, 9)
    length = rng.uniform(0.12, 0.38)
    out = 0.045 * np.sin(np.minimum(t * 2.2, 1.57))
    path = back + np.stack([0.02 * rng.normal() * t, out, -length * t**1.3], 1)
    radius = rng.uniform(0.016, 0.03) * np.sin(0.35 + 2.5 * t)
    v, f = primitives.tube(path, np.maximum(radius, 0.004), 10)
    around = np.tile(np.arange(10) / 10 * 2, len(t))
    strands = np.stack([around, np.repeat(t, 10) * 2, 0 * around], 1)
    return v, f, strands.astype(np.float32)


def _curtain(style, centre, rng):
    """Hair that falls around the head's back and sides."""
    columns, rows = 29, 11
    opening = rng.uniform(62, 92)  # degrees from the front that stay free
    length = (
        rng.uniform(0.1, 0.16) if style == 'bob' else rng.uniform(0.2, 0.5)
    )
    angle = np.radians(np.linspace(opening, 360 - opening, columns))
    volume = rng.uniform(0.006, 0.024)
    wave = rng.uniform(0, 0.008)
    phase = rng.uniform(0, 6.28, columns)
    t = np.linspace(0, 1, rows)
    # (columns, rows) grids of angle and of the way down.
    a, s = angle[:, None], t[None]
    # Half axes of the skull: 8 cm to the sides, 9.6 cm to the back.
    radius = 1 / np.sqrt((np.sin(a) / 0.08) ** 2 + (np.cos(a) / 0.096) ** 2)
    drop = 0.085 - (0.085 + length) * s
    cap = 1 - (np.maximum(drop, 0) / 0.115) ** 2
    r = radius * np.sqrt(np.clip(cap, 0.03, 1))
    r = r + volume * np.minimum(1, 0.4 + 2 * s)
    # Towards the neck hair falls inwards, over the shoulders outwards.
    inwards = 0.22 * np.clip((-0.07 - drop) / 0.06, 0, 1)
    r = r * (1 - inwards * (1 - np.abs(np.sin(a))))
    r = r + 0.02 * np.clip((-0.16 - drop) / 0.1, 0, 1)
    r = r + wave * np.sin(9 * s + phase[:, None])
    vertices = np.stack(
        [np.sin(a) * r, -np.cos(a) * r, np.broadcast_to(drop, r.shape)], -1
    )
    vertices = vertices + centre + np.array([0, 0.012, 0])
    strands = np.zeros((columns, rows, 3))
    strands[..., 0] = np.arange(columns)[:, None] / columns * 9
    strands[..., 1] = s * 4 * length + 0.2
    faces = []
    for i in range(columns - 1):
        for j in range(rows - 1):
            a, b = i * rows + j, (i + 1) * rows + j
            faces += [(a, a + 1, b + 1), (a, b + 1, b)]
    return (
        vertices.reshape(-1, 3).astype(np.float32),
        np.array(faces, np.int32),
        strands.reshape(-1, 3).astype(np.float32),
    )
