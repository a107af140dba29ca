"""People that a detector finds but nobody annotated become ignore regions.

Face and hand sets annotate one or two people of an image. Teaching that the
others have no face or hand would be teaching mistakes (the paper's "further
refinement").
"""

from __future__ import annotations

import math
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from numbers import Real
from pathlib import Path

import cv2
import numpy as np
from scipy.optimize import linear_sum_assignment

from wholebody_mm.datasets.coco_annotations import (
    MASKED,
    OUTSIDE,
    person_box,
)
from wholebody_mm.datasets.people_boxes import box_iou
from wholebody_mm.datasets.preparation.writing import (
    PERSON,
    ignored,
    read_json,
)
from wholebody_mm.datasets.regular_content import as_number, regular_content
from wholebody_mm.datasets.transforms.rasters import decode_rle, fill_polygon
from wholebody_mm.datasets.wholebody_format import PART_KEYS
from wholebody_mm.whole_files import write_json

# As published of the released network's data: less certain or smaller
# detections are nobody, nearly equal ones are one person.
LEAST_SCORE = 0.1
LEAST_AREA = 144
SAME_DETECTION = 0.95
# A detection of so much overlap with an annotated person is that person.
SAME_PERSON = 0.5
# Masks grow by a share of the person's size: keypoints lie near the outline.
GROWTH = 0.1


def mask_of(segmentation: dict | list, height: int, width: int) -> np.ndarray:
    """(height, width) uint8 mask of COCO's run lengths or polygons."""
    if isinstance(segmentation, dict):
        return decode_rle(segmentation)
    mask = np.zeros((height, width), np.uint8)
    for polygon in segmentation:
        fill_polygon(mask, np.reshape(polygon, (-1, 2)))
    return mask


def _boxes(annotations: Sequence[dict], size: tuple[int, int]) -> np.ndarray:
    """(n, 4) x0, y0, x1, y1 of people or detections.

    With all labelled points in it; of whom neither box nor points are known,
    that of the outline, else empty: it is of nobody who was found.

    Args:
        annotations: Those of n people.
        size: Height and width of the image.
    """
    boxes = np.zeros((len(annotations), 4))
    for i, annotation in enumerate(annotations):
        given = dict(annotation, bbox=annotation.get('bbox') or ())
        box = person_box(given, _labelled_points(annotation))
        if box is None and annotation.get('segmentation'):
            mask = mask_of(annotation['segmentation'], *size)
            x, y, w, h = cv2.boundingRect(mask)
            box = x, y, x + w, y + h
        if box is not None:
            boxes[i] = box
    return boxes


def _labelled_points(annotation: dict) -> np.ndarray:
    """(n, 3) x, y, v of all parts that an annotation has."""
    values = [v for key in PART_KEYS.values() for v in annotation.get(key, ())]
    return np.array(values, np.float32).reshape(-1, 3)


