"""Normalises a batch and draws its targets in the training process."""

from __future__ import annotations

import numpy as np
import torch
from mmengine.structures import PixelData
from mmpose.models.data_preprocessors import PoseDataPreprocessor
from mmpose.registry import KEYPOINT_CODECS, MODELS


@MODELS.register_module()
class WholeBodyDataPreprocessor(PoseDataPreprocessor):
    """MMPose's preprocessor plus the codec's targets.

    The targets of one 480x480 image are 439 maps, 6 MB. Drawing them here
    takes less time than moving them from a loader's worker.

    Args:
        codec: Config of the codec. Samples that bring ``heatmaps`` along
            (MMPose's ``GenerateTarget``) are left as they are.
        **kwargs: MMPose's: mean, std, bgr_to_rgb, pad_size_divisor, ...
    """

    def __init__(self, codec: dict | None = None, **kwargs) -> None:
        super().__init__(**kwargs)
        self.codec = KEYPOINT_CODECS.build(codec) if codec else None

    def forward(self, data: dict, training: bool = False) -> dict:
        """Normalise; in training add ``heatmaps`` and ``pafs``.

        Args:
            data: ``inputs``, (B,) images (3, H, W) uint8, and
                ``data_samples``.
            training: Whether targets are needed.
        """
        data = super().forward(data, training)
        if training and self.codec is not None:
            inputs = data['inputs']
            height, width = inputs.shape[-2:]
            for sample in data['data_samples']:
                self._add_targets(sample, (width, height), inputs.device)
        return data

    def _add_targets(
        self, sample, input_size: tuple[int, int], device: torch.device
    ) -> None:
        """Draw the targets of one sample into its ``gt_fields``."""
        fields = sample.gt_fields if 'gt_fields' in sample else PixelData()
        if 'heatmaps' in fields:
            return
        people = sample.gt_instances
        targets = self.codec.encode(
            np.asarray(people.keypoints, np.float32),
            np.asarray(people.keypoints_visible, np.float32),
            input_size=input_size,
        )
        for name in ('heatmaps', 'pafs'):
            maps = torch.from_numpy(targets[name])
            fields.set_field(maps.to(device, non_blocking=True), name)
        sample.gt_fields = fields
