"""Images and maps at another scale, exactly as torch's antialiased filters.

``F.interpolate(..., antialias=True)`` keeps pixel centres for every ratio,
which ``cv2.resize`` does only for whole result sizes, so that the maps of
several scales line up; and its result is what ``WholeBodyEstimator`` gets, so
that every engine averages the same maps. Needs NumPy and numba.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from wholebody_mm.codecs.compiled import compiled

BAND = 16  # rows at a time, so that what is turned around stays in the cache


def triangle(x: np.ndarray) -> np.ndarray:
    """The kernel of linear interpolation; support 1."""
    return np.maximum(1 - np.abs(x), 0)


def cubic(x: np.ndarray) -> np.ndarray:
    """Keys' kernel with a = -0.5, which keeps linear slopes; support 2."""
    a, x = -0.5, np.abs(x)
    inner = ((a + 2) * x - (a + 3)) * x * x + 1
    outer = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, inner, np.where(x < 2, outer, 0))


@lru_cache(maxsize=64)
def taps(
    size: int,
    ratio: float,
    result: int,
    kernel: Callable[[np.ndarray], np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """Which samples make each result, and with which weights.

    Result i has its centre at ``(i + 0.5) / ratio - 0.5``. Samples beyond
    the border have no weight; results beyond ``floor(size * ratio)`` repeat
    the last.

    Args:
        size: Number of samples.
        ratio: Size of the result over size of the samples.
        result: Number of results.
        kernel: :func:`triangle` or :func:`cubic`; stretched when shrinking.

    Returns:
        (result,) int64 first samples and (result, T) float32 weights of it
        and those that follow, all of which there are.
    """
    step = 1 / ratio
    stretch = max(step, 1.0)
    support = (1 if kernel is triangle else 2) * stretch
    last = max(1, math.floor(size * ratio)) - 1
    centres = (np.minimum(np.arange(result), last) + 0.5) * step
    first = np.maximum((centres - support + 0.5).astype(np.int64), 0)
    stop = np.minimum((centres + support + 0.5).astype(np.int64), size)
    width = int((stop - first).max())
    # samples left of these, where the border leaves fewer, have no weight
    begin = np.minimum(first, size - width)
    where = begin[:, None] + np.arange(width)
    weights = kernel((where - centres[:, None] + 0.5) / stretch)
    weights[(where < first[:, None]) | (where >= stop[:, None])] = 0
    weights /= weights.sum(axis=1, keepdims=True)
    return begin, weights.astype(np.float32)


@compiled
def _resample(planes, top, row_weights, left, column_weights, out):
    """Add (C, h, w) planes, resampled by taps, to (C, H, W) planes.

    Each innermost loop goes along memory, with one weight and one source
    that it need not read again, so that the compiler makes vector
    instructions of it: five times as fast. Hence the detour over columns.
    """
    channels, h, w = planes.shape
    rows, columns = out.shape[1], out.shape[2]
    upright = np.empty((w, BAND), np.float32)
    narrow_upright = np.empty((columns, BAND), np.float32)
    narrow = np.empty((h, columns), np.float32)
    for c in range(channels):
        for start in range(0, h, BAND):
            band = min(BAND, h - start)
            for y in range(band):
                for x in range(w):
                    upright[x, y] = planes[c, start + y, x]
            for x in range(columns):
                narrow_upright[x] = 0
                for t in range(column_weights.shape[1]):
                    source, weight = left[x] + t, column_weights[x, t]
                    for y in range(band):
                        value = weight * upright[source, y]
                        narrow_upright[x, y] += value
            for y in range(band):
                for x in range(columns):
                    narrow[start + y, x] = narrow_upright[x, y]
        for y in range(rows):
            for t in range(row_weights.shape[1]):
                source, weight = top[y] + t, row_weights[y, t]
                for x in range(columns):
                    out[c, y, x] += weight * narrow[source, x]


def add_resampled(
    planes: np.ndarray,
    ratio: float,
    out: np.ndarray,
    kernel: Callable[[np.ndarray], np.ndarray],
) -> None:
    """Add planes at another scale to planes.

    Args:
        planes: (C, h, w) float32.
        ratio: Size of the result over size of the planes.
        out: (C, H, W) float32, changed in place.
        kernel: :func:`triangle` or :func:`cubic`.
    """
    _resample(
        planes,
        *taps(planes.shape[1], ratio, out.shape[1], kernel),
        *taps(planes.shape[2], ratio, out.shape[2], kernel),
        out,
    )


def shrink_image(image: np.ndarray, ratio: float) -> np.ndarray:
    """An (H, W, 3) uint8 image shrunk by exactly ``ratio``, at most 1."""
    if ratio == 1:
        return image
    planes = np.ascontiguousarray(image.transpose(2, 0, 1), np.float32)
    h, w = (max(1, math.floor(side * ratio)) for side in image.shape[:2])
    out = np.zeros((len(planes), h, w), np.float32)
    add_resampled(planes, ratio, out, triangle)
    rounded = np.clip(np.rint(out), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(rounded.transpose(1, 2, 0))
