"""COCO files as annotation tools export them, made regular.

One reading for training and evaluation. Tools number categories from 0, give
ids as text, write null for what is not there, leave out ``area`` or set it to
0, put the outline of a person into a crowd's encoding, and so on: what can
only mean one thing is set right, everything else is an error that names the
annotation.
"""

from __future__ import annotations

import contextlib
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wholebody_mm.datasets.wholebody_format import (
    AREA_OF_BOX,
    PART_KEYS,
    VALID_KEYS,
)
from wholebody_mm.skeletons import COCO_WHOLEBODY133

PERSON = 1  # the category id of people in what is evaluated
MOST_ID = 2**63 - 1  # of an annotation in COCO's evaluation


def regular_content(content: dict, ann_file: str) -> dict:
    """Images, annotations and categories of a COCO file, made regular.

    Nulls count as absent, numbers in quotes as numbers where they are ids,
    areas or sides of images, an empty list of keypoints as none, unless
    another part is labelled. A flat polygon or a single category becomes a
    list of one. A person with labelled keypoints is no
    crowd. Annotations without an id get one. What is regular already stays
    the object it is.

    Args:
        content: The file's content.
        ann_file: Its name, for messages.

    Returns:
        ``images``, ``annotations``, ``categories`` and whatever else the
        file has.

    Raises:
        ValueError: If two images or annotations share an id, or a value
            cannot be understood; names file and annotation.
        KeyError, TypeError: If it is no COCO file at all.
    """
    images = [_regular_image(image, ann_file) for image in content['images']]
    _refuse_twice((image['id'] for image in images), 'images', ann_file)
    annotations = [
        _regular_annotation(annotation, ann_file)
        for annotation in content['annotations']
    ]
    _complete_bodies(annotations)
    ids = [a['id'] for a in annotations if 'id' in a]
    _refuse_twice(ids, 'annotations', ann_file)
    following = max((i for i in ids if isinstance(i, int)), default=0) + 1
    for i, annotation in enumerate(annotations):
        if 'id' not in annotation:
            annotations[i] = annotation | dict(id=following)
            following += 1
    categories = content.get('categories') or []
    if isinstance(categories, Mapping):
        categories = [categories]  # Matlab's writer of lists of one
    categories = [_with_numbers(category, ('id',)) for category in categories]
    return content | dict(
        images=images, annotations=annotations, categories=categories
    )


def people_categories(
    categories: Iterable[dict],
    annotations: Iterable[dict],
    names: Sequence[str] | None = None,
    ann_file: str = '',
) -> frozenset[Any]:
    """Ids of the categories that are people.

    Args:
        categories: Of a regular content.
        annotations: Of the same.
        names: Their names. By default those called person, in any case,
            those that list keypoints, and those of annotations that have
            keypoints, under whatever name.
        ann_file: Name of the file, for messages.

    Raises:
        ValueError: If ``names`` has one that the file does not have.
    """
    if names is None:
        return frozenset(
            category.get('id')
            for category in categories
            if str(category.get('name')).lower() == 'person'
            or category.get('keypoints')
        ) | frozenset(
            a.get('category_id') for a in annotations if 'keypoints' in a
        )
    known = {
        category.get('name'): category.get('id') for category in categories
    }
    missing = [name for name in names if name not in known]
    if missing:
        raise ValueError(
            f'{ann_file} has no category {", ".join(missing)}; its categories '
            f'are {", ".join(map(str, known)) or "none"}'
        )
    return frozenset(known[name] for name in names)


def with_keypoints(annotations: Iterable[dict]) -> frozenset[Any]:
    """Ids of the categories that any annotation with keypoints is of."""
    return frozenset(
        a.get('category_id') for a in annotations if 'keypoints' in a
    )


def keep_people(
    annotations: Iterable[dict], categories: frozenset[Any]
) -> list[dict]:
    """Annotations of some categories, and what preparations marked."""
    return [
        a
        for a in annotations
        if a.get('category_id') in categories or 'made_by' in a
    ]


