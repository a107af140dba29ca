"""Drawn people as ground truth, and as predictions of themselves."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from wholebody_mm.datasets.drawn_people import write_split
from wholebody_mm.datasets.wholebody_format import PART_KEYS
from wholebody_mm.skeletons import COCO_WHOLEBODY133


def write_drawn(
    folder: Path, images: int = 6, seed: int = 1, **kwargs
) -> Path:
    """Write images into `folder/img`; returns the annotation file."""
    path = folder / 'annotations.json'
    kwargs = dict(size=(320, 240), people=(1, 3)) | kwargs
    write_split(folder / 'img', path, images, seed, **kwargs)
    return path


def truth(path: Path | str) -> list[tuple[int, np.ndarray, np.ndarray]]:
    """(image id, (133, 2) points, (133,) v) of each annotation of a file."""
    people = []
    for annotation in json.loads(Path(path).read_text())['annotations']:
        rows = np.concatenate(
            [
                np.reshape(annotation[PART_KEYS[part]], (-1, 3))
                for part in COCO_WHOLEBODY133.part_names
            ]
        ).astype(float)
        people.append((annotation['image_id'], rows[:, :2], rows[:, 2]))
    return people
