"""Hands in COCO-style files, prepared as those of people.

The boxes of such files are those of hands. A person is several times as high,
and has another hand.
"""

from __future__ import annotations

import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from wholebody_mm.datasets.coco_annotations import (
    keypoints_of,
    person_box,
    read_annotation_file,
)
from wholebody_mm.datasets.preparation.hands import (
    POINTS,
    POINTS_OF_LEFT,
    POINTS_OF_RIGHT,
    box_near_hand,
    person_box_of_hand,
    prepare_pairs,
    two_hands,
)
from wholebody_mm.datasets.preparation.unlabelled_people import mask_of
from wholebody_mm.datasets.preparation.writing import (
    Skip,
    for_each,
    ignored,
    ignored_outside,
    image_entry,
    mask_of_boxes,
    points_box,
    refuse_out,
    states,
    write_annotations,
)
from wholebody_mm.skeletons.labelled_sets import HANDS42, RIGHT_HAND21

# What :func:`prepare_coco_hands` marks where a hand is of which too little is
# known to learn from it; other than OUTSIDE it stays when others have been
# looked for.
HAND = 'prepare_hands'
SIDES = 'left', 'right', 'unknown'
# One point shows no size, of which that of the person follows.
LEAST_POINTS = 2
# By which a hand that is not learnt from is ignored beyond its points.
_MARGIN = 0.25
_HOW = 'See "Hands of other sets" in docs/data.md'
_BARE_NAMES = tuple(
    name.removeprefix('right_') for name in RIGHT_HAND21.keypoint_names
)


def convert_coco_hands(
    ann_file: Path,
    images: Path,
    out: Path,
    val_share: float = 0.0,
    seed: int = 0,
) -> dict[str, dict[str, int]]:
    """Write the annotations of hand_labels from MMPose's file of it.

    Args:
        ann_file: Annotations of 21 points; the names of the images end in
            ``_l`` and ``_r``.
        images: Folder of the images, or of the folders that their names
            begin with. Hands whose names say no side (of the Panoptic Studio,
            in MMPose's file for training) are left out, and counted on the
            standard error.
        out: Folder for ``train.json`` and ``val.json``.
        val_share: Share of images held out for validation.
        seed: Decides which.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no such file, would be written over, or no name
            says a side.
    """
    inputs = states([ann_file])
    entries, by_image, _ = read_annotation_file(str(ann_file), _HOW)
    hands, of_no_side = {}, []
    for entry in entries:
        file = Path(entry['file_name'])
        for annotation in by_image.get(entry['id'], ()):
            if file.stem[-2:] not in ('_l', '_r'):
                of_no_side.append(entry['file_name'])
                continue
            rows = _hand_points(annotation, ann_file)
            rows[:, 2] = 2 * (rows[:, 2] > 0)
            name = file.with_suffix('').as_posix()
            if not (images / f'{name}.jpg').is_file():
                name = file.stem  # the folder is the images' own
            hands[name] = _hand(rows, left=name.endswith('_l'))
    if of_no_side:
        reason = f'do not say by _l or _r which hand it is: {of_no_side[0]}'
        if not hands:
            raise ValueError(
                f'{ann_file}: names of images {reason}; where categories do, '
                f'take tools/data/prepare_hands.py'
            )
        print(
            f'{ann_file}: {len(of_no_side)} hands left out, whose images '
            f'{reason}',
            file=sys.stderr,
        )
    return prepare_pairs(images, hands, out, val_share, seed, inputs)


