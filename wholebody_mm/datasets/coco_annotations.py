"""COCO and COCO-WholeBody annotation files: read, check, take apart.

Plain functions; ``readers.py`` makes MMPose data sets of them.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from wholebody_mm.datasets.regular_content import regular_content
from wholebody_mm.datasets.wholebody_format import (
    BOX_KEYS,
    PART_KEYS,
    VALID_KEYS,
)
from wholebody_mm.skeletons import COCO17, COCO_WHOLEBODY133, Skeleton
from wholebody_mm.whole_files import read_json

DOWNLOAD = (
    'images and COCO keypoints: https://cocodataset.org/#download '
    '(train2017, val2017, annotations_trainval2017); COCO-WholeBody: '
    'https://github.com/jin-s13/COCO-WholeBody#download; the layout is in '
    'docs/data.md'
)

# What preparations write beside people (``made_by`` of a crowd), whatever
# category people have: an area where nothing may be learnt since not everyone
# there is annotated, and people whom an instance segmentation found.
OUTSIDE = 'outside'
MASKED = 'mask_people'

_WHOLEBODY_SIZES = {
    PART_KEYS[part]: size for part, size in COCO_WHOLEBODY133.part_sizes
}

Points = tuple[np.ndarray, dict[str, np.ndarray]]
ParsePoints = Callable[[dict, str], Points]


def description_of(path: Path) -> str | None:
    """What an annotation file says that it is of.

    None if it does not, is another file, or is not there.
    """
    description = info_of(path).get('description')
    return None if description is None else str(description)


def info_of(path: Path) -> dict:
    """What an annotation file says of itself (``info``).

    Empty if it does not, is another file, or is not there.
    """
    try:
        info = read_json(path)['info']
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        return {}
    return info if isinstance(info, dict) else {}


def read_annotation_file(
    ann_file: str, how_to_get: str = DOWNLOAD
) -> tuple[list[dict], dict[int, list[dict]], list[dict]]:
    """Images, their annotations and the categories of a COCO file.

    Args:
        ann_file: Path of the JSON file.
        how_to_get: Where such a file comes from, for messages.

    Returns:
        The image dictionaries, image id to its annotations, categories.

    Raises:
        FileNotFoundError: If there is no such file; says what to download
            and into which folder.
        ValueError: If it is no COCO annotation file, holds no image, an
            annotation is of an image that is not in it, or something cannot
            be understood (:func:`regular_content`).
    """
    path = Path(ann_file)
    if not path.is_file():
        raise FileNotFoundError(
            f'no annotation file {path}; put it into the folder '
            f'{path.parent.absolute()}. {how_to_get}'
        )
    try:
        content = json.loads(path.read_bytes())
    except ValueError as error:
        raise _no_coco_file(path, error, how_to_get) from error
    try:
        content = regular_content(content, str(path))
        known = {
            image['id']: image['file_name'] for image in content['images']
        }
    except (KeyError, TypeError, AttributeError) as error:
        raise _no_coco_file(path, error, how_to_get) from error
    images = content['images']
    if not images:
        raise ValueError(f'{path} has no images')
    by_image: dict[int, list[dict]] = defaultdict(list)
    for annotation in content['annotations']:
        image_id = annotation.get('image_id')
        if image_id not in known:
            raise ValueError(
                f'{path}: annotation {annotation["id"]!r} is of image '
                f'{image_id!r}, which the file does not have'
            )
        by_image[image_id].append(annotation)
    return images, by_image, content['categories']


def _no_coco_file(path: Path, error: Exception, how_to_get: str) -> ValueError:
    """The error of a file that is something else, or not complete."""
    return ValueError(
        f'{path} is no COCO annotation file ({error!r}); is the download '
        f'complete? {how_to_get}'
    )


def coco_points(annotation: dict, ann_file: str) -> Points:
    """COCO's 17 body points of an annotation.

    Returns:
        (17, 3) float32 x, y, v, and no part boxes.
    """
    return keypoints_of(COCO17, annotation, ann_file)


def wholebody_points(annotation: dict, ann_file: str) -> Points:
    """COCO-WholeBody's 133 points of an annotation.

    Points of a part that ``*_valid`` calls unlabelled have v = 0.

    Returns:
        (133, 3) float32 x, y, v, and part name to the (4,) x0, y0, x1, y1
        box of the part, for the parts that have one.
    """
    rows = _triplets(annotation, _WHOLEBODY_SIZES, ann_file)
    for part, key in VALID_KEYS.items():
        if not annotation.get(key, True):
            rows[COCO_WHOLEBODY133.parts[part]] = 0
    boxes = {
        part: _box(annotation.get(key, ())) for part, key in BOX_KEYS.items()
    }
    return rows, {p: box for p, box in boxes.items() if box is not None}


def keypoints_of(
    skeleton: Skeleton, annotation: dict, ann_file: str
) -> Points:
    """The points of an annotation whose ``keypoints`` are a skeleton's.

    Returns:
        (K, 3) float32 x, y, v, and no part boxes.
    """
    sizes = {PART_KEYS['body']: skeleton.num_keypoints}
    return _triplets(annotation, sizes, ann_file), {}


def _triplets(
    annotation: dict, sizes: dict[str, int], ann_file: str
) -> np.ndarray:
    """(n, 3) float32 x, y, v of some keys; absent points are all zero.

    Args:
        annotation: The annotation.
        sizes: Key to its number of keypoints, in order.
        ann_file: Name of the file, for messages.
    """
    where = f'{ann_file}: annotation {annotation.get("id")}'
    values: list[float] = []
    for key, count in sizes.items():
        if key not in annotation:
            raise ValueError(
                f'{where} has no {key!r}; is this the annotation file of '
                f'another data set? {DOWNLOAD}'
            )
        if len(annotation[key]) != 3 * count:
            raise ValueError(
                f'{where}: {key!r} has {len(annotation[key])} numbers, '
                f'expected {3 * count} (x, y, v of {count} keypoints); where '
                f'categories have keypoints of different kinds, name those '
                f'of people (categories=[...] of the data set)'
            )
        values += annotation[key]
    rows = np.asarray(values, np.float32).reshape(-1, 3)
    if not np.isfinite(rows).all():
        key = next(k for k in sizes if not np.isfinite(annotation[k]).all())
        raise ValueError(
            f'{where}: {key!r} holds a number that is not finite; correct '
            f'the file, or set x, y, v of that keypoint to 0'
        )
    rows[rows[:, 2] <= 0] = 0
    return rows


def _box(xywh: Sequence[float]) -> np.ndarray | None:
    """(4,) float32 x0, y0, x1, y1, or None if the box is empty."""
    if len(xywh) != 4 or not all(math.isfinite(side) for side in xywh):
        return None
    x, y, w, h = xywh
    if w <= 0 or h <= 0:
        return None
    return np.array([x, y, x + w, y + h], np.float32)


def person_box(annotation: dict, points: np.ndarray) -> np.ndarray | None:
    """The person's box, with all labelled points in it.

    COCO's box is that of the segmentation; toes and fingers may lie outside.

    Args:
        annotation: The annotation.
        points: (K, 3) x, y, v.

    Returns:
        (4,) float32 x0, y0, x1, y1; None for a person with neither.
    """
    corners = points[points[:, 2] > 0, :2]
    box = _box(annotation.get('bbox', ()))
    if box is not None:
        corners = np.concatenate([corners, box.reshape(2, 2)])
    if not len(corners):
        return None
    low, high = corners.min(axis=0), corners.max(axis=0)
    return np.concatenate([low, high]).astype(np.float32)
