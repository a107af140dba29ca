"""Whole bodies of Monocular Total Capture (MTC), from its own files.

The people of the Panoptic Studio whom Xiang, Joo and Sheikh, "Monocular Total
Capture" (CVPR 2019, http://domedb.perception.cs.cmu.edu/mtc.html) learn from:
reconstructed in space, here projected into the pictures of single cameras.

The format is known from public programs that read it, among them the owners'
``POF/data/collect_a4.py`` (branch ``training`` of their repository), which
writes such files:

- ``annotation.pkl``: ``training_data`` and ``testing_data``, a list each with
  one entry a person and frame: ``seqName``, ``frame_str`` (8 digits), ``id``,
  ``body`` and, where they were found to be good, ``left_hand`` and
  ``right_hand``. A part has ``landmarks``, x, y, z of each point one after
  the other in centimetres, and ``2D``: camera number to ``insideImg`` and
  ``occluded`` of each point. A hand's ``occluded`` is by itself; it has
  ``overlap`` beside, whether it and another part overlap in the picture.
- ``camera_data.pkl``: sequence to camera number (0 to 30) to ``K``, ``R``,
  ``t`` (3, 1) and ``distCoef`` as NumPy arrays.
- ``hdImgs/SEQUENCE/FRAME/00_NN_FRAME.jpg``, 1920 x 1080, not of every camera.

Bodies have the 19 joints of the studio's JSON files in their order, hands the
wrist and four points a finger from thumb to little one, as there.
"""

from __future__ import annotations

import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from wholebody_mm.datasets.preparation.panoptic import (
    BODY_ORDER,
    HANDS,
    Camera,
    Reconstruction,
    camera_of,
    picture_record,
)
from wholebody_mm.datasets.preparation.plain_pickle import read_plain_pickle
from wholebody_mm.datasets.preparation.writing import (
    Skip,
    states,
    write_splits,
)
from wholebody_mm.skeletons.labelled_sets import PANOPTIC127

# What the studio's HD cameras take; the calibration does not say it.
SIZE = 1920, 1080
# Keys of the annotation, with the split that each is for.
LISTS = dict(train='training_data', val='testing_data')
# Share of points of which annotation and calibration have to say the same.
LEAST_AGREEMENT = 0.8
_CHECKED = 200  # pictures
_OTHER_FORMAT = (AttributeError, KeyError, TypeError, ValueError)

# Part of a person: number of points, their part here, and which of them.
_PARTS = {
    'body': (19, 'body', BODY_ORDER),
    **{key: (21, part, range(1, 21)) for key, part in HANDS},
    'face': (70, 'face', range(70)),
}
# Names become paths: nothing of a file may lead out of the folder.
_SEQUENCE, _FRAME = re.compile(r'\w[\w.-]*'), re.compile(r'\d{8}')

Frame = tuple[str, str]  # sequence, frame
People = dict[Frame, list[dict]]


class Picture(NamedTuple):
    """A picture on disk: of which frame, by which camera."""

    frame: Frame
    camera: int
    file: Path


def read_cameras(file: Path) -> dict[str, dict[int, Camera]]:
    """Sequence to camera number to camera, of ``camera_data.pkl``.

    Raises:
        FileNotFoundError: If the file is missing.
        ValueError: If it is another file, or holds more than plain data.
    """
    content = read_plain_pickle(file, 'calibration of Total Capture')
    try:
        return {
            sequence: {
                int(number): camera_of(entry, f'00_{int(number):02d}', SIZE)
                for number, entry in cameras.items()
            }
            for sequence, cameras in content.items()
        }
    except _OTHER_FORMAT as error:
        raise ValueError(
            f'{file} is no calibration of Total Capture: {error!r}'
        ) from error


