"""The two hand sets of "Hand Keypoint Detection in Single Images ..."."""

from __future__ import annotations

import hashlib
import sys
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from wholebody_mm.datasets.preparation.writing import (
    Skip,
    States,
    ignored_outside,
    image_entry,
    person,
    points_box,
    read_json,
    states,
    write_splits,
)
from wholebody_mm.skeletons.labelled_sets import HANDS42, RIGHT_HAND21

POINTS = RIGHT_HAND21.num_keypoints
# The points of a hand among those of two, in the same order.
POINTS_OF_RIGHT = [HANDS42.index(n) for n in RIGHT_HAND21.keypoint_names]
POINTS_OF_LEFT = [HANDS42.flip_indices[i] for i in POINTS_OF_RIGHT]
# A person is about nine times as high as the longer side of a hand's box: a
# hand is 0.11 of the stature from wrist to finger tip, mostly bent a little.
PERSON_PER_HAND = 9.0


def person_box_of_hand(points: np.ndarray) -> np.ndarray:
    """(4,) box of a person's size around (n, 2) points of a hand.

    Where the person is is not known; scale and centre of the augmentation
    follow from it.
    """
    box = points_box(points, 0, 0, 0)
    half = PERSON_PER_HAND / 2 * (box[2:] - box[:2]).max()
    middle = (box[:2] + box[2:]) / 2
    return np.concatenate([middle - half, middle + half])


def box_near_hand(points: np.ndarray) -> np.ndarray:
    """(4,) box around (n, 2) points of a hand in which no other is expected.

    Where nobody has annotated the person's other hand and other people.
    """
    return points_box(points, 1.0, 1.0, 1.0)


def prepare_hand_dome(
    root: Path, out: Path, val_share: float = 0.0, seed: int = 0
) -> dict[str, dict[str, int]]:
    """Write the annotations of hand143_panopticdb: one right hand an image.

    Args:
        root: The unpacked folder with ``hands_v143_14817.json`` and ``imgs``.
        out: Folder for ``train.json`` and ``val.json``.
        val_share: Share of images held out for validation.
        seed: Decides which.

    Returns:
        Counts of each split.

    Raises:
        FileNotFoundError: If the file is not there.
        ValueError: If it is another one.
    """
    file = root / 'hands_v143_14817.json'
    inputs = states([file])
    content = read_json(file, 'annotation file of hand143_panopticdb')
    try:
        hands = {
            entry['img_paths']: np.array(entry['joint_self'], float)
            for entry in content['root']
        }
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f'{file} is not the file expected: {error!r}'
        ) from error

    def make(key: str) -> dict:
        rows = hands[key]
        if rows.shape != (POINTS, 3):
            raise ValueError(f'{file}: {key} has points of {rows.shape}')
        seen = rows[:, 2] == 1
        if not seen.any():
            raise Skip('no point is labelled')
        image = image_entry(root / key, root)
        box = person_box_of_hand(rows[seen, :2])
        hand = person(RIGHT_HAND21, rows[:, :2], 2 * seen, box)
        # the person's other hand and other people are not labelled
        size = image['width'], image['height']
        outside = ignored_outside([box_near_hand(rows[seen, :2])], *size)
        return dict(image=image, annotations=[hand, *outside])

    return write_splits(
        list(hands),
        make,
        out,
        RIGHT_HAND21,
        str(root),
        val_share,
        seed,
        inputs=inputs,
        files=lambda key: [root / key],
    )


def prepare_hand_mpii(
    root: Path, out: Path, val_share: float = 0.0, seed: int = 0
) -> dict[str, dict[str, int]]:
    """Write the annotations of hand_labels: hands of people in MPII images.

    Each of its JSON files is one hand, beside its own copy of the image; the
    hands of one image are brought together.

    Args:
        root: A folder such as ``hand_labels/manual_train``.
        out: Folder for ``train.json`` and ``val.json``.
        val_share: Share of images held out for validation.
        seed: Decides which.

    Returns:
        Counts of each split.

    Raises:
        FileNotFoundError: If there is no such file.
    """
    files = sorted(root.glob('*.json'))
    if not files:
        raise FileNotFoundError(
            f'no JSON file in {root}; it should be manual_train or '
            f'manual_test of hand_labels.zip (see docs/data.md)'
        )
    inputs = states(files)
    hands: dict[str, dict] = {}
    for file in files:
        content = read_json(file, 'hand')
        try:
            rows = np.array(content['hand_pts'], float)
            left = bool(content['is_left'])
            body = np.array(content.get('mpii_body_pts', ()), float)
            head = np.array(content.get('head_box', ()), float)
            head = head.reshape(-1, 2)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f'{file} is no hand: {error!r}') from error
        if rows.shape != (POINTS, 3):
            raise ValueError(
                f'{file} is no hand: hand_pts of {rows.shape}, not of '
                f'({POINTS}, 3)'
            )
        rows[:, 2] = 2 * (rows[:, 2] > 0)
        hands[file.stem] = dict(
            rows=rows,
            left=left,
            body=np.concatenate([_body_points(body), head]),
        )
    return prepare_pairs(root, hands, out, val_share, seed, inputs)


