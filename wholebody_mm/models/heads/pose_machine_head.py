"""Convolutional pose machine: confidence maps, refined stage by stage."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseModule, ModuleList
from mmengine.structures import InstanceData, PixelData
from mmpose.models.heads.base_head import BaseHead
from mmpose.registry import KEYPOINT_CODECS, MODELS
from torch import Tensor, nn

from wholebody_mm.models.heads.staged_paf_head import of_two_images
from wholebody_mm.skeletons import get_skeleton


class RefinementStage(BaseModule):
    """Some wide convolutions, a 1x1, and a linear 1x1 to the maps.

    Args:
        in_channels: Channels of the stage's input.
        out_channels: Maps.
        kernels: Sizes of the convolutions before the last, with ReLU.
        width: Their channels.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernels: Sequence[int],
        width: int,
    ) -> None:
        super().__init__(
            init_cfg=dict(
                type='Xavier', layer='Conv2d', distribution='uniform'
            )
        )
        self.convs = nn.ModuleList()
        for kernel in kernels:
            self.convs.append(
                nn.Conv2d(in_channels, width, kernel, padding=kernel // 2)
            )
            in_channels = width
        self.activation = nn.ReLU(inplace=True)
        self.maps = nn.Conv2d(in_channels, out_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, h, w) to (B, out_channels, h, w)."""
        for conv in self.convs:
            x = self.activation(conv(x))
        return self.maps(x)


@MODELS.register_module()
class PoseMachineHead(BaseHead):
    """The stages of the original's face and hand networks.

    One person (face, hand) a crop: K confidence maps and one of the
    background, each stage after the first seeing the maps of the one before
    (maps first, then F). For MMPose's ``TopdownPoseEstimator``.

    Args:
        in_channels: Channels of F.
        skeleton: The skeleton; it gives K.
        decoder: Config of one of MMPose's heatmap codecs.
        stages: Number of stages.
        first_width: Channels of the first stage's 1x1 convolution.
        width: Channels of the other stages' convolutions.
        kernels: Sizes of the other stages' convolutions.
        init_cfg: MMEngine initialisation; the stages bring their own.
    """

    def __init__(
        self,
        in_channels: int,
        skeleton: str,
        decoder: dict,
        stages: int = 6,
        first_width: int = 512,
        width: int = 128,
        kernels: Sequence[int] = (7, 7, 7, 7, 7, 1),
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(init_cfg=init_cfg)
        self.skeleton = get_skeleton(skeleton)
        self.decoder = KEYPOINT_CODECS.build(decoder)
        maps = self.skeleton.num_keypoints + 1
        self.stages = ModuleList(
            [RefinementStage(in_channels, maps, (1,), first_width)]
        )
        for _ in range(stages - 1):
            self.stages.append(
                RefinementStage(maps + in_channels, maps, kernels, width)
            )

    def forward_stages(self, feats: Sequence[Tensor]) -> list[Tensor]:
        """(B, K + 1, h, w) maps of every stage, background last."""
        features = feats[-1]
        maps: list[Tensor] = []
        for stage in self.stages:
            maps.append(stage(torch.cat([*maps[-1:], features], dim=1)))
        return maps

    def forward(self, feats: Sequence[Tensor]) -> Tensor:
        """The last maps (B, K, h, w), without the background."""
        return self.forward_stages(feats)[-1][:, :-1]

    def predict(
        self,
        feats: Sequence[Tensor] | list[Sequence[Tensor]],
        batch_data_samples: list,
        test_cfg: dict | None = None,
    ) -> list[InstanceData] | tuple[list[InstanceData], list[PixelData]]:
        """The one person of each crop; a list of two averages a mirror."""
        if of_two_images(feats):
            flip = torch.from_numpy(self.skeleton.flip_indices)
            straight, mirrored = (self.forward(f) for f in feats)
            maps = (straight + mirrored.flip(-1)[:, flip]) / 2
        else:
            maps = self.forward(feats)
        instances = self.decode(maps)
        if (test_cfg or {}).get('output_heatmaps', False):
            return instances, [PixelData(heatmaps=m) for m in maps.detach()]
        return instances

    def loss(
        self,
        feats: Sequence[Tensor],
        batch_data_samples: list,
        train_cfg: dict | None = None,
    ) -> dict[str, Tensor]:
        """The loss of each stage, ``loss_stage1`` and so on.

        Half the squared error, summed, as in the original; a crop in which
        a keypoint is not labelled teaches neither it nor the background.
        """
        stages = self.forward_stages(feats)
        device = stages[-1].device
        target = torch.stack(
            [s.gt_fields.heatmaps for s in batch_data_samples]
        )
        target = target.to(device)
        weight = torch.cat(
            [s.gt_instance_labels.keypoint_weights for s in batch_data_samples]
        ).to(target)
        background = 1 - target.amax(dim=1, keepdim=True).clamp(0, 1)
        target = torch.cat([target, background], dim=1)
        weight = torch.cat([weight, weight.amin(dim=1, keepdim=True)], dim=1)
        weight = (weight > 0).to(target)[:, :, None, None]
        return {
            f'loss_stage{i}': F.mse_loss(
                maps * weight, target * weight, reduction='sum'
            )
            / (2 * len(target))
            for i, maps in enumerate(stages, start=1)
        }
