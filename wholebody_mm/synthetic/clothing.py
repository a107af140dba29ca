"""Clothes: shells over the body that change its outline.

A garment is a piece of the body suit that the base mesh brings (its "tights"
and "skirt" helpers): posed with the body, smoothed, moved outwards by fit,
drape and wrinkles, and cut off by a field along arms, legs and torso, so that
hems are sharp lines wherever they fall.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache, partial

import numpy as np

from wholebody_mm.codecs.compiled import cached
from wholebody_mm.synthetic import materials as m
from wholebody_mm.synthetic.kinematics import normals
from wholebody_mm.synthetic.mesh import Piece, Surface, any_of
from wholebody_mm.synthetic.regions import Regions, load_regions

TIGHTS = slice(15328, 18002)
SKIRT = slice(18002, 18722)
HIDDEN_BELOW = 0.018  # metres under a hem, skin is not drawn any more
_FAR = np.float32(1.0)


@dataclass
class Garment:
    """One piece of clothing.

    Args:
        name: For example ``shirt``.
        base: ``tights`` or ``skirt``.
        cut: (V,) metres inside the hem over all vertices of the body.
        offset: (V,) metres outwards over all vertices of the body.
        smooth: Passes of smoothing; loose cloth hides the body's shape.
        sag: Share of the offset that hangs below limbs.
        material: Row of `materials.py`.
        hides_skin: Skin well inside the hem is not drawn.
    """

    name: str
    base: str
    cut: np.ndarray
    offset: np.ndarray
    smooth: int
    sag: float
    material: np.ndarray
    hides_skin: bool = True


def _wrinkles(regions: Regions, rng, strength: float) -> np.ndarray:
    """(V,) offsets in metres."""
    a, b = rng.integers(0, 12), rng.integers(8, len(regions.noise))
    return np.float32(strength) * (
        0.7 * regions.noise[a] + 0.45 * regions.noise[b]
    )


def _cloth(rng, textures: int, plain: float = 0.45) -> np.ndarray:
    row = m.random_pattern(m.blank(m.OBJECT), rng, textures, plain)
    row[m.TWO_SIDED] = 1
    if rng.random() < 0.15:  # leather, silk, wet or technical cloth
        row[m.SPECULAR] = rng.uniform(0.1, 0.5)
        row[m.SHININESS] = rng.uniform(6, 40)
    return row


def _torso_cut(body, regions, hem: float, sleeve: float, neck, rng):
    """Metres inside a top's hem, sleeves and neckline."""
    x, y, z = body.rest.T
    arm = regions.arm
    on_arm = arm >= 0
    cut = np.where(on_arm, (sleeve - arm) * 0.28, z - hem)
    level, depth, width, back = neck
    # From the chest to the back the neckline changes over a few centimetres.
    front = np.clip((-y + 0.01) / 0.06, 0, 1)
    dip = depth * np.clip(1 - np.abs(x) / width, 0, 1) ** 0.8
    line = level - front * dip - (1 - front) * back
    cut = np.where(on_arm, cut, np.minimum(cut, line - z))
    if sleeve < 0:  # sleeveless: an arc around each shoulder joint
        joint = body.rest_joints[body.bone('upperarm01.L')]
        away = np.hypot(np.abs(x) - joint[0] - 0.03, z - joint[2])
        upper = on_arm | (np.abs(x) > 0.08)
        hole = away - rng.uniform(0.07, 0.11)
        cut = np.where(upper & (z > 0.35), np.minimum(cut, hole), cut)
        cut = np.where(on_arm & (arm > 0.15), -_FAR, cut)
    leg_cut = np.where(regions.leg >= 0, z - hem, _FAR)
    return np.minimum(cut, leg_cut).astype(np.float32)


def _leg_cut(body, regions, length: float, waist: float) -> np.ndarray:
    """Metres inside trousers from the waist to a length along the leg."""
    z = body.rest[:, 2]
    cut = np.where(regions.leg >= 0, (length - regions.leg) * 0.42, waist - z)
    cut = np.minimum(cut, waist - z)
    return np.where(regions.arm >= 0, -_FAR, cut).astype(np.float32)