def prepare_coco_hands(
    ann_file: Path,
    images: Path,
    out: Path,
    left: Sequence[str] = (),
    right: Sequence[str] = (),
    unknown: Sequence[str] = (),
) -> dict[str, int]:
    """Write the hands of any COCO-style file for ``TwoHandsDataset``.

    A left and a right hand that are near enough are one person's. Boxes are
    as high as people. Of others it is not known whether they are annotated:
    all that is not near a hand is ignored, until ``mask_people.py`` has
    looked. Hands of unknown side, of fewer than :data:`LEAST_POINTS` labelled
    points, and crowds are ignored where they are. Where more hands of one
    side than of the other are near each other, some of the other side's are
    not learnt: in the place of a person whose right hand is not labelled,
    right hands are ignored.

    Args:
        ann_file: Annotations of 21 points.
        images: Folder of the images.
        out: The file to write.
        left: Names of the categories that are left hands.
        right: Those of right hands.
        unknown: Those of hands that may be either.

    Returns:
        Counts of ``images``, ``people``, ``left hands``, ``right hands`` and
        ``hands ignored``. What is left out is said on the standard error.

    Raises:
        FileNotFoundError: If the file or the folder is not there.
        ValueError: If the file is broken or does not have these categories,
            no hand is labelled, a hand has another number of points, or an
            image has another size than the file says.
    """
    refuse_out(out, [ann_file])
    inputs = states([ann_file])
    entries, by_image, categories = read_annotation_file(str(ann_file), _HOW)
    if not images.is_dir():
        raise FileNotFoundError(
            f'no folder of images {images} for {ann_file}; --images says '
            f'where they are'
        )
    names = dict(zip(SIDES, (left, right, unknown), strict=True))
    sides = _sides(categories, names, ann_file)
    _check_order(categories, sides, ann_file)
    annotations = [a for group in by_image.values() for a in group]
    found = Counter(sides.get(a.get('category_id')) for a in annotations)
    if not found['left'] + found['right']:
        raise ValueError(
            f'{ann_file} has no hand of the categories '
            f'{", ".join((*left, *right))}; it has '
            f'{_per_category(annotations, categories) or "no annotations"}'
        )
    _tell_of_others(annotations, categories, sides, ann_file)
    # an image may be listed once for each of its hands
    listed: dict[str, list[dict]] = defaultdict(list)
    for entry in entries:
        listed[entry['file_name']].append(entry)

    def make(name: str) -> dict:
        image = image_entry(images / name, images)
        own = []
        for entry in listed[name]:
            _check_size(image, entry, ann_file)
            own += by_image.get(entry['id'], ())
        own = [a for a in own if a.get('category_id') in sides]
        return dict(
            image=image, annotations=_annotations(own, sides, image, ann_file)
        )

    options = dict(names, made_from=ann_file, images=images, inputs=inputs)
    records = for_each(
        list(listed),
        make,
        out,
        out.name,
        options,
        files=lambda name: [images / name],
    )
    counts = write_annotations(
        out, records, HANDS42.keypoint_names, str(ann_file)
    )
    return counts | _hands_in(records)


def _annotations(
    hands: Sequence[dict],
    sides: Mapping[object, str],
    image: dict,
    ann_file: Path,
) -> list[dict]:
    """The people of an image, and what is to be ignored in it."""
    size = image['width'], image['height']
    known: dict[str, list[dict]] = dict(left=[], right=[])
    regions = []
    for annotation in hands:
        rows = np.zeros((POINTS, 3), np.float32)
        if 'keypoints' in annotation and not annotation.get('iscrowd'):
            rows = _hand_points(annotation, ann_file)
        side = sides[annotation['category_id']]
        if side in known and (rows[:, 2] > 0).sum() >= LEAST_POINTS:
            known[side].append(_hand(rows, left=side == 'left'))
        else:
            mask = _place(annotation, rows, size)
            regions += [ignored(mask, HAND)] if mask.any() else []
    people = _people(known['left'], known['right'])
    if not people:
        raise Skip('no hand of known side is labelled')
    near = [box_near_hand(_seen(hand)) for person in people for hand in person]
    outside = ignored_outside(near, *size)
    return [two_hands(person) for person in people] + regions + outside


def _people(left: list[dict], right: list[dict]) -> list[list[dict]]:
    """Hands by person: pairs of the smallest distances, and the others."""
    middles = [
        np.array([_seen(hand).mean(axis=0) for hand in hands]).reshape(-1, 2)
        for hands in (left, right)
    ]
    away = np.linalg.norm(middles[0][:, None] - middles[1][None], axis=-1)
    people = []
    for i, j in zip(*linear_sum_assignment(away), strict=True):
        boxes = [person_box_of_hand(_seen(h)) for h in (left[i], right[j])]
        # nobody's hands are further apart than the person is high
        if away[i, j] <= max(box[3] - box[1] for box in boxes):
            people.append([left[i], right[j]])
    paired = {id(hand) for person in people for hand in person}
    return people + [[h] for h in left + right if id(h) not in paired]


def _hand(rows: np.ndarray, left: bool) -> dict:
    """A hand of whose person nothing else is known."""
    return dict(rows=rows, left=left, body=np.zeros((0, 2)))


def _seen(hand: dict) -> np.ndarray:
    """(n, 2) labelled points of a hand."""
    return hand['rows'][hand['rows'][:, 2] > 0, :2]


def _place(
    annotation: dict, rows: np.ndarray, size: tuple[int, int]
) -> np.ndarray:
    """(h, w) uint8 mask of where a hand is; empty if that is not known.

    Around its points, for the boxes of some sets are much larger; else its
    box, else its outline.
    """
    corners = rows[rows[:, 2] > 0, :2]
    if len(corners) < LEAST_POINTS:
        box = person_box(annotation, rows)
        corners = np.zeros((0, 2)) if box is None else box.reshape(2, 2)
    if len(corners):
        grown = points_box(corners, _MARGIN, _MARGIN, _MARGIN)
        return mask_of_boxes([grown], *size)
    return mask_of(annotation.get('segmentation', []), *size[::-1])