def is_empty(record: Mapping[str, Any]) -> bool:
    """Whether nobody is in an image, nor anything to ignore."""
    return not len(record['keypoints']) and not record['ignore_regions']


def what_is_read(
    records: Sequence[Mapping[str, Any]],
    annotations: Sequence[dict],
    people: frozenset[Any],
) -> str:
    """What a data set took from a file, in a line for the log.

    Args:
        records: Of its images (:func:`image_record.image_record`).
        annotations: Of the file.
        people: Ids of the categories that are people.
    """
    number = sum(len(record['keypoints']) for record in records)
    regions = sum(len(record['ignore_regions']) for record in records)
    line = f'{len(records)} images, {number} people with keypoints'
    if regions:
        line += f', {regions} regions to ignore'
    same = sum(record.get('same_people', 0) for record in records)
    if same:
        line += f', {same} boxes of people who are labelled elsewhere left out'
    empty = sum(map(is_empty, records))
    if 0 < empty < len(records):
        line += (
            f', {empty} images without anybody (if they are not annotated '
            f'yet, keep_images_without_people=False leaves them out)'
        )
    others = Counter(
        a.get('category_id')
        for a in annotations
        if 'keypoints' not in a
        and 'made_by' not in a
        and a.get('category_id') not in people
    )
    if others and people:
        named = ', '.join(f'{n} of category {c}' for c, n in others.items())
        line += f'; left out, for they are no people: {named}'
    return line


