"""What is wrong with image files, judged without decoding most of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from multiprocessing.pool import ThreadPool
from typing import NamedTuple

from PIL import ExifTags, Image
from tqdm import tqdm

from wholebody_mm.datasets.transforms.load import LoadImageFile
from wholebody_mm.inference.images import read_image

# Kinds of problems, as they are told.
MISSING = 'image files that are not there'
BROKEN = 'image files that are damaged, or no images'
RESIZED = 'images of another size than their annotations say'

JPEG_END = b'\xff\xd9'
UPRIGHT = 1  # of EXIF's orientations
# Most of the time a file is waited for.
THREADS = 8
_LOADER = LoadImageFile()


class ImageFile(NamedTuple):
    """A file as a data set names it.

    Attributes:
        path: Where it is.
        annotated: Height and width that the annotations say, if they do.
    """

    path: str
    annotated: tuple[int, int] | None = None


class Finding(NamedTuple):
    """What a file turned out to be.

    Attributes:
        size: Height and width of the image as it is loaded; None if it
            cannot be.
        kind: Of its problem, empty without any.
        message: What is wrong and how it is cured.
    """

    size: tuple[int, int] | None
    kind: str = ''
    message: str = ''


def look_at(file: ImageFile) -> Finding:
    """Whether training can load an image, and its size.

    A JPEG file that is not turned, ends as it should and has the size that
    is annotated is not decoded: damage in its middle is not seen. Everything
    else is loaded as in training. Files of remote stores are not looked at.
    """
    path, annotated = file
    if '://' in path:
        return Finding(annotated)
    size = _plain_size(path)
    if size is not None and annotated in (None, size):
        return Finding(size)
    try:
        image = read_image(path)
    except FileNotFoundError as error:
        return Finding(None, MISSING, str(error))
    except (ValueError, OSError) as error:
        return Finding(None, BROKEN, str(error))
    size = image.shape[:2]
    try:
        _LOADER.transform(
            dict(img=image, img_path=path, annotated_size=annotated)
        )
    except ValueError as error:
        return Finding(size, RESIZED, str(error))
    return Finding(size)


def look_at_all(
    files: Sequence[ImageFile], label: str = ''
) -> dict[ImageFile, Finding]:
    """:func:`look_at` for many files at once, with a bar of that label."""
    with ThreadPool(THREADS) as pool:
        findings = pool.imap(look_at, files, chunksize=64)
        bar = tqdm(findings, label, len(files), file=sys.stderr, disable=None)
        return dict(zip(files, bar, strict=True))


def _plain_size(path: str) -> tuple[int, int] | None:
    """Height and width of a JPEG file by its first and last bytes.

    None if these do not tell, whatever the reason: who loads the image will
    know.
    """
    try:
        with open(path, 'rb') as file, Image.open(file) as image:
            width, height = image.size
            turned = image.getexif().get(ExifTags.Base.Orientation, UPRIGHT)
            if image.format != 'JPEG' or turned != UPRIGHT:
                return None
            file.seek(-len(JPEG_END), os.SEEK_END)
            return (height, width) if file.read() == JPEG_END else None
    except Exception:  # of damaged files PIL raises many kinds
        return None
