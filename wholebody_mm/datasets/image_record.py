"""From the annotations of one image to the keys of a training sample."""

from __future__ import annotations

import numpy as np

from wholebody_mm.datasets.coco_annotations import ParsePoints, person_box
from wholebody_mm.skeletons import SkeletonMap

# A part's box is drawn around its points; the Gaussians of the outermost
# ones reach further.
_PART_BOX_MARGIN = 0.2


def image_record(
    annotations: list[dict],
    parse: ParsePoints,
    to_target: SkeletonMap,
    ann_file: str,
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

    Returns:
        ``keypoints`` (N, K, 2) float32, ``keypoints_visible`` (N, K)
        float32 0, 1, 2, ``bbox`` (N, 4) float32, ``area`` (N,) float32,
        ``id`` list of N annotation ids, ``person_boxes`` (M, 4) float32 and
        ``ignore_regions``: ``(part or None, shape)`` where None is every
        part and the shape, in pixels of the original image, is a (4,) box,
        a list of polygons or an RLE dictionary. Ignored are

        - crowds and people without keypoints, for every part;
        - a part of which the data set labels nothing for a person, in that
          part's box if there is one, else in the person's box.
    """
    k = to_target.target.num_keypoints
    keypoints, visible, boxes, areas, ids = [], [], [], [], []
    person_boxes, regions = [], []
    for annotation in annotations:
        if annotation.get('iscrowd', 0):
            shape = _segmentation(annotation)
            if shape is not None:
                regions.append((None, shape))
            continue
        if 'keypoints' not in annotation:
            continue  # another category than a person
        points, part_boxes = parse(annotation, ann_file)
        box = person_box(annotation, points)
        if box is None:
            continue
        person_boxes.append(box)
        xy, v = to_target(points[None, :, :2], points[None, :, 2])
        if not (v > 0).any():
            shape = _segmentation(annotation)
            regions.append((None, box if shape is None else shape))
            continue
        keypoints.append(xy[0])
        visible.append(v[0])
        boxes.append(box)
        areas.append(annotation.get('area', np.prod(box[2:] - box[:2])))
        ids.append(annotation.get('id'))
        regions += _missing_parts(v[0], box, part_boxes, to_target)
    return dict(
        keypoints=np.array(keypoints, np.float32).reshape(-1, k, 2),
        keypoints_visible=np.array(visible, np.float32).reshape(-1, k),
        bbox=np.array(boxes, np.float32).reshape(-1, 4),
        area=np.array(areas, np.float32),
        id=ids,
        person_boxes=np.array(person_boxes, np.float32).reshape(-1, 4),
        ignore_regions=regions,
    )


def _missing_parts(
    visible: np.ndarray,
    box: np.ndarray,
    part_boxes: dict[str, np.ndarray],
    to_target: SkeletonMap,
) -> list[tuple[str, np.ndarray]]:
    """Regions of the parts that the data set labels, but not of this person.

    Args:
        visible: (K,) visibilities in the target skeleton.
        box: (4,) the person's box.
        part_boxes: Part name to (4,) box, as far as annotated.
        to_target: Knows what the data set labels.
    """
    regions = []
    for part, where in to_target.target.parts.items():
        labelled = to_target.labelled[where]
        if not labelled.any() or (visible[where][labelled] > 0).any():
            continue
        shape = box
        if part in part_boxes:
            shape = part_boxes[part].copy()
            margin = _PART_BOX_MARGIN * (shape[2:] - shape[:2])
            shape[:2] -= margin
            shape[2:] += margin
        regions.append((part, shape))
    return regions


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
