"""Any data set's people as COCO-WholeBody annotations, for its metric."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from wholebody_mm.datasets.regular_content import PERSON
from wholebody_mm.datasets.wholebody_format import (
    BOX_KEYS,
    PART_KEYS,
    VALID_KEYS,
)
from wholebody_mm.skeletons import COCO_WHOLEBODY133, Skeleton, map_by_names

# A part is evaluated if the data set labels at least this share of it.
LEAST_SHARE = 0.5
# What an annotation keeps beside its points.
KEPT_KEYS = ('id', 'image_id', 'bbox', 'area', 'segmentation', 'made_by')


def labelled_parts(source: Skeleton) -> list[str]:
    """Parts of COCO-WholeBody that a data set labels well enough to test.

    A hand's root is the wrist there, which is the body's here.
    """
    labelled = map_by_names(source, COCO_WHOLEBODY133).labelled
    return [
        part
        for part, where in COCO_WHOLEBODY133.parts.items()
        if labelled[where].mean() >= LEAST_SHARE
    ]


def as_wholebody(
    content: dict,
    source: Skeleton,
    parse: Callable[[dict, str], tuple[np.ndarray, dict]],
    ann_file: str,
) -> dict:
    """A COCO-style file of any skeleton in COCO-WholeBody's format.

    Points that are derived from others (the nose of face sets) are left out:
    only what is annotated is tested.

    Args:
        content: The file.
        source: Skeleton of its people.
        parse: Points (Ks, 3) of an annotation; see ``readers.py``.
        ann_file: Its name, for messages.
    """
    to_wholebody = map_by_names(source, COCO_WHOLEBODY133)
    parts = labelled_parts(source)
    people = []
    for annotation in content['annotations']:
        rows = np.zeros((source.num_keypoints, 3), np.float32)
        if not annotation.get('iscrowd', 0) and 'keypoints' in annotation:
            rows, _ = parse(annotation, ann_file)
        points, visible = to_wholebody(rows[None, :, :2], rows[None, :, 2])
        triplets = np.concatenate([points[0], visible[0][:, None]], axis=1)
        person = {
            key: annotation[key] for key in KEPT_KEYS if key in annotation
        }
        person |= dict(
            category_id=PERSON, iscrowd=annotation.get('iscrowd', 0)
        )
        for part, where in COCO_WHOLEBODY133.parts.items():
            numbers = triplets[where] if part in parts else 0 * triplets[where]
            person[PART_KEYS[part]] = numbers.reshape(-1).tolist()
            known = bool((numbers[:, 2] > 0).any())
            if part in VALID_KEYS:
                person[VALID_KEYS[part]] = known
            if part in BOX_KEYS:
                person[BOX_KEYS[part]] = _box(numbers)
            if part == 'body':
                person['num_keypoints'] = int((numbers[:, 2] > 0).sum())
        people.append(person)
    return dict(
        images=content['images'],
        annotations=people,
        categories=[dict(id=PERSON, name='person')],
    )


def _box(rows: np.ndarray) -> list[float]:
    """x, y, width, height of the labelled points; zeros without any."""
    points = rows[rows[:, 2] > 0, :2]
    if not len(points):
        return [0.0, 0.0, 0.0, 0.0]
    low, high = points.min(axis=0), points.max(axis=0)
    return [float(v) for v in (*low, *(high - low))]
