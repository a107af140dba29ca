"""A toy of the paper's problem: drawn people, of whom each set labels a part.

Three data sets label bodies, faces, hands, as the paper's do: everyone in
the first, one person an image in the others; and there are images of nobody.
Faces and hands are recorded before the wall of a studio, as most of the
paper's are: what is no face out there only the other images can teach.
The test shows and labels all of everyone, out there.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from wholebody_mm.datasets.drawn_people import annotation_file, write_split
from wholebody_mm.datasets.drawn_people.painting import background, studio
from wholebody_mm.datasets.preparation.unlabelled_people import mask_of
from wholebody_mm.datasets.preparation.writing import (
    ignored,
    person,
    write_annotations,
)
from wholebody_mm.datasets.wholebody_format import PART_KEYS
from wholebody_mm.inference.writers import write_picture
from wholebody_mm.skeletons import COCO17, COCO_WHOLEBODY133, WHOLEBODY135
from wholebody_mm.skeletons.labelled_sets import HANDS42, IBUG68
from wholebody_mm.skeletons.skeleton_map import map_by_names
from wholebody_mm.whole_files import write_json

_PARTS = {'body': COCO17, 'face': IBUG68, 'hands': HANDS42}


def write_partial_toy(
    out: Path, images: int, seed: int = 0, size: tuple[int, int] = (320, 256)
) -> None:
    """Write ``body``, ``face``, ``hands``, ``nobody`` and ``test``.

    Each is a folder ``NAME/images`` and a file ``NAME/annotations.json``.

    Args:
        out: Folder for them.
        images: Of each data set; a third of it for the test.
        seed: Of everything.
        size: Width and height of the images.
    """
    for i, (name, skeleton) in enumerate(_PARTS.items()):
        scenery = background if name == 'body' else studio
        content = _draw(out / name, images, seed + i, size, scenery)
        records = [
            _record(image, people, skeleton, everyone=name == 'body')
            for image, people in _people(content)
        ]
        write_annotations(
            out / name / 'annotations.json',
            [r for r in records if r is not None],
            skeleton.keypoint_names,
            'drawn people',
        )
    _draw(out / 'test', max(1, images // 3), seed + 7, size)
    _write_nobody(out / 'nobody', images, seed + 8, size)


def _draw(
    folder: Path, images: int, seed: int, size: tuple, scenery=background
) -> dict:
    ann_file = folder / 'annotations.json'
    return write_split(
        folder / 'images',
        ann_file,
        images,
        seed,
        size,
        (1, 2),
        scenery=scenery,
    )


def _people(content: dict) -> list[tuple[dict, list[dict]]]:
    """Each image with its people."""
    groups: dict[int, list[dict]] = {i['id']: [] for i in content['images']}
    for annotation in content['annotations']:
        groups[annotation['image_id']].append(annotation)
    return [(image, groups[image['id']]) for image in content['images']]


def _record(
    image: dict, people: list[dict], skeleton, everyone: bool
) -> dict | None:
    """What a data set of one part keeps of an image; None of an empty one."""
    labelled = []
    strangers = []
    to_part = map_by_names(WHOLEBODY135, skeleton)
    to_union = map_by_names(COCO_WHOLEBODY133, WHOLEBODY135)
    for annotation in people:
        rows = np.concatenate(
            [
                np.reshape(annotation[PART_KEYS[part]], (-1, 3))
                for part in COCO_WHOLEBODY133.part_names
            ]
        ).astype(np.float32)
        points, visible = to_part(
            *to_union(rows[None, :, :2], rows[None, :, 2])
        )
        enough = (visible[0] > 0).mean() > 0.5
        if enough and (everyone or not labelled):
            x, y, w, h = annotation['bbox']
            box = [x, y, x + w, y + h]
            labelled.append(person(skeleton, points[0], visible[0], box))
        else:
            mask = mask_of(
                annotation['segmentation'], image['height'], image['width']
            )
            grown = cv2.dilate(mask, np.ones((9, 9), np.uint8))
            strangers.append(ignored(grown, 'drawn'))
    if not labelled:
        return None
    entry = {key: image[key] for key in ('file_name', 'width', 'height')}
    return dict(image=entry, annotations=labelled + strangers)


def _write_nobody(folder: Path, images: int, seed: int, size: tuple) -> None:
    """Pictures of the backgrounds alone."""
    (folder / 'images').mkdir(parents=True, exist_ok=True)
    entries = []
    for i in range(images):
        rng = np.random.default_rng([seed, i])
        name = f'{i:06d}.jpg'
        write_picture(folder / 'images' / name, background(rng, *size))
        entries.append(
            dict(id=i + 1, file_name=name, width=size[0], height=size[1])
        )
    write_json(folder / 'annotations.json', annotation_file(entries, []))


def ghosts(maps: np.ndarray) -> float:
    """Mean over channels of the highest activation in images of nobody.

    Args:
        maps: (B, K, h, w) confidence maps.
    """
    return float(np.clip(maps, 0, None).max(axis=(2, 3)).mean())
