"""Where things are on the body's surface: fields over the vertices.

All fields are taken once on the average rest body, whose vertices keep their
meaning for every shape and pose: a garment that ends at 0.4 of the upper arm
does so for everyone.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np

from wholebody_mm.synthetic.body import BodyModel, load_body
from wholebody_mm.synthetic.kinematics import normals
from wholebody_mm.synthetic.raster import shadow_map

EYES = {'L': slice(14598, 14670), 'R': slice(14670, 14742)}
SKIN_END = 13380  # vertices of the skin come first, then the tongue
TONGUE_END = 13606
TIGHTS_START = 15328  # cloth base meshes follow
NOISE_FIELDS = 20
# What part of a person a surface belongs to; keypoints name the parts that
# may show them (`keypoints.py`).
(
    HEAD,
    TORSO,
    UPPER_ARM_L,
    UPPER_ARM_R,
    LOWER_ARM_L,
    LOWER_ARM_R,
    HAND_L,
    HAND_R,
    THIGH_L,
    THIGH_R,
    SHIN_L,
    SHIN_R,
    FOOT_L,
    FOOT_R,
    HAIR_PART,
    HELD,
    SEE_THROUGH,
) = range(17)
_PART_OF_BONE = (
    ('upperarm', UPPER_ARM_L),
    ('lowerarm', LOWER_ARM_L),
    ('wrist', HAND_L),
    ('metacarpal', HAND_L),
    ('finger', HAND_L),
    ('upperleg', THIGH_L),
    ('lowerleg', SHIN_L),
    ('foot', FOOT_L),
    ('toe', FOOT_L),
    ('head', HEAD),
    ('eye', HEAD),
    ('neck', HEAD),
)


@lru_cache(maxsize=1)
def landmarks() -> dict:
    """Vertex ids of our own choice on the base mesh.

    ``face``: 68 of the iBUG convention; ``head_top``; ``fingertips``: side to
    the ring of vertices around each tip, thumb first.
    """
    text = resources.files('wholebody_mm.synthetic').joinpath(
        'data/landmarks.json'
    )
    return json.loads(text.read_text())


@dataclass(frozen=True, eq=False)
class Regions:
    """Fields over the V vertices of the average rest body.

    Args:
        part: (V,) uint8 part of the body (`HEAD`, `TORSO`, ...).
        arm: (V,) 0 at the shoulder, 1 at the elbow, 2 at the wrist; -1 off
            the arms.
        leg: (V,) 0 at the hip, 1 at the knee, 2 at the ankle, more on the
            foot; -1 off the legs.
        neck: (V,) 0 at the chest's top, 1 at the skull's base.
        scalp: (V,) metres above the usual hairline, negative below it.
        skin_fields: (V, 6) float32 for shading: openness to light, lips,
            distance from the brows, beard, blush, inside of the mouth.
        noise: (NOISE_FIELDS, V) float32 of about -1 to 1, from coarse to
            fine.
        skin_faces, eye_faces, lash_faces, teeth_faces: (F, 3) int32.
        tights_faces, skirt_faces: (F, 3) int32 of the cloth's base meshes.
        head_centre: (3,) middle of the skull.
    """

    part: np.ndarray
    arm: np.ndarray
    leg: np.ndarray
    neck: np.ndarray
    scalp: np.ndarray
    skin_fields: np.ndarray
    noise: np.ndarray
    skin_faces: np.ndarray
    eye_faces: np.ndarray
    lash_faces: np.ndarray
    teeth_faces: np.ndarray
    tights_faces: np.ndarray
    skirt_faces: np.ndarray
    head_centre: np.ndarray


@lru_cache(maxsize=1)
def load_regions() -> Regions:
    """The fields of :func:`load_body`'s rest body."""
    body = load_body()
    rest = body.rest
    face = rest[landmarks()['face']]
    eyes = (body.faces >= EYES['L'].start).all(1)
    skin = ~eyes & (body.faces < SKIN_END).all(1)
    tongue = ~eyes & ~skin & (body.faces < TONGUE_END).all(1)
    skin_faces = np.concatenate([body.faces[skin], body.faces[tongue]])
    part = _parts(body)
    centre = np.array([0, face[16, 1] + 0.02, face[27, 2] + 0.01], np.float32)
    lashes = [f'{s}-eyelashes-{k}' for s in 'lr' for k in (1, 2)]
    return Regions(
        part=part,
        arm=_along_limb(body, ('upperarm01', 'lowerarm01', 'wrist'), part),
        leg=_along_limb(body, ('upperleg01', 'lowerleg01', 'foot'), part),
        neck=_along(rest, body, 'spine01', 'neck03'),
        scalp=_scalp(rest, part, centre),
        skin_fields=_skin_fields(body, part, face, skin_faces),
        noise=_noise_bank(rest),
        skin_faces=skin_faces,
        eye_faces=body.faces[eyes],
        lash_faces=np.concatenate([body.helper(n) for n in lashes]),
        teeth_faces=np.concatenate(
            [body.helper('upper-teeth'), body.helper('lower-teeth')]
        ),
        tights_faces=body.helper('tights'),
        skirt_faces=body.helper('skirt'),
        head_centre=centre,
    )


