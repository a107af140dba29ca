"""Annotations of drawn people in COCO-WholeBody's version 1.0 format."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from wholebody_mm.datasets.coco_annotations import description_of
from wholebody_mm.datasets.drawn_people.painting import background, draw
from wholebody_mm.datasets.drawn_people.poses import sample_people
from wholebody_mm.datasets.wholebody_format import (
    BOX_KEYS,
    PART_KEYS,
    VALID_KEYS,
)
from wholebody_mm.inference.writers import write_picture
from wholebody_mm.skeletons import COCO17, COCO_WHOLEBODY133
from wholebody_mm.whole_files import part_of, write_json

DESCRIPTION = 'Drawn people'

# Generator, width and height to a (height, width, 3) uint8 BGR picture.
Scenery = Callable[[np.random.Generator, int, int], np.ndarray]


def visibility(keypoints: np.ndarray, silhouettes: np.ndarray) -> np.ndarray:
    """What an annotator would say of each point.

    Args:
        keypoints: (N, 133, 2) pixels.
        silhouettes: (N, h, w) uint8 of :func:`draw`, back to front.

    Returns:
        (N, 133) int64: 0 outside of the image, 1 behind a nearer person,
        2 visible.
    """
    h, w = silhouettes.shape[1:]
    cells = np.round(keypoints).astype(np.int64)
    x, y = cells[..., 0], cells[..., 1]
    inside = (x >= 0) & (x < w) & (y >= 0) & (y < h)
    visible = np.where(inside, 2, 0)
    x, y = np.clip(x, 0, w - 1), np.clip(y, 0, h - 1)
    for i in range(len(keypoints)):
        for nearer in silhouettes[i + 1 :]:
            hidden = nearer[y[i], x[i]] > 0
            visible[i, hidden & inside[i]] = 1
    return visible


def annotations_of(
    keypoints: np.ndarray,
    silhouettes: np.ndarray,
    image_id: int,
    first_id: int,
) -> list[dict]:
    """COCO-WholeBody annotations of the people of one image.

    A person of whom nothing can be seen has none.

    Args:
        keypoints: (N, 133, 2) pixels.
        silhouettes: (N, h, w) uint8 of :func:`draw`, back to front.
        image_id: Id of the image.
        first_id: Id of the first annotation.
    """
    visible = visibility(keypoints, silhouettes)
    covered = np.zeros(silhouettes.shape[1:], bool)
    seen = np.zeros(silhouettes.shape, bool)
    for i in reversed(range(len(keypoints))):
        seen[i] = (silhouettes[i] > 0) & ~covered
        covered |= silhouettes[i] > 0
    annotations: list[dict] = []
    for points, v, mask in zip(keypoints, visible, seen, strict=True):
        if mask.any() and v.any():
            annotation = _annotation(points, v, mask.astype(np.uint8))
            annotation.update(
                id=first_id + len(annotations),
                image_id=image_id,
                category_id=1,
                iscrowd=0,
            )
            annotations.append(annotation)
    return annotations


def _annotation(points: np.ndarray, v: np.ndarray, mask: np.ndarray) -> dict:
    x, y, w, h = cv2.boundingRect(mask)
    contours, _ = cv2.findContours(
        mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    annotation = dict(
        # A polygon needs three corners; smaller specks are left out.
        segmentation=[
            [float(value) for value in c.reshape(-1)]
            for c in contours
            if len(c) >= 3
        ],
        bbox=[float(value) for value in (x, y, w, h)],
        area=float(mask.sum()),
    )
    labelled = np.where(v[:, None] > 0, points, 0).astype(np.float64)
    triplets = np.concatenate([np.round(labelled, 3), v[:, None]], axis=1)
    for part, where in COCO_WHOLEBODY133.parts.items():
        rows = triplets[where]
        valid = bool((rows[:, 2] > 0).any())
        annotation[PART_KEYS[part]] = [
            int(value) if i % 3 == 2 else float(value)
            for i, value in enumerate(rows.reshape(-1))
        ]
        if part == 'body':
            annotation['num_keypoints'] = int((rows[:, 2] > 0).sum())
            continue
        annotation[VALID_KEYS[part]] = valid
        if part in BOX_KEYS:
            annotation[BOX_KEYS[part]] = _box(rows)
    return annotation


def _box(rows: np.ndarray) -> list[float]:
    """x, y, w, h around the labelled points of a part; zeros without any."""
    found = rows[rows[:, 2] > 0, :2]
    if not len(found):
        return [0.0] * 4
    low, high = found.min(axis=0), found.max(axis=0)
    return [float(value) for value in (*low, *(high - low))]


def annotation_file(images: list[dict], annotations: list[dict]) -> dict:
    """The content of an annotation file."""
    return dict(
        info=dict(description=DESCRIPTION, version='1.0'),
        licenses=[],
        images=images,
        annotations=annotations,
        categories=[
            dict(
                supercategory='person',
                id=1,
                name='person',
                keypoints=list(COCO17.keypoint_names),
                skeleton=[[a + 1, b + 1] for a, b in COCO17.links],
            )
        ],
    )


def drawn_image(
    rng: np.random.Generator,
    num_people: int,
    width: int,
    height: int,
    scenery: Scenery = background,
    **poses,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A picture of random people.

    Args:
        rng: Source of all randomness.
        num_people: Number of people, may be 0.
        width: Width in pixels.
        height: Height in pixels.
        scenery: Paints what is behind them.
        **poses: More arguments of :func:`sample_people`.

    Returns:
        (height, width, 3) uint8 BGR picture, (N, 133, 2) float32 keypoints
        and (N, height, width) uint8 silhouettes.
    """
    keypoints = sample_people(rng, num_people, width, height, **poses)
    image = scenery(rng, width, height)
    return image, keypoints, draw(image, keypoints, rng)


