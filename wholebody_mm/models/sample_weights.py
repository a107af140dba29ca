"""What of a sample is learnt, by what its reader and pipeline say of it."""

from __future__ import annotations

import numpy as np
import torch
from mmengine.structures import PixelData

from wholebody_mm.codecs.geometry import plain_visibility
from wholebody_mm.models.supervision import cells_of_box, expand_weights
from wholebody_mm.skeletons import Skeleton


def add_weights(
    sample, skeleton: Skeleton, stride: int, size: tuple[int, int]
) -> None:
    """Add the weights W of a sample to its ``gt_fields``.

    ``heatmap_weights`` (K, h, w) and ``paf_weights`` (L, h, w), uint8, from
    the first of these that the sample has:

    - the regions of this package's pipeline (``ignore`` and ``person``);
    - what MMPose's ``KeypointConverter`` says that its source labels;
    - the visibilities alone, as MMPose's own readers give them. A part of
      which somebody has no keypoint is not labelled there, as the hands of
      most people in COCO-WholeBody, and not absent: it is not learnt in the
      box of the person, and neither is a single keypoint that is missing.

    MMPose's ``heatmap_mask`` (``BottomupGetHeatmapMask``) counts as well, on
    the grid of the fields.
    Where everything is supervised nothing is added.

    Args:
        sample: With ``gt_instances`` and ``gt_fields``.
        skeleton: K keypoints, L limbs.
        stride: Input pixels a map cell.
        size: Height h and width w of the fields in cells.

    Raises:
        ValueError: If it is not said what is labelled, or what is not labelled
            has no regions.
    """
    fields, people = sample.gt_fields, sample.gt_instances
    visible = _array(people.keypoints_visible).astype(np.float32)
    # of MMPose's KeypointConverter
    converted = visible[..., 1] if visible.ndim == 3 else None
    if converted is None and 'gt_instance_labels' in sample:
        # where its GenerateTarget has put them
        converted = sample.gt_instance_labels.get('keypoints_visible_weights')
    visible = plain_visibility(visible)
    boxes = _array(people.get('bboxes', np.zeros((len(visible), 4))))
    if boxes.ndim == 3:  # corners, of MMPose's BottomupRandomAffine
        boxes = np.concatenate([boxes.min(axis=1), boxes.max(axis=1)], axis=1)
    labelled = np.ones(skeleton.num_keypoints, bool)
    ignore = np.zeros((len(skeleton.parts), *size), np.uint8)
    person, negatives = np.zeros(size, np.uint8), True
    masked = _masked(fields)
    if 'ignore' in fields:
        missing = {'labelled', 'negatives'} - sample.metainfo.keys()
        if missing:
            raise ValueError(
                f'the sample does not say what is labelled '
                f'({", ".join(sorted(missing))}): pack it with PackWholeBody'
            )
        labelled = sample.metainfo['labelled']
        negatives = bool(sample.metainfo['negatives'])
        ignore = _array(fields.ignore)
        person = _array(fields.person).reshape(size)
    elif converted is not None and len(converted):
        # what the converter's source does not know is not learnt at all
        labelled = (_array(converted) > 0).any(axis=0)
        negatives = False
    elif not np.all(sample.metainfo.get('labelled', True)):
        raise ValueError(
            'the data set labels some of the keypoints and nothing says where '
            'the others may be: put SupervisionRegions between '
            'WholeBodyRandomWarp and PackWholeBody'
        )
    elif (visible > 0).all() and masked is None:
        return
    if 'ignore' not in fields:
        for seen, box in zip(visible > 0, boxes, strict=True):
            rows, columns = cells_of_box(box, stride)
            lost = np.bincount(skeleton.keypoint_part, seen) == 0
            ignore[lost, rows, columns] = 1
    if masked is not None:
        ignore = ignore | masked
    weights = expand_weights(
        skeleton,
        stride,
        labelled,
        ignore,
        person,
        negatives,
        visible,
        boxes,
        _array(people.keypoints).astype(np.float32),
        people.get('ignore_boxes'),
    )
    names = 'heatmap_weights', 'paf_weights'
    for name, planes in zip(names, weights, strict=True):
        fields.set_field(torch.from_numpy(planes), name)


def _masked(fields: PixelData) -> np.ndarray | None:
    """(1, h, w) uint8, 1 where MMPose's mask says not to learn; or None."""
    if 'heatmap_mask' not in fields:
        return None
    return (_array(fields.heatmap_mask) < 0.5).astype(np.uint8)


def _array(values: torch.Tensor | np.ndarray) -> np.ndarray:
    """On the CPU, wherever it is."""
    if isinstance(values, torch.Tensor):
        values = values.detach().cpu().numpy()
    return np.asarray(values)
