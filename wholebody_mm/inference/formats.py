"""People as other programs want them: OpenPose's JSON and table rows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.skeletons import (
    BODY25,
    COCO_WHOLEBODY133,
    FACE70,
    get_map,
)

OPENPOSE_VERSION = 1.3
# What a person of an OpenPose file has beside the 2D body; 3D stays empty.
_OTHER_KEYS = (
    ('face_keypoints_2d', 'hand_left_keypoints_2d', 'hand_right_keypoints_2d')
    + ('pose_keypoints_3d', 'face_keypoints_3d')
    + ('hand_left_keypoints_3d', 'hand_right_keypoints_3d')
)  # fmt: skip
# Columns of CSV and Parquet files: a row for each keypoint found.
COLUMNS = {
    'name': str,
    'source': str,
    'frame': int,
    'person': int,
    'id': int,
    'person_score': float,
    'keypoint': str,
    'x': float,
    'y': float,
    'score': float,
}


def printable(path: str) -> str:
    """A path as text for tables; bytes that are no UTF-8 as ``\\udc..``."""
    return path.encode(errors='backslashreplace').decode()


def openpose_json(people: PeopleInImage, split: bool = False) -> dict:
    """A frame as OpenPose's ``--write_json`` has it, version 1.3.

    Positions are pixels of the image, 0 with score 0 where not found;
    ``person_id`` is -1 without tracking. A hand's first point is the wrist.

    Args:
        people: In the network's skeleton; of the union skeleton,
            ``pose_keypoints_2d`` has BODY_135's 405 numbers.
        split: Body as BODY_25, face as 70 and hands as 21 points each in
            lists of their own, which is what most tools read.

    Raises:
        ValueError: If the split is asked for and there is no body.
    """
    pose = _triplets(people.to(BODY25) if split else people)
    parts: dict[str, list[list[float]]] = {}
    if split:
        face = get_map_or_none(people, FACE70)
        if face is not None:
            parts['face_keypoints_2d'] = _triplets(face)
        hands = get_map_or_none(people, COCO_WHOLEBODY133)
        for side in ('left', 'right') if hands is not None else ():
            where = COCO_WHOLEBODY133.parts[f'{side}hand']
            parts[f'hand_{side}_keypoints_2d'] = _triplets(hands, where)
    out = []
    for i in range(len(people)):
        person: dict = {
            'person_id': [-1 if people.ids is None else int(people.ids[i])],
            'pose_keypoints_2d': pose[i],
        }
        for key in _OTHER_KEYS:
            person[key] = parts[key][i] if key in parts else []
        out.append(person)
    return {'version': OPENPOSE_VERSION, 'people': out}


def get_map_or_none(people: PeopleInImage, skeleton) -> PeopleInImage | None:
    """People in another skeleton; None if they have none of its points."""
    try:
        get_map(people.skeleton, skeleton)
    except ValueError:
        return None
    return people.to(skeleton)


def keypoint_rows(
    name: str, source: str, frame: int | None, people: PeopleInImage
) -> Iterator[tuple]:
    """Rows of :data:`COLUMNS`, one for each keypoint found."""
    names = people.skeleton.keypoint_names
    for i in range(len(people)):
        person = None if people.ids is None else int(people.ids[i])
        for k in np.flatnonzero(people.keypoint_scores[i] > 0):
            yield (
                name,
                source,
                frame,
                i,
                person,
                round(float(people.scores[i]), 4),
                names[k],
                round(float(people.keypoints[i, k, 0]), 3),
                round(float(people.keypoints[i, k, 1]), 3),
                round(float(people.keypoint_scores[i, k]), 4),
            )


def _triplets(
    people: PeopleInImage, where: slice = slice(None)
) -> list[list[float]]:
    """x, y, score of each person's keypoints, one list each."""
    scores = people.keypoint_scores[:, where, None]
    points = np.where(scores > 0, people.keypoints[:, where], 0)
    table = np.concatenate([points, scores], axis=-1)
    table = table.reshape(len(people), 3 * scores.shape[1])
    table = table.astype(np.float64)
    return np.round(table, 4).tolist()