def refuse_foreign(folder: str | Path, ann_file: str | Path) -> None:
    """See that :func:`write_split` would write over drawn people only.

    Args:
        folder: That of the images.
        ann_file: The annotation file, which says what the images are.

    Raises:
        ValueError: If the file is of something else, or there is none, but
            images are in the folder.
    """
    folder, ann_file = Path(folder), Path(ann_file)
    if ann_file.exists():
        if not _is_of_drawn_people(ann_file):
            raise ValueError(
                f'{ann_file} is not of drawn people and would be written '
                f'over; write into another folder, or move it away'
            )
    elif not _is_of_drawn_people(part_of(ann_file)):
        found = next(folder.glob('*.jpg'), None)
        if found is not None:
            raise ValueError(
                f'{folder} has images, {found.name} for one, and no '
                f'annotation file {ann_file} that says they are drawn people; '
                f'write into another folder, or move them away'
            )


def _is_of_drawn_people(ann_file: Path) -> bool:
    # sets that are made of drawn people say so in other letters
    description = description_of(ann_file) or ''
    return description.casefold() == DESCRIPTION.casefold()


def write_split(
    folder: str | Path,
    ann_file: str | Path,
    num_images: int,
    seed: int,
    size: tuple[int, int] = (640, 480),
    people: tuple[int, int] = (1, 4),
    first_id: int = 1,
    **poses,
) -> dict:
    """Write pictures of drawn people and their annotation file.

    Each image depends on the seed and its id alone.

    Args:
        folder: Receives ``000000000001.jpg`` and so on.
        ann_file: The annotation file to write.
        num_images: Number of images.
        seed: Seed of everything.
        size: Width and height in pixels.
        people: Least and largest number of people in an image.
        first_id: Id of the first image.
        **poses: More arguments of :func:`drawn_image`.

    Returns:
        The content of the annotation file.

    Raises:
        OSError: If an image cannot be written.
        ValueError: If the sizes or numbers make no sense, or something else
            than drawn people would be written over.
    """
    width, height = size
    low, high = people
    if num_images < 1 or min(size) < 32 or not 0 <= low <= high:
        raise ValueError(
            f'drawn people need at least one image of at least 32 pixels and '
            f'people as (least, most), not {num_images=}, {size=}, {people=}'
        )
    folder, ann_file = Path(folder), Path(ann_file)
    refuse_foreign(folder, ann_file)
    folder.mkdir(parents=True, exist_ok=True)
    ann_file.parent.mkdir(parents=True, exist_ok=True)
    # says what the images are if this is interrupted; overwritten at the end
    part_of(ann_file).write_text(json.dumps(annotation_file([], [])))
    images: list[dict] = []
    annotations: list[dict] = []
    for image_id in range(first_id, first_id + num_images):
        rng = np.random.default_rng([seed, image_id])
        count = int(rng.integers(low, high + 1))
        image, keypoints, silhouettes = drawn_image(
            rng, count, width, height, **poses
        )
        name = f'{image_id:012d}.jpg'
        write_picture(folder / name, image, quality=92)
        images.append(
            dict(id=image_id, file_name=name, width=width, height=height)
        )
        annotations += annotations_of(
            keypoints, silhouettes, image_id, 100 * image_id
        )
    content = annotation_file(images, annotations)
    write_json(ann_file, content)
    return content