def _hand_points(annotation: dict, ann_file: Path) -> np.ndarray:
    """(21, 3) float32 x, y, v of an annotation.

    Raises:
        ValueError: If it has others.
    """
    numbers = len(annotation.get('keypoints', ()))
    if numbers != 3 * POINTS:
        raise ValueError(
            f'{ann_file}: annotation {annotation.get("id")} has {numbers} '
            f'numbers for keypoints, not x, y, v of {POINTS} (the wrist, then '
            f'four of each finger from the palm to the tip, the thumb '
            f'first); correct it, or do not name its category'
        )
    return keypoints_of(RIGHT_HAND21, annotation, str(ann_file))[0]


def _sides(
    categories: Sequence[dict],
    names: Mapping[str, Sequence[str]],
    ann_file: Path,
) -> dict[object, str]:
    """Category id to the side of its hands.

    Raises:
        ValueError: If nothing is left or right, a name stands for two sides,
            or the file does not have it.
    """
    has = ', '.join(str(c.get('name')) for c in categories) or 'none'
    if not (names['left'] or names['right']):
        raise ValueError(
            f'{ann_file}: --left and --right say which categories are hands '
            f'of that side, and one of them is needed: of hands that may be '
            f'either, nothing can be learnt. Its categories are {has}'
        )
    side_of: dict[str, str] = {}
    for side, given in names.items():
        for name in given:
            if side_of.setdefault(name, side) != side:
                raise ValueError(
                    f'category {name} is given as --{side_of[name]} and as '
                    f'--{side}'
                )
    missing = set(side_of) - {str(c.get('name')) for c in categories}
    if missing:
        raise ValueError(
            f'{ann_file} has no category {", ".join(sorted(missing))}; its '
            f'categories are {has}'
        )
    return {
        c.get('id'): side_of[str(c.get('name'))]
        for c in categories
        if str(c.get('name')) in side_of
    }


def _check_order(
    categories: Sequence[dict], sides: Mapping[object, str], ann_file: Path
) -> None:
    """Raise ValueError if a category lists its 21 points in another order."""
    for category in categories:
        listed = tuple(
            str(name).removeprefix('left_').removeprefix('right_')
            for name in category.get('keypoints') or ()
        )
        if category.get('id') not in sides or listed == _BARE_NAMES:
            continue
        if sorted(listed) == sorted(_BARE_NAMES):
            raise ValueError(
                f'{ann_file} lists the keypoints of {category.get("name")} '
                f'as {", ".join(listed)}; sort those of its annotations as '
                f'{", ".join(_BARE_NAMES)}'
            )


def _check_size(image: dict, entry: dict, ann_file: Path) -> None:
    """Raise ValueError if points are of an image of another size."""
    given = entry.get('width'), entry.get('height')
    size = image['width'], image['height']
    if all(given) and given != size:
        raise ValueError(
            f'{ann_file}: image {image["file_name"]} is {given[0]} x '
            f'{given[1]} there, the file of it {size[0]} x {size[1]}; take '
            f'the images that were annotated'
        )


def _per_category(
    annotations: Sequence[dict], categories: Sequence[dict]
) -> str:
    """How many of each category, in words."""
    names = {c.get('id'): c.get('name') for c in categories}
    found = Counter(a.get('category_id') for a in annotations)
    return ', '.join(
        f'{n} of category {names.get(number, number)}'
        for number, n in found.items()
    )


def _tell_of_others(
    annotations: Sequence[dict],
    categories: Sequence[dict],
    sides: Mapping[object, str],
    ann_file: Path,
) -> None:
    """Say which annotations are left out, for their category is not named."""
    others = [a for a in annotations if a.get('category_id') not in sides]
    if others:
        print(
            f'{ann_file}: left out, for they are no hands: '
            f'{_per_category(others, categories)}',
            file=sys.stderr,
        )


def _hands_in(records: Sequence[dict]) -> dict[str, int]:
    """What :func:`prepare_coco_hands` counts of what it wrote."""
    annotations = [a for record in records for a in record['annotations']]
    visible = np.array(
        [a['keypoints'][2::3] for a in annotations if not a['iscrowd']]
    )
    counts = {
        f'{side} hands': int((visible[:, points] > 0).any(axis=1).sum())
        for side, points in (
            ('left', POINTS_OF_LEFT),
            ('right', POINTS_OF_RIGHT),
        )
    }
    masks = sum(a.get('made_by') == HAND for a in annotations)
    return counts | {'hands ignored': masks}