def _top(body, regions, rng, textures, tucked: bool, waist: float) -> Garment:
    kind = rng.random()
    if kind < 0.12:
        sleeve = -0.2
    elif kind < 0.52:
        sleeve = rng.uniform(0.3, 0.95)
    elif kind < 0.62:
        sleeve = rng.uniform(1.05, 1.6)
    else:
        sleeve = rng.uniform(1.85, 2.03)
    hem = waist - 0.03 if tucked else waist - rng.uniform(0.02, 0.2)
    if rng.random() < 0.05:
        hem = waist + rng.uniform(0.03, 0.15)  # cropped
    level = rng.choice([0.635, 0.65, 0.66, 0.735], p=[0.3, 0.3, 0.25, 0.15])
    deep = rng.uniform(0.03, 0.14) if rng.random() < 0.45 else 0.015
    neck = (level, deep, rng.uniform(0.05, 0.1), rng.uniform(-0.02, 0.01))
    loose = abs(rng.normal(0, 0.014))
    z = body.rest[:, 2]
    below_chest = np.clip((0.45 - z) / 0.35, 0, 1)
    on_arm = regions.arm >= 0
    cuff = np.clip(regions.arm / max(sleeve, 0.3), 0, 1)
    offset = 0.006 + loose * np.where(on_arm, 0.4 + 0.8 * cuff, 0.3)
    offset = offset + loose * np.where(on_arm, 0, 1.3 * below_chest)
    offset = offset + _wrinkles(regions, rng, 0.0015 + 0.22 * loose)
    return Garment(
        'shirt',
        'tights',
        _torso_cut(body, regions, hem, sleeve, neck, rng),
        offset.astype(np.float32),
        int(loose > 0.008) + 2 * int(loose > 0.016),
        rng.uniform(0.2, 0.9),
        _cloth(rng, textures),
    )


def _jacket(body, regions, rng, textures, waist: float) -> Garment:
    sleeve = rng.uniform(1.8, 2.05) if rng.random() < 0.85 else -0.2
    long = rng.random() < 0.25
    hem = waist - (rng.uniform(0.25, 0.6) if long else rng.uniform(0, 0.18))
    level = rng.choice([0.64, 0.67, 0.735])
    cut = _torso_cut(body, regions, hem, sleeve, (level, 0.02, 0.08, 0), rng)
    x, y, _ = body.rest.T
    if rng.random() < 0.6:  # open at the front
        gap = np.abs(x) - rng.uniform(0.01, 0.08)
        front = (y < -0.02) & (regions.arm < 0)
        cut = np.where(front, np.minimum(cut, gap), cut)
    loose = rng.uniform(0.006, 0.03)
    offset = 0.013 + loose + _wrinkles(regions, rng, 0.002 + 0.12 * loose)
    return Garment(
        'jacket',
        'tights',
        cut.astype(np.float32),
        offset.astype(np.float32),
        2,
        rng.uniform(0.2, 0.7),
        _cloth(rng, textures, 0.7),
    )


def _trousers(body, regions, rng, textures, waist: float) -> Garment:
    kind = rng.random()
    if kind < 0.62:
        length = rng.uniform(1.85, 2.0)
    elif kind < 0.9:
        length = rng.uniform(0.25, 1.1)
    else:
        length = rng.uniform(1.2, 1.8)
    loose = abs(rng.normal(0, 0.016))
    flare = rng.uniform(-0.3, 1.4)
    along = np.clip(regions.leg / max(length, 0.4), 0, 1)
    offset = 0.005 + loose * (0.35 + flare * along)
    offset = np.maximum(offset, 0.004) + _wrinkles(
        regions, rng, 0.001 + 0.2 * loose
    )
    row = _cloth(rng, textures, 0.75)
    if rng.random() < 0.3:  # denim
        row[m.COLOR_A : m.COLOR_A + 3] = m.linear(
            m.hsv(0.6, rng.uniform(0.3, 0.7), rng.uniform(0.2, 0.6))
        )
        row[m.PATTERN] = m.PLAIN
    return Garment(
        'trousers',
        'tights',
        _leg_cut(body, regions, length, waist),
        offset.astype(np.float32),
        int(loose > 0.01) + int(loose > 0.02),
        rng.uniform(0.1, 0.6),
        row,
    )


