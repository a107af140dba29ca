"""Regions of the original image as masks over the network's map cells."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from wholebody_mm.datasets.transforms.geometry import (
    box_corners,
    warp_points,
)

# A box (4,), polygons (n, 2) each, or COCO's run-length dictionary.
Shape = np.ndarray | Sequence[np.ndarray] | dict
# Of a mask's side: as much as JPEG can store.
MOST_PIXELS = 65_535
_SHIFT = 4  # fractional bits of OpenCV's fillPoly


def fill(mask: np.ndarray, shape: Shape, warp_mat: np.ndarray) -> None:
    """Set a mask of the network's input to 1 where a region comes to lie.

    Args:
        mask: (h, w) uint8 at the resolution of the input; changed in place.
        shape: The region in pixels of the original image.
        warp_mat: (2, 3), original image to input.

    Raises:
        ValueError: If a run-length mask cannot be decoded.
    """
    if isinstance(shape, dict):
        whole = decode_rle(shape)
        h, w = mask.shape
        warped = cv2.warpAffine(
            whole,
            warp_mat.astype(np.float64),
            (w, h),
            flags=cv2.INTER_NEAREST,
        )
        np.maximum(mask, warped, out=mask)
        return
    if isinstance(shape, np.ndarray):
        polygons = list(box_corners(shape[None]))
    else:
        polygons = list(shape)
    for polygon in polygons:
        fill_polygon(mask, warp_points(polygon, warp_mat))


def fill_polygon(mask: np.ndarray, polygon: np.ndarray) -> None:
    """Set an (h, w) uint8 mask to 1 inside of an (n, 2) polygon."""
    # Far outside, OpenCV's fixed-point numbers would overflow.
    polygon = np.clip(polygon, -1e5, 1e5)
    fixed = np.round(polygon * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(mask, [fixed], 1, cv2.LINE_8, _SHIFT)


def decode_rle(rle: dict) -> np.ndarray:
    """(height, width) uint8 mask of COCO's run lengths, packed or plain.

    Raises:
        ValueError: If the dictionary is no run-length mask, or its runs are
            not as many pixels as its size.
    """
    from pycocotools import mask as coco_mask

    try:
        height, width = rle['size']
        # pycocotools believes all of it, and writes where it leads
        for side in (height, width):
            if type(side) is not int or not 0 < side <= MOST_PIXELS:
                raise ValueError(f'size {rle["size"]!r:.80}')
        plain = isinstance(rle['counts'], list)
        runs = np.array(rle['counts']) if plain else _runs(rle['counts'])
        wrong = runs.dtype.kind not in 'iu' or runs.min(initial=0) < 0
        # their sum could overflow and be right
        if wrong or runs.max(initial=0) > height * width:
            raise ValueError('counts that are no lengths')
        if runs.sum() != height * width:
            raise ValueError(
                f'runs of {runs.sum()} pixels in all, where {height} x '
                f'{width} are {height * width}'
            )
        if plain:
            rle = coco_mask.frPyObjects(rle, height, width)
        return coco_mask.decode(rle)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError(
            f'this segmentation is no run-length mask: {error!r}'
        ) from error


def _runs(packed: str | bytes) -> np.ndarray:
    """The run lengths in COCO's packed text.

    Six bits a character from '0' on: five of a number, the lowest first, and
    whether it goes on. From the fourth number on it is the difference to the
    number two before.
    """
    if isinstance(packed, str):
        packed = packed.encode('ascii')
    code = np.frombuffer(packed, np.uint8).astype(np.int64) - ord('0')
    if not len(code) or code.min() < 0 or code.max() > 63 or code[-1] & 32:
        raise ValueError('counts that are cut off, or no packed text')
    ends = np.flatnonzero(code & 32 == 0)
    starts = np.concatenate([[0], ends[:-1] + 1])
    digits = ends - starts + 1
    if digits.max() > 6:
        raise ValueError('counts beyond 32 bits')
    shift = 5 * (np.arange(len(code)) - np.repeat(starts, digits))
    runs = np.add.reduceat((code & 31) << shift, starts)
    negative = code[ends] & 16 > 0
    runs[negative] -= 1 << 5 * digits[negative]
    for first in (1, 2):
        runs[first::2] = np.cumsum(runs[first::2])
    return runs


def mask_to_cells(mask: np.ndarray, stride: int) -> np.ndarray:
    """A mask at map resolution: 1 where any pixel of the cell is 1.

    Args:
        mask: (h, w) uint8, both sides multiples of ``stride``.
        stride: Pixels of the input a cell.

    Returns:
        (h / stride, w / stride) uint8.
    """
    h, w = mask.shape
    # Rows first: many times faster than both axes at once.
    rows = mask.reshape(h // stride, stride, w).max(axis=1)
    return rows.reshape(h // stride, w // stride, stride).max(axis=2)
