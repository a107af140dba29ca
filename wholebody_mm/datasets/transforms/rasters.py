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
        ValueError: If the dictionary is no run-length mask.
    """
    from pycocotools import mask as coco_mask

    try:
        height, width = rle['size']
        if isinstance(rle['counts'], list):
            rle = coco_mask.frPyObjects(rle, height, width)
        return coco_mask.decode(rle)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f'this segmentation is no run-length mask: {error!r}'
        ) from error


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
