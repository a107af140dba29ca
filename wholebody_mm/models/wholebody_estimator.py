"""The estimator: one image at several scales and flips, decoded once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.logging import print_log
from mmengine.structures import InstanceData, PixelData
from mmpose.models.pose_estimators.bottomup import BottomupPoseEstimator
from mmpose.registry import MODELS
from torch import Tensor

from wholebody_mm.checkpoints import CheckpointError, check_compatible
from wholebody_mm.codecs.boxes import boxes_of_people
from wholebody_mm.datasets.transforms.geometry import inverse, warp_points
from wholebody_mm.models.heads.staged_paf_head import (
    Maps,
    StagedPAFHead,
    average_maps,
)
from wholebody_mm.models.precision import cpu_has_bfloat16, gpu_has_bfloat16


@MODELS.register_module()
class WholeBodyEstimator(BottomupPoseEstimator):
    """Bottom-up estimator with the paper's test-time options.

    The pipeline gives one image at ``height x max(scales)``, top-left
    aligned; smaller scales are made from it on the device. Maps of all
    scales and flips are averaged on the grid of the largest scale and
    decoded once.

    Args:
        *args: MMPose's ``backbone``, ``neck``, ``head``, ...
        test_cfg: ``height`` of scale 1 in pixels (read by the pipeline),
            ``scales`` (default ``(1.0,)``; the paper's multi-scale test is
            height 480 and 2, 1.5, 1, 0.5; one that is listed twice counts
            twice and is computed once), ``flip_test`` (default False),
            ``output_heatmaps``.
        strict_weights: Refuse a checkpoint that lacks layers or whose layers
            have other shapes (another skeleton, another width). Set False to
            fine-tune from one: the rest keeps its initial values, and a head
            whose confidence maps are finer than those it was trained with
            starts from them (:meth:`.StagedPAFHead.refine_weights`).
        autocast: Run the network in this precision, weights and losses
            staying in float32: ``bfloat16``, or ``float16`` for inference on
            CUDA (train in it with ``tools/train.py --amp``, which scales the
            loss). On CPUs with bf16 instructions it halves the time; CPUs
            without compute in float32 instead.
        channels_last: Store maps with the channels last, which convolutions
            on CPUs and tensor cores prefer.
        **kwargs: MMPose's.
    """

    def __init__(
        self,
        *args,
        test_cfg: dict | None = None,
        strict_weights: bool = True,
        autocast: str | None = None,
        channels_last: bool = False,
        **kwargs,
    ) -> None:
        super().__init__(*args, test_cfg=test_cfg, **kwargs)
        scales = tuple(self.test_cfg.get('scales', (1.0,)))
        if not scales or min(scales) <= 0:
            raise ValueError(f'test_cfg.scales {scales} are not all positive')
        if not hasattr(self.head, 'unflip'):
            raise ValueError(
                f'{type(self.head).__name__} gives no confidence maps and '
                f"fields: take MMPose's BottomupPoseEstimator for it, and "
                f'WholeBodyEstimator for StagedPAFHead and its kind'
            )
        self._check_codecs()
        self.strict_weights = strict_weights
        if autocast not in (None, 'bfloat16', 'float16'):
            raise ValueError(
                f"autocast {autocast!r} is not 'bfloat16', 'float16' or None"
            )
        self.autocast = autocast and getattr(torch, autocast)
        self.memory_format = (
            torch.channels_last if channels_last else torch.contiguous_format
        )
        self.to(memory_format=self.memory_format)
        self._register_load_state_dict_pre_hook(self._check_weights)

    def _check_codecs(self) -> None:
        """Refuse targets that are not what the head decodes."""
        drawn = getattr(self.data_preprocessor, 'codec', None)
        decoded = getattr(self.head, 'decoder', None)
        for name in ('skeleton', 'stride', 'heatmap_stride', 'sigma_scale'):
            if not (hasattr(drawn, name) and hasattr(decoded, name)):
                continue
            one, other = getattr(drawn, name), getattr(decoded, name)
            if one != other:
                raise ValueError(
                    f'model.data_preprocessor.codec draws targets with {name} '
                    f'{one}, model.head.decoder decodes {other}: give both '
                    f'the same'
                )

    def _check_weights(self, state_dict: dict, prefix: str, *_) -> None:
        """Refuse a checkpoint that does not fit, or drop what does not."""
        given = {
            key.removeprefix(prefix): value
            for key, value in state_dict.items()
            if key.startswith(prefix)
        }
        if self.strict_weights:
            try:
                check_compatible(self, given)
            except CheckpointError as error:
                raise CheckpointError(
                    f'{error} Or set model.strict_weights=False to fine-tune '
                    f'from the layers that fit.'
                ) from None
        own = self.state_dict()
        if isinstance(self.head, StagedPAFHead):
            refined = self.head.refine_weights(
                {
                    key.removeprefix('head.'): value
                    for key, value in given.items()
                    if key.startswith('head.')
                }
            )
            for key, value in refined.items():
                given[f'head.{key}'] = value
                state_dict[f'{prefix}head.{key}'] = value
            if refined:
                print_log(
                    'The weights are of coarser confidence maps; finer ones '
                    'of stride '
                    f'{self.head.decoder.heatmap_stride} start as their '
                    'copies',
                    'current',
                )
        fitting = 0
        for key, value in given.items():
            if key not in own:
                continue
            if own[key].shape == value.shape:
                fitting += value.ndim > 0  # counters fit anywhere
            else:
                del state_dict[prefix + key]
        if not fitting:
            raise CheckpointError(
                'The checkpoint has no weight that fits this model, which '
                'would be trained from nothing; give load_from the weights '
                'of the same kind of network, or leave it out'
            )

    def _forward(self, inputs: Tensor, *_) -> Maps:
        """Mode ``tensor``: the final maps of (B, 3, H, W) images."""
        with self._precision(inputs):
            return self.head(self.extract_feat(inputs))

    def loss(self, inputs: Tensor, data_samples: list) -> dict[str, Tensor]:
        """The losses of all stages for (B, 3, H, W) images."""
        if self.autocast is torch.float16:
            raise ValueError(
                'model.autocast float16 is for inference; train with '
                "tools/train.py --amp or with autocast='bfloat16'"
            )
        inputs = inputs.contiguous(memory_format=self.memory_format)
        with self._precision(inputs):
            return super().loss(inputs, data_samples)

    def _precision(self, inputs: Tensor) -> AbstractContextManager:
        """Autocast if asked for; else what is in force around (AMP)."""
        device = inputs.device.type
        if (
            device not in ('cpu', 'cuda')
            or self.autocast is None
            or (device == 'cpu' and not cpu_has_bfloat16())
        ):
            return nullcontext()
        bfloat16 = self.autocast is torch.bfloat16
        if device == 'cuda' and bfloat16 and not gpu_has_bfloat16():
            return nullcontext()
        return torch.autocast(device, dtype=self.autocast)

    def predict(self, inputs: Tensor, data_samples: list) -> list:
        """Find the people of a batch.

        Args:
            inputs: (B, 3, H, W) normalised images at the largest scale.
            data_samples: Samples whose metainfo says how the image was made
                (``warp_mat``, or MMPose's ``input_size`` and so on).

        Returns:
            The samples with ``pred_instances``: ``keypoints`` (N, K, 2) in
            pixels of the original image, ``keypoint_scores`` (N, K),
            ``bbox_scores`` (N,) and ``bboxes`` (N, 4).
        """
        if not isinstance(inputs, Tensor):
            raise TypeError(
                'WholeBodyEstimator takes one tensor and makes the smaller '
                'scales itself; set test_cfg.scales, not multiscale_test'
            )
        made = data_samples[0].metainfo.get('test_scales')
        scales = tuple(self.test_cfg.get('scales', (1.0,)))
        if made is not None and max(made) != max(scales):
            raise ValueError(
                f'the pipeline made images for scales {made}, the model tests '
                f'at {scales}: give TopLeftResize and model.test_cfg the same '
                f'height and scales'
            )
        maps = self.predict_maps(inputs)
        instances = self.head.decode(maps)
        fields = None
        if self.test_cfg.get('output_heatmaps', False):
            fields = self.head.pack_fields(maps)
        return self.add_pred_to_datasample(instances, fields, data_samples)

    def predict_maps(self, inputs: Tensor) -> Maps:
        """Maps averaged over ``test_cfg``'s scales and flips.

        Args:
            inputs: (B, 3, H, W) at the largest scale; H and W are multiples
                of the stride.

        Returns:
            (B, K, r h, r w) and (B, 2 L, h, w) at the largest scale.
        """
        scales: Sequence[float] = self.test_cfg.get('scales', (1.0,))
        codec = self.head.decoder
        # what the network needs of the whole image it needs of smaller ones
        padded = getattr(self.data_preprocessor, 'pad_size_divisor', 1)
        multiple = math.lcm(codec.stride, padded)
        height, width = inputs.shape[-2:]
        sizes = [
            (height // stride, width // stride)
            for stride in (codec.heatmap_stride, codec.stride)
        ]
        collected = []
        for scale, times in sorted(Counter(scales).items(), reverse=True):
            ratio = scale / max(scales)
            image = resize_to_multiple(inputs, ratio, multiple)
            image = image.contiguous(memory_format=self.memory_format)
            passes = [self._forward(image)]
            if self.test_cfg.get('flip_test', False):
                mirrored = self._forward(image.flip(-1))
                passes.append(self.head.unflip(mirrored))
            collected += times * [
                tuple(
                    maps_at_scale(one.float(), ratio, size)
                    for one, size in zip(maps, sizes, strict=True)
                )
                for maps in passes
            ]
        return average_maps(collected)

    def add_pred_to_datasample(
        self,
        batch_pred_instances: list[InstanceData],
        batch_pred_fields: list[PixelData] | None,
        batch_data_samples: list,
    ) -> list:
        """Move people to the original image and store them in the samples."""
        for instances in batch_pred_instances:
            instances.bboxes = boxes_of_people(
                instances.keypoints, instances.keypoint_scores
            )
        if 'warp_mat' not in batch_data_samples[0].metainfo:
            return super().add_pred_to_datasample(
                batch_pred_instances, batch_pred_fields, batch_data_samples
            )
        for i, sample in enumerate(batch_data_samples):
            people = batch_pred_instances[i]
            matrix = np.asarray(sample.metainfo['warp_mat'], np.float64)
            moved = warp_points(people.keypoints, inverse(matrix))
            there = np.asarray(people.keypoint_scores)[..., None] > 0
            people.keypoints = np.where(there, moved, 0)  # 0 where not found
            people.keypoints_visible = people.keypoint_scores
            people.bboxes = boxes_of_people(
                people.keypoints, people.keypoint_scores
            )
            sample.pred_instances = people
            if batch_pred_fields is not None:
                sample.pred_fields = batch_pred_fields[i]
        return batch_data_samples


def resize_to_multiple(image: Tensor, ratio: float, multiple: int) -> Tensor:
    """Shrink by exactly ``ratio``, then repeat the border to a multiple.

    Pixel x of the result is at ``(x + 0.5) / ratio - 0.5`` of the image.
    """
    if ratio == 1:
        return image
    image = F.interpolate(
        image,
        scale_factor=ratio,
        mode='bilinear',
        antialias=True,
        recompute_scale_factor=False,
    )
    pad = [-side % multiple for side in image.shape[-2:]]
    return F.pad(image, (0, pad[1], 0, pad[0]), mode='replicate')


def maps_at_scale(maps: Tensor, ratio: float, size: tuple[int, int]) -> Tensor:
    """Maps of an image shrunk by ``ratio``, on the grid of the whole image.

    Cells keep their centres: cell g of the result is at
    ``ratio * (g + 0.5) - 0.5`` of the maps, since pixel and cell centres obey
    the same convention (``codecs/geometry.py``).

    Args:
        maps: (B, C, h, w).
        ratio: Scale of the image they were made from, at most 1.
        size: (h, w) of the result.
    """
    if ratio == 1:
        return maps
    h, w = (math.ceil(side * ratio) for side in size)
    # antialias=True is here for its kernel, a = -0.5, which keeps linear
    # slopes (and with them sub-pixel peaks); the plain one has a = -0.75
    maps = F.interpolate(
        maps[..., :h, :w],
        scale_factor=1 / ratio,
        mode='bicubic',
        antialias=True,
        recompute_scale_factor=False,
    )[..., : size[0], : size[1]]
    pad = size[0] - maps.shape[-2], size[1] - maps.shape[-1]
    return F.pad(maps, (0, pad[1], 0, pad[0]), mode='replicate')
