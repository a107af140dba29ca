"""Normalises a batch and draws its targets in the training process."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from mmengine.logging import MessageHub
from mmengine.structures import PixelData
from mmpose.models.data_preprocessors import PoseDataPreprocessor
from mmpose.registry import KEYPOINT_CODECS, MODELS

from wholebody_mm.codecs.geometry import map_size, plain_visibility
from wholebody_mm.codecs.paf_codec import PAFCodec
from wholebody_mm.models.map_data import MapData
from wholebody_mm.models.sample_weights import add_weights


@MODELS.register_module()
class WholeBodyDataPreprocessor(PoseDataPreprocessor):
    """MMPose's preprocessor plus the codec's targets.

    The targets of one 480x480 image are 439 maps, 6 MB. Drawing them here
    takes less time than moving them from a loader's worker.

    Args:
        codec: Config of the codec. Samples that bring ``heatmaps`` along
            (MMPose's ``GenerateTarget``) keep them.
        input_scales: Pairs of an iteration and the factor by which training
            images are made smaller from then on. Networks learn coarse
            things several times faster on small images, for each hour of
            computing: ``((0, 0.5), (1000, 0.75), (3000, 1.0))``.
        **kwargs: MMPose's: mean, std, bgr_to_rgb, pad_size_divisor, ...

    Raises:
        ValueError: If the scales are not 0 to 1, from iteration 0 on, or
            ``batch_augments`` would move images away from their targets.
    """

    def __init__(
        self,
        codec: dict | None = None,
        input_scales: Sequence[tuple[int, float]] = ((0, 1.0),),
        **kwargs,
    ) -> None:
        super().__init__(**kwargs)
        if codec and kwargs.get('batch_augments'):
            raise ValueError(
                'batch_augments change images whose targets are drawn '
                "already; vary the warp's scale, or give input_scales"
            )
        self.codec = KEYPOINT_CODECS.build(codec) if codec else None
        self.input_scales = tuple(tuple(pair) for pair in input_scales)
        if codec is None and self.input_scales != ((0, 1.0),):
            raise ValueError('input_scales needs codec, whose stride they fit')
        starts = [start for start, _ in self.input_scales]
        if (
            not starts
            or starts[0] != 0
            or starts != sorted(starts)
            or not all(0 < scale <= 1 for _, scale in self.input_scales)
        ):
            raise ValueError(
                f'input_scales {self.input_scales}: give pairs of rising '
                f'iterations, the first 0, and factors above 0 up to 1'
            )

    def forward(self, data: dict, training: bool = False) -> dict:
        """Normalise; in training add targets and weights.

        Args:
            data: ``inputs``, (B,) images (3, H, W) uint8 or one tensor of
                them, and ``data_samples``.
            training: Whether targets are needed.
        """
        if isinstance(data['inputs'], torch.Tensor):
            # MMPose's takes a batch in one tensor for one of another size
            data = dict(data, inputs=list(data['inputs']))
        if training:
            scale = self.current_scale()
            if scale != 1:
                data = shrink(data, scale, self.codec and self.codec.stride)
        if training and self.codec is not None:
            # drawn on the CPU, then moved to the device with the images
            shapes = self._get_pad_shape(data)
            height, width = (max(side) for side in zip(*shapes, strict=True))
            for image, sample in zip(
                data['inputs'], data['data_samples'], strict=True
            ):
                unpadded = image.shape[-1], image.shape[-2]
                add_targets(sample, self.codec, (width, height), unpadded)
        return super().forward(data, training)

    def current_scale(self) -> float:
        """The factor of the iteration that MMEngine's runner is at."""
        hub = MessageHub.get_current_instance()
        iteration = hub.runtime_info.get('iter', 0)
        return [s for i, s in self.input_scales if i <= iteration][-1]


def shrink(data: dict, scale: float, stride: int | None) -> dict:
    """A batch whose images are smaller, with all that lies in them.

    Args:
        data: ``inputs``, (B,) images (3, H, W) uint8 of one size, and
            ``data_samples`` with people and regions.
        scale: Factor of both sides.
        stride: Both sides become multiples of it; None for any.

    Raises:
        ValueError: If images differ in size, or the smaller sides are no
            multiples of the stride.
    """
    sizes = sorted({tuple(image.shape[-2:]) for image in data['inputs']})
    if len(sizes) > 1:
        raise ValueError(
            f'input_scales: a batch holds images of several sizes ({sizes[0]} '
            f'and {sizes[-1]}); give all data sets the same input_size'
        )
    images = torch.stack(list(data['inputs']))
    height, width = (round(side * scale) for side in images.shape[-2:])
    if stride and (height % stride or width % stride):
        raise ValueError(
            f'input_scales: {scale} of {tuple(images.shape[-2:])} is '
            f'{(height, width)}, no multiples of the stride {stride}'
        )
    factors = (
        np.float32([width, height]) / np.float32(images.shape[:1:-1])
    ).astype(np.float32)
    images = F.interpolate(
        images, (height, width), mode='bilinear', antialias=True
    )
    for sample in data['data_samples']:
        people = sample.gt_instances
        # pixel centres lie at integers
        people.keypoints = (people.keypoints + 0.5) * factors - 0.5
        for name in {'bboxes', 'ignore_boxes'} & set(people.keys()):
            boxes = (people[name] + 0.5) * np.tile(factors, 2) - 0.5
            people.set_field(boxes, name)
        if 'gt_fields' not in sample:
            continue
        if 'heatmaps' in sample.gt_fields:
            raise ValueError(
                'input_scales make images smaller before targets are drawn; '
                'take the step that draws them out of the pipeline'
            )
        fields = PixelData()
        for name, planes in sample.gt_fields.items():
            # a cell that touches a covered one is covered
            planes = torch.as_tensor(planes).float()
            size = height // stride, width // stride
            if name == 'heatmap_mask':  # MMPose's, 0 where it is covered
                small = -F.adaptive_max_pool2d(-planes, size)
            else:
                small = F.adaptive_max_pool2d(planes, size)
            fields.set_field(small.byte().numpy(), name)
        sample.gt_fields = fields
    return dict(data, inputs=list(images))


def add_targets(
    sample,
    codec: PAFCodec,
    input_size: tuple[int, int],
    image_size: tuple[int, int] | None = None,
) -> None:
    """Draw the targets of one sample into its ``gt_fields``.

    Adds ``heatmaps`` (K, r h, r w) and ``pafs`` (2 L, h, w) float32 and,
    where not everything is supervised, ``heatmap_weights`` (K, h, w) and
    ``paf_weights`` (L, h, w) uint8 (:func:`.add_weights`). The weights of
    finer confidence maps stay on the grid of the fields, where
    the regions are; the head repeats them.

    Args:
        sample: A packed sample on the CPU.
        codec: Draws the maps.
        input_size: Width and height of the network's input in pixels.
        image_size: Those of the image before a border was added; by default
            the same.

    Raises:
        ValueError: If regions of another stride than the codec's were drawn,
            targets are there already and do not fit, the keypoints are those
            of another skeleton, or as of :func:`.add_weights`.
    """
    name = sample.metainfo.get('skeleton_name', codec.skeleton.name)
    if name != codec.skeleton.name:
        raise ValueError(
            f'the data set gives keypoints of {name}, the codec of the data '
            f'preprocessor draws {codec.skeleton.name}: give both one skeleton'
        )
    fields = sample.gt_fields if 'gt_fields' in sample else PixelData()
    if 'ignore' in fields:
        width, height = image_size or input_size
        h, w = fields.ignore.shape[-2:]
        if (width, height) != (w * codec.stride, h * codec.stride):
            raise ValueError(
                f'regions of {w} x {h} cells were drawn for an image of '
                f'{width} x {height} pixels, and the maps have a stride of '
                f'{codec.stride}: give SupervisionRegions the same stride'
            )
        fields = _padded(fields, codec.stride, input_size)
    if 'heatmap_mask' in fields:
        fields = _mask_in_cells(
            fields, codec.stride, input_size, image_size or input_size
        )
    if codec.subdivision > 1:
        fields = MapData.of(dict(fields.items()))
    people = sample.gt_instances
    if 'heatmaps' not in fields:
        targets = codec.encode(
            np.asarray(people.keypoints, np.float32),
            plain_visibility(people.keypoints_visible),
            input_size=input_size,
        )
        for name in ('heatmaps', 'pafs'):
            fields.set_field(torch.from_numpy(targets[name]), name)
    sample.gt_fields = fields
    width, height = map_size(input_size, codec.stride)
    add_weights(sample, codec.skeleton, codec.stride, (height, width))


def _mask_in_cells(
    fields: PixelData,
    stride: int,
    input_size: tuple[int, int],
    image_size: tuple[int, int],
) -> PixelData:
    """The same with MMPose's ``heatmap_mask`` on the grid of the fields.

    Without ``GenerateTarget`` it is as large as the image.
    """
    width, height = map_size(input_size, stride)
    mask = torch.as_tensor(fields.heatmap_mask).float()
    mask = mask.reshape(1, *mask.shape[-2:])
    if mask.shape[-2:] != (height, width):
        h, w = (-(-side // stride) for side in image_size[::-1])
        mask = F.adaptive_avg_pool2d(mask, (h, w))
        mask = F.pad(mask, (0, width - w, 0, height - h))
    kept = type(fields)()
    for name, planes in fields.items():
        if name != 'heatmap_mask':
            kept.set_field(planes, name)
    kept.set_field(mask, 'heatmap_mask')
    return kept


def _padded(
    fields: PixelData, stride: int, input_size: tuple[int, int]
) -> PixelData:
    """The same regions with those of the padded border, where nothing is.

    MMPose pads images at the right and below until their sides are multiples
    of ``pad_size_divisor``. Nothing is learnt there.
    """
    width, height = map_size(input_size, stride)
    h, w = fields.ignore.shape[-2:]
    if (h, w) == (height, width):
        return fields
    if 'heatmaps' in fields and fields.heatmaps.shape[-2:] == (h, w):
        raise ValueError(
            f'maps of {w} x {h} cells were drawn for an input that is padded '
            f'to {width} x {height}: take a multiple of pad_size_divisor, or '
            f'leave GenerateTarget out'
        )
    border = (0, 0), (0, height - h), (0, width - w)
    padded = type(fields)()
    for name, planes in fields.items():
        if name in ('ignore', 'person'):
            planes = np.asarray(planes).reshape(-1, h, w)
            planes = np.pad(planes, border, constant_values=1)
        padded.set_field(planes, name)
    return padded
