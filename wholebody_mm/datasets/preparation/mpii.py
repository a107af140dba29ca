"""MPII Human Pose: the joints that the paper's network learns of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wholebody_mm.datasets.preparation.writing import (
    Skip,
    ignored_outside,
    image_entry,
    person,
    points_box,
    read_json,
    states,
    write_splits,
)
from wholebody_mm.skeletons.labelled_sets import MPII4, MPII_JOINTS

_USED = [MPII_JOINTS.index(name) for name in MPII4.keypoint_names]
# Nothing is learnt outside of a box so thin around each annotated person,
# width over height; not everyone in the images is annotated.
THIN = 0.3

Joints = tuple[np.ndarray, np.ndarray]


def prepare_mpii(
    ann_file: Path,
    images: Path,
    out: Path,
    val_share: float = 0.0,
    seed: int = 0,
) -> dict[str, dict[str, int]]:
    """Write ``train.json`` of MPII's training images.

    Args:
        ann_file: ``mpii_human_pose_v1_u12_1.mat``, or MMPose's
            ``mpii_train.json``.
        images: Folder of the images.
        out: Folder for the files.
        val_share: Share of images held out for validation.
        seed: Decides which.

    Returns:
        Counts of each split.

    Raises:
        FileNotFoundError: If the file is not there.
        ValueError: If it is another one.
    """
    inputs = states([ann_file])
    if ann_file.suffix == '.mat':
        people = read_mat(ann_file)
    else:
        people = read_mmpose(ann_file)

    def make(name: str) -> dict:
        return mpii_record(image_entry(images / name, images), people[name])

    return write_splits(
        list(people),
        make,
        out,
        MPII4,
        str(ann_file),
        val_share,
        seed,
        options=dict(images=images),
        inputs=inputs,
        files=lambda name: [images / name],
    )


def mpii_record(image: dict, people: Sequence[Joints]) -> dict:
    """The record of an image: its people, and everything else ignored.

    Args:
        image: Its entry.
        people: (16, 2) pixels and (16,) v of each.

    Raises:
        Skip: If nobody has a joint that is used.
    """
    annotations, boxes = [], []
    for points, visible in people:
        known = visible > 0
        if not known[_USED].any():
            continue
        box = points_box(points[known], 0.1, 0.05, 0.1)
        annotations.append(person(MPII4, points[_USED], visible[_USED], box))
        boxes.append(_thin(box, points[_USED][visible[_USED] > 0]))
    if not annotations:
        raise Skip('nobody has shoulders, neck or head')
    outside = ignored_outside(boxes, image['width'], image['height'])
    return dict(image=image, annotations=annotations + outside)


def _thin(box: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(4,) the box made thin, but with room for all points that are used."""
    x0, y0, x1, y1 = box
    height = y1 - y0
    half = min(x1 - x0, THIN * height) / 2
    middle = (x0 + x1) / 2
    # half the spread of a target at the smallest training scale
    room = 0.06 * height
    low, high = points.min(axis=0) - room, points.max(axis=0) + room
    return np.array(
        [
            min(middle - half, low[0]),
            min(y0, low[1]),
            max(middle + half, high[0]),
            max(y1, high[1]),
        ]
    )


def read_mmpose(file: Path) -> dict[str, list[Joints]]:
    """People of each image of MMPose's ``mpii_*.json``.

    Raises:
        ValueError: If it is another file.
    """
    people = defaultdict(list)
    content = read_json(file, 'annotation file of MPII')
    if not isinstance(content, list):
        raise ValueError(f"{file} is not MMPose's: no list of people")
    for entry in content:
        try:
            points = np.array(entry['joints'], float).reshape(-1, 2)
            visible = np.array(entry['joints_vis'], float).reshape(-1)
            name = entry['image']
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{file} is not MMPose's: {error!r}") from error
        if len(points) != len(MPII_JOINTS):
            raise ValueError(f'{file}: {len(points)} joints, expected 16')
        # Matlab counts pixels from 1; what is not annotated is (-1, -1)
        known = (visible > 0) & (points >= 0).all(axis=1)
        people[name].append((points - 1, 2 * known))
    return dict(people)


def read_mat(file: Path) -> dict[str, list[Joints]]:
    """People of each training image of the original file.

    Raises:
        FileNotFoundError: If it is not there.
        ValueError: If it is another file.
    """
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    if not file.is_file():
        raise FileNotFoundError(
            f'no annotation file of MPII: {file} (see docs/data.md)'
        )
    try:
        release = loadmat(str(file), struct_as_record=False, squeeze_me=True)[
            'RELEASE'
        ]
        images = np.atleast_1d(release.annolist)
        is_train = np.atleast_1d(release.img_train)
    except (
        *(MatReadError, ValueError, KeyError, AttributeError),
        NotImplementedError,  # of newer versions of Matlab's files
    ) as error:
        raise ValueError(
            f'{file} is not mpii_human_pose_v1_u12_1.mat: {error!r}'
        ) from error
    people = {}
    for number, (image, train) in enumerate(
        zip(images, is_train, strict=True), start=1
    ):
        if not train:
            continue
        try:
            found = [_joints(rect) for rect in _several(image.annorect)]
            name = str(image.image.name)
        except (AttributeError, IndexError, TypeError, ValueError) as error:
            raise ValueError(
                f'{file}: image {number} is not as MPII has them: {error!r}'
            ) from error
        people[name] = [f for f in found if f is not None]
    return people


def _several(value: object) -> list:
    """Matlab's struct, array of structs or nothing, as a list."""
    if value is None or (isinstance(value, np.ndarray) and not value.size):
        return []
    return list(np.atleast_1d(value))


def _joints(rect: object) -> Joints | None:
    """Points and visibilities of a person; None without points."""
    annopoints = getattr(rect, 'annopoints', None)
    listed = _several(getattr(annopoints, 'point', None))
    if not listed:
        return None
    points = np.zeros((len(MPII_JOINTS), 2))
    visible = np.zeros(len(MPII_JOINTS))
    for point in listed:
        if not 0 <= point.id < len(MPII_JOINTS):
            raise ValueError(f'there is no joint {point.id!r}')
        points[point.id] = point.x - 1, point.y - 1  # Matlab counts from 1
        # neck and head have no flag
        seen = getattr(point, 'is_visible', 1)
        occluded = np.size(seen) == 1 and str(np.ravel(seen)[0]) == '0'
        visible[point.id] = 1 if occluded else 2
    return points, visible
