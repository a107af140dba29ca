"""The head: PAF stages, then confidence map stages, every one supervised."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from mmengine.model import ModuleList
from mmengine.structures import InstanceData, PixelData
from mmpose.models.heads.base_head import BaseHead
from mmpose.registry import KEYPOINT_CODECS, MODELS
from torch import Tensor

from wholebody_mm.models.map_data import MapData
from wholebody_mm.models.sample_weights import add_weights
from wholebody_mm.skeletons import get_skeleton

Maps = tuple[Tensor, Tensor]


@MODELS.register_module()
class StagedPAFHead(BaseHead):
    """Refines part affinity fields, then finds the confidence maps.

    PAF stage 1 sees the features F, each later one F and the fields of the
    stage before; the first confidence map stage sees F and the last fields,
    each later one F, the maps of the stage before and the last fields
    (equations 1 to 4; the order of the concatenation is the released
    networks').

    If the codec's confidence maps are r times finer than its fields, the
    stages compute on the grid of the fields and give r^2 channels for each
    map, its values within a cell row by row ("packed" below). The next stage
    sees them like that; the result is spread to the fine grid
    (``pixel_shuffle``).

    Args:
        in_channels: Channels of F.
        skeleton: Name of (or) the skeleton; it gives K and L.
        paf_stages: One dict a stage: ``blocks, width, hidden`` (see
            :class:`PAFStage`), or the config of another registered module
            that takes ``in_channels`` and ``num_limbs``.
        confidence_map_stages: The same for :class:`ConfidenceMapStage`,
            which takes ``num_keypoints``, here the K r^2 channels of packed
            maps.
        decoder: Config of the codec, :class:`PAFCodec`.
        loss: Config of the loss of every stage, :class:`MaskedMapLoss` or
            one with its methods.
        paf_loss: Config of the loss of the PAF stages, if it is another.
        part_weights: Part name to the factor of its channels in the loss, 1
            for the others; a limb between two parts takes their mean. Of the
            135 keypoints 70 are in the face: small networks learn bodies
            sooner when these count more.
        feature_level: Which of the maps that backbone and neck give is F;
            the last by default, 0 for the finest of a feature pyramid.
        init_cfg: MMEngine initialisation; the stages bring their own.
    """

    # Confidence maps that a stage has beside the K of the keypoints.
    extra_maps = 0

    def __init__(
        self,
        in_channels: int,
        skeleton: str,
        paf_stages: Sequence[dict],
        confidence_map_stages: Sequence[dict],
        decoder: dict,
        loss: dict | None = None,
        paf_loss: dict | None = None,
        feature_level: int = -1,
        part_weights: dict[str, float] | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        if not paf_stages or not confidence_map_stages:
            raise ValueError(
                'StagedPAFHead needs at least one PAF stage and one '
                'confidence map stage'
            )
        self.feature_level = feature_level
        self.skeleton = get_skeleton(skeleton)
        self.decoder = KEYPOINT_CODECS.build(decoder)
        if self.decoder.skeleton != self.skeleton:
            raise ValueError(
                f'the head has {self.skeleton}, its decoder '
                f'{self.decoder.skeleton}'
            )
        loss = loss or dict(type='MaskedMapLoss')
        self.loss_module = MODELS.build(loss)
        self.paf_loss_module = MODELS.build(paf_loss or loss)
        for module in (self.loss_module, self.paf_loss_module):
            if not hasattr(module, 'weights'):
                raise ValueError(
                    f'{type(module).__name__} knows no masks: the losses of '
                    f'StagedPAFHead are MaskedMapLoss or have its weights()'
                )
        self._weigh_parts(part_weights or {})
        self.subdivision: int = self.decoder.subdivision
        fields = 2 * self.skeleton.num_limbs
        packed = self.num_maps * self.subdivision**2
        # MMEngine's ModuleList, whose members' init_weights gets called
        self.paf_stages = ModuleList(
            MODELS.build(
                dict(
                    type='PAFStage',
                    num_limbs=self.skeleton.num_limbs,
                    in_channels=in_channels + (fields if i else 0),
                )
                | dict(stage)
            )
            for i, stage in enumerate(paf_stages)
        )
        self.confidence_map_stages = ModuleList(
            MODELS.build(
                dict(
                    type='ConfidenceMapStage',
                    num_keypoints=packed,
                    in_channels=in_channels + fields + (packed if i else 0),
                )
                | dict(stage)
            )
            for i, stage in enumerate(confidence_map_stages)
        )

    @property
    def num_maps(self) -> int:
        """Confidence maps of a stage."""
        return self.skeleton.num_keypoints + self.extra_maps

    def _weigh_parts(self, part_weights: dict[str, float]) -> None:
        """Set the factors of keypoints (K,) and limbs (L,) in the loss."""
        names = self.skeleton.part_names
        unknown = set(part_weights) - set(names)
        if unknown:
            raise ValueError(
                f'part_weights names {sorted(unknown)}; the parts of '
                f'{self.skeleton.name!r} are {list(names)}'
            )
        self.channel_weights: dict[str, Tensor | None] = dict(
            heatmap=None, paf=None
        )
        if part_weights:
            of_part = torch.tensor([part_weights.get(n, 1.0) for n in names])
            self.channel_weights = dict(
                heatmap=of_part[self.skeleton.keypoint_part],
                paf=of_part[self.skeleton.limb_parts].mean(dim=1),
            )

    def forward_stages(
        self, feats: Sequence[Tensor]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Maps of every stage.

        Args:
            feats: Maps of backbone and neck; one is F, (B, C, h, w).

        Returns:
            Packed confidence maps, each (B, K r^2, h, w), and fields, each
            (B, 2 L, h, w), in the order of the stages.
        """
        features = feats[self.feature_level]
        pafs: list[Tensor] = []
        for stage in self.paf_stages:
            pafs.append(stage(torch.cat([features, *pafs[-1:]], dim=1)))
        maps: list[Tensor] = []
        for stage in self.confidence_map_stages:
            x = torch.cat([features, *maps[-1:], pafs[-1]], dim=1)
            maps.append(stage(x))
        return maps, pafs

    def forward(self, feats: Sequence[Tensor]) -> Maps:
        """The last maps (B, K, r h, r w) and fields (B, 2 L, h, w)."""
        maps, pafs = self.forward_stages(feats)
        if self.subdivision == 1:
            return maps[-1], pafs[-1]
        return F.pixel_shuffle(maps[-1], self.subdivision), pafs[-1]

    def loss(
        self,
        feats: Sequence[Tensor],
        batch_data_samples: list,
        train_cfg: dict | None = None,
    ) -> dict[str, Tensor]:
        """The loss of each stage: ``loss_paf_stage1`` and so on.

        Args:
            feats: Maps of backbone and neck; one is F.
            batch_data_samples: Samples whose ``gt_fields`` hold ``heatmaps``
                (K, r h, r w) and ``pafs`` (2 L, h, w), and where not
                everything is supervised ``heatmap_weights`` (K, h, w) and
                ``paf_weights`` (L, h, w), 1 or 0.
            train_cfg: Unused.

        Raises:
            ValueError: If the targets are not of the size of the maps, or
                regions were not made weights.
        """
        maps, pafs = self.forward_stages(feats)
        self.supervise(batch_data_samples)
        fields = [sample.gt_fields for sample in batch_data_samples]
        device = maps[-1].device
        # as the maps are stored: mixed layouts cost more than the loss itself
        layout = torch.contiguous_format
        if maps[-1].is_contiguous(memory_format=torch.channels_last):
            layout = torch.channels_last

        def weights(name: str, channels: int) -> Tensor | None:
            if not any(name in f for f in fields):
                return None  # everything is supervised
            size = fields[0].get('pafs').shape[1:]
            full = torch.ones((channels, *size), dtype=torch.uint8)
            return torch.stack([f.get(name, full).to(device) for f in fields])

        losses = {}
        skeleton = self.skeleton
        for name, stages, channels, components, r, loss in (
            ('paf', pafs, skeleton.num_limbs, 2, 1, self.paf_loss_module),
            (
                'heatmap',
                maps,
                skeleton.num_keypoints,
                1,
                self.subdivision,
                self.loss_module,
            ),
        ):
            # The loss is computed on packed maps: which value lies where does
            # not matter to it, and nothing has to be spread or gathered.
            targets = [f.get(f'{name}s') for f in fields]
            self._check_targets(name, targets[0], stages[0], r)
            target = torch.empty(
                stages[0].shape, device=device, memory_format=layout
            )
            for one, planes in zip(target, targets, strict=True):
                pack(planes, r, one)
            weight = loss.weights(
                target,
                weights(f'{name}_weights', channels),
                self.channel_weights[name],
                components,
                r * r,
            )
            if weight is not None:
                if components > 1:
                    weight = weight.repeat_interleave(components, dim=1)
                weight = weight.contiguous(memory_format=layout)
            for i, prediction in enumerate(stages, start=1):
                losses[f'loss_{name}_stage{i}'] = loss(
                    prediction, target, weight, per_cell=r * r
                )
        return losses

    def supervise(self, batch_data_samples: list) -> None:
        """Add weights to samples of MMPose's own preprocessor that want them.

        :class:`WholeBodyDataPreprocessor` has added them to those that it drew
        the targets of.

        Raises:
            ValueError: If regions were not made weights; see
                :func:`.add_weights`.
        """
        for sample in batch_data_samples:
            fields = sample.gt_fields
            if 'heatmap_weights' in fields or 'gt_instances' not in sample:
                continue
            if 'ignore' in fields:
                raise ValueError(
                    'the samples say what is not to be learnt '
                    '(SupervisionRegions) and nobody made weights of it: give '
                    "the model data_preprocessor=dict(type='"
                    "WholeBodyDataPreprocessor', codec=...), with the codec "
                    'of the head'
                )
            size = tuple(fields.pafs.shape[1:])
            add_weights(sample, self.skeleton, self.decoder.stride, size)

    def _check_targets(
        self, name: str, target: Tensor, packed: Tensor, r: int
    ) -> None:
        """Refuse targets of another stride or skeleton than the maps."""
        c, h, w = packed.shape[1:]
        if target.shape != (c // (r * r), h * r, w * r):
            raise ValueError(
                f'{name}s of {tuple(target.shape)} are to be learnt, the head '
                f'gives ({c // (r * r)}, {h * r}, {w * r}): its decoder has '
                f'stride={self.decoder.stride} and '
                f'heatmap_stride={self.decoder.heatmap_stride}; give the data '
                f'preprocessor the same codec'
            )

    def refine_weights(self, weights: Mapping[str, Tensor]) -> dict:
        """Weights of this head trained with coarse maps, for its finer ones.

        Each of the r^2 channels of a map starts as a copy of the coarse map's
        one, and where a later stage sees them they share its weight. The
        head then gives the coarse maps, each value r x r times.

        Args:
            weights: State dict of the head whose confidence maps have the
                stride of the fields.

        Returns:
            Those of the weights that had to be changed; empty if the maps are
            not finer or nothing fits.
        """
        values, maps = self.subdivision**2, self.num_maps
        fields = 2 * self.skeleton.num_limbs
        refined = {}
        for key, wanted in self.confidence_map_stages.state_dict().items():
            key = f'confidence_map_stages.{key}'
            if key not in weights or weights[key].shape == wanted.shape:
                continue
            weight, more = weights[key], maps * (values - 1)
            shape = list(weight.shape)
            if shape and [shape[0] + more, *shape[1:]] == list(wanted.shape):
                if shape[0] == maps:
                    refined[key] = weight.repeat_interleave(values, dim=0)
            elif weight.ndim == 4 and wanted.shape == (
                shape[0], shape[1] + more, *shape[2:]
            ):  # fmt: skip
                features = shape[1] - maps - fields
                parts = list(weight.split([features, maps, fields], dim=1))
                parts[1] = parts[1].repeat_interleave(values, dim=1) / values
                refined[key] = torch.cat(parts, dim=1)
        return refined

    def predict(
        self,
        feats: Sequence[Tensor] | list[Sequence[Tensor]],
        batch_data_samples: list,
        test_cfg: dict | None = None,
    ) -> list[InstanceData] | tuple[list[InstanceData], list[PixelData]]:
        """People of each image, in pixels of the network's input.

        Args:
            feats: Features of a batch, or a list of two, those of the batch
                and of the mirrored batch, whose maps are averaged.
            batch_data_samples: Unused.
            test_cfg: ``output_heatmaps`` adds the maps to the result.

        Raises:
            ValueError: If MMPose gives features of several scales.
        """
        refuse_scales(test_cfg)
        if of_two_images(feats):
            straight, mirrored = (self.forward(f) for f in feats)
            maps = average_maps([straight, self.unflip(mirrored)])
        else:
            maps = self.forward(feats)
        instances = self.decode(maps)
        if (test_cfg or {}).get('output_heatmaps', False):
            return instances, self.pack_fields(maps)
        return instances

    def decode(self, batch_outputs: Maps) -> list[InstanceData]:
        """Decode maps (B, K, r h, r w) and fields (B, 2 L, h, w) into people.

        Each result holds ``keypoints`` (N, K, 2) in pixels of the network's
        input, ``keypoint_scores`` (N, K) and ``bbox_scores`` (N,).
        """
        keypoints, scores, people_scores = self.decoder.batch_decode(
            *(maps.detach().float().cpu() for maps in batch_outputs)
        )
        return [
            InstanceData(keypoints=k, keypoint_scores=s, bbox_scores=p)
            for k, s, p in zip(keypoints, scores, people_scores, strict=True)
        ]

    @staticmethod
    def pack_fields(maps: Maps) -> list[PixelData]:
        """``heatmaps`` and ``pafs`` of each image for drawing."""
        return [
            MapData.of(dict(heatmaps=h.detach().cpu(), pafs=p.detach().cpu()))
            for h, p in zip(*maps, strict=True)
        ]

    def unflip(self, maps: Maps) -> Maps:
        """Maps of the mirrored image as maps of the image itself.

        Fields whose mirrored limb is not in the skeleton's list (the open
        chains of eyes and mouth) become NaN; :func:`average_maps` leaves
        them out.
        """
        heatmaps, pafs = (m.flip(-1) for m in maps)
        heatmaps = heatmaps[:, torch.from_numpy(self.skeleton.flip_indices)]
        indices, signs = self.skeleton.limb_flips
        fields = pafs.unflatten(1, (self.skeleton.num_limbs, 2))
        fields = fields[:, torch.from_numpy(indices.clip(0))]
        signs = torch.from_numpy(signs).to(fields)
        signs = torch.stack([-signs, signs], dim=1)  # x is mirrored
        signs[torch.from_numpy(indices < 0)] = torch.nan
        fields = fields * signs[:, :, None, None]
        return heatmaps, fields.flatten(1, 2)


def pack(planes: Tensor, r: int, out: Tensor) -> None:
    """Write fine maps as r^2 channels each, on the grid of the fields.

    The inverse of ``pixel_shuffle``, whatever the layouts.

    Args:
        planes: (C, r h, r w).
        r: Values of a cell in a direction.
        out: (C r^2, h, w), written.
    """
    # not one copy of a permuted view, whose inner loops would have length r
    values = out.unflatten(0, (-1, r, r))
    for i in range(r):
        for j in range(r):
            values[:, i, j].copy_(planes[:, i::r, j::r])


def of_two_images(feats: Sequence) -> bool:
    """Whether these are features of a batch and of its mirror image.

    MMPose's estimators give a list of two for the flip test; a list of
    tensors is what some necks make of the levels of one image.
    """
    return isinstance(feats, list) and not isinstance(feats[0], Tensor)


def refuse_scales(test_cfg: dict | None) -> None:
    """Raise ValueError for MMPose's test at several scales.

    Its list of scales looks like that of an image and its mirror image.
    """
    if (test_cfg or {}).get('multiscale_test', False):
        raise ValueError(
            'multiscale_test is not of this head: test at several scales with '
            "WholeBodyEstimator's test_cfg=dict(scales=...), or at one"
        )


def average_maps(batch_maps: Sequence[Maps]) -> Maps:
    """The mean of several maps of one batch; NaN stands for "no opinion"."""
    if len(batch_maps) == 1:
        return batch_maps[0]
    heatmaps, pafs = (
        torch.nanmean(torch.stack(maps), dim=0)
        for maps in zip(*batch_maps, strict=True)
    )
    return heatmaps, pafs