def _skirt(body, rng, textures, waist: float, material=None) -> Garment:
    z = body.rest[:, 2]
    length = rng.uniform(-0.66, -0.05)
    cut = np.minimum(z - length, waist + 0.03 - z)
    flare = rng.uniform(-0.3, 1.0)
    down = np.clip((0.2 - z) / 0.6, 0, 1)
    angle = np.arctan2(body.rest[:, 0], -body.rest[:, 1])
    folds = np.sin(angle * rng.integers(5, 16) + rng.uniform(0, 6))
    offset = flare * 0.09 * down + 0.014 * rng.random() * folds * down
    return Garment(
        'skirt',
        'skirt',
        cut.astype(np.float32),
        offset.astype(np.float32),
        1,
        0.0,
        _cloth(rng, textures) if material is None else material,
        hides_skin=False,
    )


def _shoes(body, regions, rng) -> Garment:
    height = rng.choice([1.98, 1.9, 1.75, 1.3], p=[0.62, 0.2, 0.1, 0.08])
    height += rng.uniform(-0.03, 0.03)
    cut = (regions.leg - height) * 0.42
    cut = np.where(regions.leg < 0, -_FAR, cut)
    row = m.blank(m.OBJECT)
    row[m.COLOR_A : m.COLOR_A + 3] = m.linear(m.random_colour(rng))
    sole = m.random_colour(rng) if rng.random() < 0.6 else (25, 22, 20)
    row[m.COLOR_B : m.COLOR_B + 3] = row[m.COLOR_A : m.COLOR_A + 3]
    row[m.COLOR_A : m.COLOR_A + 3] = m.linear(sole)
    row[m.PATTERN] = m.TWO_TONE
    row[m.DIRECTION + 2] = 1
    row[m.THRESHOLD] = body.rest[TIGHTS, 2].min() + rng.uniform(0.012, 0.035)
    row[m.GRAIN] = 0.15
    row[m.SPECULAR] = rng.uniform(0, 0.35)
    row[m.TWO_SIDED] = 1
    low = body.rest[:, 2] < body.rest[TIGHTS, 2].min() + 0.03
    offset = rng.uniform(0.004, 0.011) + 0.006 * low
    return Garment(
        'shoes',
        'tights',
        cut.astype(np.float32),
        np.asarray(offset, np.float32),
        0,
        0.0,
        row,
    )


def _socks(body, regions, rng) -> Garment:
    cut = (regions.leg - rng.uniform(1.3, 1.93)) * 0.42
    cut = np.where(regions.leg < 0, -_FAR, cut)
    row = m.blank(m.OBJECT)
    row[m.COLOR_A : m.COLOR_A + 3] = m.linear(m.random_colour(rng))
    row[m.TWO_SIDED] = 1
    offset = np.full(len(cut), 0.002, np.float32)
    return Garment(
        'socks', 'tights', cut.astype(np.float32), offset, 0, 0.0, row
    )


def sample_outfit(
    body,
    rng: np.random.Generator,
    textures: int,
    feminine: bool,
    adult: bool,
) -> list[Garment]:
    """Clothes of one person, the inner ones first.

    Args:
        body: The body model.
        rng: Source of randomness.
        textures: Number of textures that cloth can print.
        feminine: Skirts and dresses are likely.
        adult: Men may go without a shirt.
    """
    regions = load_regions()
    waist = rng.uniform(0.13, 0.24)
    out: list[Garment] = []
    tucked = rng.random() < 0.3
    top = _top(body, regions, rng, textures, tucked, waist)
    if rng.random() < 0.05 and adult and not feminine:
        top = None
    below = rng.random()
    if below < (0.34 if feminine else 0.01):
        dress = rng.random() < 0.5 and top is not None
        material = None
        if dress:
            top = replace(
                top,
                cut=_torso_cut(
                    body,
                    regions,
                    waist - 0.06,
                    float(rng.choice([-0.2, 0.5, 1.95])),
                    (0.65, rng.uniform(0.02, 0.12), 0.08, 0),
                    rng,
                ),
            )
            material = top.material
        # Leggings, tights or shorts under every skirt.
        leggings = _trousers(body, regions, rng, textures, waist)
        leggings.offset = np.full_like(leggings.offset, 0.003)
        leggings.smooth = 0
        if rng.random() < 0.6:
            leggings.cut = _leg_cut(body, regions, 0.3, waist)
        out.append(leggings)
        out.append(_skirt(body, rng, textures, waist, material))
    else:
        out.append(_trousers(body, regions, rng, textures, waist))
        if below > 0.95 and top is not None:  # overalls, suits
            out[-1].material = top.material
    if top is not None:
        # The outer one of two garments that overlap lies further out.
        if tucked and out[-1].base == 'tights':
            out[-1].offset = np.maximum(
                out[-1].offset, top.offset + np.float32(0.003)
            )
        elif out[-1].base == 'tights':
            top.offset = np.maximum(
                top.offset, out[-1].offset + np.float32(0.004)
            )
        out.append(top)
        if rng.random() < 0.25:
            jacket = _jacket(body, regions, rng, textures, waist)
            jacket.offset = np.maximum(
                jacket.offset, top.offset + np.float32(0.005)
            )
            out.append(jacket)
    if rng.random() < 0.5:
        out.append(_socks(body, regions, rng))
    if rng.random() < 0.88:
        out.append(_shoes(body, regions, rng))
    return out


