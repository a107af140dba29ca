"""A person: shape, pose, appearance and the surfaces that draw them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from wholebody_mm.synthetic import clothing, hair, people, worn
from wholebody_mm.synthetic import materials as m
from wholebody_mm.synthetic.body import load_body
from wholebody_mm.synthetic.keypoints import world_extras, world_keypoints
from wholebody_mm.synthetic.kinematics import (
    forward_kinematics,
    normals,
    skin,
)
from wholebody_mm.synthetic.mesh import Piece, Surface, all_of
from wholebody_mm.synthetic.poses import Pose, sample_pose
from wholebody_mm.synthetic.regions import (
    HAND_L,
    HAND_R,
    HEAD,
    SKIN_END,
    TIGHTS_START,
    load_regions,
)

ADULT_AGE = 0.62  # of anny's scale
ADULT_HEIGHT = 1.76  # metres of the average rest body


@dataclass
class Figure:
    """One person before they are put into a scene; metres, root at 0.

    Args:
        phenotypes: anny's traits.
        shape: (V + J, 3) float32 rest vertices and bone heads.
        pose: Joint rotations.
        look: Appearance: ``garments``, ``style``, ``hair``, ``skin`` and so
            on, see :func:`sample_figure`.
    """

    phenotypes: dict[str, float]
    shape: np.ndarray
    pose: Pose
    look: dict = field(default_factory=dict)

    @property
    def height(self) -> float:
        """Metres from sole to crown, standing."""
        z = self.shape[:SKIN_END, 2]
        return float(z.max() - z.min())

    @property
    def size(self) -> float:
        """Height relative to the average adult's."""
        return self.height / ADULT_HEIGHT

    @property
    def heads(self) -> np.ndarray:
        """(J, 3) float64 rest bone heads."""
        return self.shape[load_body().num_vertices :].astype(np.float64)


@dataclass
class PosedFigure:
    """A person in the world.

    Args:
        vertices: (V, 3) float32.
        rotations: (J, 3, 3) world rotations of the bones.
        joints: (J, 3) world bone heads.
        keypoints: (K, 3) COCO-WholeBody points.
        extras: (4, 3) points that only the union skeleton has.
    """

    vertices: np.ndarray
    rotations: np.ndarray
    joints: np.ndarray
    keypoints: np.ndarray
    extras: np.ndarray

    def moved(self, offset: np.ndarray) -> PosedFigure:
        """The same person elsewhere."""
        return PosedFigure(
            self.vertices + np.asarray(offset, np.float32),
            self.rotations,
            self.joints + offset,
            self.keypoints + offset,
            self.extras + offset,
        )


def sample_figure(
    rng: np.random.Generator,
    textures: int,
    *,
    family: str | None = None,
    hold: dict[str, str] | None = None,
    show_hands: float = 0.0,
) -> Figure:
    """Draw a person: shape, expression, pose, clothes, hair.

    Args:
        rng: Source of randomness.
        textures: Number of textures of the scene.
        family: Pose family; drawn if None.
        hold: Grip of hands that hold something.
        show_hands: See :func:`poses.sample_pose`.
    """
    body = load_body()
    phenotypes = people.sample_phenotypes(rng)
    local = people.sample_local_changes(rng, body.info['local_changes'])
    local |= people.sample_facial_actions(rng, body.info['facial_actions'])
    shape = body.shape(phenotypes, local)
    heads = shape[body.num_vertices :].astype(np.float64)
    pose = sample_pose(
        body, heads, rng, family=family, hold=hold, show_hands=show_hands
    )
    feminine = phenotypes['gender'] < 0.5
    look = dict(
        garments=clothing.sample_outfit(
            body, rng, textures, feminine, phenotypes['age'] > ADULT_AGE
        ),
        style=hair.sample_style(rng, feminine),
        hair=hair.sample_material(rng, phenotypes['age']),
        worn=worn.sample_worn(rng),
        gloves=None,
        seed=int(rng.integers(1 << 31)),
    )
    if rng.random() < 0.03:
        look['gloves'] = look['garments'][0].material
    look['skin'] = _skin_material(rng, phenotypes, look['hair'], feminine)
    look['eye'] = _eye_material(rng)
    return Figure(phenotypes, shape, pose, look)


