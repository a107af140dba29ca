"""Whole bodies of the Panoptic Studio, from its own JSON files.

Body, hands and face are reconstructed in space from hundreds of cameras; here
they are projected into the pictures of single HD cameras. ``total_capture.py``
reads the files of Monocular Total Capture, which was made of such sequences.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from wholebody_mm.datasets.preparation.writing import (
    Skip,
    image_entry,
    person,
    points_box,
    read_json,
    states,
    write_splits,
)
from wholebody_mm.skeletons.labelled_sets import PANOPTIC127

# Where the 17 COCO points are among the studio's 19 joints.
BODY_ORDER = [1, 15, 17, 16, 18, 3, 9, 4, 10, 5, 11, 6, 12, 7, 13, 8, 14]
# Reconstructed points of less confidence are not labelled.
LEAST_SCORE = 0.05
# Names of the hands in the files, and of their parts.
HANDS = (('left_hand', 'lefthand'), ('right_hand', 'righthand'))


@dataclass(frozen=True)
class Camera:
    """A calibrated camera.

    Args:
        name: For example ``00_12``.
        intrinsics: (3, 3) matrix K, pixels.
        rotation: (3, 3), world to camera.
        translation: (3,) in the world's unit (centimetres).
        distortion: (5,) k1, k2, p1, p2, k3 of OpenCV's lens model.
        size: Width and height of its pictures.
    """

    name: str
    intrinsics: np.ndarray
    rotation: np.ndarray
    translation: np.ndarray
    distortion: np.ndarray
    size: tuple[int, int]

    def project(self, points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(n, 3) world points to (n, 2) pixels and (n,) whether in sight.

        A point is in sight if it is before the camera and within the picture.
        """
        local = points @ self.rotation.T + self.translation
        depth = local[:, 2]
        before = depth > 1e-6
        x, y = (local[:, :2] / np.where(before, depth, 1)[:, None]).T
        k1, k2, p1, p2, k3 = self.distortion
        r2 = x**2 + y**2
        radial = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
        bent = np.stack(
            [
                x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x**2),
                y * radial + p1 * (r2 + 2 * y**2) + 2 * p2 * x * y,
                np.ones_like(x),
            ],
            axis=1,
        )
        pixels = (bent @ self.intrinsics.T)[:, :2]
        # far off the axis the polynomial folds back into the picture
        before &= r2 < 4
        within = (pixels >= 0).all(1) & (pixels < self.size).all(1)
        return pixels, before & within


def camera_of(entry: Mapping, name: str, size: tuple[int, int]) -> Camera:
    """The camera of a calibration's ``K``, ``R``, ``t`` and ``distCoef``.

    Raises:
        KeyError, TypeError, ValueError: If the entry is something else.
    """
    return Camera(
        name=name,
        intrinsics=np.array(entry['K'], float).reshape(3, 3),
        rotation=np.array(entry['R'], float).reshape(3, 3),
        translation=np.array(entry['t'], float).reshape(3),
        distortion=np.array(entry['distCoef'], float).reshape(5),
        size=size,
    )


def read_cameras(file: Path) -> dict[str, Camera]:
    """The HD cameras of a ``calibration_SEQUENCE.json``.

    Raises:
        ValueError: If it is another file.
    """
    content = read_json(file, 'calibration of a Panoptic sequence')
    cameras = {}
    try:
        for entry in content['cameras']:
            if entry['type'] != 'hd':
                continue
            name, size = entry['name'], tuple(entry['resolution'])
            cameras[name] = camera_of(entry, name, size)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f'{file} is no calibration: {error!r}') from error
    return cameras


@dataclass
class Reconstruction:
    """The points of one person in space, in the order of PANOPTIC127.

    Args:
        points: (127, 3).
        scores: (127,) 0 where it is not reconstructed.
        seen_by: For each point the cameras that see it unoccluded, None if
            that is not told (the body).
    """

    points: np.ndarray
    scores: np.ndarray
    seen_by: list[set[int] | None]


