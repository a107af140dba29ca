"""Floor, walls and whatever is behind them, shaded for every pixel.

Colours are linear light.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from wholebody_mm.codecs.compiled import cached
from wholebody_mm.synthetic.noise import texture_at
from wholebody_mm.synthetic.shading import (
    GROUND,
    SHADOW_CENTRE,
    SKY,
    SUN,
    SUN_COLOUR,
    lit,
)

# Columns of a plane: point, normal, two axes in the plane (3 each), half
# extents along these, texture, repeats a metre, colour (3).
PLANE_COLUMNS = 19
_HAZE_FROM, _HAZE_DEPTH, _MOST_HAZE = 12.0, 60.0, 0.75  # metres, share


@partial(cached, nogil=True, fastmath=True)
def fill(
    triangle,
    eye,
    camera,
    focal,
    cx,
    cy,
    planes,
    textures,
    lights,
    shadow,
    shadow_axes,
    shadow_scale,
    image,
):
    """Draw the nearest plane over the backdrop where no triangle covers it.

    Args:
        triangle: (2 H, 2 W) int32 of :func:`raster.rasterise`.
        eye: (3,) camera centre.
        camera: (3, 3) right, down and view axes.
        focal, cx, cy: Intrinsics at the resolution of `triangle`.
        planes: (P, 19) float32, see `PLANE_COLUMNS`.
        textures: (U, S, S, 3) float32.
        lights: (7, 3) float32, see `shading.SUN` and following.
        shadow, shadow_axes, shadow_scale: Of :func:`raster.shadow_map`.
        image: (H, W, 3) float32; the backdrop, changed in place.
    """
    height, width = image.shape[0], image.shape[1]
    count = planes.shape[0]
    colour = np.zeros(3, np.float32)
    sun, centre = lights[SUN], lights[SHADOW_CENTRE]
    # How far each plane is from the eye, along its normal.
    ahead = np.empty(count, np.float32)
    for i in range(count):
        q = planes[i]
        ahead[i] = (
            q[3] * (q[0] - eye[0])
            + q[4] * (q[1] - eye[1])
            + q[5] * (q[2] - eye[2])
        )
    for py in range(height):
        v = (2 * py + np.float32(0.5) - cy) / focal
        for px in range(width):
            if (
                triangle[2 * py, 2 * px] >= 0
                and triangle[2 * py, 2 * px + 1] >= 0
                and triangle[2 * py + 1, 2 * px] >= 0
                and triangle[2 * py + 1, 2 * px + 1] >= 0
            ):
                continue
            u = (2 * px + np.float32(0.5) - cx) / focal
            dx = camera[0, 0] * u + camera[1, 0] * v + camera[2, 0]
            dy = camera[0, 1] * u + camera[1, 1] * v + camera[2, 1]
            dz = camera[0, 2] * u + camera[1, 2] * v + camera[2, 2]
            best, found = np.float32(1e9), -1
            best_s = best_t = np.float32(0)
            for i in range(count):
                q = planes[i]
                slope = q[3] * dx + q[4] * dy + q[5] * dz
                if slope * ahead[i] <= 0:  # behind the camera
                    continue
                distance = ahead[i] / slope
                if distance >= best:
                    continue
                hx = distance * dx + eye[0] - q[0]
                hy = distance * dy + eye[1] - q[1]
                hz = distance * dz + eye[2] - q[2]
                s = q[6] * hx + q[7] * hy + q[8] * hz
                if abs(s) > q[12]:
                    continue
                t = q[9] * hx + q[10] * hy + q[11] * hz
                if abs(t) > q[13]:
                    continue
                best, found, best_s, best_t = distance, i, s, t
            if found < 0:
                continue
            q = planes[found]
            texture_at(
                textures[int(q[14])], best_s * q[15], best_t * q[15], colour
            )
            slope = q[3] * dx + q[4] * dy + q[5] * dz
            sign = np.float32(-1) if slope > 0 else np.float32(1)
            direct = sign * (q[3] * sun[0] + q[4] * sun[1] + q[5] * sun[2])
            if direct > 0:
                direct *= lit(
                    shadow,
                    shadow_axes,
                    centre,
                    shadow_scale,
                    eye[0] + best * dx,
                    eye[1] + best * dy,
                    eye[2] + best * dz,
                    np.float32(0.01),
                )
            else:
                direct = np.float32(0)
            up = np.float32(0.5) + np.float32(0.5) * sign * q[5]
            # Far away the texture fades and its repeats are not seen.
            haze = (best - _HAZE_FROM) / _HAZE_DEPTH
            haze = min(max(haze, 0.0), _MOST_HAZE)
            for k in range(3):
                light = (
                    lights[SKY, k] * up
                    + lights[GROUND, k] * (1 - up)
                    + direct * lights[SUN_COLOUR, k]
                )
                image[py, px, k] = (
                    colour[k] * q[16 + k] * light * (1 - haze)
                    + haze * np.float32(0.8) * lights[SKY, k]
                )
