"""From the z-buffer to an image: light, surfaces, shadows, background.

Triangles are found at twice the image's resolution; each pixel is shaded
once for each surface that it shows and averages them with their coverage.
Colours are linear light.
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from wholebody_mm.codecs.compiled import cached
from wholebody_mm.synthetic import materials as m
from wholebody_mm.synthetic.noise import noise3, texture_at

# Rows of the light table.
SUN, SUN_COLOUR, SKY, GROUND, FILL, FILL_COLOUR, SHADOW_CENTRE = range(7)
# Vertex fields.
AO, FIELD_A, FIELD_B, FIELD_C, FIELD_D, FIELD_E = range(6)
_KIND, _A, _B, _C, _PATTERN = (
    m.KIND,
    m.COLOR_A,
    m.COLOR_B,
    m.COLOR_C,
    m.PATTERN,
)
_DIR, _FREQ, _THR, _SEED = m.DIRECTION, m.FREQUENCY, m.THRESHOLD, m.SEED
_TEX, _TEXS, _EXTRA = m.TEXTURE_INDEX, m.TEXTURE_SCALE, m.EXTRA


@partial(cached, nogil=True, inline='always')
def _smooth(x, low, high):
    t = min(max((x - low) / (high - low), 0.0), 1.0)
    return t * t * (3 - 2 * t)


@partial(cached, nogil=True, fastmath=True)
def lit(shadow, axes, centre, scale, x, y, z, bias):
    """Share of sunlight at a point, 0 to 1, softened over 2 x 2 taps."""
    size = shadow.shape[0]
    if size < 2:
        return 1.0
    x, y, z = x - centre[0], y - centre[1], z - centre[2]
    half = 0.5 * (size - 1)
    u = half + scale * (axes[0, 0] * x + axes[0, 1] * y + axes[0, 2] * z)
    v = half + scale * (axes[1, 0] * x + axes[1, 1] * y + axes[1, 2] * z)
    d = axes[2, 0] * x + axes[2, 1] * y + axes[2, 2] * z - bias
    i, j = int(math.floor(u)), int(math.floor(v))
    if i < 0 or j < 0 or i >= size - 1 or j >= size - 1:
        return 1.0
    a, b = u - i, v - j
    out = 0.0
    if d <= shadow[j, i]:
        out += (1 - a) * (1 - b)
    if d <= shadow[j, i + 1]:
        out += a * (1 - b)
    if d <= shadow[j + 1, i]:
        out += (1 - a) * b
    if d <= shadow[j + 1, i + 1]:
        out += a * b
    return out


@partial(cached, nogil=True, fastmath=True)
def _object_colour(row, p, textures, out):
    """Base colour of cloth and objects at texture position p."""
    pattern = int(row[_PATTERN])
    x, y, z = p[0], p[1], p[2]
    f, seed = row[_FREQ], row[_SEED]
    along = row[_DIR] * x + row[_DIR + 1] * y + row[_DIR + 2] * z
    mix = 0.0
    if pattern == m.STRIPES:
        t = along * f + seed
        mix = 1.0 if t - math.floor(t) > row[_THR] else 0.0
    elif pattern == m.PLAID:
        t, s = z * f + seed, (x + 0.6 * y) * f + seed
        t, s = t - math.floor(t), s - math.floor(s)
        mix = 0.5 * (t > row[_THR]) + 0.5 * (s > row[_THR])
    elif pattern == m.CHECKS:
        cell = math.floor(z * f) + math.floor(x * f) + math.floor(y * f + seed)
        mix = 1.0 if int(cell) % 2 == 0 else 0.0
    elif pattern == m.BLOBS:
        n = noise3(x * f + seed, y * f, z * f)
        n = 0.65 * n + 0.35 * noise3(
            x * f * 2.3, y * f * 2.3 + seed, z * f * 2
        )
        mix = 1.0 if n > 0.3 + 0.4 * row[_THR] else 0.0
        if n < 0.12 + 0.3 * row[_THR]:
            for k in range(3):
                out[k] = row[_C + k]
            return
    elif pattern == m.DOTS:
        s, t = (x + 0.5 * y) * f + seed, z * f + seed
        s, t = s - math.floor(s) - 0.5, t - math.floor(t) - 0.5
        mix = 1.0 if s * s + t * t < 0.16 * row[_THR] else 0.0
    elif pattern == m.TWO_TONE:
        mix = 1.0 if along > row[_THR] else 0.0
    elif pattern == m.PLANKS:
        s, t = x * f, y * f + z * f
        line = math.floor(s)
        t += noise3(line, seed, 0.0) * 7
        edge = s - line < 0.04 or t * 0.3 - math.floor(t * 0.3) < 0.012
        mix = 0.85 if edge else 0.5 * noise3(line, math.floor(t * 0.3), seed)
    elif pattern == m.TEXTURE:
        texture_at(
            textures[int(row[_TEX])],
            (x + 0.7 * y) * row[_TEXS] + seed,
            (z + 0.2 * y) * row[_TEXS],
            out,
        )
        return
    elif pattern == m.PRINT:
        u = (x - row[_DIR]) / row[_DIR + 2]
        v = (z - row[_DIR + 1]) / row[_DIR + 2]
        if abs(u) < 1 and abs(v) < 1.2 and y < -0.02:
            texture_at(
                textures[int(row[_TEX])], 0.5 * u + 0.5, 0.5 - 0.4 * v, out
            )
            return
    for k in range(3):
        out[k] = row[_A + k] * (1 - mix) + row[_B + k] * mix


@partial(cached, nogil=True, fastmath=True)
def _skin_colour(row, p, field, out):
    """Skin with lips, brows, beard shadow, blush and the mouth's inside."""
    x, y, z = p[0], p[1], p[2]
    seed = row[_SEED]
    tone = 0.86 + 0.16 * noise3(x * 26 + seed, y * 26, z * 26)
    tone += 0.12 * noise3(x * 170, y * 170 + seed, z * 170)
    for k in range(3):
        out[k] = row[_A + k] * tone
    blush = field[FIELD_D] * row[_EXTRA + 3]
    out[1] *= 1 - 0.28 * blush
    out[2] *= 1 - 0.25 * blush
    lips = _smooth(field[FIELD_A], 0.25, 0.75) * row[_EXTRA + 2]
    beard = row[_EXTRA + 1] * _smooth(field[FIELD_C], 0.0, 0.6)
    strand = 0.0
    if beard > 0 or field[FIELD_B] < 0.0062:
        strand = noise3(x * 900 + seed, y * 300, z * 500)
    beard *= 0.5 + 0.9 * strand
    brow = row[_EXTRA] * (1 - _smooth(field[FIELD_B], 0.0028, 0.0062))
    brow *= 0.45 + 0.9 * strand
    beard, brow = min(beard, 1.0), min(brow, 1.0)
    inside = field[FIELD_E]
    for k in range(3):
        c = out[k] * (1 - lips) + row[_B + k] * lips
        c = c * (1 - beard) + row[_C + k] * beard
        out[k] = c * (1 - brow) + row[_C + k] * brow
    if inside > 0:
        out[0] = out[0] * (1 - inside) + 0.16 * inside
        out[1] = out[1] * (1 - inside) + 0.03 * inside
        out[2] = out[2] * (1 - inside) + 0.03 * inside


