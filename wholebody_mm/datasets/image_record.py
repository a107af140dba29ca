"""From the annotations of one image to the keys of a training sample."""

from __future__ import annotations

import numpy as np

from wholebody_mm.datasets.coco_annotations import (
    MASKED,
    OUTSIDE,
    ParsePoints,
    person_box,
)
from wholebody_mm.datasets.people_boxes import (
    annotated_again,
    are_tight,
    within_reach,
)
from wholebody_mm.datasets.wholebody_format import AREA_OF_BOX
from wholebody_mm.skeletons import SkeletonMap

# A part's box is drawn around its points; the Gaussians of the outermost
# ones reach further.
_PART_BOX_MARGIN = 0.2


def image_record(
    annotations: list[dict],
    parse: ParsePoints,
    to_target: SkeletonMap,
    ann_file: str,
    people_categories: frozenset[int] | None = None,
) -> dict:
    """The people of one image in the target skeleton, and what to ignore.

    K keypoints of the target skeleton, N people with any keypoint, M people
    in all.

    Args:
        annotations: The annotations of the image.
        parse: Takes (annotation, file name) to (Ks, 3) points of the source
            skeleton and its part boxes.
        to_target: From the source to the target skeleton.
        ann_file: Name of the file, for messages.
        people_categories: Category ids of people. Annotations of people
            without the key ``keypoints`` are people of whom nothing is
            labelled; those of other categories are left out, crowds too.
            None if nothing tells them apart: then every crowd is of people.

    Returns:
        ``keypoints`` (N, K, 2) float32, ``keypoints_visible`` (N, K)
        float32 0, 1, 2, ``bbox`` (N, 4) float32, ``area`` (N,) float32,
        ``id`` list of N annotation ids, ``ignore_boxes`` (N, 4) float32 and
        ``person_boxes`` (M, 4) float32, where these people may be: ``bbox``,
        or, if it is no more than the extents of the labelled keypoints and
        others are missing, as much beside it as the rest of the person may
        take, and with it the box that another category has of the person.
        ``strangers`` counts the crowds and outlines of people,
        ``same_people`` the boxes without keypoints that were dropped, for
        they are of a labelled person of another category.

        ``ignore_regions``: ``(part or None, shape)`` where None is every
        part and the shape, in pixels of the original image, is a (4,) box,
        a list of polygons or an RLE dictionary. Ignored are

        - crowds and people without keypoints, for every part;
        - a part of which the data set labels nothing for a person, in that
          part's box if there is one, else in the person's box; what of it
          may be in ``ignore_boxes`` is left to the weights, which know the
          other people.
    """
    every_crowd = people_categories is None
    people_categories = people_categories or frozenset()
    regions: list[tuple[str | None, np.ndarray | list | dict]] = []
    people, points, boxes, part_boxes = [], [], [], []
    strangers = 0
    for annotation in annotations:
        is_person = (
            'keypoints' in annotation
            or annotation.get('category_id') in people_categories
        )
        if annotation.get('iscrowd', 0):
            made = annotation.get('made_by') == OUTSIDE
            ours = (
                is_person
                or made
                or annotation.get('made_by') == MASKED
                or every_crowd
            )
            shape = _segmentation(annotation) if ours else None
            if shape is not None:
                regions.append((None, shape))
                strangers += not made
            continue
        own_points = np.zeros((to_target.source.num_keypoints, 3), np.float32)
        own_parts: dict[str, np.ndarray] = {}
        if 'keypoints' in annotation:
            own_points, own_parts = parse(annotation, ann_file)
        elif not is_person:
            continue  # something else
        box = person_box(annotation, own_points)
        if box is not None:
            people.append(annotation)
            points.append(own_points)
            boxes.append(box)
            part_boxes.append(own_parts)
        elif (shape := _segmentation(annotation)) is not None:
            regions.append((None, shape))
            strangers += 1

    ks = to_target.source.num_keypoints
    source = np.array(points, np.float32).reshape(-1, ks, 3)
    keypoints, visible = to_target(source[..., :2], source[..., 2])
    boxes = np.array(boxes, np.float32).reshape(-1, 4)
    known = (visible > 0).any(axis=1)
    tight = are_tight(boxes, source[..., :2], source[..., 2])
    whose = annotated_again(
        boxes, known, [person.get('category_id') for person in people], tight
    )
    again = whose >= 0
    # points below 0 are not labelled, but their places are known
    lacking = tight & (to_target.labelled & (visible == 0)).any(axis=1)
    reach = within_reach(boxes, (source[..., 2] > 0).sum(axis=1))
    around = np.where(lacking[:, None], reach, boxes)
    # what a tight box does not tell, a second one of the person does
    for i in np.flatnonzero(again & tight[whose]):
        around[whose[i]] = _of_both(around[whose[i]], boxes[i])
    for i, missing in enumerate(_missing_parts(visible, to_target)):
        if known[i]:
            regions += [
                (part, _part_region(part_boxes[i].get(part), boxes[i]))
                for part in missing
            ]
        elif not again[i]:
            shape = _segmentation(people[i])
            regions.append((None, boxes[i] if shape is None else shape))
    kept = [people[i] for i in np.flatnonzero(known)]
    return dict(
        keypoints=keypoints[known],
        keypoints_visible=visible[known],
        bbox=boxes[known],
        area=np.array([_area(person) for person in kept], np.float32),
        id=[person.get('id') for person in kept],
        ignore_boxes=around[known],
        person_boxes=around[~again],
        ignore_regions=regions,
        strangers=strangers,
        same_people=int(again.sum()),
    )


def _missing_parts(
    visible: np.ndarray, to_target: SkeletonMap
) -> list[list[str]]:
    """Per person the parts that the data set labels, but not of them.

    Args:
        visible: (N, K) visibilities in the target skeleton.
        to_target: Knows what the data set labels.
    """
    parts = {
        part: where
        for part, where in to_target.target.parts.items()
        if to_target.labelled[where].any()
    }
    found = np.stack(
        [(visible[:, where] > 0).any(axis=1) for where in parts.values()],
        axis=1,
    )
    names = np.array(list(parts), object)
    return [names[~row].tolist() for row in found]


def _of_both(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(4,) the box around two boxes."""
    return np.concatenate([np.minimum(a[:2], b[:2]), np.maximum(a[2:], b[2:])])


def _part_region(
    part_box: np.ndarray | None, person: np.ndarray
) -> np.ndarray:
    """(4,) box in which a part is ignored: its own, or the person's."""
    if part_box is None:
        return person
    margin = _PART_BOX_MARGIN * (part_box[2:] - part_box[:2])
    return np.concatenate([part_box[:2] - margin, part_box[2:] + margin])


def _area(annotation: dict) -> float:
    """Annotated area, or that of someone in the box."""
    width, height = (annotation.get('bbox') or (0, 0, 0, 0))[2:]
    area = annotation.get('area') or 0
    return area if area > 0 else AREA_OF_BOX * width * height


def _segmentation(annotation: dict) -> list | dict | np.ndarray | None:
    """Polygons, RLE or else the box of an annotation; None without any."""
    segmentation = annotation.get('segmentation')
    if isinstance(segmentation, dict):
        return segmentation
    if isinstance(segmentation, list):
        polygons = [p for p in segmentation if len(p) >= 6]
        if polygons:
            return [np.array(p, np.float32).reshape(-1, 2) for p in polygons]
    return person_box(annotation, np.zeros((0, 3), np.float32))
