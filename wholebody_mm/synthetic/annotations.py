"""Labels of rendered people in COCO-WholeBody's version 1.0 format."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

import cv2
import numpy as np

from wholebody_mm.datasets.drawn_people import annotation_file
from wholebody_mm.datasets.wholebody_format import (
    BOX_KEYS,
    PART_KEYS,
    UNION_KEY,
    VALID_KEYS,
)
from wholebody_mm.skeletons import COCO_WHOLEBODY133, WHOLEBODY135, get_map
from wholebody_mm.synthetic.keypoints import EXTRAS
from wholebody_mm.synthetic.renderer import BEHIND, Person

# A person of whom less than this is seen gets a box but no points, as
# annotators do; share of the unhidden body and pixels.
LEAST_SHARE, LEAST_PIXELS = 0.04, 30
# Faces and hands are labelled as a whole or not at all: share of their
# points that must be seen, and pixels of the longer side.
LEAST_SEEN = {'face': 0.3, 'lefthand': 0.38, 'righthand': 0.38}
LEAST_SIDE = {'face': 7.0, 'lefthand': 6.0, 'righthand': 6.0}
LEAST_FACING = -0.15  # the face of a head turned further away is not labelled

_BODY_AND_FEET = np.isin(
    COCO_WHOLEBODY133.keypoint_part,
    [COCO_WHOLEBODY133.part_names.index(part) for part in ('body', 'foot')],
)
_JOINED = [
    (a, b)
    for a, b in COCO_WHOLEBODY133.links
    if _BODY_AND_FEET[a] and _BODY_AND_FEET[b]
]

# Body points that only the union skeleton has, and those next to them, of
# which one must be seen.
_HEAD = ('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear')
_NEXT_TO = {
    'head_top': _HEAD,
    'upper_neck': (*_HEAD, 'left_shoulder', 'right_shoulder'),
}


def annotation_of(person: Person) -> dict | None:
    """The annotation of one person, without ids; None if nothing is seen.

    Points outside the image get v = 0, hidden ones v = 1, seen ones v = 2.
    As annotators do, a hidden point of body or foot is only labelled next to
    a seen one: nobody can tell where someone behind a wall has their feet.
    A face or hand of which too little is seen has ``*_valid`` false and
    zeros for points.

    Args:
        person: Labels of the renderer.
    """
    mask = person.mask.astype(np.uint8)
    area = int(mask.sum())
    if area < 4:
        return None
    visible = person.visible.copy()
    if area < max(LEAST_PIXELS, LEAST_SHARE * person.whole_area):
        visible[:] = 0
    visible[~placeable(visible)] = 0
    valid = {}
    for part, where in COCO_WHOLEBODY133.parts.items():
        if part in LEAST_SEEN and not _is_labelled(person, visible, part):
            visible[where] = 0
        valid[part] = bool((visible[where] > 0).any())
    # Half a pixel around the centres of the outermost belongs to the image;
    # tools that read COCO's format refuse places below 0.
    inside = person.keypoints.clip(0, np.array(mask.shape[::-1]) - 1)
    points = np.where(visible[:, None] > 0, inside, 0.0)
    triplets = np.concatenate([np.round(points, 2), visible[:, None]], 1)
    x, y, w, h = cv2.boundingRect(mask)
    contours, _ = cv2.findContours(
        mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE
    )
    polygons = [c.reshape(-1).tolist() for c in contours if len(c) >= 3]
    out = dict(
        category_id=1,
        iscrowd=0,
        bbox=[x, y, w, h],
        area=area,
        segmentation=polygons or [_rectangle(x, y, w, h)],
        num_keypoints=int(valid['body'])
        and int((visible[COCO_WHOLEBODY133.parts['body']] > 0).sum()),
    )
    for part, where in COCO_WHOLEBODY133.parts.items():
        rows = triplets[where]
        out[PART_KEYS[part]] = [
            int(v) if i % 3 == 2 else float(v)
            for i, v in enumerate(rows.reshape(-1))
        ]
        if part in VALID_KEYS:
            out[VALID_KEYS[part]] = valid[part]
        if part in BOX_KEYS:
            out[BOX_KEYS[part]] = _box(rows)
    if person.extras is not None and visible.any():
        out[UNION_KEY] = _union_points(person, visible, valid)
    return out


def placeable(visible: np.ndarray) -> np.ndarray:
    """(K,) bool: seen, or joined to a seen point; all of face and hands.

    Args:
        visible: (K,) of 0, 1, 2.
    """
    out = (visible == 2) | ~_BODY_AND_FEET
    for a, b in _JOINED:
        out[a] |= visible[b] == 2
        out[b] |= visible[a] == 2
    return out


def _union_points(
    person: Person, visible: np.ndarray, valid: dict[str, bool]
) -> list[float]:
    """x, y, v of the union skeleton's points, also beyond the image.

    v = 2 is seen, 1 hidden or outside the image but known (what is not in
    the image is not there to be found), 0 not labelled: of a hidden point
    that nobody could place and of a face or hand of which too little is
    seen, with their places; of a point behind the camera, with zeros.
    """
    target = WHOLEBODY135
    known = np.where(person.visible == 0, 1, visible)
    points, seen = get_map(COCO_WHOLEBODY133, target)(
        person.keypoints[None], np.ones_like(known)[None]
    )
    _, seen = get_map(COCO_WHOLEBODY133, target)(
        person.keypoints[None], known[None]
    )
    points, seen = points[0].astype(np.float64), seen[0].astype(np.int64)
    for name, point in zip(EXTRAS, person.extras, strict=True):
        points[target.index(name)] = point
        seen[target.index(name)] = 1
    height, width = person.mask.shape
    for name, near in _NEXT_TO.items():
        x, y = points[target.index(name)]
        inside = -0.5 <= x < width - 0.5 and -0.5 <= y < height - 0.5
        if inside and all(seen[target.index(other)] != 2 for other in near):
            seen[target.index(name)] = 0
    for part in LEAST_SEEN:
        if not valid[part]:
            seen[target.parts[part]] = 0
    behind = (points <= BEHIND).any(axis=1)
    points[behind], seen[behind] = 0, 0
    out = []
    for (x, y), v in zip(np.round(points, 1), seen, strict=True):
        out += [float(x), float(y), int(v)]
    return out


def _is_labelled(person: Person, visible: np.ndarray, part: str) -> bool:
    """Whether enough of a face or hand is seen to label it."""
    where = COCO_WHOLEBODY133.parts[part]
    if (visible[where] == 2).mean() < LEAST_SEEN[part]:
        return False
    span = np.ptp(person.keypoints[where], axis=0).max()
    if span < LEAST_SIDE[part]:
        return False
    return part != 'face' or person.facing > LEAST_FACING


def _rectangle(x: int, y: int, w: int, h: int) -> list[int]:
    return [x, y, x + w - 1, y, x + w - 1, y + h - 1, x, y + h - 1]


def _box(rows: np.ndarray) -> list[float]:
    """x, y, w, h around labelled points; zeros without any."""
    found = rows[rows[:, 2] > 0, :2]
    if not len(found):
        return [0.0] * 4
    low, high = found.min(0), found.max(0)
    return [round(float(v), 2) for v in (*low, *(high - low))]


def merged_text(
    images: Callable[[], Iterable[dict]], description: str
) -> Iterator[str]:
    """The text of an annotation file, piece by piece.

    Of 100,000 images all at once would take more memory than rendering does.

    Args:
        images: Gives image records, each with the annotations of its people
            under ``annotations``, in the order of their ids; called twice.
        description: For the file's ``info``.
    """
    content = annotation_file([], [])
    content['info'] = dict(description=description, version='1.0')
    streams = dict(
        images=lambda: (
            {k: v for k, v in image.items() if k != 'annotations'}
            for image in images()
        ),
        annotations=lambda: (
            dict(annotation, id=number, image_id=image_id)
            for number, (image_id, annotation) in enumerate(
                (
                    (image['id'], annotation)
                    for image in images()
                    for annotation in image['annotations']
                ),
                1,
            )
        ),
    )
    before = '{'
    for key, value in content.items():
        yield f'{before}{json.dumps(key)}:'
        before = ','
        if key not in streams:
            yield _compact(value)
            continue
        yield '['
        for number, item in enumerate(streams[key]()):
            yield f'{"," if number else ""}{_compact(item)}'
        yield ']'
    yield '}'


def _compact(value: object) -> str:
    return json.dumps(value, separators=(',', ':'))