def _parts(body: BodyModel) -> np.ndarray:
    of_bone = np.full(body.num_bones, TORSO, np.uint8)
    for j, name in enumerate(body.info['bones']):
        for prefix, part in _PART_OF_BONE:
            if name.startswith(prefix):
                of_bone[j] = part + (part != HEAD and name.endswith('.R'))
    strongest = np.zeros(body.num_vertices, np.int64)
    start = body.weight_start
    for v in range(body.num_vertices):
        a, b = start[v], start[v + 1]
        if b > a:
            strongest[v] = body.weight_bones[
                a + np.argmax(body.weight_values[a:b])
            ]
    return of_bone[strongest]


def _along(points, body, first: str, last: str) -> np.ndarray:
    a = body.rest_joints[body.bone(first)]
    d = body.rest_joints[body.bone(last)] - a
    return ((points - a) @ d / (d @ d)).astype(np.float32)


def _along_limb(body, chain, part) -> np.ndarray:
    out = np.full(body.num_vertices, -1, np.float32)
    arm = chain[0].startswith('upperarm')
    for side, shift in (('L', 0), ('R', 1)):
        names = [f'{n}.{side}' for n in chain]
        upper = _along(body.rest, body, names[0], names[1])
        lower = _along(body.rest, body, names[1], names[2])
        first = part == (UPPER_ARM_L if arm else THIGH_L) + shift
        rest = np.isin(
            part,
            [
                p + shift
                for p in ((LOWER_ARM_L, HAND_L) if arm else (SHIN_L, FOOT_L))
            ],
        )
        out[first] = np.clip(upper[first], 0, 1)
        out[rest] = 1 + np.maximum(lower[rest], 0)
    return out


def _scalp(rest, part, centre) -> np.ndarray:
    """Signed height above the hairline around the head."""
    relative = rest - centre
    angle = np.degrees(np.arctan2(np.abs(relative[:, 0]), -relative[:, 1]))
    line = np.interp(
        angle,
        [0, 28, 45, 62, 72, 84, 100, 120, 150, 180],
        [0.066, 0.06, 0.046, 0.03, -0.008, 0.0, 0.012, -0.03, -0.07, -0.08],
    )
    out = relative[:, 2] - line
    # Ears stand out from the skull.
    width = 0.0745 * np.sqrt(
        np.clip(1 - (relative[:, 1] / 0.125) ** 2, 0.02, 1)
    )
    ear = (
        (np.abs(relative[:, 0]) > width + 0.001)
        & (relative[:, 2] < 0.03)
        & (relative[:, 1] > -0.03)
        & (relative[:, 1] < 0.06)
    )
    out[ear] = -0.02
    out[part != HEAD] = -0.1
    return out.astype(np.float32)


def _skin_fields(body, part, face, skin_faces) -> np.ndarray:
    rest = body.rest
    out = np.zeros((body.num_vertices, 6), np.float32)
    out[:, 0] = _openness(body, skin_faces)
    for cloth in ('tights', 'skirt'):
        faces = body.helper(cloth)
        ids = np.unique(faces)
        # Cloth is rounder than the body under it; light gets in everywhere.
        out[ids, 0] = 0.3 + 0.7 * _openness(body, faces)[ids]
    head = (part == HEAD) & (np.arange(len(part)) < SKIN_END)
    front = head & (rest[:, 1] < face[36, 1] + 0.03)
    outline = face[48:60][:, [0, 2]].astype(np.float32)
    out[front, 1] = _inside_polygon(outline, rest[front][:, [0, 2]])
    out[:, 2] = 1.0
    for a, b in [(i, i + 1) for i in (*range(17, 21), *range(22, 26))]:
        d = face[b] - face[a]
        t = np.clip((rest[head] - face[a]) @ d / (d @ d), 0, 1)
        gap = np.linalg.norm(rest[head] - face[a] - t[:, None] * d, axis=1)
        out[head, 2] = np.minimum(out[head, 2], gap)
    # Beard: chin, jaw, moustache; none on lips and cheeks.
    jaw = np.interp(
        np.abs(rest[:, 0]),
        [0.0, 0.02, 0.03, 0.045, 0.06, 0.075],
        [
            face[33, 2] - 0.006,
            face[33, 2] - 0.006,
            face[48, 2] + 0.012,
            face[48, 2] + 0.002,
            face[48, 2] + 0.03,
            face[16, 2],
        ],
    )
    beard = (jaw - rest[:, 2]) / 0.006
    beard = np.minimum(beard, (rest[:, 2] - face[8, 2] + 0.03) / 0.012)
    beard = np.minimum(beard, (-0.06 - rest[:, 1]) / 0.008)
    out[head, 3] = np.clip(beard, 0, 1)[head] * (1 - out[head, 1])
    for sign in (-1, 1):
        cheek = np.array([sign * 0.042, face[30, 1] + 0.03, face[31, 2]])
        out[head, 4] += np.exp(
            -((np.linalg.norm(rest[head] - cheek, axis=1) / 0.018) ** 2)
        )
    nose = np.linalg.norm(rest[head] - face[30], axis=1)
    out[head, 4] = np.clip(
        out[head, 4] + 0.7 * np.exp(-((nose / 0.014) ** 2)), 0, 1
    )
    # The mouth's lining lies behind the inner lips.
    inner = face[60:68]
    behind = (
        front
        & (np.abs(rest[:, 0]) < 0.033)
        & (np.abs(rest[:, 2] - inner[:, 2].mean()) < 0.022)
        & (rest[:, 1] > face[48, 1] + 0.004)
        & (out[:, 0] < 0.25)
    )
    out[behind, 5] = 1
    out[behind, 1] = 0
    tongue = slice(SKIN_END, TONGUE_END)
    out[tongue] = 0
    out[tongue, 0] = 0.5
    out[tongue, 1] = 1
    out[tongue, 2] = 1
    out[EYES['R'].stop : TIGHTS_START, 0] = 0.6  # lashes and teeth
    for side in 'LR':
        eye = rest[EYES[side]]
        pupil = rest[_pupil_of(rest, side)]
        out[EYES[side], 0] = 0.9
        out[EYES[side], 1] = np.linalg.norm(eye - pupil, axis=1)
    return out


