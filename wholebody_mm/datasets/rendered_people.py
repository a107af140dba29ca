"""Rendered people for training, whose every point is known."""

from __future__ import annotations

import numpy as np
from mmpose.registry import DATASETS

from wholebody_mm.datasets.coco_annotations import (
    Points,
    keypoints_of,
)
from wholebody_mm.datasets.readers import CocoWholeBodyPoseDataset
from wholebody_mm.datasets.wholebody_format import BOX_KEYS, UNION_KEY
from wholebody_mm.skeletons import COCO17, WHOLEBODY135


def rendered_points(annotation: dict, ann_file: str) -> Points:
    """The union skeleton's 135 points of a rendered person.

    Returns:
        (135, 3) float32 x, y, v, points beyond the image included, v = -1
        for those that are known but not labelled since nobody could place
        them, and part name to the (4,) x0, y0, x1, y1 box of a face or hand
        that is there but not labelled.

    Raises:
        ValueError: If the person has labelled points, but not of the union
            skeleton.
    """
    if UNION_KEY not in annotation:
        rows, _ = keypoints_of(COCO17, annotation, ann_file)
        if (rows[:, 2] > 0).any():
            raise ValueError(
                f'{ann_file}: annotation {annotation.get("id")} has no '
                f'{UNION_KEY!r}; render the set again with wholebody-mm '
                f'synthesize, or read it as CocoWholeBodyPoseDataset'
            )
        return np.zeros((WHOLEBODY135.num_keypoints, 3), np.float32), {}
    union = dict(annotation, keypoints=annotation[UNION_KEY])
    rows, _ = keypoints_of(WHOLEBODY135, union, ann_file)
    places = np.asarray(union['keypoints'], np.float32).reshape(-1, 3)[:, :2]
    boxes = {}
    for part in ('foot', *BOX_KEYS):
        where = WHOLEBODY135.parts[part]
        there = places[where][places[where].any(axis=1)]
        if len(there) and not rows[where, 2].any():
            boxes[part] = np.concatenate([there.min(0), there.max(0)])
    hidden = (rows[:, 2] == 0) & places.any(axis=1)
    rows[hidden, :2], rows[hidden, 2] = places[hidden], -1
    return rows, boxes


@DATASETS.register_module()
class RenderedPeopleDataset(CocoWholeBodyPoseDataset):
    """What ``wholebody-mm synthesize`` writes, with all that it knows.

    As :class:`CocoWholeBodyPoseDataset`, which reads the same files, and

    - upper neck, head top and pupils are labelled too;
    - points outside the image are known: that a person cut off at the knees
      shows no ankle is learnt, and that no field leads to it;
    - feet, a face, a hand or a single point that is hidden is ignored where it
      would be, not in the whole box of the person, where others may be.
    """

    SOURCE = WHOLEBODY135
    HOW_TO_GET = (
        'Render it: wholebody-mm synthesize --images N --out DIR; see '
        'docs/synthetic.md'
    )
    parse_points = staticmethod(rendered_points)
