"""Face sets with i-bug's 68 points: one .pts file beside each image."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from wholebody_mm.datasets.preparation.writing import (
    IMAGE_SUFFIXES,
    Skip,
    ignored_outside,
    image_entry,
    person,
    points_box,
    read_json,
    write_splits,
)
from wholebody_mm.datasets.regular_content import regular_content
from wholebody_mm.skeletons.labelled_sets import IBUG68


def read_pts(path: Path, first_pixel: int = 1) -> np.ndarray:
    """The points of a .pts file.

    Args:
        path: The file: ``version: 1``, ``n_points: 68`` and the points, one
            a line, between braces.
        first_pixel: Number of the top-left pixel; i-bug counts from 1.

    Returns:
        (n, 2) float64, the top-left pixel being (0, 0).

    Raises:
        ValueError: If the file is broken; names it.
    """
    try:
        text = path.read_text()
        inside = text[text.index('{') + 1 : text.index('}')]
        points = np.array(inside.split(), float).reshape(-1, 2)
    except ValueError as error:
        raise ValueError(f'{path} is no .pts file ({error})') from error
    if not len(points) or not np.isfinite(points).all():
        raise ValueError(f'{path} has points that are no numbers, or none')
    return points - first_pixel


def face_record(
    points: np.ndarray, image: dict, everyone: bool = False
) -> dict:
    """The record of an image with one face.

    The box is that of the landmarks, wider by a tenth on each side, higher
    by half above and a tenth below (as in the released network's training),
    within the image.

    Args:
        points: (68, 2) pixels.
        image: Its entry.
        everyone: Whether nobody else can be in the image (laboratory sets).
            If not, nothing is learnt away from the face until
            ``tools/data/mask_people.py`` has found the others.
    """
    limits = [image['width'], image['height']] * 2
    box = np.clip(points_box(points, up=0.5), 0, limits)
    within = (points >= 0).all(1) & (points < limits[:2]).all(1)
    annotations = [person(IBUG68, points, 2 * within, box)]
    if not everyone:
        size = box[2:] - box[:2]
        around = np.concatenate([box[:2] - 0.5 * size, box[2:] + 0.5 * size])
        annotations += ignored_outside([around], *limits[:2])
    return dict(image=image, annotations=annotations)


def prepare_faces(
    root: Path,
    out: Path,
    everyone: bool = False,
    val_share: float = 0.0,
    seed: int = 0,
    first_pixel: int = 1,
) -> dict[str, dict[str, int]]:
    """Write the annotations of all .pts files below a folder.

    Args:
        root: Folder with images and .pts files of the same names.
        out: ``train.json`` and, if asked for, ``val.json`` and
            ``val_names.txt`` are written there.
        everyone: See :func:`face_record`.
        val_share: Share of images held out for validation.
        seed: Decides which.
        first_pixel: See :func:`read_pts`.

    Returns:
        Counts of each split.

    Raises:
        FileNotFoundError: If there is no .pts file.
    """
    names = sorted(p.relative_to(root).as_posix() for p in root.rglob('*.pts'))
    if not names:
        raise FileNotFoundError(
            f'no .pts file below {root}; put images and points there as '
            f'docs/data.md says'
        )

    def make(name: str) -> dict:
        path = root / name
        points = read_pts(path, first_pixel)
        if len(points) != IBUG68.num_keypoints:
            raise Skip(f'{len(points)} points instead of 68')
        for suffix in (*IMAGE_SUFFIXES, *map(str.upper, IMAGE_SUFFIXES)):
            if path.with_suffix(suffix).is_file():
                image = image_entry(path.with_suffix(suffix), root)
                return face_record(points, image, everyone)
        raise Skip('no image of that name')

    return write_splits(
        names,
        make,
        out,
        IBUG68,
        str(root),
        val_share,
        seed,
        options=dict(everyone=everyone, first_pixel=first_pixel),
    )


def convert_coco_faces(
    ann_file: Path,
    images: Path,
    out: Path,
    everyone: bool = False,
    val_share: float = 0.0,
    seed: int = 0,
) -> dict[str, dict[str, int]]:
    """The same from 68 points in a COCO-style file (MMPose's 300W).

    Args:
        ann_file: Annotations whose ``keypoints`` are the 68 points.
        images: Folder of the images.
        out: Folder for ``train.json`` and ``val.json``.
        everyone: See :func:`face_record`.
        val_share: Share of images held out for validation.
        seed: Decides which.
    """
    content = read_json(ann_file, 'annotation file of faces')
    content = regular_content(content, str(ann_file))
    faces: dict[int, list[np.ndarray]] = {}
    for annotation in content['annotations']:
        rows = np.reshape(annotation['keypoints'], (-1, 3))
        faces.setdefault(annotation['image_id'], []).append(rows[:, :2])
    entries = {str(image['id']): image for image in content['images']}

    def make(key: str) -> dict:
        found = faces.get(entries[key]['id'], [])
        if len(found) != 1:
            raise Skip(f'{len(found)} faces instead of one')
        image = image_entry(images / entries[key]['file_name'], images)
        return face_record(found[0], image, everyone)

    return write_splits(
        list(entries),
        make,
        out,
        IBUG68,
        str(ann_file),
        val_share,
        seed,
        options=dict(everyone=everyone, images=images),
    )