def read_frame(sequence: Path, frame: str) -> list[Reconstruction]:
    """The people of a frame that have a body.

    Args:
        sequence: Folder of the sequence.
        frame: Its number, 8 digits.

    Raises:
        Skip: If the bodies of the frame are missing.
        ValueError: If a file is another one.
    """
    files = files_of_frame(sequence, frame)
    if not files[0].is_file():
        raise Skip(f'frame without {files[0].parent.name}/body3DScene file')
    bodies = read_json(files[0], 'bodies of a frame')
    try:
        return _people(bodies, *map(_optional, files[1:]))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f'{files[0]}, or the hands or faces of that frame, are of '
            f'another format: {error!r}'
        ) from error


def files_of_frame(sequence: Path, frame: str) -> tuple[Path, Path, Path]:
    """Where bodies, hands and faces of a frame are; each may be missing."""
    return (
        sequence / 'hdPose3d_stage1_coco19' / f'body3DScene_{frame}.json',
        sequence / 'hdHand3d' / f'handRecon3D_hd{frame}.json',
        sequence / 'hdFace3d' / f'faceRecon3D_hd{frame}.json',
    )


def _people(
    bodies: dict, hands: dict[int, dict], faces: dict[int, dict]
) -> list[Reconstruction]:
    """The people of a frame, from its files."""
    people = []
    for body in bodies['bodies']:
        k = PANOPTIC127.num_keypoints
        found = Reconstruction(np.zeros((k, 3)), np.zeros(k), [None] * k)
        joints = np.reshape(body['joints19'], (-1, 4))[BODY_ORDER]
        where = PANOPTIC127.parts['body']
        found.points[where] = joints[:, :3]
        found.scores[where] = joints[:, 3]
        for part, name in HANDS:
            hand = hands.get(body['id'], {}).get(part)
            if hand:
                _add(found, PANOPTIC127.parts[name], hand, first=1)
        face = faces.get(body['id'], {}).get('face70')
        if face:
            _add(found, PANOPTIC127.parts['face'], face)
        people.append(found)
    return people


def _optional(file: Path) -> dict[int, dict]:
    """Person id to hands or face; empty where the frame has none."""
    if not file.is_file():
        return {}
    content = read_json(file, 'hands or faces of a frame')
    return {entry['id']: entry for entry in content.get('people', ())}


def _add(
    found: Reconstruction, where: slice, part: dict, first: int = 0
) -> None:
    """Put a hand (without its wrist, the body's) or a face into a person."""
    points = np.reshape(part['landmarks'], (-1, 3))[first:]
    count = where.stop - where.start
    scores = np.asarray(part['averageScore'], float)[first:]
    seen = part.get('visibility', [None] * (first + count))[first:]
    found.points[where] = points[:count]
    found.scores[where] = scores[:count]
    found.seen_by[where] = [
        None if cameras is None else set(np.ravel(cameras).astype(int))
        for cameras in seen[:count]
    ]


def project_person(found: Reconstruction, camera: Camera) -> dict | None:
    """The annotation of a person in a camera's picture; None if out of sight.

    Points that are not reconstructed well enough or not in sight are not
    labelled; points that the camera does not see for something before them
    are occluded.
    """
    pixels, in_sight = camera.project(found.points)
    known = in_sight & (found.scores >= LEAST_SCORE)
    if not known.any():
        return None
    number = int(camera.name.split('_')[1])
    seen = np.array([c is None or number in c for c in found.seen_by])
    visible = np.where(known, np.where(seen, 2, 1), 0)
    limits = [*camera.size, *camera.size]
    box = np.clip(points_box(pixels[known]), 0, limits)
    return person(PANOPTIC127, pixels, visible, box)


def has_both_hands(found: Reconstruction) -> bool:
    """Whether both hands are reconstructed well, as the paper's data ask."""
    return all(
        (found.scores[PANOPTIC127.parts[name]] >= LEAST_SCORE).mean() > 0.5
        for _, name in HANDS
    )


