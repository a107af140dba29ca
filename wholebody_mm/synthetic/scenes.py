"""Scenes: who stands where, seen by which camera, in which surroundings."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from wholebody_mm.synthetic import ablation, backgrounds
from wholebody_mm.synthetic.camera import Camera, aim
from wholebody_mm.synthetic.figure import (
    Figure,
    PosedFigure,
    draw_figure,
    pose_figure,
    sample_figure,
)
from wholebody_mm.synthetic.held import GRIP_OF, hold_objects, sample_held
from wholebody_mm.synthetic.keypoints import PARTS
from wholebody_mm.synthetic.kinematics import Z, rotation, unit
from wholebody_mm.synthetic.materials import linear_image
from wholebody_mm.synthetic.mesh import Surface
from wholebody_mm.synthetic.props import furniture, occluder, seat
from wholebody_mm.synthetic.textures import PRINTS

PRESETS = ('body', 'face', 'hand', 'crowd', 'mixed')
MIX = {'body': 0.58, 'face': 0.17, 'hand': 0.1, 'crowd': 0.15}
NEGATIVES = 0.03  # share of images without people


@dataclass
class Lights:
    """Light of a scene; colours are linear, white is one.

    Args:
        sun: (3,) unit vector towards the sun or the main lamp.
        sun_colour, sky, ground: (3,) strengths.
        fill, fill_colour: A second lamp without shadow.
    """

    sun: np.ndarray
    sun_colour: np.ndarray
    sky: np.ndarray
    ground: np.ndarray
    fill: np.ndarray
    fill_colour: np.ndarray


@dataclass
class Scene:
    """Everything a renderer needs.

    Args:
        camera: The camera.
        lights: The light.
        figures: People; person i owns surfaces of owner i + 1.
        posed: The same people in the world.
        surfaces: All surfaces, of people and things.
        planes: (P, 19) floor and walls, see `surroundings.PLANE_COLUMNS`.
        backdrop: (H, W, 3) float32 linear light behind everything.
        centre: (3,) middle of what casts shadows, metres.
        radius: Metres around it.
        exposure, contrast: See `post.develop`.
        preset: What kind of scene it is.
        without: Ingredients that are left out, see `ablation.INGREDIENTS`.
    """

    camera: Camera
    lights: Lights
    figures: list[Figure]
    posed: list[PosedFigure]
    surfaces: list[Surface]
    planes: np.ndarray
    backdrop: np.ndarray
    centre: np.ndarray
    radius: float
    exposure: float
    contrast: float
    preset: str
    without: tuple[str, ...] = ()
    info: dict = field(default_factory=dict)


def sample_scene(
    rng: np.random.Generator,
    preset: str,
    width: int,
    height: int,
    people: tuple[int, int] | None = None,
    photos: str | None = None,
    without: tuple[str, ...] = (),
) -> Scene:
    """Draw a scene.

    Args:
        rng: Source of randomness; the scene depends on nothing else.
        preset: One of `PRESETS`.
        width, height: Image size in pixels.
        people: Least and most people; the preset's own range by default.
        photos: Folder of photos for backgrounds.
        without: Ingredients to leave out of what is otherwise the same scene,
            see `ablation.INGREDIENTS`.

    Raises:
        ValueError: If there is no such preset or ingredient.
    """
    without = ablation.checked(without)
    if preset not in PRESETS:
        raise ValueError(f'no preset {preset!r}; there are {PRESETS}')
    if preset == 'mixed':
        preset = str(rng.choice(list(MIX), p=list(MIX.values())))
    count = _count(rng, preset, people)
    figures, held = [], []
    for i in range(count):
        hold = sample_held(rng, 0.06 if preset == 'hand' else 0.17)
        family = None
        if preset == 'hand' and i == 0:
            family = str(rng.choice(['stand', 'sit', 'free']))
        figures.append(
            sample_figure(
                rng,
                PRINTS,
                family=family,
                hold={side: GRIP_OF[name] for side, name in hold.items()},
                show_hands=0.85 if preset == 'hand' else 0.15,
            )
        )
        held.append(hold)
    # Everything is drawn by the generator as if it were there, so that all
    # else stays the same.
    figures = [ablation.bare(figure, without) for figure in figures]
    camera, posed = _arrange(rng, preset, figures, width, height)
    lights = _lights(rng)
    surfaces: list[Surface] = []
    for i, (figure, body) in enumerate(zip(figures, posed, strict=True)):
        surfaces += draw_figure(figure, body, i + 1)
        surfaces += hold_objects(figure, body, held[i], rng)
        if figure.pose.support == 'seat':
            surfaces += seat(figure, body, rng)
    near, reach = _extent(camera, posed)
    planes, backdrop = _surroundings(rng, camera, width, height, reach, photos)
    if len(planes):
        things = furniture(camera, posed, rng)
        surfaces += [] if 'surroundings' in without else things
    if 'surroundings' in without:
        planes, backdrop = planes[:0], ablation.plain(backdrop)
    if rng.random() < (0.18 if preset == 'body' else 0.08):
        surfaces += occluder(camera, posed, rng)
    # Cameras expose for the light there is, not quite rightly.
    light = 0.6 * lights.sun_colour.mean() + lights.sky.mean()
    if 'lighting' in without:
        lights = ablation.even(lights)
    exposure = np.exp(rng.normal(-0.05, 0.22)) * (0.9 / light) ** 0.6
    return Scene(
        camera,
        lights,
        figures,
        posed,
        surfaces,
        planes,
        backdrop,
        *near,
        exposure=float(exposure),
        contrast=float(rng.uniform(0.85, 1.2)),
        preset=preset,
        without=without,
    )


def _count(rng, preset: str, people: tuple[int, int] | None) -> int:
    if people is not None:
        return int(rng.integers(people[0], people[1] + 1))
    if rng.random() < NEGATIVES:
        return 0
    if preset == 'crowd':
        few = rng.random() < 0.8
        return int(rng.integers(5, 16) if few else rng.integers(16, 31))
    if preset == 'body':
        return int(rng.choice([1, 2, 3, 4], p=[0.45, 0.28, 0.15, 0.12]))
    return int(rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1]))


def _heading(rng, lying: bool) -> np.ndarray:
    """(3, 3) rotation about the vertical; 0 faces the camera."""
    if rng.random() < 0.66:
        angle = rng.normal(0, 42)
    else:
        angle = rng.uniform(-180, 180)
    return rotation(Z, angle + (90 if lying else 0))


def _grounded(figure: Figure, heading, rng) -> PosedFigure:
    """A person above the origin, on the ground or in the air."""
    posed = pose_figure(figure, heading)
    low = float(posed.vertices[:13380, 2].min())
    middle = posed.joints[0]
    lift = -low + 0.01 * figure.size
    if figure.pose.support == 'air':
        lift += rng.uniform(0.04, 0.45)
    return posed.moved(np.array([-middle[0], -middle[1], lift]))


def _arrange(rng, preset, figures, width, height):
    """The camera, and all people in front of it."""
    span = max(width, height)
    if preset in ('face', 'hand') and rng.random() < 0.3:
        field_of_view = rng.uniform(50, 85)  # phones at arm's length
    else:
        field_of_view = rng.uniform(22, 72)
    focal = span / 2 / math.tan(math.radians(field_of_view) / 2)
    down = rng.normal(4, 7)
    if rng.random() < 0.14:
        down = rng.uniform(12, 50)
    roll = rng.normal(0, 3) if rng.random() < 0.85 else rng.normal(0, 14)
    posed = []
    for figure in figures:
        lying = figure.pose.support == 'floor'
        posed.append(_grounded(figure, _heading(rng, lying), rng))
    intrinsics = dict(
        focal=focal, width=width, height=height, down=down, roll=roll
    )
    if not figures:
        camera = aim(
            np.array([0, 0, 0.9]),
            rng.uniform(2, 8),
            (width / 2, height / 2),
            **intrinsics,
        )
        return camera, posed
    target, distance, pixel = _framing(
        rng, preset, figures[0], posed[0], focal, width, height
    )
    camera = aim(target, distance, pixel, **intrinsics)
    posed[0] = _face_camera(rng, preset, figures[0], posed[0], camera, target)
    _place_others(rng, preset, camera, posed, distance)
    return camera, posed


def _framing(rng, preset, figure, posed, focal, width, height):
    """What the camera shows, from how far, and at which pixel."""
    uniform = rng.uniform
    points = posed.keypoints
    if preset == 'face':
        face = points[PARTS['face']]
        extent = np.linalg.norm(face[8] - face[27]) * 2.0
        size = min(width, height) * math.exp(
            uniform(math.log(0.12), math.log(0.8))
        )
        pixel = (width * uniform(0.28, 0.72), height * uniform(0.25, 0.6))
        return face.mean(0), max(focal * extent / size, 0.35), pixel
    if preset == 'hand':
        side = 'lefthand' if rng.random() < 0.5 else 'righthand'
        hand = points[PARTS[side]]
        size = min(width, height) * math.exp(
            uniform(math.log(0.1), math.log(0.65))
        )
        extent = 0.19 * figure.size
        pixel = (width * uniform(0.3, 0.7), height * uniform(0.3, 0.7))
        return hand.mean(0), max(focal * extent / size, 0.35), pixel
    low, high = posed.vertices[:13380].min(0), posed.vertices[:13380].max(0)
    tall = max(high[2] - low[2], 0.7 * (high[0] - low[0]))
    if preset == 'crowd':
        size = height * uniform(0.25, 0.8)
    else:
        size = height * math.exp(uniform(math.log(0.22), math.log(1.7)))
    middle = (low + high) / 2
    if size > 0.95 * height:  # cut off: mostly the legs
        middle[2] += (high[2] - middle[2]) * uniform(-0.2, 0.85)
    free = max(0.0, 0.5 - 0.5 * size / height)
    pixel = (
        width * uniform(0.22, 0.78),
        height * (0.5 + uniform(-1, 1) * min(free, 0.22)),
    )
    return middle, max(focal * tall / size, 0.7), pixel


def _face_camera(rng, preset, figure, posed, camera, target):
    """Turn a close-up's person so that mostly the face is seen."""
    if preset not in ('face', 'hand'):
        return posed
    body_axis = posed.rotations[0] @ np.array([0.0, -1.0, 0.0])
    if preset == 'face':
        from wholebody_mm.synthetic.body import load_body

        head = load_body().bone('head')
        body_axis = posed.rotations[head] @ np.array([0.0, -1.0, 0.0])
    away = np.arctan2(body_axis[0], -body_axis[1])
    if rng.random() < 0.12:
        return posed
    turn = -np.degrees(away) + float(np.clip(rng.normal(0, 38), -95, 95))
    del figure, camera
    matrix = rotation(Z, turn)
    pivot = np.array([target[0], target[1], 0.0])
    return PosedFigure(
        ((posed.vertices - pivot) @ matrix.T + pivot).astype(np.float32),
        np.einsum('ab,jbc->jac', matrix, posed.rotations),
        (posed.joints - pivot) @ matrix.T + pivot,
        (posed.keypoints - pivot) @ matrix.T + pivot,
        (posed.extras - pivot) @ matrix.T + pivot,
    )


