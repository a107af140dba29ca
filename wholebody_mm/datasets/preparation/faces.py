"""Face sets with i-bug's 68 points: one .pts file beside each image."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wholebody_mm.datasets.coco_annotations import (
    keypoints_of,
    read_annotation_file,
)
from wholebody_mm.datasets.preparation.writing import (
    IMAGE_SUFFIXES,
    Skip,
    ignored_outside,
    image_entry,
    person,
    points_box,
    states,
    write_splits,
)
from wholebody_mm.skeletons.labelled_sets import IBUG68

# One point shows no size.
LEAST_POINTS = 2
# Copies of an image may come with the same face, annotated twice: points that
# are nearer on average, as a share of the face's longer side.
SAME_FACE = 0.25
_HOW = 'See "Faces" in docs/data.md'


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
    faces: Sequence[np.ndarray],
    image: dict,
    everyone: bool = False,
    visible: np.ndarray | int = 2,
) -> dict:
    """The record of an image with one face or several.

    A box is that of the labelled landmarks, wider by a tenth on each side,
    higher by half above and a tenth below (as in the released network's
    training), within the image.

    Args:
        faces: (68, 2) pixels of each.
        image: Its entry.
        everyone: Whether nobody else can be in the image (laboratory sets).
            If not, nothing is learnt away from the faces until
            ``tools/data/mask_people.py`` has found the others.
        visible: (68,) of each face, or one for all: 0 not labelled, 1
            occluded, 2 visible.

    Raises:
        Skip: If fewer than :data:`LEAST_POINTS` are labelled.
    """
    limits = [image['width'], image['height']] * 2
    annotations, around = [], []
    for points in faces:
        seen = np.broadcast_to(visible, len(points))
        known = points[seen > 0]
        if len(known) < LEAST_POINTS:
            raise Skip(f'a face with {len(known)} labelled points')
        box = np.clip(points_box(known, up=0.5), 0, limits)
        within = (points >= 0).all(1) & (points < limits[:2]).all(1)
        annotations.append(person(IBUG68, points, seen * within, box))
        half = (box[2:] - box[:2]) / 2
        around.append(np.concatenate([box[:2] - half, box[2:] + half]))
    if not everyone:
        annotations += ignored_outside(around, *limits[:2])
    return dict(image=image, annotations=annotations)


def _are_one(points: np.ndarray, others: np.ndarray) -> bool:
    """Whether (68, 2) points and others are of the same face."""
    away = np.linalg.norm(points - others, axis=1).mean()
    return bool(away < SAME_FACE * np.ptp(points, axis=0).max())


def prepare_faces(
    root: Path,
    out: Path,
    everyone: bool = False,
    val_share: float = 0.0,
    seed: int = 0,
    first_pixel: int = 1,
    subject: str | None = None,
) -> dict[str, dict[str, int]]:
    """Write the annotations of all .pts files below a folder.

    Copies of an image that each come with another of its faces (AFW in
    300-W) become one image with these faces, unless ``everyone``. A face
    that two of them show is taken once.

    Args:
        root: Folder with images and .pts files of the same names.
        out: ``train.json`` and, if asked for, ``val.json`` and
            ``val_names.txt`` are written there.
        everyone: See :func:`face_record`.
        val_share: Share of images held out for validation.
        seed: Decides which.
        first_pixel: See :func:`read_pts`.
        subject: Regular expression of the part of a file's name that says
            whom it shows. Images of one subject are not divided between
            training and validation.

    Returns:
        Counts of each split.

    Raises:
        FileNotFoundError: If there is no .pts file.
        ValueError: If one is broken, nothing could be used, or a name has no
            ``subject``.
    """
    names = sorted(p.relative_to(root).as_posix() for p in root.rglob('*.pts'))
    if not names:
        raise FileNotFoundError(
            f'no .pts file below {root}; put images and points there as '
            f'docs/data.md says'
        )

    def files(name: str) -> list[Path]:
        """The points and, if there is one, their image."""
        path = root / name
        suffixes = (*IMAGE_SUFFIXES, *map(str.upper, IMAGE_SUFFIXES))
        images = (path.with_suffix(suffix) for suffix in suffixes)
        return [path, *[image for image in images if image.is_file()][:1]]

    copies: dict[str, list[str]] = {}
    for name in names:
        key = name
        if not everyone and (image := files(name)[1:]):
            key = hashlib.sha1(image[0].read_bytes()).hexdigest()
        copies.setdefault(key, []).append(name)
    by_first = {group[0]: group for group in copies.values()}

    def make(first: str) -> dict:
        faces: list[np.ndarray] = []
        reasons = []
        for name in by_first[first]:
            path, *image = files(name)
            points = read_pts(path, first_pixel)
            if len(points) != IBUG68.num_keypoints:
                reasons.append(f'{len(points)} points instead of 68')
            elif not image:
                reasons.append('no image of that name')
            elif not any(_are_one(points, other) for other in faces):
                faces.append(points)
        if not faces:
            raise Skip(reasons[0])
        entry = image_entry(files(first)[1], root)
        return face_record(faces, entry, everyone)

    def subject_of(name: str) -> str:
        if subject is None:
            return name
        found = re.search(subject, Path(name).stem)
        if found is None:
            raise ValueError(
                f'--subject {subject} is nowhere in the name of {root / name}'
            )
        return found.group()

    return write_splits(
        list(by_first),
        make,
        out,
        IBUG68,
        str(root),
        val_share,
        seed,
        options=dict(everyone=everyone, first_pixel=first_pixel),
        group=subject_of,
        files=lambda first: [f for n in by_first[first] for f in files(n)],
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

    Points with v = 0 are not labelled. Where no point of the file has v = 2,
    as in MMPose's, v = 1 says nothing but that a point is labelled.

    Args:
        ann_file: Annotations whose ``keypoints`` are the 68 points.
        images: Folder of the images.
        out: Folder for ``train.json`` and ``val.json``.
        everyone: See :func:`face_record`.
        val_share: Share of images held out for validation.
        seed: Decides which.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no COCO-style file, would be written over, or
            nothing of it could be used.
    """
    inputs = states([ann_file])
    listed, faces, _ = read_annotation_file(str(ann_file), _HOW)
    names: dict[str, list] = {}  # a file may be listed once for each face
    for image in listed:
        names.setdefault(image['file_name'], []).append(image['id'])
    keys = {str(ids[0]): (name, ids) for name, ids in names.items()}
    flags = [
        v
        for own in faces.values()
        for face in own
        for v in face.get('keypoints', ())[2::3]
    ]
    labelled = 1 if max(flags, default=0) > 1 else 2

    def picture(key: str) -> Path:
        return images / keys[key][0]

    def make(key: str) -> dict:
        found = [face for i in keys[key][1] for face in faces.get(i, [])]
        if len(found) != 1:
            raise Skip(f'{len(found)} faces instead of one')
        numbers = found[0].get('keypoints', ())
        if len(numbers) != 3 * IBUG68.num_keypoints:
            raise Skip(f'{len(numbers) // 3} points instead of 68')
        rows = keypoints_of(IBUG68, found[0], str(ann_file))[0].astype(float)
        image = image_entry(picture(key), images)
        visible = np.minimum(labelled * rows[:, 2], 2)
        return face_record([rows[:, :2]], image, everyone, visible)

    return write_splits(
        list(keys),
        make,
        out,
        IBUG68,
        str(ann_file),
        val_share,
        seed,
        options=dict(everyone=everyone, images=images),
        inputs=inputs,
        files=lambda key: [picture(key)],
    )
