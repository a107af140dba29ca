"""Any image as (H, W, 3) uint8 BGR, or an error that says what is wrong."""

from __future__ import annotations

import os
from collections.abc import Collection
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

    ImageLike = np.ndarray | str | PathLike | Image


def is_called(path: Path, suffixes: Collection[str]) -> bool:
    """Whether a file's name ends in one of the (lower case) suffixes.

    Not where it is only what macOS keeps beside a file on other disks, its
    attributes, under its name after ``._``.
    """
    return path.suffix.lower() in suffixes and not path.name.startswith('._')


def not_there(kind: str, path: str | PathLike) -> str:
    """Why a file cannot be read that does not exist; it may be a link."""
    if os.path.islink(path):
        return f'{path} is a link to {os.readlink(path)}, which is not there'
    return f'no {kind} {path}'


def other_size(
    path: str | PathLike, size: tuple[int, int], annotated: tuple[int, int]
) -> str:
    """What is wrong with an image of another (h, w) than was annotated."""
    (height, width), (h, w) = size, annotated
    turned = 'turned' if (width, height) == (h, w) else 'resized'
    return (
        f'{path} has {width} x {height} pixels, its annotations are of '
        f'{w} x {h}: were they made before it was {turned}? Images are '
        f'turned as their EXIF orientation says. Correct the image, or '
        f'width, height and the places in the annotations'
    )


class BrokenImageError(ValueError):
    """A file that cannot be read as an image."""


def as_bgr(image: ImageLike) -> np.ndarray:
    """An image as the networks take it.

    Args:
        image: A file; a PIL image; or an array as OpenCV has it: (H, W),
            (H, W, 1), (H, W, 3) BGR or (H, W, 4) BGRA, uint8 from 0 to 255
            or uint16 from 0 to 65535, whatever values it has: one with 8
            bits in 16 is for the caller to convert, by ``astype(np.uint8)``.
            Transparency is dropped. Files and PIL images are turned upright
            as their EXIF data says.

    Returns:
        (H, W, 3) uint8, BGR.

    Raises:
        FileNotFoundError: If there is no such file.
        BrokenImageError: If the file is no image or is damaged.
        ValueError: If an array has another shape or type.
        TypeError: If it is something else.
    """
    if isinstance(image, np.ndarray):
        return _array_as_bgr(image)
    if isinstance(image, (str, PathLike)):
        return read_image(image)
    if hasattr(image, 'getexif') and hasattr(image, 'convert'):
        from PIL import ImageOps

        image = ImageOps.exif_transpose(image)
        if image.mode.startswith(('I', 'F')):  # 16 bit grey, float
            return _array_as_bgr(np.asarray(image))
        return np.ascontiguousarray(
            np.asarray(image.convert('RGB'))[..., ::-1]
        )
    raise TypeError(
        f'an image is a path, an array or a PIL image, not a '
        f'{type(image).__name__}'
    )


def read_image(path: str | PathLike) -> np.ndarray:
    """Read an image file as (H, W, 3) uint8 BGR, upright.

    Raises:
        FileNotFoundError: If there is no such file.
        BrokenImageError: If it is no image, is damaged, or the system does
            not let it be read.
    """
    # pathlib's raises for a file that is called ~IMG_1.jpg
    path = Path(os.path.expanduser(path))
    try:
        if not path.is_file():
            raise FileNotFoundError
        # not cv2.imread, which says nothing of why it fails
        data = np.fromfile(path, np.uint8)
    except FileNotFoundError:
        raise FileNotFoundError(not_there('image', path)) from None
    except OSError as error:
        raise BrokenImageError(
            f'{path} cannot be read ({error.strerror or error}); look at its '
            f'permissions and its disk'
        ) from error
    if not data.size:
        raise BrokenImageError(f'{path} is empty; copy or download it again')
    if is_truncated_jpeg(data.tobytes()):
        raise BrokenImageError(
            f'{path} ({data.size:,} bytes) is cut off; copy or download it '
            f'again'
        )
    try:
        image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error as error:
        reason = error.err
        if 'IMAGE_PIXELS' in str(error):
            reason = (
                'it has more pixels than the environment variable '
                'OPENCV_IO_MAX_IMAGE_PIXELS allows; set it higher'
            )
        raise BrokenImageError(
            f'{path} cannot be read as an image ({reason})'
        ) from error
    if image is None or not image.size:
        raise BrokenImageError(
            f'{path} ({data.size:,} bytes) is no image that OpenCV reads, or '
            f'damaged; copy or download it again, or convert it to PNG'
        )
    return image


def is_truncated_jpeg(text: bytes) -> bool:
    """Whether the picture of a JPEG file has no end.

    Some releases of OpenCV fill the rest with grey and say nothing.
    """
    if not text.startswith(b'\xff\xd8'):
        return False
    # Segments are skipped, for a thumbnail in one has an end of its own; and
    # what phones append to a photo (a film) may look like another picture.
    place = 2
    while text[place : place + 1] == b'\xff':
        marker = text[place + 1 : place + 2]
        if marker == b'\xda':
            return text.find(b'\xff\xd9', place) < 0
        if marker == b'\xff':  # fill before a marker
            place += 1
            continue
        place += 2 + int.from_bytes(text[place + 2 : place + 4], 'big')
    return place >= len(text)  # else no JPEG that could be judged


def _array_as_bgr(image: np.ndarray) -> np.ndarray:
    if image.ndim == 2:
        image = image[..., None]
    if image.ndim != 3 or image.shape[2] not in (1, 3, 4) or not image.size:
        raise ValueError(
            f'an image of shape {image.shape}; give (H, W), (H, W, 3) BGR or '
            f'(H, W, 4) BGRA with at least one pixel'
        )
    if image.dtype == np.int32 and image.min() >= 0 and image.max() < 1 << 16:
        # PIL's grey of 16 bits, or of 8 in a wider type
        wide = image.max() > 255
        image = image.astype(np.uint16 if wide else np.uint8)
    # of either order of bytes: PIL's mode "I;16B" has the other one
    if image.dtype.kind == 'u' and image.dtype.itemsize == 2:
        image = (image >> 8).astype(np.uint8)
    if image.dtype != np.uint8:
        raise ValueError(
            f'an image of {image.dtype}; give uint8 from 0 to 255 (or uint16 '
            f'to 65535)'
        )
    if image.shape[2] == 1:
        image = np.repeat(image, 3, axis=2)
    return np.ascontiguousarray(image[..., :3])
