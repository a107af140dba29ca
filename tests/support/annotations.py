"""Builders of COCO and COCO-WholeBody annotations and files."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np

from wholebody_mm.datasets.wholebody_format import (
    BOX_KEYS,
    PART_KEYS,
    VALID_KEYS,
)
from wholebody_mm.skeletons import COCO_WHOLEBODY133

SIZE = 200, 160  # width, height of the images that `write` makes


def person(
    points: np.ndarray | None = None,
    visible: np.ndarray | int = 2,
    invalid: tuple[str, ...] = (),
    **fields,
) -> dict:
    """A COCO-WholeBody annotation.

    Args:
        points: (133, 2); spread over a box of 40 x 80 at (20, 30) by default.
        visible: v of all points, or (133,).
        invalid: Parts that are all zero with their `*_valid` flag false.
        **fields: Replace or add keys; None takes a key away.
    """
    if points is None:
        grid = np.random.default_rng(0).uniform(0, 1, (133, 2))
        points = grid * [40, 80] + [20, 30]
    v = np.broadcast_to(visible, (133,))
    rows = np.concatenate([np.where(v[:, None] > 0, points, 0), v[:, None]], 1)
    annotation = dict(
        id=1, image_id=1, category_id=1, iscrowd=0, area=3200.0,
        bbox=[20.0, 30.0, 40.0, 80.0], num_keypoints=int((v[:17] > 0).sum()),
        segmentation=[[20.0, 30.0, 60.0, 30.0, 60.0, 110.0, 20.0, 110.0]],
    )  # fmt: skip
    for part, where in COCO_WHOLEBODY133.parts.items():
        values = np.zeros_like(rows[where]) if part in invalid else rows[where]
        annotation[PART_KEYS[part]] = values.reshape(-1).tolist()
        if part in VALID_KEYS:
            annotation[VALID_KEYS[part]] = part not in invalid
        if part in BOX_KEYS:
            annotation[BOX_KEYS[part]] = [0.0, 0.0, 0.0, 0.0]
    annotation.update(fields)
    return {k: value for k, value in annotation.items() if value is not None}


def crowd(mask: np.ndarray, **fields) -> dict:
    """A crowd annotation of an (h, w) mask, with plain run lengths."""
    runs, value, count = [], 0, 0
    for pixel in mask.T.reshape(-1):  # COCO counts down the columns
        if pixel != value:
            runs.append(count)
            value, count = pixel, 0
        count += 1
    runs.append(count)
    x, y, w, h = cv2.boundingRect(mask.astype(np.uint8))
    return person(
        visible=0,
        iscrowd=1,
        segmentation=dict(size=list(mask.shape), counts=runs),
        bbox=[float(side) for side in (x, y, w, h)],
        **fields,
    )


def write(
    folder: Path,
    annotations: list[dict],
    images: int = 1,
    name: str = 'people.json',
) -> Path:
    """Write images 1, 2, ... and an annotation file; returns its path."""
    width, height = SIZE
    infos = []
    for i in range(1, images + 1):
        image = np.full((height, width, 3), 20 * i, np.uint8)
        cv2.imwrite(str(folder / f'{i}.png'), image)
        infos.append(
            dict(id=i, file_name=f'{i}.png', width=width, height=height)
        )
    content = dict(
        images=infos,
        annotations=annotations,
        categories=[dict(id=1, name='person')],
    )
    path = folder / name
    path.write_text(json.dumps(content))
    return path