def read_annotation(file: Path) -> dict[str, People]:
    """``train`` and ``val`` to the people of each frame.

    Raises:
        FileNotFoundError: If the file is missing.
        ValueError: If it is another file, or holds more than plain data.
    """
    content = read_plain_pickle(file, 'annotation of Total Capture')
    found: dict[str, People] = {}
    try:
        for split, key in LISTS.items():
            frames: People = defaultdict(list)
            for sample in content[key]:
                sequence, frame = sample['seqName'], sample['frame_str']
                if not _SEQUENCE.fullmatch(sequence):
                    raise ValueError(f'a sequence named {sequence!r:.80}')
                if not _FRAME.fullmatch(frame):
                    raise ValueError(f'a frame numbered {frame!r:.80}')
                frames[str(sequence), str(frame)].append(sample)
            found[split] = dict(frames)
    except _OTHER_FORMAT as error:
        raise ValueError(
            f'{file} is no annotation of Total Capture: {error!r}'
        ) from error
    return found


def reconstruction(sample: Mapping, camera: int) -> Reconstruction:
    """A person in space, with what a camera sees of them.

    A point is occluded where the annotation says so, and so are all points of
    a hand that overlaps with something. Of a camera that the annotation does
    not know everything counts as seen.

    Args:
        sample: Entry of ``annotation.pkl``.
        camera: Its number.

    Raises:
        KeyError, TypeError, ValueError: If the entry is something else.
    """
    k = PANOPTIC127.num_keypoints
    found = Reconstruction(np.zeros((k, 3)), np.zeros(k), [None] * k)
    for key, (count, part, order) in _PARTS.items():
        if key not in sample:
            continue
        where = PANOPTIC127.parts[part]
        points = np.array(sample[key]['landmarks'], float)
        points = points.reshape(count, 3)[order]
        # no point has a score; one that is missing may be at the origin
        known = np.isfinite(points).all(axis=1) & (points != 0).any(axis=1)
        found.points[where] = np.where(known[:, None], points, 0)
        found.scores[where] = known
        flags = sample[key].get('2D', {}).get(camera)
        if flags is not None:
            hidden = _flags(flags, 'occluded', count)[order]
            hidden |= bool(flags.get('overlap', False))
            found.seen_by[where] = [set() if h else {camera} for h in hidden]
    return found


def _flags(flags: Mapping, key: str, count: int) -> np.ndarray:
    """(count,) bool; one flag stands for all points."""
    return np.broadcast_to(np.array(flags[key], bool), (count,)).copy()


def _check_agreement(
    file: Path, pictures: Iterable[tuple[Sequence[Mapping], int, Camera]]
) -> None:
    """See that annotation and calibration are what they are taken for.

    Both say which points are in a picture: one as ``insideImg``, the other
    by projecting them.

    Args:
        file: The annotation, for messages.
        pictures: People, camera number and camera of each.

    Raises:
        ValueError: If they do not agree.
    """
    same = [np.ones(0, bool)]
    try:
        for people, number, camera in pictures:
            same += _same(people, number, camera)
    except _OTHER_FORMAT as error:
        raise ValueError(
            f'{file}: a person is of another format: {error!r}'
        ) from error
    told = np.concatenate(same)
    if len(told) and told.mean() < LEAST_AGREEMENT:
        raise ValueError(
            f'{file} and camera_data.pkl beside it do not belong together, '
            f'or are of another format: only {told.mean():.0%} of the points '
            f'are projected into the pictures that they are said to be in'
        )


def _same(
    people: Sequence[Mapping], number: int, camera: Camera
) -> list[np.ndarray]:
    """Of each part, for its points: do both sides say the same?"""
    same = []
    for person in people:
        for key, (count, _, _) in _PARTS.items():
            flags = person.get(key, {}).get('2D', {}).get(number)
            if flags is None or 'insideImg' not in flags:
                continue
            points = np.array(person[key]['landmarks'], float)
            _, in_sight = camera.project(points.reshape(count, 3))
            same.append(_flags(flags, 'insideImg', count) == in_sight)
    return same