def _skin_material(rng, phenotypes, hair_row, feminine) -> np.ndarray:
    tones = np.array(m.SKIN_TONES, np.float64)
    # Tones follow the traits loosely; people of all tones have all traits.
    middle = 6.3 * phenotypes['african'] + 2.4 * phenotypes['asian']
    middle += 1.2 * phenotypes['caucasian']
    at = np.clip(rng.normal(middle, 1.6), 0, len(tones) - 1)
    tone = np.array(
        [np.interp(at, np.arange(len(tones)), tones[:, k]) for k in range(3)]
    )
    tone = tone * rng.uniform(0.9, 1.08) + rng.normal(0, 4, 3)
    row = m.blank(m.SKIN)
    row[m.COLOR_A : m.COLOR_A + 3] = m.linear(tone)
    lips = tone * np.array([0.86, 0.58, 0.6])
    if feminine and rng.random() < 0.45:
        lips = np.array(
            [rng.uniform(120, 215), rng.uniform(20, 90), rng.uniform(35, 100)]
        )
    row[m.COLOR_B : m.COLOR_B + 3] = m.linear(lips)
    row[m.COLOR_C : m.COLOR_C + 3] = hair_row[
        m.COLOR_A : m.COLOR_A + 3
    ] * rng.uniform(0.6, 1.0)
    child = phenotypes['age'] < ADULT_AGE
    beard = 0.0
    if not feminine and not child and rng.random() < 0.55:
        beard = rng.uniform(0.1, 1.0)
    row[m.EXTRA] = rng.uniform(0.35, 1.0)
    row[m.EXTRA + 1] = beard
    row[m.EXTRA + 2] = rng.uniform(0.55, 0.95)
    row[m.EXTRA + 3] = rng.uniform(0.0, 0.7)
    row[m.SPECULAR] = rng.uniform(0.02, 0.14)
    row[m.SHININESS] = rng.uniform(8, 30)
    row[m.SEED] = rng.uniform(0, 50)
    return row


def _eye_material(rng) -> np.ndarray:
    row = m.blank(m.EYE)
    white = rng.uniform(190, 235)
    row[m.COLOR_A : m.COLOR_A + 3] = m.linear((white, white - 6, white - 10))
    row[m.COLOR_B : m.COLOR_B + 3] = m.linear(
        m.EYE_COLOURS[rng.integers(len(m.EYE_COLOURS))]
    )
    row[m.SPECULAR], row[m.SHININESS] = 0.8, 90
    row[m.EXTRA] = rng.uniform(0.0058, 0.0066)
    row[m.EXTRA + 1] = rng.uniform(0.0018, 0.0034)
    return row


def pose_figure(figure: Figure, heading: np.ndarray) -> PosedFigure:
    """Posed vertices, joints and keypoints; the root's head at the origin.

    Args:
        figure: The person.
        heading: (3, 3) rotation of the person in the world; the pose's own
            tilt comes before it.
    """
    body = load_body()
    root = heading @ figure.pose.tilt
    rotations, joints = forward_kinematics(
        body.bone_parents, figure.heads, figure.pose.local, root
    )
    vertices = skin(
        figure.shape[: body.num_vertices],
        figure.heads,
        rotations,
        joints,
        body.weight_start,
        body.weight_bones,
        body.weight_values,
    )
    points = world_keypoints(body, vertices, joints)
    extras = world_extras(vertices, joints)
    return PosedFigure(vertices, rotations, joints, points, extras)