def _place_others(rng, preset, camera, posed, distance) -> None:
    """Everyone but the first, on the ground within the picture."""
    taken = [posed[0].joints[0][:2]]
    apart = 0.38 if preset == 'crowd' else 0.5
    far = 4.0 if preset == 'crowd' else 2.4
    base = max(distance, 1.6)
    for i in range(1, len(posed)):
        for _ in range(25):
            if rng.random() < 0.3 and preset != 'crowd':  # close by
                side = unit(np.array([rng.normal(), 0.5 * rng.normal(), 0]))
                spot = posed[0].joints[0] + side * rng.uniform(0.42, 0.8)
            else:
                spread = rng.random() ** 1.3
                depth = base * (0.75 + (far - 0.75) * spread)
                u = camera.width * rng.uniform(-0.02, 1.02)
                spot = camera.ray_on_ground(u, depth)
            gaps = [np.linalg.norm(spot[:2] - t) for t in taken]
            if min(gaps) > apart:
                break
        taken.append(spot[:2])
        posed[i] = posed[i].moved(
            np.array([spot[0], spot[1], 0])
            - [posed[i].joints[0][0], posed[i].joints[0][1], 0]
        )


def _extent(camera, posed):
    """Middle and radius for the shadow map; how far back people stand."""
    if not posed:
        return (np.array([0.0, 0.0, 0.5]), 3.0), 4.0
    points = np.concatenate([p.keypoints[:23] for p in posed])
    pixels, depth = camera.project(points)
    margin = 0.3
    inside = (
        (depth > 0.1)
        & (pixels[:, 0] > -margin * camera.width)
        & (pixels[:, 0] < (1 + margin) * camera.width)
        & (pixels[:, 1] > -margin * camera.height)
        & (pixels[:, 1] < (1 + margin) * camera.height)
    )
    near = points[inside] if inside.sum() > 3 else points
    centre = (near.min(0) + near.max(0)) / 2
    radius = float(np.linalg.norm(near - centre, axis=1).max()) + 0.35
    reach = float((points[:, 1] - camera.eye[1]).max())
    return (centre, float(np.clip(radius, 0.5, 7))), max(reach, 1.0)


