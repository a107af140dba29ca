"""The rasteriser: which triangle is nearest at each sub-pixel.

Depth is kept as its reciprocal, which is linear in the image. Attributes are
not interpolated here but later, once for each pixel (`shading.py`).

Image axes: pixel centres at integers, x to the right, y down.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from wholebody_mm.codecs.compiled import cached

NEAR = 0.06  # metres; triangles that reach nearer are dropped


@partial(cached, nogil=True, fastmath=True)
def project(world, rotation, position, focal, cx, cy, screen, inverse_depth):
    """Perspective projection.

    Args:
        world: (V, 3) points in metres.
        rotation: (3, 3) rows are the camera's right, down and view axes.
        position: (3,) camera centre.
        focal: Focal length in pixels.
        cx, cy: Principal point in pixels.
        screen: (V, 2) output, pixels.
        inverse_depth: (V,) output, 1/metres; 0 where nearer than `NEAR`.
    """
    for i in range(world.shape[0]):
        x = world[i, 0] - position[0]
        y = world[i, 1] - position[1]
        z = world[i, 2] - position[2]
        u = rotation[0, 0] * x + rotation[0, 1] * y + rotation[0, 2] * z
        v = rotation[1, 0] * x + rotation[1, 1] * y + rotation[1, 2] * z
        d = rotation[2, 0] * x + rotation[2, 1] * y + rotation[2, 2] * z
        if d < NEAR:
            inverse_depth[i] = 0.0
            screen[i, 0] = 0.0
            screen[i, 1] = 0.0
        else:
            inverse_depth[i] = 1.0 / d
            screen[i, 0] = focal * u / d + cx
            screen[i, 1] = focal * v / d + cy


@partial(cached, nogil=True, fastmath=True)
def rasterise(screen, inverse_depth, faces, cut, cull, depth, triangle):
    """Draw triangles into a z-buffer.

    Args:
        screen: (V, 2) pixels.
        inverse_depth: (V,) 1/metres, 0 if not to be drawn.
        faces: (F, 3) int32.
        cut: (V,) where the interpolated value is negative nothing is drawn;
            garments end and hair thins out within triangles by it.
        cull: (F,) bool, faces turned away are not drawn.
        depth: (H, W) float32, reciprocal depth so far; changed in place.
        triangle: (H, W) int32, face index so far; changed in place.
    """
    height, width = depth.shape
    for t in range(faces.shape[0]):
        a, b, c = faces[t, 0], faces[t, 1], faces[t, 2]
        za, zb, zc = inverse_depth[a], inverse_depth[b], inverse_depth[c]
        if za == 0 or zb == 0 or zc == 0:
            continue
        ca, cb, cc = cut[a], cut[b], cut[c]
        if ca < 0 and cb < 0 and cc < 0:
            continue
        x0, y0 = screen[a, 0], screen[a, 1]
        x1, y1 = screen[b, 0], screen[b, 1]
        x2, y2 = screen[c, 0], screen[c, 1]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if cull[t] and area >= 0:
            continue
        if abs(area) < 1e-9:
            continue
        left = max(int(math.ceil(min(x0, x1, x2))), 0)
        right = min(int(math.floor(max(x0, x1, x2))), width - 1)
        if left > right:
            continue
        top = max(int(math.ceil(min(y0, y1, y2))), 0)
        bottom = min(int(math.floor(max(y0, y1, y2))), height - 1)
        if top > bottom:
            continue
        plain = ca >= 0 and cb >= 0 and cc >= 0
        inverse = 1.0 / area
        # Barycentric weights are linear in x and y.
        w0x, w1x = (y1 - y2) * inverse, (y2 - y0) * inverse
        for y in range(top, bottom + 1):
            w0 = ((x1 - left) * (y2 - y) - (x2 - left) * (y1 - y)) * inverse
            w1 = ((x2 - left) * (y0 - y) - (x0 - left) * (y2 - y)) * inverse
            for x in range(left, right + 1):
                w2 = 1 - w0 - w1
                if w0 >= -1e-5 and w1 >= -1e-5 and w2 >= -1e-5:
                    z = w0 * za + w1 * zb + w2 * zc
                    if z > depth[y, x] and (
                        plain or w0 * ca + w1 * cb + w2 * cc >= 0
                    ):
                        depth[y, x] = z
                        triangle[y, x] = t
                w0 += w0x
                w1 += w1x


@partial(cached, nogil=True, fastmath=True)
def shadow_map(world, faces, cut, cull, axes, centre, scale, size):
    """Distances from a far light, an orthographic depth map.

    Args:
        world: (V, 3) metres.
        faces: (F, 3) int32.
        cut, cull: (V,), (F,) as in :func:`rasterise`.
        axes: (3, 3) rows: two axes across the light and the direction in
            which it shines.
        centre: (3,) what the map's middle shows.
        scale: Map pixels a metre.
        size: The map is size x size.

    Returns:
        (size, size) float32 metres along the light, 1e9 where nothing is.
    """
    depth = np.full((size, size), 1e9, np.float32)
    count = world.shape[0]
    p = np.empty((count, 3), np.float32)
    half = 0.5 * (size - 1)
    for i in range(count):
        x = world[i, 0] - centre[0]
        y = world[i, 1] - centre[1]
        z = world[i, 2] - centre[2]
        p[i, 0] = half + scale * (
            axes[0, 0] * x + axes[0, 1] * y + axes[0, 2] * z
        )
        p[i, 1] = half + scale * (
            axes[1, 0] * x + axes[1, 1] * y + axes[1, 2] * z
        )
        p[i, 2] = axes[2, 0] * x + axes[2, 1] * y + axes[2, 2] * z
    for t in range(faces.shape[0]):
        a, b, c = faces[t, 0], faces[t, 1], faces[t, 2]
        if cut[a] < 0 or cut[b] < 0 or cut[c] < 0:
            continue
        x0, y0, x1, y1 = p[a, 0], p[a, 1], p[b, 0], p[b, 1]
        x2, y2 = p[c, 0], p[c, 1]
        area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
        if abs(area) < 1e-6 or (cull[t] and area > 0):
            continue
        left = max(int(math.ceil(min(x0, x1, x2))), 0)
        right = min(int(math.floor(max(x0, x1, x2))), size - 1)
        top = max(int(math.ceil(min(y0, y1, y2))), 0)
        bottom = min(int(math.floor(max(y0, y1, y2))), size - 1)
        inverse = 1.0 / area
        for y in range(top, bottom + 1):
            for x in range(left, right + 1):
                w0 = ((x1 - x) * (y2 - y) - (x2 - x) * (y1 - y)) * inverse
                w1 = ((x2 - x) * (y0 - y) - (x0 - x) * (y2 - y)) * inverse
                w2 = 1 - w0 - w1
                if w0 >= -1e-4 and w1 >= -1e-4 and w2 >= -1e-4:
                    z = w0 * p[a, 2] + w1 * p[b, 2] + w2 * p[c, 2]
                    if z < depth[y, x]:
                        depth[y, x] = z
    return depth


@partial(cached, nogil=True)
def label_maps(triangle, face_piece, face_part, piece_owner, people, scale):
    """Who and which part is seen at each sub-pixel, and masks of people.

    Args:
        triangle: (scale H, scale W) int32 of :func:`rasterise`.
        face_piece, face_part, piece_owner: Of `mesh.Frame`.
        people: N.
        scale: Sub-pixels a pixel, along x and y.

    Returns:
        (scale H, scale W) int16 owner, -1 for none; the same shape of uint8
        parts; (N, H, W) bool masks without overlap, true where most of a
        pixel shows the person.
    """
    height, width = triangle.shape
    owner = np.full((height, width), -1, np.int16)
    part = np.zeros((height, width), np.uint8)
    count = np.zeros((people, height // scale, width // scale), np.uint8)
    for y in range(height):
        for x in range(width):
            t = triangle[y, x]
            if t >= 0:
                o = piece_owner[face_piece[t]]
                owner[y, x] = o
                part[y, x] = face_part[t]
                if o > 0:
                    # The first sub-pixel counts a little more: no ties.
                    first = y % scale == 0 and x % scale == 0
                    weight = np.uint8(3 if first else 2)
                    count[o - 1, y // scale, x // scale] += weight
    return owner, part, count > scale * scale