def _body_points(rows: np.ndarray) -> np.ndarray:
    """(n, 2) labelled points of (16, 3) x, y, v."""
    if rows.ndim != 2 or rows.shape[1] < 2:
        return np.zeros((0, 2))
    known = (rows[:, :2] > 0).all(axis=1)
    if rows.shape[1] > 2:
        known &= rows[:, 2] > 0
    return rows[known, :2]


def prepare_pairs(
    root: Path,
    hands: Mapping[str, dict],
    out: Path,
    val_share: float,
    seed: int,
    inputs: States,
) -> dict[str, dict[str, int]]:
    """Write annotations of hands that are named ``PERSON_l``, ``PERSON_r``.

    Args:
        root: Folder with ``NAME.jpg`` of each hand.
        hands: Name to a hand as :func:`two_hands` takes it.
        out: Folder for the files.
        val_share: Share of images held out.
        seed: Decides which.
        inputs: States of the files that the hands were read from.

    Raises:
        FileNotFoundError: If there is no image at all.
    """
    # copies of one image have the same content and other names
    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted(hands):
        file = root / f'{name}.jpg'
        if file.is_file():
            digest = hashlib.sha1(file.read_bytes()).hexdigest()
            groups[digest].append(name)
    missing = len(hands) - sum(map(len, groups.values()))
    if not groups:
        example = min(hands, default='NAME')
        raise FileNotFoundError(
            f'none of the {len(hands)} images, {example}.jpg for one, is in '
            f'{root}'
        )
    if missing:
        print(
            f'{missing} of {len(hands)} hands left out: no such image in '
            f'{root}',
            file=sys.stderr,
        )
    by_first = {names[0]: names for names in groups.values()}

    def make(key: str) -> dict:
        image = image_entry(root / f'{key}.jpg', root)
        people: dict[str, list[str]] = defaultdict(list)
        for name in by_first[key]:
            people[name.removesuffix('_l').removesuffix('_r')].append(name)
        annotations = []
        for names in people.values():
            own = [hands[name] for name in names]
            # of one without labelled points nothing is learnt, as outside
            if any((hand['rows'][:, 2] > 0).any() for hand in own):
                annotations.append(two_hands(own))
        if not annotations:
            raise Skip('no point is labelled')
        boxes = []
        for annotation in annotations:
            x, y, w, h = annotation['bbox']
            boxes.append(np.array([x, y, x + w, y + h]))
        outside = ignored_outside(boxes, image['width'], image['height'])
        return dict(image=image, annotations=annotations + outside)

    return write_splits(
        list(by_first),
        make,
        out,
        HANDS42,
        str(root),
        val_share,
        seed,
        inputs=inputs,
        files=lambda key: [root / f'{name}.jpg' for name in by_first[key]],
    )


def two_hands(hands: list[dict]) -> dict:
    """The annotation of a person of whom one or two hands are labelled.

    Args:
        hands: ``rows`` (21, 3) x, y, v as COCO's, ``left``, and (n, 2) points
            ``body`` of the rest of the person.
    """
    points = np.zeros((HANDS42.num_keypoints, 2))
    visible = np.zeros(HANDS42.num_keypoints)
    for hand in hands:
        rows = hand['rows']
        where = POINTS_OF_LEFT if hand['left'] else POINTS_OF_RIGHT
        points[where] = rows[:, :2]
        visible[where] = rows[:, 2]
    body = np.concatenate([hand['body'] for hand in hands])
    if len(body):
        box = points_box(np.concatenate([body, points[visible > 0]]))
    else:
        sizes = [
            person_box_of_hand(h['rows'][h['rows'][:, 2] > 0, :2])
            for h in hands
            if (h['rows'][:, 2] > 0).any()
        ]
        half = max(box[2] - box[0] for box in sizes) / 2
        middle = np.mean([(b[:2] + b[2:]) / 2 for b in sizes], axis=0)
        box = np.concatenate([middle - half, middle + half])
    return person(HANDS42, points, visible, box)