@lru_cache(maxsize=2)
def _base(name: str) -> tuple[slice, np.ndarray, np.ndarray, np.ndarray]:
    """Vertices, local faces and neighbour lists of a cloth mesh."""
    regions = load_regions()
    part = TIGHTS if name == 'tights' else SKIRT
    faces = regions.tights_faces if name == 'tights' else regions.skirt_faces
    local = (faces - part.start).astype(np.int32)
    count = part.stop - part.start
    near: list[set[int]] = [set() for _ in range(count)]
    for a, b, c in local:
        near[a] |= {b, c}
        near[b] |= {a, c}
        near[c] |= {a, b}
    start = np.cumsum([0] + [len(n) for n in near]).astype(np.int32)
    flat = np.array([i for n in near for i in sorted(n)], np.int32)
    return part, local, start, flat


@partial(cached, nogil=True, fastmath=True)
def _smoothed(vertices, start, near, passes):
    """Each vertex half way to the middle of its neighbours."""
    now = vertices.copy()
    for _ in range(passes):
        new = now.copy()
        for i in range(now.shape[0]):
            count = start[i + 1] - start[i]
            if count == 0:
                continue
            for k in range(3):
                total = np.float32(0)
                for q in range(start[i], start[i + 1]):
                    total += now[near[q], k]
                new[i, k] = 0.5 * now[i, k] + 0.5 * total / count
        now = new
    return now


def dress(
    body, garments: list[Garment], posed: np.ndarray, owner: int, size: float
) -> list[Surface]:
    """Surfaces of clothes on a posed person.

    Args:
        body: The body model.
        garments: Of :func:`sample_outfit`.
        posed: (V, 3) float32 posed vertices, world.
        owner: Number of the person.
        size: Height relative to the average adult; offsets scale with it.
    """
    regions = load_regions()
    out = []
    for garment in garments:
        part, faces, start, near = _base(garment.base)
        base = np.ascontiguousarray(posed[part])
        if garment.smooth:
            base = _smoothed(base, start, near, garment.smooth)
        cut = garment.cut[part]
        faces = faces[any_of(cut >= 0, faces)]
        if not len(faces):
            continue
        direction = normals(base, _base(garment.base)[1])
        offset = garment.offset[part] * np.float32(size)
        # Cloth lies on top of a limb and hangs below it.
        hang = 1 - garment.sag * np.clip(direction[:, 2], -1, 1)
        vertices = base + direction * (offset * hang)[:, None]
        vertices = vertices.astype(np.float32)
        fields = np.zeros((len(vertices), 6), np.float32)
        fields[:, 0] = regions.skin_fields[part, 0]
        out.append(
            Surface(
                vertices,
                normals(vertices, _base(garment.base)[1]),
                np.ascontiguousarray(body.rest[part]),
                [
                    Piece(
                        faces,
                        garment.material,
                        regions.part[part][faces[:, 0]],
                    )
                ],
                fields,
                cut,
                owner,
            )
        )
    return out


def covered(garments: list[Garment], vertices: int) -> np.ndarray:
    """(V,) bool, vertices of the skin that clothes hide for sure."""
    out = np.zeros(vertices, bool)
    for garment in garments:
        if garment.hides_skin:
            out |= garment.cut > HIDDEN_BELOW
    return out
