"""Where a map cell lies in the image: the one coordinate convention.

Pixel centres lie at integers, so an image of width W covers -0.5 to W - 0.5.
A map of stride s has one cell for every s x s pixels and the centre of cell g
is the centre of those pixels::

    pixel = g * s + (s - 1) / 2        cell = (pixel - (s - 1) / 2) / s

It holds for x and y, for confidence maps and for part affinity fields alike
(the released network's fields are half a cell off its confidence maps; ours
are not), and it is the convention under which resizing a map with
``align_corners=False`` moves nothing. All of the package refers to this file.

Confidence maps may be finer than the fields: their stride, ``heatmap_stride``,
divides that of the fields. Each grid obeys the formula with its own stride, so
a position goes from one to the other by way of pixels.
"""

from __future__ import annotations

import numpy as np

from wholebody_mm.skeletons import Skeleton


def to_cells(pixels: np.ndarray, stride: int) -> np.ndarray:
    """Pixels of the network's input to map cells, any shape, float32."""
    pixels = np.asarray(pixels, np.float32)
    return (pixels - np.float32((stride - 1) / 2)) / np.float32(stride)


def to_pixels(cells: np.ndarray, stride: int) -> np.ndarray:
    """Map cells to pixels of the network's input, any shape, float32."""
    cells = np.asarray(cells, np.float32)
    return cells * np.float32(stride) + np.float32((stride - 1) / 2)


def lie_within(cells: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """(...) bool, which of (..., 2) map cells lie in the input.

    It reaches half a cell beyond the centres of the outermost cells. NaN lies
    outside.

    Args:
        cells: As :func:`to_cells` gives them.
        size: Width and height of the map.
    """
    limit = np.asarray(size, np.float32) - np.float32(0.5)
    return ((cells >= -0.5) & (cells <= limit)).all(axis=-1)


def between_grids(
    cells: np.ndarray, stride: int, other_stride: int
) -> np.ndarray:
    """Cells of a grid to cells of another one, any shape, float32."""
    if stride == other_stride:
        return np.asarray(cells, np.float32)
    return to_cells(to_pixels(cells, stride), other_stride)


def heatmap_stride_of(stride: int, heatmap_stride: int | None) -> int:
    """The stride of the confidence maps beside fields of ``stride``.

    Args:
        stride: Pixels a cell of the fields.
        heatmap_stride: Pixels a cell of the confidence maps; None is the
            same.

    Raises:
        ValueError: If it does not divide the fields' stride.
    """
    if heatmap_stride is None:
        return int(stride)
    if heatmap_stride < 1 or stride % heatmap_stride:
        raise ValueError(
            f'heatmap_stride={heatmap_stride}: confidence maps have the '
            f'stride of the fields, stride={stride}, or one that divides it'
        )
    return int(heatmap_stride)


def sigmas_in_cells(
    skeleton: Skeleton, heatmap_stride: int, sigma_scale: float = 1.0
) -> np.ndarray:
    """Standard deviations of a skeleton's Gaussians.

    Args:
        skeleton: Its ``target_sigmas`` are pixels of the input.
        heatmap_stride: Pixels a cell of the confidence maps.
        sigma_scale: Factor of them.

    Returns:
        (K,) float32, cells of the confidence maps.

    Raises:
        ValueError: If the factor is not above 0.
    """
    if not sigma_scale > 0:
        raise ValueError(f'sigma_scale={sigma_scale}: give above 0')
    sigmas = np.asarray(skeleton.target_sigmas, np.float32)
    return sigmas * np.float32(sigma_scale) / heatmap_stride


def map_size(input_size: tuple[int, int], stride: int) -> tuple[int, int]:
    """Width and height in cells of the maps of an input.

    Args:
        input_size: Width and height of the network's input in pixels.
        stride: Pixels a cell.

    Raises:
        ValueError: If the input is empty or no multiple of the stride.
    """
    width, height = (int(v) for v in input_size)
    if stride < 1:
        raise ValueError(f'a stride of {stride} pixels; give 1 or more')
    if min(width, height) < 1 or width % stride or height % stride:
        raise ValueError(
            f'an input of {width} x {height} pixels has no whole number of '
            f'cells of {stride} pixels; pad it to a multiple of {stride}'
        )
    return width // stride, height // stride


def plain_visibility(visible: np.ndarray) -> np.ndarray:
    """(N, K) visibilities of (N, K) or MMPose's (N, K, 2).

    MMPose's ``KeypointConverter`` puts a weight behind each of them.
    """
    visible = np.asarray(visible)
    return visible[..., 0] if visible.ndim == 3 else visible
