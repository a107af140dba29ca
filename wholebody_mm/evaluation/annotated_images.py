"""Images of an annotation file, and whether its annotations fit them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from wholebody_mm.inference.images import not_there, other_size, read_image


def check_image_files(folder: str | Path, images: Iterable[Mapping]) -> None:
    """Refuse missing images at once, not when their turn comes.

    Args:
        folder: Where they are.
        images: Those of a COCO file, with ``file_name``.

    Raises:
        FileNotFoundError: If there is one; says how many there are.
    """
    paths = [Path(folder) / image['file_name'] for image in images]
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise FileNotFoundError(
            f'{not_there("image", missing[0])}, one of {len(missing)} of '
            f'{len(paths)} that the annotations name: are the images of this '
            f'split in {folder}?'
        )


def read_annotated_image(folder: str | Path, image: Mapping) -> np.ndarray:
    """(h, w, 3) uint8 BGR, upright, of the size that was annotated.

    Args:
        folder: Where it is.
        image: Of a COCO file: ``file_name`` and, where known, ``width`` and
            ``height``.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no image, or of another size: places in it would
            be others than those of the annotations.
    """
    path = Path(folder) / image['file_name']
    pixels = read_image(path)
    annotated = image.get('height'), image.get('width')
    if all(annotated) and pixels.shape[:2] != annotated:
        raise ValueError(other_size(path, pixels.shape[:2], annotated))
    return pixels