def _pictures(
    root: Path,
    frames: Iterable[Frame],
    every: int,
    cameras: Sequence[str],
) -> dict[str, Picture]:
    """Name to picture, of those that are on disk."""
    by_sequence: dict[str, list[str]] = defaultdict(list)
    for sequence, frame in frames:
        by_sequence[sequence].append(frame)
    found = {}
    for sequence, listed in sorted(by_sequence.items()):
        for frame in sorted(listed)[::every]:
            folder = root / 'hdImgs' / sequence / frame
            for file in sorted(folder.glob(f'00_[0-9][0-9]_{frame}.jpg')):
                if not cameras or file.name[:5] in cameras:
                    name = file.relative_to(root).as_posix()
                    number = int(file.name[3:5])
                    found[name] = Picture((sequence, frame), number, file)
    return found


def _file(root: Path, name: str) -> Path:
    """A file of ``annotation/``, which some keep beside the pictures."""
    beside = root / name
    return beside if beside.is_file() else root / 'annotation' / name


def prepare_total_capture(
    root: Path,
    out: Path,
    every: int = 1,
    cameras: Sequence[str] = (),
    val_share: float = 0.0,
    seed: int = 0,
    any_hands: bool = False,
    testing: bool = False,
) -> dict[str, dict[str, int]]:
    """Write the annotations of the pictures that are there.

    Args:
        root: Has ``annotation/annotation.pkl``, ``annotation/camera_data.pkl``
            (or both files without that folder) and
            ``hdImgs/SEQUENCE/FRAME/00_NN_FRAME.jpg``.
        out: Folder for ``train.json`` and ``val.json``.
        every: Take every n-th annotated frame of a sequence.
        cameras: Names such as ``00_12``; all that have pictures by default.
        val_share: Share of the training pictures held out for validation.
        seed: Decides which.
        any_hands: Also take pictures of people without good hands.
        testing: Hold out the owners' testing pictures too; they are left out
            otherwise.

    Returns:
        Counts of each split.

    Raises:
        FileNotFoundError: If a file is missing, or there is no picture.
        ValueError: If a file is another one, holds more than plain data, or
            they do not belong together; if ``every`` is below 1.
    """
    if every < 1:
        raise ValueError(f'every {every} frames; give 1 or more')
    file = _file(root, 'annotation.pkl')
    camera_file = _file(root, 'camera_data.pkl')
    inputs = states([file, camera_file])
    people = read_annotation(file)
    calibrations = read_cameras(camera_file)
    splits = ('train', 'val') if testing else ('train',)
    frames = {frame: who for s in splits for frame, who in people[s].items()}
    found = {s: _pictures(root, people[s], every, cameras) for s in splits}
    pictures = {
        name: picture for s in splits for name, picture in found[s].items()
    }
    if not pictures:
        raise FileNotFoundError(
            f'no pictures hdImgs/SEQUENCE/FRAME/00_NN_FRAME.jpg below {root} '
            f'of the frames in {file}'
        )
    without = len(frames.keys() - {p.frame for p in pictures.values()})
    if without and every == 1:
        print(
            f'{without} of {len(frames)} annotated frames have no picture '
            f'below {root}',
            file=sys.stderr,
        )

    def camera_of_picture(picture: Picture) -> Camera | None:
        return calibrations.get(picture.frame[0], {}).get(picture.camera)

    def make(name: str) -> dict:
        picture = pictures[name]
        camera = camera_of_picture(picture)
        if camera is None:
            raise Skip('camera without calibration')
        there = frames[picture.frame]
        try:
            there = [reconstruction(who, picture.camera) for who in there]
        except _OTHER_FORMAT as error:
            raise ValueError(
                f'{file}: a person of {name} is of another format: {error!r}'
            ) from error
        return picture_record(picture.file, root, camera, there, any_hands)

    some = list(pictures.values())[:: len(pictures) // _CHECKED + 1]
    _check_agreement(
        file,
        [
            (frames[picture.frame], picture.camera, camera)
            for picture in some
            if (camera := camera_of_picture(picture)) is not None
        ],
    )
    return write_splits(
        list(found['train']),
        make,
        out,
        PANOPTIC127,
        str(root),
        val_share,
        seed,
        held_out=list(found.get('val', ())),
        options=dict(any_hands=any_hands, testing=testing),
        group=lambda name: '/'.join(pictures[name].frame),
        inputs=inputs,
        files=lambda name: [pictures[name].file],
    )