def _pupil_of(rest: np.ndarray, side: str) -> int:
    """The vertex in the middle of an eye's front; the body looks to -Y."""
    eye = rest[EYES[side]]
    middle = 0.5 * (eye.min(0) + eye.max(0))
    offsets = np.linalg.norm((eye - middle)[:, [0, 2]], axis=1)
    offsets[eye[:, 1] >= middle[1]] = np.inf
    return EYES[side].start + int(np.argmin(offsets))


@lru_cache(maxsize=2)
def pupil_vertex(side: str) -> int:
    """The vertex of the pupil of side 'L' or 'R'."""
    from wholebody_mm.synthetic.body import load_body

    return _pupil_of(load_body().rest, side)


def _inside_polygon(polygon, points) -> np.ndarray:
    """1 inside, 0 outside (even-odd rule)."""
    inside = np.zeros(len(points), bool)
    for a, b in zip(polygon, np.roll(polygon, -1, 0), strict=True):
        crosses = (a[1] > points[:, 1]) != (b[1] > points[:, 1])
        x = a[0] + (points[:, 1] - a[1]) * (b[0] - a[0]) / (
            b[1] - a[1] + 1e-12
        )
        inside ^= crosses & (points[:, 0] < x)
    return inside.astype(np.float32)


def _openness(body, faces, directions: int = 48) -> np.ndarray:
    """(V,) how much of the light from all sides reaches each vertex."""
    rest = np.ascontiguousarray(body.rest)
    normal = normals(rest, faces)
    golden = math.pi * (3 - math.sqrt(5))
    total = np.zeros(len(rest))
    seen = np.zeros(len(rest))
    cut = np.ones(len(rest), np.float32)
    cull = np.zeros(len(faces), np.bool_)
    size, scale = 700, 360.0
    for i in range(directions):
        z = 1 - 2 * (i + 0.5) / directions
        r = math.sqrt(1 - z * z)
        to_light = np.array(
            [r * math.cos(golden * i), r * math.sin(golden * i), z]
        )
        axes = light_axes(to_light)
        centre = np.zeros(3, np.float32)
        depth = shadow_map(rest, faces, cut, cull, axes, centre, scale, size)
        p = rest + 0.003 * normal
        q = p @ axes.T
        u = np.clip((size / 2 + scale * q[:, 0]).astype(int), 0, size - 1)
        v = np.clip((size / 2 + scale * q[:, 1]).astype(int), 0, size - 1)
        weight = np.clip(normal @ to_light.astype(np.float32), 0, 1)
        total += weight
        seen += weight * (q[:, 2] <= depth[v, u] + 0.003)
    return np.clip(seen / np.maximum(total, 1e-6), 0.05, 1)


def light_axes(to_light: np.ndarray) -> np.ndarray:
    """(3, 3) float32: two axes across the light, then where it shines."""
    forward = -np.asarray(to_light, np.float64)
    forward /= np.linalg.norm(forward)
    helper = np.array([1.0, 0, 0]) if abs(forward[0]) < 0.8 else np.eye(3)[1]
    right = np.cross(helper, forward)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward]).astype(
        np.float32
    )


def _noise_bank(rest) -> np.ndarray:
    """Sums of a few waves in random directions, coarse to fine."""
    rng = np.random.default_rng(7)
    out = np.zeros((NOISE_FIELDS, len(rest)), np.float32)
    for i, field in enumerate(out):
        frequency = 12 * 12 ** (i / (NOISE_FIELDS - 1))
        for _ in range(4):
            wave = rng.normal(size=3)
            wave *= frequency * rng.uniform(0.6, 1.6) / np.linalg.norm(wave)
            field += np.sin(rest @ wave + rng.uniform(0, 6.28)) / 2
    return out
