"""Coarse and fine maps of a backbone, joined at the finest."""

from __future__ import annotations

from collections.abc import Sequence

import torch.nn.functional as F
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class TopDownFusion(BaseModule):
    """The finest level of a feature pyramid, without the others.

    As in "Feature Pyramid Networks" (Lin et al., 2017): each map goes through
    a 1x1 convolution, coarser ones are enlarged and added to finer ones, a
    3x3 convolution smooths the finest. MMPose's ``FPN`` also smooths the
    coarser ones, which costs a fifth more here and leaves parameters without
    gradients, at which distributed training stops.

    Args:
        in_channels: Channels of the backbone's maps, finest first.
        out_channels: Channels of the result.
    """

    def __init__(self, in_channels: Sequence[int], out_channels: int) -> None:
        super().__init__(
            init_cfg=[
                dict(type='Kaiming', layer='Conv2d'),
                dict(type='Constant', val=1, layer='BatchNorm2d'),
            ]
        )
        self.laterals = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(channels, out_channels, 1, bias=False),
                nn.BatchNorm2d(out_channels),
                nn.ReLU(inplace=True),
            )
            for channels in in_channels
        )
        self.smooth = nn.Sequential(
            nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(out_channels),
            nn.ReLU(inplace=True),
        )

    def forward(self, feats: Sequence[Tensor]) -> tuple[Tensor]:
        """Maps, finest first, to one (B, out_channels, h, w) of the finest.

        Raises:
            ValueError: If the backbone gives another number of maps.
        """
        if len(feats) != len(self.laterals):
            raise ValueError(
                f'the backbone gives {len(feats)} maps, in_channels names '
                f'{len(self.laterals)}'
            )
        fused = None
        for lateral, features in zip(
            reversed(self.laterals), reversed(feats), strict=True
        ):
            x = lateral(features)
            if fused is not None:
                x = x + F.interpolate(fused, x.shape[-2:], mode='nearest')
            fused = x
        return (self.smooth(fused),)