def match_people(
    people: Sequence[dict], detections: Sequence[dict], masks: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Which detection is which annotated person.

    The assignment of the largest total affinity (Hungarian): the overlap of
    the boxes plus the share of the person's labelled keypoints that lie on
    the detection's mask. The box of a face set is that of the face, which
    alone would match nobody.

    Args:
        people: n annotations with ``keypoints`` and, if any, ``bbox``.
        detections: m detections.
        masks: (m, h, w) uint8 masks of the detections.

    Returns:
        (n,) int64 detection of each person, -1 for none, and (n, m) float64
        affinities between 0 and 1, the larger of the two.
    """
    matched = np.full(len(people), -1)
    if not people or not detections:
        return matched, np.zeros((len(people), len(detections)))
    h, w = masks.shape[1:]
    overlap = box_iou(_boxes(people, (h, w)), _boxes(detections, (h, w)))
    covered = np.zeros_like(overlap)
    for i, person in enumerate(people):
        rows = np.reshape(person['keypoints'], (-1, 3))
        points = rows[rows[:, 2] > 0, :2].round().astype(int)
        points = points[(points >= 0).all(1) & (points < [w, h]).all(1)]
        if len(points):
            x, y = points.T
            covered[i] = masks[:, y, x].mean(axis=1)
    affinity = np.maximum(overlap, covered)
    rows, columns = linear_sum_assignment(-(overlap + covered))
    good = affinity[rows, columns] >= SAME_PERSON
    matched[rows[good]] = columns[good]
    return matched, affinity


def unlabelled_regions(
    image: dict, people: Sequence[dict], detections: Sequence[dict]
) -> list[dict]:
    """Annotations of what is to be ignored in an image.

    Args:
        image: ``width`` and ``height``.
        people: Its annotated people.
        detections: ``segmentation``, ``score`` and, if any, ``bbox`` of
            people found.

    Returns:
        One annotation a person that is not annotated; where annotated people
        are, nothing is ignored.
    """
    width, height = image['width'], image['height']
    certain = sorted(
        (d for d in detections if d['score'] >= LEAST_SCORE),
        key=lambda d: -d['score'],
    )
    kept: list[dict] = []
    masks: list[np.ndarray] = []
    for detection in certain:
        mask = mask_of(detection['segmentation'], height, width)
        if mask.sum() <= LEAST_AREA:
            continue
        both = [(mask & other).sum() for other in masks]
        union = [(mask | other).sum() for other in masks]
        if any(
            b > SAME_DETECTION * u for b, u in zip(both, union, strict=True)
        ):
            continue
        kept.append(detection)
        masks.append(mask)
    stacked = np.array(masks, np.uint8).reshape(-1, height, width)
    matched, affinity = match_people(people, kept, stacked)
    labelled = _labelled_area(people, stacked, matched)
    regions = []
    for j, (detection, mask) in enumerate(zip(kept, masks, strict=True)):
        if j in matched or (affinity[:, j] >= SAME_PERSON).any():
            continue  # an annotated person, or a second detection of one
        region = _grown(mask) & (1 - labelled)
        if region.any():
            score = round(float(detection['score']), 4)
            regions.append(dict(ignored(region, MASKED), score=score))
    return regions


def _labelled_area(
    people: Sequence[dict], masks: np.ndarray, matched: np.ndarray
) -> np.ndarray:
    """(h, w) uint8, 1 on annotated people and around their keypoints."""
    area = np.zeros(masks.shape[1:], np.uint8)
    for person, j in zip(people, matched, strict=True):
        if j >= 0:
            area |= masks[j]
        rows = np.reshape(person['keypoints'], (-1, 3))
        points = rows[rows[:, 2] > 0, :2].astype(np.float32)
        if len(points):
            hull = np.zeros_like(area)
            fill_polygon(hull, cv2.convexHull(points).reshape(-1, 2))
            area |= _grown(hull)
    return area


def _grown(mask: np.ndarray) -> np.ndarray:
    """The mask, grown by a share of the longer side of its box."""
    _, _, w, h = cv2.boundingRect(mask)
    reach = max(2, round(GROWTH * max(w, h)))
    kernel = cv2.getStructuringElement(
        cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)
    )
    return cv2.dilate(mask, kernel)


def read_to_mask(ann_file: Path) -> dict:
    """A COCO-style file, made regular, that has all that masks need.

    Detecting takes hours: whatever is wrong with the file is said before.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is no COCO file, has images without sizes,
            annotations of other images or keypoints that are not x, y, v.
    """
    content = read_json(ann_file, 'annotation file')
    try:
        content = regular_content(content, str(ann_file))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f'{ann_file} is no COCO annotation file ({error!r}); is the '
            f'download complete?'
        ) from error
    for image in content['images']:
        if not (image.get('width') and image.get('height')):
            raise ValueError(
                f'{ann_file}: image {image["id"]!r} has no width and height; '
                f'masks need them'
            )
    known = {image['id'] for image in content['images']}
    for annotation in content['annotations']:
        where = f'{ann_file}: annotation {annotation["id"]!r}'
        if annotation.get('image_id') not in known:
            raise ValueError(
                f'{where} is of image {annotation.get("image_id")!r}, which '
                f'the file does not have'
            )
        for key in PART_KEYS.values():
            if len(annotation.get(key, ())) % 3:
                raise ValueError(
                    f'{where}: {key!r} has {len(annotation[key])} numbers, '
                    f'not x, y, v of each keypoint'
                )
    return content


def mask_people(
    ann_file: Path,
    detections: Sequence[dict],
    out: Path,
    category: int = PERSON,
    source: str = 'the detections',
) -> dict[str, int]:
    """Put regions of people that are not annotated into an annotation file.

    They replace those of an earlier run, and the whole outside that
    preparations ignore as long as nobody has looked.

    Args:
        ann_file: A COCO-style file.
        detections: In COCO's result format: ``image_id``,
            ``segmentation``, ``score`` and, if any, ``category_id`` and
            ``bbox``.
        out: The file to write; may be ``ann_file`` itself.
        category: That of people among them. Others are left out, which the
            standard error says.
        source: Where the detections come from, for messages.

    Returns:
        Counts of ``images``, ``people`` annotated and ``masked``.

    Raises:
        ValueError: If the detections are of other images or no people, have
            no masks or scores, or masks of other sizes than the images; if
            the file lacks something (:func:`read_to_mask`).
    """
    content = read_to_mask(ann_file)
    known = {image['id']: image for image in content['images']}
    found = defaultdict(list)
    for detection in _of_people(detections, category, source):
        image_id = as_number(detection.get('image_id'))
        if image_id not in known:
            raise ValueError(
                f'{source}: a detection is of image '
                f'{detection.get("image_id")!r}, which {ann_file} does not '
                f'have; detect in the images of that file, and give '
                f'detections its image ids'
            )
        _check_detection(detection, known[image_id], source)
        found[image_id].append(detection)
    of_image = defaultdict(list)
    for annotation in content['annotations']:
        if annotation.get('made_by') not in (OUTSIDE, MASKED):
            of_image[annotation['image_id']].append(annotation)
    annotations, masked = [], 0
    for image in content['images']:
        own = of_image[image['id']]
        people = [
            a for a in own if not a.get('iscrowd', 0) and 'keypoints' in a
        ]
        regions = unlabelled_regions(image, people, found[image['id']])
        masked += len(regions)
        annotations += own
        annotations += [dict(r, image_id=image['id']) for r in regions]
    # those that are new get ids
    content = regular_content(dict(content, annotations=annotations), '')
    annotations = content['annotations']
    write_json(out, content)
    return dict(
        images=len(known),
        people=sum(not a.get('iscrowd', 0) for a in annotations),
        masked=masked,
    )


def _of_people(
    detections: Sequence[dict], category: int, source: str
) -> list[dict]:
    """Detections of a category, and those that say none.

    Raises:
        ValueError: If they are no list of detections, or none is of it.
    """
    if not isinstance(detections, Sequence) or not all(
        isinstance(detection, Mapping) for detection in detections
    ):
        raise ValueError(
            f"{source}: no list of detections; COCO's result format is "
            f'[{{"image_id": 1, "category_id": 1, "segmentation": ..., '
            f'"score": 0.9}}, ...]'
        )
    people, others = [], Counter()
    for detection in detections:
        number = as_number(detection.get('category_id'))
        if number in (None, category):
            people.append(detection)
        else:
            others[str(number)] += 1
    if others:
        kinds = ', '.join(f'{n} of {k}' for k, n in others.most_common(5))
        told = f'{source}: {others.total()} detections are not of category '
        told += f'{category} but of others ({kinds}'
        told += ', ...)' if len(others) > 5 else ')'
        if not people:
            raise ValueError(f'{told}; --category says which one is people')
        print(f'{told}; left out', file=sys.stderr)
    return people


def _check_detection(detection: Mapping, image: dict, source: str) -> None:
    """Raise ValueError if there is no score, or no mask of the image."""
    where = f'{source}: a detection in image {image["id"]!r}'
    score = detection.get('score')
    if not isinstance(score, Real) or not math.isfinite(score):
        raise ValueError(
            f'{where} has {score!r} as its score; give it a number from 0 to '
            f'1, which says how certain it is'
        )
    outline = detection.get('segmentation')
    if not outline:
        raise ValueError(
            f'{where} has no segmentation; a detector with masks is needed'
        )
    box = detection.get('bbox') or ()
    if not _are_numbers(box) or len(box) not in (0, 4):
        raise ValueError(
            f"{where} has {detection['bbox']!r} as its 'bbox', not x, y, "
            f'width, height; correct it, or leave it out'
        )
    size = [image['height'], image['width']]
    if isinstance(outline, Mapping):
        given = outline.get('size')
        fits = _are_numbers(given) and list(given) == size
        if not fits or 'counts' not in outline:
            raise ValueError(
                f'{where} has a mask of size {given!r}, not {size} (height, '
                f'width) with its counts; detect in the image as it is'
            )
    elif not isinstance(outline, Sequence) or not all(
        polygon
        and _are_numbers(polygon)
        and len(polygon) >= 6
        and len(polygon) % 2 == 0
        for polygon in outline
    ):
        raise ValueError(
            f'{where} has a segmentation that is neither run lengths nor '
            f'polygons [[x, y, x, y, ...], ...]'
        )


def _are_numbers(values: object) -> bool:
    return isinstance(values, Sequence) and all(
        isinstance(value, Real) for value in values
    )
