"""Exported networks that take one size of images only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from wholebody_mm.inference.network import NetworkInfo

Maps = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class InputShape:
    """What a file's graph takes; None where it takes anything.

    Attributes:
        batch: Images.
        height: Pixels.
        width: Pixels.
    """

    batch: int | None
    height: int | None
    width: int | None


def run_in_shape(
    run: Callable[[np.ndarray], Maps],
    images: np.ndarray,
    shape: InputShape,
    info: NetworkInfo,
    source: str,
) -> Maps:
    """Run images through a graph that may be fixed to one shape.

    Smaller images are padded right and bottom, as in training, and their maps
    cut to size; a batch goes in pieces.

    Args:
        run: The graph: images of its shape to maps.
        images: (B, H, W, 3) uint8, BGR.
        shape: What the graph takes.
        info: Of the network.
        source: The file, for errors.

    Returns:
        (B, K, r h, r w) and (B, 2 L, h, w) float32; r is the ratio of the
        strides.

    Raises:
        ValueError: If the images are none, are larger than the graph, or
            their sides are no multiples of ``info.multiple``.
    """
    images = np.asarray(images)
    if images.ndim != 4 or images.shape[3] != 3 or images.dtype != np.uint8:
        raise ValueError(
            f'networks take (B, H, W, 3) uint8 images, not {images.dtype} '
            f'{images.shape}'
        )
    count, height, width = images.shape[:3]
    if not count or height % info.multiple or width % info.multiple:
        raise ValueError(
            f'{info.name} takes images with sides that are multiples of '
            f'{info.multiple}, not {count} of {width} x {height}'
        )
    images = np.ascontiguousarray(padded(images, shape, info, source))
    step = shape.batch or count
    if count % step:
        extra = np.repeat(images[-1:], -count % step, axis=0)
        images = np.concatenate([images, extra])
    pieces = [run(images[i : i + step]) for i in range(0, len(images), step)]
    return tuple(
        _cut(maps, count, height // stride, width // stride)
        for maps, stride in zip(
            zip(*pieces, strict=True), info.strides, strict=True
        )
    )


def _cut(
    pieces: tuple[np.ndarray, ...], count: int, h: int, w: int
) -> np.ndarray:
    """(count, C, h, w) of maps in pieces and with padding around them."""
    (first, *rest) = pieces
    if not rest and first.shape[2:] == (h, w) and len(first) == count:
        return first
    return np.concatenate(pieces)[:count, :, :h, :w]


def padded(
    images: np.ndarray, shape: InputShape, info: NetworkInfo, source: str
) -> np.ndarray:
    """Images in the size that a graph takes; arguments as above."""
    count, height, width = images.shape[:3]
    rows, columns = shape.height or height, shape.width or width
    if height > rows or width > columns:
        raise ValueError(
            f'{source} takes images of {columns} x {rows} pixels at most, not '
            f'{width} x {height}: lower the height, or export it with '
            f'--dynamic or a larger --size'
        )
    if (rows, columns) == (height, width):
        return images
    larger = np.empty((count, rows, columns, 3), np.uint8)
    larger[:] = np.asarray(info.border, np.uint8)
    larger[:, :height, :width] = images
    return larger
