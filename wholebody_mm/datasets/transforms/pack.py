"""Pack a sample for the model."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from mmpose.datasets.transforms import PackPoseInputs
from mmpose.registry import TRANSFORMS

META_KEYS = (
    'id',
    'img_id',
    'img_path',
    'ori_shape',
    'img_shape',
    'input_size',
    'input_center',
    'input_scale',
    'warp_mat',
    'test_scales',
    'flip',
    'flip_direction',
    'flip_indices',
    'labelled',
    'negatives',
    'dataset_name',
    'raw_ann_info',
)


@TRANSFORMS.register_module()
class PackWholeBody(PackPoseInputs):
    """MMPose's ``PackPoseInputs`` with the keys of this package.

    ``gt_instances``: ``keypoints``, ``keypoints_visible``, ``bboxes``,
    ``ignore_boxes`` and ``areas``, NumPy. ``gt_fields``: ``ignore`` (P, h, w)
    and ``person`` (1, h, w), uint8, or MMPose's ``heatmap_mask``, NumPy too
    unless other maps are with them: each tensor that a loader's worker gives
    costs the training process a millisecond, small arrays next to nothing.
    Metainfo: those of ``meta_keys`` that the sample has, and
    ``skeleton_name``. ``category_id``
    is left out, which MMPose's ``CocoMetric`` cannot take as a list.

    Args:
        meta_keys: Keys of the metainfo.
        pack_transformed: As in MMPose.
    """

    instance_mapping_table = dict(
        bbox='bboxes',
        ignore_boxes='ignore_boxes',
        area='areas',
        keypoints='keypoints',
        keypoints_visible='keypoints_visible',
    )
    field_mapping_table = dict(
        ignore='ignore', person='person', heatmap_mask='heatmap_mask'
    )
    # of MMPose's KeypointConverter and GenerateTarget
    label_mapping_table = dict(
        keypoints_visible_weights='keypoints_visible_weights'
    )

    def __init__(
        self,
        meta_keys: Sequence[str] = META_KEYS,
        pack_transformed: bool = False,
    ) -> None:
        super().__init__(
            meta_keys=meta_keys, pack_transformed=pack_transformed
        )

    def transform(self, results: dict) -> dict:
        """Pack ``img`` and what belongs to it."""
        if 'ignore' in results:
            # the regions know more, and are of another size
            results.pop('heatmap_mask', None)
        if 'person' in results:
            # PixelData would add this axis too, with a warning each time.
            results['person'] = results['person'][None]
        packed = super().transform(results)
        sample = packed['data_samples']
        # MMPose's KeypointConverter makes them those of another skeleton
        converted = (
            'keypoints_visible_weights' in results
            or np.ndim(results.get('keypoints_visible', ())) == 3
        )
        if 'skeleton' in results and not converted:
            name = results['skeleton'].name
            sample.set_metainfo(dict(skeleton_name=name))
        own = set(self.field_mapping_table.values())
        if 'gt_fields' in sample and own.issuperset(sample.gt_fields.keys()):
            sample.gt_fields = sample.gt_fields.numpy()
        return packed