def picture_record(
    file: Path,
    root: Path,
    camera: Camera,
    people: Sequence[Reconstruction],
    any_hands: bool = False,
) -> dict:
    """The image and the annotations of everyone in a camera's picture.

    Args:
        file: The picture.
        root: What its ``file_name`` is relative to.
        camera: Took it.
        people: Everyone who was there.
        any_hands: Also if someone's hands are not reconstructed well.

    Raises:
        Skip: If there is nothing to learn from it.
        ValueError: If it is not of the size that the camera takes.
    """
    if not any_hands and not all(map(has_both_hands, people)):
        raise Skip('someone without good hands')
    annotations = [project_person(p, camera) for p in people]
    annotations = [a for a in annotations if a is not None]
    if not annotations:
        raise Skip('nobody in sight')
    image = image_entry(file, root)
    size = image['width'], image['height']
    if size != camera.size:
        raise ValueError(
            f'{file} has {size[0]}x{size[1]} pixels; the calibration of '
            f'{camera.name} is for {camera.size[0]}x{camera.size[1]}. Take '
            f'pictures of the original size.'
        )
    return dict(image=image, annotations=annotations)


def frame_of(name: str) -> str:
    """The moment of ``SEQUENCE/hdImgs/00_NN/00_NN_FRAME.jpg``.

    Other cameras show the same people in the same poses: of no use to
    validate what was trained with this one.
    """
    sequence = name.split('/')[0]
    return f'{sequence}/{Path(name).stem.rsplit("_", 1)[1]}'


def prepare_panoptic(
    root: Path,
    out: Path,
    every: int = 30,
    cameras: Sequence[str] = (),
    val_share: float = 0.0,
    seed: int = 0,
    any_hands: bool = False,
) -> dict[str, dict[str, int]]:
    """Write the annotations of all sequences below a folder.

    Args:
        root: Has ``SEQUENCE/calibration_SEQUENCE.json``,
            ``SEQUENCE/hdPose3d_stage1_coco19``, ``hdHand3d``, ``hdFace3d``
            and ``SEQUENCE/hdImgs/00_NN/00_NN_FRAME.jpg``.
        out: Folder for ``train.json`` and ``val.json``.
        every: Take frames whose number divides by it; the others differ
            little.
        cameras: Names such as ``00_12``; all that have pictures by default.
        val_share: Share of pictures held out for validation.
        seed: Decides which.
        any_hands: Also take pictures of people without good hands.

    Returns:
        Counts of each split.

    Raises:
        FileNotFoundError: If there is no sequence or no picture.
        ValueError: If ``every`` is below 1.
    """
    if every < 1:
        raise ValueError(f'every {every} frames; give 1 or more')
    calibrations = sorted(root.glob('*/calibration_*.json'))
    if not calibrations:
        raise FileNotFoundError(
            f'no SEQUENCE/calibration_SEQUENCE.json below {root} (see '
            f'docs/data.md)'
        )
    inputs = states(calibrations)
    known = {file.parent.name: read_cameras(file) for file in calibrations}
    pictures: dict[str, Path] = {}
    for sequence, found in known.items():
        for name in found:
            if cameras and name not in cameras:
                continue
            folder = root / sequence / 'hdImgs' / name
            for file in sorted(folder.glob(f'{name}_*.jpg')):
                if int(file.stem.rsplit('_', 1)[1]) % every == 0:
                    pictures[file.relative_to(root).as_posix()] = file
    if not pictures:
        raise FileNotFoundError(
            f'no pictures SEQUENCE/hdImgs/00_NN/00_NN_FRAME.jpg below {root} '
            f'(of frames that divide by {every})'
        )

    def make(name: str) -> dict:
        file = pictures[name]
        sequence = name.split('/')[0]
        camera = known[sequence][file.parent.name]
        frame = file.stem.rsplit('_', 1)[1]
        people = read_frame(root / sequence, frame)
        return picture_record(file, root, camera, people, any_hands)

    def files(name: str) -> list[Path]:
        file = pictures[name]
        frame = file.stem.rsplit('_', 1)[1]
        return [file, *files_of_frame(root / name.split('/')[0], frame)]

    return write_splits(
        list(pictures),
        make,
        out,
        PANOPTIC127,
        str(root),
        val_share,
        seed,
        options=dict(any_hands=any_hands),
        group=frame_of,
        inputs=inputs,
        files=files,
    )