def draw_figure(
    figure: Figure, posed: PosedFigure, owner: int
) -> list[Surface]:
    """All surfaces of a person: skin, eyes, lashes, teeth, clothes, hair."""
    body, regions = load_body(), load_regions()
    look = figure.look
    rng = np.random.default_rng(look['seed'])
    garments = look['garments']
    hidden = clothing.covered(garments, body.num_vertices)
    faces = regions.skin_faces
    faces = faces[~all_of(hidden, faces)]
    part = slice(0, TIGHTS_START)
    vertices = posed.vertices[part]
    normal = normals(vertices, regions.skin_faces)
    normal += normals(vertices, regions.eye_faces)
    lash = m.blank(m.OBJECT)
    lash[m.COLOR_A : m.COLOR_A + 3] = 0.01
    tooth = m.blank(m.OBJECT)
    tooth[m.COLOR_A : m.COLOR_A + 3] = m.linear((225, 215, 195))
    tooth[m.SPECULAR] = 0.2
    parts = regions.part[faces[:, 0]]
    gloves = look['gloves']  # a material, or none
    gloved = np.isin(parts, (HAND_L, HAND_R)) & (gloves is not None)
    pieces = [
        Piece(faces[~gloved], look['skin'], parts[~gloved], cull=True),
        Piece(regions.eye_faces, look['eye'], HEAD, cull=True),
        Piece(regions.teeth_faces, tooth, HEAD),
    ]
    if gloves is not None:
        pieces.append(Piece(faces[gloved], gloves, parts[gloved], cull=True))
    if figure.phenotypes['gender'] < 0.5:
        pieces.append(Piece(regions.lash_faces, lash, HEAD))
    fields = regions.skin_fields[part]
    surfaces = [
        Surface(
            vertices,
            normal,
            np.ascontiguousarray(body.rest[part]),
            pieces,
            fields,
            None,
            owner,
        )
    ]
    surfaces += clothing.dress(
        body, garments, posed.vertices, owner, figure.size
    )
    grown = _hair(figure, posed, normal, owner, rng)
    # drawn all the same, so that what is worn stays the same
    surfaces += [] if look.get('hairless') else grown
    surfaces += worn.wear(
        figure,
        posed,
        owner,
        lambda points: on_head(figure, posed, points),
        rng,
    )
    return surfaces


@lru_cache(maxsize=1)
def _skull() -> np.ndarray:
    """Ids of the vertices under the hair."""
    return np.flatnonzero(load_regions().scalp[:SKIN_END] > 0.0)


def head_scale(figure: Figure) -> np.ndarray:
    """(3,) size of the head relative to the average one, along x, y, z."""
    ids = _skull()
    own, usual = figure.shape[ids], load_body().rest[ids]
    return (np.ptp(own, 0) / np.ptp(usual, 0)).astype(np.float32)


def on_head(
    figure: Figure, posed: PosedFigure, points: np.ndarray
) -> np.ndarray:
    """World positions of points given around the average rest head.

    Args:
        figure, posed: The person.
        points: (N, 3) in rest axes of the average body.
    """
    body, ids = load_body(), _skull()
    usual = body.rest[ids].mean(0)
    own = figure.shape[ids].mean(0)
    local = (points - usual) * head_scale(figure) + own
    bone = body.bone('head')
    return (
        (local - figure.heads[bone]) @ posed.rotations[bone].T
        + posed.joints[bone]
    ).astype(np.float32)


def _hair(figure, posed, normal, owner, rng) -> list[Surface]:
    look = figure.look
    style = look['style']
    if style == 'bald':
        return []
    hat = 'hat' in look['worn']
    regions = load_regions()
    centre = on_head(figure, posed, regions.head_centre[None])[0]
    size = float(head_scale(figure).mean())
    out = [
        hair.scalp_hair(
            'buzz' if hat else style,
            look['hair'],
            posed.vertices[:TIGHTS_START],
            normal,
            centre,
            owner,
            size,
            rng,
        )
    ]
    if style in hair.LONG_STYLES and not (hat and style == 'bun'):
        points, faces, strands = hair.long_hair(style, rng)
        vertices = on_head(figure, posed, points)
        out.append(
            Surface(
                vertices,
                normals(vertices, faces),
                strands,
                [Piece(faces, look['hair'], hair.HAIR_PART)],
                owner=owner,
            )
        )
    return out
