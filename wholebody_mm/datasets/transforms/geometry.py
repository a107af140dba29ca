"""2x3 matrices between an image and the network's input, and what they move.

Pixel centres lie at integers (``docs/architecture.md``, coordinates).
"""

from __future__ import annotations

import math

import cv2
import numpy as np

# ImageNet's mean colour in BGR: after normalisation by it the border is 0.
MEAN_BGR = (104, 116, 124)


def centred_warp(
    centre: np.ndarray,
    scale: float,
    degrees: float,
    input_size: tuple[int, int],
    shift: np.ndarray | tuple[float, float] = (0.0, 0.0),
    flip: bool = False,
) -> np.ndarray:
    """The warp that brings a point to the middle of the input.

    Args:
        centre: (2,) point of the image that comes to the middle.
        scale: Size in the input over size in the image.
        degrees: Rotation, clockwise as seen.
        input_size: Width and height of the input.
        shift: (2,) pixels of the input by which the window moves off.
        flip: Mirror the input left to right.

    Returns:
        (2, 3) float32 matrix, image pixels to input pixels.
    """
    angle = math.radians(degrees)
    c, s = scale * math.cos(angle), scale * math.sin(angle)
    linear = np.array([[c, -s], [s, c]])
    middle = (np.array(input_size, np.float64) - 1) / 2
    offset = middle - np.asarray(shift) - linear @ np.asarray(centre)
    matrix = np.concatenate([linear, offset[:, None]], axis=1)
    if flip:
        matrix[0] *= -1
        matrix[0, 2] += input_size[0] - 1
    return matrix.astype(np.float32)


def top_left_warp(
    image_size: tuple[int, int],
    height: int,
    multiple: int = 16,
    max_width: int | None = None,
) -> tuple[np.ndarray, tuple[int, int], tuple[int, int]]:
    """The warp of a test image: its height fixed, aligned top left.

    Args:
        image_size: Width and height of the image.
        height: Height of the input, before it is padded to ``multiple``.
        multiple: Both sides are padded to a multiple of it, right and
            bottom.
        max_width: A wider image is made smaller, so that it fits.

    Returns:
        (2, 3) float32 matrix, the (width, height) of the input, and the
        (width, height) of the picture in it without padding.
    """
    width_in, height_in = image_size
    scale = height / height_in
    if max_width is not None:
        scale = min(scale, max_width / width_in)
    content = (
        max(1, round(width_in * scale)),
        max(1, round(height_in * scale)),
    )
    sx, sy = content[0] / width_in, content[1] / height_in
    matrix = np.array(
        [[sx, 0, 0.5 * sx - 0.5], [0, sy, 0.5 * sy - 0.5]], np.float32
    )
    input_size = tuple(-(-side // multiple) * multiple for side in content)
    return matrix, input_size, content


def top_left_image(
    image: np.ndarray,
    height: int,
    multiple: int = 16,
    max_width: int | None = None,
    border: tuple[float, ...] = MEAN_BGR,
) -> tuple[np.ndarray, np.ndarray]:
    """A test image: resized to a height, aligned top left, padded.

    Args:
        image: (h, w, 3) uint8.
        height: As for :func:`top_left_warp`, like the next two.
        multiple: Of both sides.
        max_width: A wider image is made smaller.
        border: Colour of the padding, right and below.

    Returns:
        The (H, W, 3) uint8 input and the (2, 3) float32 matrix, image pixels
        to input pixels.
    """
    h, w = image.shape[:2]
    matrix, input_size, content = top_left_warp(
        (w, h), height, multiple, max_width
    )
    resized = cv2.resize(
        image,
        content,
        interpolation=cv2.INTER_AREA if content[1] < h else cv2.INTER_LINEAR,
    )
    padded = cv2.copyMakeBorder(
        resized,
        0,
        input_size[1] - content[1],
        0,
        input_size[0] - content[0],
        cv2.BORDER_CONSTANT,
        value=tuple(float(v) for v in border),
    )
    return padded, matrix


def warp_points(points: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Move (..., 2) points, any number of them, by a (2, 3) matrix."""
    points = np.asarray(points, np.float32)
    return (points @ matrix[:, :2].T + matrix[:, 2]).astype(np.float32)


def inverse(matrix: np.ndarray) -> np.ndarray:
    """The (2, 3) float32 matrix that undoes a (2, 3) matrix."""
    linear = np.linalg.inv(matrix[:, :2].astype(np.float64))
    offset = -linear @ matrix[:, 2]
    return np.concatenate([linear, offset[:, None]], 1).astype(np.float32)


def box_corners(boxes: np.ndarray) -> np.ndarray:
    """(N, 4, 2) corners, in order around, of (N, 4) x0, y0, x1, y1 boxes."""
    return np.asarray(boxes)[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2)


def warp_boxes(boxes: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """(N, 4) upright boxes around (N, 4) boxes that were warped."""
    corners = warp_points(box_corners(boxes), matrix)
    return np.concatenate(
        [corners.min(axis=1), corners.max(axis=1)], axis=1
    ).reshape(-1, 4)


def enlarged(boxes: np.ndarray, share: float) -> np.ndarray:
    """(N, 4) boxes, grown on each side by a share of their width or height."""
    boxes = np.asarray(boxes, np.float32).reshape(-1, 4)
    margin = share * (boxes[:, 2:] - boxes[:, :2])
    return np.concatenate([boxes[:, :2] - margin, boxes[:, 2:] + margin], 1)


def warp_image(
    image: np.ndarray,
    matrix: np.ndarray,
    input_size: tuple[int, int],
    border: tuple[float, ...] = MEAN_BGR,
) -> np.ndarray:
    """Warp an image once, without aliasing when it shrinks.

    ``warpAffine`` looks at 2 x 2 pixels only; an image that shrinks by more
    than two is averaged down by a whole number first.

    Args:
        image: (h, w, 3) uint8.
        matrix: (2, 3), image pixels to input pixels.
        input_size: Width and height of the result.
        border: Colour outside of the image.
    """
    scale = math.sqrt(abs(np.linalg.det(matrix[:, :2].astype(np.float64))))
    matrix = matrix.astype(np.float64)
    factor = int(1 / max(scale, 1e-6) + 1e-3)
    h, w = image.shape[:2]
    if factor >= 2:
        small = max(1, w // factor), max(1, h // factor)
        sx, sy = w / small[0], h / small[1]
        image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
        back = np.array(
            [[sx, 0, 0.5 * sx - 0.5], [0, sy, 0.5 * sy - 0.5], [0, 0, 1]]
        )
        matrix = matrix @ back
    return cv2.warpAffine(
        image,
        matrix,
        input_size,
        flags=cv2.INTER_CUBIC if scale > 1 else cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=border,
    )
