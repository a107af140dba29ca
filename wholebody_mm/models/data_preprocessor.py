"""Normalises a batch and draws its targets in the training process."""

from __future__ import annotations

import numpy as np
import torch
from mmengine.structures import PixelData
from mmpose.models.data_preprocessors import PoseDataPreprocessor
from mmpose.registry import KEYPOINT_CODECS, MODELS

from wholebody_mm.codecs.paf_codec import PAFCodec
from wholebody_mm.models.supervision import expand_weights


@MODELS.register_module()
class WholeBodyDataPreprocessor(PoseDataPreprocessor):
    """MMPose's preprocessor plus the codec's targets.

    The targets of one 480x480 image are 439 maps, 6 MB. Drawing them here
    takes less time than moving them from a loader's worker.

    Args:
        codec: Config of the codec. Samples that bring ``heatmaps`` along
            (MMPose's ``GenerateTarget``) keep them.
        **kwargs: MMPose's: mean, std, bgr_to_rgb, pad_size_divisor, ...
    """

    def __init__(self, codec: dict | None = None, **kwargs) -> None:
        super().__init__(**kwargs)
        self.codec = KEYPOINT_CODECS.build(codec) if codec else None

    def forward(self, data: dict, training: bool = False) -> dict:
        """Normalise; in training add targets and weights.

        Args:
            data: ``inputs``, (B,) images (3, H, W) uint8, and
                ``data_samples``.
            training: Whether targets are needed.
        """
        if training and self.codec is not None:
            # drawn on the CPU, then moved to the device with the images
            shapes = self._get_pad_shape(data)
            height, width = (max(side) for side in zip(*shapes, strict=True))
            for sample in data['data_samples']:
                add_targets(sample, self.codec, (width, height))
        return super().forward(data, training)


def add_targets(sample, codec: PAFCodec, input_size: tuple[int, int]) -> None:
    """Draw the targets of one sample into its ``gt_fields``.

    Adds ``heatmaps`` (K, h, w) and ``pafs`` (2 L, h, w) float32 and, where
    ``ignore`` and ``person`` say that not everything is supervised,
    ``heatmap_weights`` (K, h, w) and ``paf_weights`` (L, h, w) uint8.

    Args:
        sample: A packed sample on the CPU.
        codec: Draws the maps.
        input_size: Width and height of the network's input in pixels.
    """
    fields = sample.gt_fields if 'gt_fields' in sample else PixelData()
    people = sample.gt_instances
    visible = np.asarray(people.keypoints_visible, np.float32)
    if 'heatmaps' not in fields:
        targets = codec.encode(
            np.asarray(people.keypoints, np.float32),
            visible,
            input_size=input_size,
        )
        for name in ('heatmaps', 'pafs'):
            fields.set_field(torch.from_numpy(targets[name]), name)
    if 'ignore' in fields:
        weights = expand_weights(
            codec.skeleton,
            codec.stride,
            sample.metainfo['labelled'],
            fields.ignore.numpy(),
            fields.person.numpy().reshape(fields.shape),
            bool(sample.metainfo['negatives']),
            visible,
            people.bboxes,
        )
        for name, planes in zip(
            ('heatmap_weights', 'paf_weights'), weights, strict=True
        ):
            fields.set_field(torch.from_numpy(planes), name)
    sample.gt_fields = fields
