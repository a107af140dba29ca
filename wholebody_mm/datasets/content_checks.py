"""What a COCO file, made regular, may not have."""

from __future__ import annotations

import logging
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from wholebody_mm.datasets.regular_content import (
    people_categories,
    short,
    with_keypoints,
)
from wholebody_mm.skeletons import Skeleton


def check_named(
    categories: Iterable[dict],
    annotations: Sequence[dict],
    names: Sequence[str],
    ann_file: str,
) -> None:
    """Raise if nobody of the categories that were named has keypoints.

    A network would learn that nobody is anywhere.

    Args:
        categories: Of a regular content.
        annotations: Of the same, of all categories.
        names: Those of people, all of the file.
        ann_file: Its name.

    Raises:
        ValueError: If so; says of which categories there are annotations.
    """
    ours = people_categories(categories, annotations, names, ann_file)
    if not annotations or ours & with_keypoints(annotations):
        return
    called = {c.get('id'): c.get('name') for c in categories}
    counts = Counter(a.get('category_id') for a in annotations)
    with_points = Counter(
        a.get('category_id') for a in annotations if 'keypoints' in a
    )
    found = ', '.join(
        f'{called.get(i, f"id {i!r}")} ({with_points[i]} of {n} with '
        f'keypoints)'
        for i, n in counts.items()
    )
    raise ValueError(
        f'{ann_file} has no keypoints of {", ".join(names)}, which '
        f'categories=[...] names; its annotations are of {found}. Name those '
        f'of people'
    )


def refuse_listed_twice(
    images: Iterable[dict], annotations: Iterable[dict], ann_file: str
) -> None:
    """Raise if an image file has several ids.

    Under each of them the people of the others would be nobody; not where
    preparations marked what is not annotated.

    Args:
        images: Of a regular content.
        annotations: Of the same.
        ann_file: Its name.

    Raises:
        ValueError: If one has; names it and its ids.
    """
    ids: dict[str, list] = defaultdict(list)
    for image in images:
        if image.get('file_name'):
            ids[image['file_name']].append(image['id'])
    twice = {name: own for name, own in ids.items() if len(own) > 1}
    if not twice:
        return
    marked = {a.get('image_id') for a in annotations if 'made_by' in a}
    for name, own in twice.items():
        if not marked.issuperset(own):
            raise ValueError(
                f'{ann_file} lists {name} as image '
                f'{" and ".join(map(repr, own))}: the people of one would be '
                f'taught to be absent in the other; put their annotations '
                f'under one image'
            )


def check_masks(
    regions: Iterable[tuple[str | None, Any]], image: dict, ann_file: str
) -> None:
    """Raise if a run-length mask is of another size than its image.

    Something else would be ignored than was meant.

    Args:
        regions: Part and shape of what is ignored (:func:`.image_record`);
            masks of which nothing is made may be of any size.
        image: Of a regular content; nothing is known without its size.
        ann_file: Name of the file.

    Raises:
        ValueError: If one is; names the image.
    """
    size = [image.get('height'), image.get('width')]
    if not all(size):
        return
    for _, mask in regions:
        if not isinstance(mask, dict):
            continue
        given = mask.get('size')
        if not isinstance(given, (list, tuple)) or list(given) != size:
            raise ValueError(
                f'{ann_file}: a run-length mask of image '
                f'{image["file_name"]} is of size {short(given)}, the image '
                f'of {size} (height, width); write it for the image, or '
                f'leave it out'
            )


def check_order(
    categories: Iterable[dict],
    people: frozenset[Any],
    skeleton: Skeleton,
    ann_file: str,
) -> None:
    """Raise if the file lists a skeleton's keypoints in another order.

    Names are the same whatever their case and what joins their words. Under
    other names keypoints are read in the skeleton's order, as long as no name
    is that of another keypoint; a warning says which is taken for which.

    Args:
        categories: Of the file.
        people: Ids of those that are people and have keypoints.
        skeleton: What ``keypoints`` of the file are read as.
        ann_file: Its name.

    Raises:
        ValueError: If it does; shows both orders.
    """
    for category in categories:
        listed = tuple(category.get('keypoints') or ())
        expected = skeleton.keypoint_names[: len(listed)]
        plain, wanted = (
            [_plain(name) for name in names] for names in (listed, expected)
        )
        if category.get('id') not in people or plain == wanted:
            continue
        if sorted(plain) == sorted(wanted) or _misplaced(plain, skeleton):
            raise ValueError(
                f'{ann_file} lists the keypoints of {category.get("name")} '
                f'as {", ".join(listed)}; the skeleton {skeleton.name} has '
                f'them as {", ".join(expected)}. Give the skeleton the order '
                f'of the file'
            )
        # what reads files without data sets does without MMEngine
        from mmengine.logging import print_log

        pairs = zip(listed, skeleton.keypoint_names, strict=False)
        print_log(
            f'{ann_file} has names of its own for the keypoints of '
            f'{category.get("name")}; they are read in the order of the '
            f'skeleton {skeleton.name}, {len(listed)} of '
            f'{skeleton.num_keypoints}: '
            + ', '.join(f'{a} as {b}' for a, b in pairs)
            + '. If that is wrong, give the skeleton the order of the file',
            'current',
            logging.WARNING,
        )


def _misplaced(plain: Sequence[str], skeleton: Skeleton) -> bool:
    """Whether a name is, at another place, that of another keypoint.

    Names that differ in their number alone do not count: face_1 may well be
    the first one, which the skeleton calls face_0.
    """
    names = [_plain(name) for name in skeleton.keypoint_names]
    return any(
        name != own
        and name in names
        and name.rstrip('0123456789') != own.rstrip('0123456789')
        for name, own in zip(plain, names, strict=False)
    )


def _plain(name: Any) -> str:
    """A name without case and without what joins its words."""
    return re.sub(r'[\W_]+', '', str(name).lower())