def content_to_evaluate(
    content: dict,
    ann_file: str,
    num_keypoints: int | None = None,
    categories: Sequence[str] | None = None,
) -> dict:
    """A regular content's people, as COCO's evaluation wants them.

    Only people stay, as category 1, and what preparations marked as not to
    count. A box or an area that is missing or empty is that of the labelled
    keypoints of all parts, else of the outline; of people without keypoints
    in a file that has some they are all unlabelled. Ids that COCO's
    evaluation cannot hold (text, negative ones) become numbers.

    Args:
        content: What :func:`regular_content` gives.
        ann_file: Its name, for messages.
        num_keypoints: Of its people; by default as many as the first has.
        categories: Names of the categories that are people; see
            :func:`people_categories`.

    Raises:
        ValueError: If ids of images are not numbers, or someone has another
            number of keypoints.
    """
    text = [i['id'] for i in content['images'] if not isinstance(i['id'], int)]
    if text:
        raise ValueError(
            f'{ann_file}: the id of image {text[0]!r} is no whole number, '
            f"which COCO's evaluation asks for; number the images"
        )
    ours = people_categories(
        content['categories'], content['annotations'], categories, ann_file
    )
    people = keep_people(content['annotations'], ours)
    counts = [len(a['keypoints']) // 3 for a in people if 'keypoints' in a]
    if num_keypoints is None and counts:
        num_keypoints = counts[0]
    evaluated = []
    for annotation in people:
        person = annotation | dict(category_id=PERSON)
        person.setdefault('iscrowd', 0)
        if num_keypoints is not None:
            given = person.setdefault('keypoints', [0] * (3 * num_keypoints))
            if len(given) != 3 * num_keypoints:
                raise ValueError(
                    f'{ann_file}: annotation {person["id"]} has {len(given)} '
                    f'numbers as keypoints, not {3 * num_keypoints} (x, y, v '
                    f'of {num_keypoints}). PartialPoseMetric tests any '
                    f'skeleton; where categories have keypoints of different '
                    f'kinds, name those of people (categories=[...])'
                )
            person['num_keypoints'] = sum(v > 0 for v in given[2::3])
        _fill_box_and_area(person)
        evaluated.append(person)
    for part, size in COCO_WHOLEBODY133.part_sizes:
        key = PART_KEYS[part]
        if key == 'keypoints' or not any(key in p for p in evaluated):
            continue
        for person in evaluated:
            person.setdefault(key, [0] * (3 * size))
            person.setdefault(VALID_KEYS[part], any(person[key]))
    if not all(
        isinstance(p['id'], int) and 0 < p['id'] <= MOST_ID for p in evaluated
    ):
        for number, person in enumerate(evaluated, 1):
            person['id'] = number
    return content | dict(
        annotations=evaluated,
        categories=[dict(id=PERSON, name='person')],
        # what the file says of them, for check_order
        people_categories=[
            c
            for c in content['categories']
            if c.get('id') in ours & with_keypoints(people)
        ],
    )


def _fill_box_and_area(person: dict) -> None:
    """Box and area of a person who has none, from what is labelled."""
    box = person.get('bbox') or [0, 0, 0, 0]
    if box[2] <= 0 or box[3] <= 0:
        points = [
            (x, y)
            for key in PART_KEYS.values()
            for x, y, v in _in_threes(person.get(key) or [])
            if v > 0
        ]
        box = [0.0, 0.0, 0.0, 0.0]
        if points or person.get('segmentation'):
            box = _box_of(points) if points else _box_of_outline(person)
    person['bbox'] = [float(value) for value in box]
    if person.get('area', 0) <= 0:
        person['area'] = AREA_OF_BOX * person['bbox'][2] * person['bbox'][3]


def _in_threes(values: Sequence[float]) -> Iterable[tuple]:
    return zip(values[0::3], values[1::3], values[2::3], strict=True)


def _box_of(points: Sequence[tuple[float, float]]) -> list[float]:
    """x, y, width, height; a point or a line has the width of a pixel.

    Of no area, nothing would ever be near enough to it.
    """
    xs, ys = zip(*points, strict=True)
    width, height = max(xs) - min(xs), max(ys) - min(ys)
    return [min(xs), min(ys), max(width, 1.0), max(height, 1.0)]


def _box_of_outline(person: dict) -> list[float]:
    """x, y, width, height of polygons or of a mask."""
    outline = person['segmentation']
    if isinstance(outline, list):
        corners = [
            corner
            for polygon in outline
            for corner in zip(polygon[0::2], polygon[1::2], strict=True)
        ]
        return _box_of(corners) if corners else [0.0, 0.0, 0.0, 0.0]
    # need OpenCV and pycocotools, which nothing else here does
    import cv2

    from wholebody_mm.datasets.transforms.rasters import decode_rle

    return list(cv2.boundingRect(decode_rle(outline)))


def _regular_image(image: dict, ann_file: str) -> dict:
    """An image whose id is a number if it can be one, as are its sides."""
    changed = _with_numbers(image, ('id',))
    where = f'{ann_file}: image {image["id"]!r}'
    sides = {
        side: _quantity(image[side], side, where)
        for side in ('width', 'height')
        if image.get(side) is not None
    }
    if all(sides[side] is image[side] for side in sides):
        return changed
    return changed | sides


def _with_numbers(entry: dict, keys: Iterable[str]) -> dict:
    """An entry with numbers as ids where they can be; else the same object."""
    numbers = {key: as_number(entry[key]) for key in keys if key in entry}
    if all(number is entry[key] for key, number in numbers.items()):
        return entry
    return entry | numbers


def _regular_annotation(annotation: dict, ann_file: str) -> dict:
    """An annotation without nulls and with the shapes of COCO's."""
    changed = {k: v for k, v in annotation.items() if v is not None}
    where = f'{ann_file}: annotation {annotation.get("id")!r}'
    for key in ('id', 'image_id', 'category_id'):
        if key in changed:
            changed[key] = as_number(changed[key])
    if 'keypoints' in changed and not changed['keypoints']:
        del changed['keypoints']
    for part, size in COCO_WHOLEBODY133.part_sizes:
        key = PART_KEYS[part]
        if key in annotation and key != 'keypoints' and not changed.get(key):
            changed[key] = [0] * (3 * size)  # of which nothing is labelled
        if key in changed:
            changed[key] = _regular_keypoints(changed[key], key, where)
    labelled = any(v > 0 for v in changed.get('keypoints', ())[2::3])
    if changed.get('iscrowd') and labelled:
        # some tools encode every outline like a crowd's
        changed['iscrowd'] = 0
    if 'bbox' in changed:
        box = changed['bbox']
        if not _are_numbers(box) or len(box) not in (0, 4):
            raise ValueError(
                f"{where}: 'bbox' {short(box)} is not four numbers: x, y, "
                f'width, height'
            )
    if 'area' in changed:
        area = _quantity(changed.pop('area'), 'area', where)
        if area is not None:
            changed['area'] = area
    if isinstance(changed.get('segmentation'), list):
        changed['segmentation'] = _polygons(changed['segmentation'], where)
    return annotation if changed == annotation else changed


def _complete_bodies(annotations: list[dict]) -> None:
    """Give those of whom only a face, say, is labelled a body without labels.

    Only where the file has ``keypoints``, and those of COCO-WholeBody.
    """
    key = PART_KEYS['body']
    size = 3 * dict(COCO_WHOLEBODY133.part_sizes)['body']
    if {len(a[key]) for a in annotations if key in a} != {size}:
        return
    for i, annotation in enumerate(annotations):
        if key not in annotation and any(
            v > 0
            for part, valid in VALID_KEYS.items()
            if annotation.get(valid, True)
            for v in annotation.get(PART_KEYS[part], ())[2::3]
        ):
            annotations[i] = annotation | {key: [0] * size}


def _regular_keypoints(values: Any, key: str, where: str) -> list:
    """x, y, v with zeros where a point that is not labelled has nulls."""
    if not isinstance(values, list):
        raise ValueError(
            f'{where}: {key!r} {short(values)} is no list of x, y, v'
        )
    if None not in values:
        if not _are_numbers(values):
            raise ValueError(
                f'{where}: {key!r} {short(values)} are not all numbers'
            )
        return values
    for i in range(0, len(values) - 2, 3):
        if values[i + 2] and None in values[i : i + 2]:
            raise ValueError(
                f'{where}: keypoint {i // 3 + 1} is labelled but has no '
                f'place; give it one in {key!r}, or v = 0'
            )
    return [0 if value is None else value for value in values]


def _polygons(outline: list, where: str) -> list:
    """A list of polygons, each a flat list of x and y."""
    if outline and _are_numbers(outline):
        outline = [outline]
    for polygon in outline:
        good = _are_numbers(polygon) and all(map(math.isfinite, polygon))
        if not good or len(polygon) % 2:
            raise ValueError(
                f"{where}: 'segmentation' has a polygon {short(polygon)} "
                f'that is not x, y, x, y, ...'
            )
    return outline


def _are_numbers(values: Any) -> bool:
    """Whether it is a list of nothing but numbers, NaN among them."""
    return isinstance(values, (list, tuple)) and all(
        isinstance(v, (int, float)) and not isinstance(v, bool) for v in values
    )


def _quantity(value: Any, key: str, where: str) -> float | None:
    """A number, which may be in quotes; None if it is empty or NaN."""
    number = value
    if isinstance(value, str):
        if not value.strip():
            return None
        with contextlib.suppress(ValueError):
            number = as_number(float(value))
    if not _are_numbers([number]) or abs(number) == math.inf:
        raise ValueError(f'{where}: {key!r} {short(value)} is no number')
    return None if math.isnan(number) else number


def short(value: Any) -> str:
    """Its beginning, for an error."""
    text = repr(value)
    return text if len(text) <= 60 else f'{text[:57]}...'


def as_number(identity: Any) -> Any:
    """An id as a whole number, where it is one in quotes or 7.0."""
    if isinstance(identity, str) and identity.isdecimal():
        return int(identity)
    if isinstance(identity, float) and math.isfinite(identity):
        return int(identity) if identity == int(identity) else identity
    return identity


def _refuse_twice(ids: Iterable[Any], what: str, ann_file: str) -> None:
    """Raise if an id is there twice."""
    twice = [i for i, times in Counter(ids).items() if times > 1]
    if twice:
        raise ValueError(
            f'{ann_file}: {len(twice)} ids are of several {what} (the first '
            f'is {twice[0]!r}), as in files that were joined; number them '
            f'anew'
        )