@partial(cached, nogil=True, fastmath=True)
def _eye_colour(row, field, out):
    """Sclera, iris with a dark rim, pupil; by the distance from the pupil."""
    r = field[FIELD_A]
    white = _smooth(r, row[_EXTRA] - 0.0006, row[_EXTRA] + 0.0006)
    rim = 1 - 0.6 * _smooth(r, row[_EXTRA] * 0.72, row[_EXTRA])
    black = 1 - _smooth(r, row[_EXTRA + 1] - 0.0004, row[_EXTRA + 1] + 0.0004)
    for k in range(3):
        iris = row[_B + k] * rim * (1 - black)
        out[k] = row[_A + k] * white + iris * (1 - white)


@partial(cached, nogil=True, fastmath=True)
def _hair_colour(row, p, out):
    """Strands along the texture's v, across u."""
    seed = row[_SEED]
    n = 0.6 * noise3(p[0] * 42 + seed, p[1] * 5, p[2] * 4)
    n += 0.4 * noise3(p[0] * 160, p[1] * 9 + seed, p[2] * 9)
    tone = 0.45 + 1.1 * n
    for k in range(3):
        out[k] = row[_A + k] * tone


@partial(cached, nogil=True, fastmath=True)
def resolve(
    triangle,
    screen,
    inverse_depth,
    faces,
    face_mesh,
    world,
    normal,
    texture_position,
    field,
    table,
    textures,
    lights,
    shadow,
    shadow_axes,
    shadow_scale,
    eye,
    image,
):
    """Shade every pixel that shows a triangle.

    Args:
        triangle: (2 H, 2 W) int32 of :func:`raster.rasterise`.
        screen, inverse_depth: (V, 2), (V,) at that resolution.
        faces: (F, 3) int32; face_mesh: (F,) int32 mesh of each.
        world, normal, texture_position: (V, 3) float32.
        field: (V, 6) float32, see `AO` and `FIELD_A` to `FIELD_E`.
        table: (M, 32) float32 material of each mesh.
        textures: (T, S, S, 3) float32 of clothes and objects.
        lights: (7, 3) float32.
        shadow, shadow_axes, shadow_scale: Of :func:`raster.shadow_map`.
        eye: (3,) camera centre.
        image: (H, W, 3) float32 linear light: the background, see
            `surroundings.fill`; people and things are drawn over it.
    """
    height, width = image.shape[0], image.shape[1]
    colour = np.zeros(3, np.float32)
    point = np.zeros(3, np.float32)
    tex = np.zeros(3, np.float32)
    n = np.zeros(3, np.float32)
    f = np.zeros(6, np.float32)
    sun, sunc, sky = lights[SUN], lights[SUN_COLOUR], lights[SKY]
    ground, fill, fillc = lights[GROUND], lights[FILL], lights[FILL_COLOUR]
    centre = lights[SHADOW_CENTRE]
    for py in range(height):
        for px in range(width):
            covered = 0
            r = g = b = 0.0
            done = 0
            for s in range(4):
                t = triangle[2 * py + (s >> 1), 2 * px + (s & 1)]
                if t < 0 or (done >> s) & 1:
                    continue
                mesh = face_mesh[t]
                count, sx, sy = 0, 0.0, 0.0
                for q in range(s, 4):
                    o = triangle[2 * py + (q >> 1), 2 * px + (q & 1)]
                    if o >= 0 and face_mesh[o] == mesh:
                        done |= 1 << q
                        count += 1
                        sx += 2 * px + (q & 1)
                        sy += 2 * py + (q >> 1)
                covered += count
                sx /= count
                sy /= count
                v0, v1, v2 = faces[t, 0], faces[t, 1], faces[t, 2]
                x0, y0 = screen[v0, 0], screen[v0, 1]
                x1, y1 = screen[v1, 0], screen[v1, 1]
                x2, y2 = screen[v2, 0], screen[v2, 1]
                area = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0)
                w0 = ((x1 - sx) * (y2 - sy) - (x2 - sx) * (y1 - sy)) / area
                w1 = ((x2 - sx) * (y0 - sy) - (x0 - sx) * (y2 - sy)) / area
                w0 = min(max(w0, 0.0), 1.0)
                w1 = min(max(w1, 0.0), 1.0 - w0)
                w2 = 1 - w0 - w1
                w0 *= inverse_depth[v0]
                w1 *= inverse_depth[v1]
                w2 *= inverse_depth[v2]
                total = w0 + w1 + w2
                w0 /= total
                w1 /= total
                w2 /= total
                for k in range(3):
                    point[k] = (
                        w0 * world[v0, k]
                        + w1 * world[v1, k]
                        + w2 * world[v2, k]
                    )
                    n[k] = (
                        w0 * normal[v0, k]
                        + w1 * normal[v1, k]
                        + w2 * normal[v2, k]
                    )
                    tex[k] = (
                        w0 * texture_position[v0, k]
                        + w1 * texture_position[v1, k]
                        + w2 * texture_position[v2, k]
                    )
                for k in range(6):
                    f[k] = (
                        w0 * field[v0, k]
                        + w1 * field[v1, k]
                        + w2 * field[v2, k]
                    )
                row = table[mesh]
                kind = int(row[_KIND])
                if kind == m.OBJECT:
                    _object_colour(row, tex, textures, colour)
                    grain = 1 + row[m.GRAIN] * (
                        noise3(
                            tex[0] * row[m.GRAIN_FREQUENCY] + row[_SEED],
                            tex[1] * row[m.GRAIN_FREQUENCY],
                            tex[2] * row[m.GRAIN_FREQUENCY],
                        )
                        - 0.5
                    )
                    for k in range(3):
                        colour[k] *= grain
                elif kind == m.SKIN:
                    _skin_colour(row, tex, f, colour)
                elif kind == m.HAIR:
                    _hair_colour(row, tex, colour)
                else:
                    _eye_colour(row, f, colour)
                vx = eye[0] - point[0]
                vy = eye[1] - point[1]
                vz = eye[2] - point[2]
                norm = math.sqrt(vx * vx + vy * vy + vz * vz) + 1e-9
                vx, vy, vz = vx / norm, vy / norm, vz / norm
                length = (
                    math.sqrt(n[0] * n[0] + n[1] * n[1] + n[2] * n[2]) + 1e-9
                )
                facing = (n[0] * vx + n[1] * vy + n[2] * vz) / length
                if row[m.TWO_SIDED] > 0 and facing < 0:
                    length = -length
                nx, ny, nz = n[0] / length, n[1] / length, n[2] / length
                direct = nx * sun[0] + ny * sun[1] + nz * sun[2]
                open_ = 1.0
                wrap = 0.22 if kind == m.SKIN else 0.0
                if direct > -wrap:
                    open_ = lit(
                        shadow,
                        shadow_axes,
                        centre,
                        shadow_scale,
                        point[0] + 0.012 * nx,
                        point[1] + 0.012 * ny,
                        point[2] + 0.012 * nz,
                        0.02,
                    )
                soft = max(direct + wrap, 0.0) / (1 + wrap)
                direct = max(direct, 0.0)
                side = max(nx * fill[0] + ny * fill[1] + nz * fill[2], 0.0)
                up = 0.5 + 0.5 * nz
                ao = f[AO]
                spec = 0.0
                if row[m.SPECULAR] > 0 and open_ > 0:
                    hx, hy, hz = vx + sun[0], vy + sun[1], vz + sun[2]
                    norm = math.sqrt(hx * hx + hy * hy + hz * hz) + 1e-9
                    spec = (nx * hx + ny * hy + nz * hz) / norm
                    if spec > 0.3:
                        spec = (
                            row[m.SPECULAR] * open_ * spec ** row[m.SHININESS]
                        )
                    else:
                        spec = 0.0
                share = 0.25 * count
                red = direct if kind != m.SKIN else soft
                for k in range(3):
                    d = direct
                    if kind == m.SKIN:  # red light goes deepest into skin
                        d = red if k == 0 else 0.5 * (red + direct)
                    light = (
                        ao * (sky[k] * up + ground[k] * (1 - up))
                        + (0.35 + 0.65 * ao) * open_ * d * sunc[k]
                        + ao * side * fillc[k]
                    )
                    colour[k] = colour[k] * light + spec * sunc[k]
                r += share * colour[0]
                g += share * colour[1]
                b += share * colour[2]
            if covered == 0:
                continue
            share = 1 - 0.25 * covered
            image[py, px, 0] = r + share * image[py, px, 0]
            image[py, px, 1] = g + share * image[py, px, 1]
            image[py, px, 2] = b + share * image[py, px, 2]