def _lights(rng) -> Lights:
    uniform, normal = rng.uniform, rng.normal
    sun = unit(np.array([normal(0, 1), normal(-0.5, 0.7), uniform(0.15, 1.6)]))
    strength = uniform(0.15, 1.1)
    warm = normal(0, 0.08)
    tint = np.clip([1 + warm, 1, 1 - 1.3 * warm], 0.6, 1.4)
    ambient = uniform(0.25, 0.85) * (1.25 - 0.6 * strength)
    cold = np.clip([1 - 0.7 * warm, 1, 1 + 0.7 * warm], 0.7, 1.3)
    bounce = uniform(0.3, 0.9)
    fill = unit(rng.normal(size=3))
    fill[2] = abs(fill[2]) * 0.6
    return Lights(
        sun,
        strength * tint,
        ambient * cold,
        ambient * bounce * np.clip(normal(1, 0.1, 3), 0.6, 1.4),
        unit(fill),
        uniform(0, 0.3) * np.clip(normal(1, 0.12, 3), 0.5, 1.5),
    )


def _surroundings(rng, camera, width, height, reach, photos):
    """Planes and backdrop."""
    none = np.zeros((0, backgrounds.PLANE_COLUMNS), np.float32)
    kind = rng.random()
    if photos is not None and kind < 0.7:
        return none, backgrounds.photo_backdrop(photos, rng, width, height)
    kind = rng.random()
    if kind < 0.36:
        planes = backgrounds.room(rng, camera, reach)
        picture = backgrounds.clutter(rng, width, height, 3)
    elif kind < 0.68:
        planes = backgrounds.ground(rng)
        # Row of the horizon in the middle of the image.
        down = math.asin(float(np.clip(-camera.axes[2][2], -1, 1)))
        horizon = (height - 1) / 2 - camera.focal * math.tan(down)
        picture = backgrounds.landscape(
            rng, width, height, float(horizon), camera.focal
        )
    elif kind < 0.8:
        planes = backgrounds.ground(rng)
        picture = backgrounds.clutter(rng, width, height, 16)
    else:
        planes = none
        picture = backgrounds.clutter(rng, width, height, 22)
    return planes, linear_image(picture)
