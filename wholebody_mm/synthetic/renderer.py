"""The renderer: a scene becomes an image and exact labels.

Bring your own: any object with ``render(scene, rng)`` that returns the image
and a list of :class:`Person` can be handed to `generate.generate`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from wholebody_mm.synthetic import shading, surroundings
from wholebody_mm.synthetic.face_outline import visible_outline
from wholebody_mm.synthetic.keypoints import PARTS, visibility
from wholebody_mm.synthetic.mesh import assemble
from wholebody_mm.synthetic.post import camera_effects, develop
from wholebody_mm.synthetic.raster import (
    label_maps,
    project,
    rasterise,
    shadow_map,
)
from wholebody_mm.synthetic.regions import SKIN_END, light_axes
from wholebody_mm.synthetic.scenes import Scene
from wholebody_mm.synthetic.textures import plane_textures, print_textures

SHADOW_SIZE = 448
BEHIND = -1e4  # stands for the pixels of points behind the camera
SCALE = 2  # triangles are found at this multiple of the image's resolution


@dataclass
class Person:
    """Labels of one person; K = 133 points of COCO-WholeBody.

    Args:
        keypoints: (K, 2) pixels, centres at integers; points outside the
            image included.
        visible: (K,) uint8: 0 outside the image, 1 hidden, 2 seen.
        mask: (H, W) bool, where the person is seen.
        whole_area: Pixels that the body would cover if nothing hid it.
        facing: Cosine between where the face looks and the camera; -1 looks
            away.
        extras: (4, 2) pixels of `keypoints.EXTRAS`; without them the labels
            are COCO-WholeBody's only.
    """

    keypoints: np.ndarray
    visible: np.ndarray
    mask: np.ndarray
    whole_area: float
    facing: float
    extras: np.ndarray | None = None


class Renderer(Protocol):
    """What a renderer has to do; see :class:`SoftwareRenderer`."""

    def render(
        self, scene: Scene, rng: np.random.Generator
    ) -> tuple[np.ndarray, list[Person]]:
        """An image, (H, W, 3) uint8 RGB, and its people's labels.

        It must depend on the scene and the generator only, so that a data
        set comes out the same however the work is divided.
        """
        ...


class SoftwareRenderer:
    """Renders on the CPU without a display."""

    def render(
        self, scene: Scene, rng: np.random.Generator
    ) -> tuple[np.ndarray, list[Person]]:
        """See :class:`Renderer`."""
        camera = scene.camera
        width, height = camera.width, camera.height
        frame = assemble(scene.surfaces)
        focal = camera.focal * SCALE
        # The centre of image pixel x is sub-pixel SCALE * x + 0.5.
        cx, cy = (v * SCALE + (SCALE - 1) / 2 for v in camera.centre)
        axes = camera.axes.astype(np.float32)
        eye = camera.eye.astype(np.float32)
        screen = np.empty((len(frame.world), 2), np.float32)
        inverse = np.empty(len(frame.world), np.float32)
        project(frame.world, axes, eye, focal, cx, cy, screen, inverse)
        depth = np.zeros((SCALE * height, SCALE * width), np.float32)
        triangle = np.full(depth.shape, -1, np.int32)
        rasterise(
            screen,
            inverse,
            frame.faces,
            frame.cut,
            frame.face_cull,
            depth,
            triangle,
        )
        linear = self._shade(
            scene, frame, triangle, screen, inverse, (focal, cx, cy)
        )
        image = develop(linear, scene.exposure, scene.contrast)
        # drawn in any case: what comes next is drawn after it
        taken = camera_effects(image, rng)
        if 'camera' not in scene.without:
            image = taken
        return image, self._labels(scene, frame, depth, triangle)

    def _shade(self, scene, frame, triangle, screen, inverse, intrinsics):
        camera, lights = scene.camera, scene.lights
        table = np.zeros((7, 3), np.float32)
        table[shading.SUN] = lights.sun
        table[shading.SUN_COLOUR] = lights.sun_colour
        table[shading.SKY] = lights.sky
        table[shading.GROUND] = lights.ground
        table[shading.FILL] = lights.fill
        table[shading.FILL_COLOUR] = lights.fill_colour
        table[shading.SHADOW_CENTRE] = scene.centre
        scale = SHADOW_SIZE / 2 / scene.radius
        axes = light_axes(lights.sun)
        shadow = shadow_map(
            frame.world,
            frame.faces,
            frame.cut,
            frame.face_cull,
            axes,
            table[shading.SHADOW_CENTRE],
            scale,
            SHADOW_SIZE,
        )
        focal, cx, cy = intrinsics
        eye, image = camera.eye.astype(np.float32), scene.backdrop.copy()
        surroundings.fill(
            triangle,
            eye,
            camera.axes.astype(np.float32),
            np.float32(focal),
            np.float32(cx),
            np.float32(cy),
            scene.planes,
            plane_textures(),
            table,
            shadow,
            axes,
            np.float32(scale),
            image,
        )
        shading.resolve(
            triangle,
            screen,
            inverse,
            frame.faces,
            frame.face_piece,
            frame.world,
            frame.normal,
            frame.texture,
            frame.fields,
            frame.materials,
            print_textures(),
            table,
            shadow,
            axes,
            np.float32(scale),
            eye,
            image,
        )
        return image

    def _labels(self, scene, frame, depth, triangle) -> list[Person]:
        if not scene.posed:
            return []
        owner, part, masks = label_maps(
            triangle,
            frame.face_piece,
            frame.face_part,
            frame.piece_owner,
            len(scene.posed),
            SCALE,
        )
        out = []
        for i, posed in enumerate(scene.posed):
            points = posed.keypoints.copy()
            start = PARTS['face'].start
            points[start : start + 17] = visible_outline(posed, scene.camera)
            pixels, distance = scene.camera.project(points)
            seen = visibility(
                pixels * SCALE + (SCALE - 1) / 2,
                distance,
                depth,
                owner,
                part,
                i + 1,
                2.0,
            )
            extras, extra_distance = scene.camera.project(posed.extras)
            out.append(
                Person(
                    np.where(distance[:, None] > 0.05, pixels, BEHIND),
                    seen,
                    masks[i],
                    _whole_area(scene.camera, posed.vertices[:SKIN_END]),
                    _facing(scene.camera, posed),
                    np.where(extra_distance[:, None] > 0.05, extras, BEHIND),
                )
            )
        return out


def _whole_area(camera, vertices: np.ndarray) -> float:
    """Rough area of the unhidden body within the image, in pixels."""
    pixels, distance = camera.project(vertices[::3])
    pixels = pixels[distance > 0.05]
    if not len(pixels):
        return 0.0
    # Cells of a coarse grid that hold vertices.
    cell = max(np.ptp(pixels[:, 1]) / 50, 1.0)
    width, height = camera.width, camera.height
    x, y = np.floor(pixels / cell).astype(np.int64).T
    across, down = int(width / cell) + 1, int(height / cell) + 1
    inside = (x >= 0) & (y >= 0) & (x < across) & (y < down)
    filled = np.zeros((down, across), bool)
    filled[y[inside], x[inside]] = True
    return float(filled.sum()) * cell * cell


def _facing(camera, posed) -> float:
    from wholebody_mm.synthetic.body import load_body

    head = load_body().bone('head')
    look = posed.rotations[head] @ np.array([0.0, -1.0, 0.0])
    towards = camera.eye - posed.joints[head]
    return float(look @ towards / (np.linalg.norm(towards) + 1e-9))
