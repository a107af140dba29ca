"""Value noise and texture look-ups for compiled shading."""

from __future__ import annotations

import math
from functools import partial

import cv2
import numpy as np

from wholebody_mm.codecs.compiled import cached


@partial(cached, nogil=True, inline='always')
def _hash(x, y, z):
    """A number in 0 to 1 for each lattice point."""
    h = (x * 374761393 + y * 668265263 + z * 1440662683) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 1274126177) & 0xFFFFFFFF
    h = h ^ (h >> 16)
    return h * 2.3283064e-10


@partial(cached, nogil=True, fastmath=True)
def noise3(x, y, z):
    """Smooth noise of 0 to 1 with features about one unit apart."""
    fx, fy, fz = math.floor(x), math.floor(y), math.floor(z)
    i, j, k = int(fx), int(fy), int(fz)
    u, v, w = x - fx, y - fy, z - fz
    u = u * u * (3 - 2 * u)
    v = v * v * (3 - 2 * v)
    w = w * w * (3 - 2 * w)
    a = _hash(i, j, k) * (1 - u) + _hash(i + 1, j, k) * u
    b = _hash(i, j + 1, k) * (1 - u) + _hash(i + 1, j + 1, k) * u
    c = _hash(i, j, k + 1) * (1 - u) + _hash(i + 1, j, k + 1) * u
    d = _hash(i, j + 1, k + 1) * (1 - u) + _hash(i + 1, j + 1, k + 1) * u
    a = a * (1 - v) + b * v
    c = c * (1 - v) + d * v
    return a * (1 - w) + c * w


@partial(cached, nogil=True, fastmath=True)
def texture_at(texture, u, v, out):
    """Bilinear look-up in a repeating (H, W, 3) texture; u, v in repeats."""
    height, width = texture.shape[0], texture.shape[1]
    x = (u - math.floor(u)) * width
    y = (v - math.floor(v)) * height
    i, j = int(x), int(y)
    a, b = x - i, y - j
    i, j = i % width, j % height
    i1, j1 = (i + 1) % width, (j + 1) % height
    for k in range(3):
        top = texture[j, i, k] * (1 - a) + texture[j, i1, k] * a
        low = texture[j1, i, k] * (1 - a) + texture[j1, i1, k] * a
        out[k] = top * (1 - b) + low * b


def fractal_image(
    rng: np.random.Generator, height: int, width: int, roughness: float
) -> np.ndarray:
    """(H, W, 3) float32 cloud of mean 0 and deviation 1.

    Args:
        roughness: 0 smooth blobs to 1 fine grain.
    """
    colourful = rng.random() < 0.18
    # Half the resolution is enough: nothing here is sharp.
    h, w = max(height // 2, 2), max(width // 2, 2)
    out = np.zeros((h, w, 3) if colourful else (h, w), np.float32)
    size = 2
    while size <= 128:
        shape = (size, size, 3) if colourful else (size, size)
        grid = rng.standard_normal(shape, np.float32)
        big = cv2.resize(grid, (w, h), interpolation=cv2.INTER_LINEAR)
        out += big * np.float32(size ** (roughness - 1.0))
        size *= 2
    out -= out.mean()
    out *= 1 / (float(np.sqrt(np.mean(out * out))) + 1e-6)
    if not colourful:
        out = cv2.cvtColor(out, cv2.COLOR_GRAY2BGR)
    return cv2.resize(out, (width, height), interpolation=cv2.INTER_LINEAR)
