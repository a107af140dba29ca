"""Stages for CPUs: batch-normalised residual blocks instead of deep chains."""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with batch normalisation and a skip.

    Args:
        width: Channels in and out.
        dilation: Of the second convolution, for a larger receptive field.
    """

    def __init__(self, width: int, dilation: int = 1) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(width, width, 3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(
                width,
                width,
                3,
                padding=dilation,
                dilation=dilation,
                bias=False,
            ),
            nn.BatchNorm2d(width),
        )
        self.activation = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """(B, width, h, w) to the same shape."""
        return self.activation(x + self.layers(x))


class LightMapStage(BaseModule):
    """A 1x1 reduction, residual blocks, and a linear 1x1 to the maps.

    There are several hundred maps, of which only a few hold something in a
    cell. From fewer channels than maps a linear layer cannot make them
    independent of each other: what is high in one shines through in others.
    ``expand`` channels more, made by a 1x1 layer, are for that.

    Args:
        in_channels: Channels of the stage's input.
        out_channels: Channels of the maps.
        width: Channels of the blocks.
        dilations: One residual block each.
        expand: Channels of a 1x1 layer from which, together with those of
            the blocks, the maps are made; 0 is none.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        width: int,
        dilations: tuple[int, ...],
        expand: int = 0,
    ) -> None:
        super().__init__(init_cfg=dict(type='Kaiming', layer='Conv2d'))
        self.reduce = nn.Sequential(
            nn.Conv2d(in_channels, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        )
        self.blocks = nn.Sequential(
            *(ResidualBlock(width, dilation) for dilation in dilations)
        )
        self.expand = None
        if expand:
            self.expand = nn.Sequential(
                nn.Conv2d(width, expand, 1, bias=False),
                nn.BatchNorm2d(expand),
                nn.ReLU(inplace=True),
            )
        self.maps = nn.Conv2d(width + expand, out_channels, 1)

    def init_weights(self) -> None:
        """Kaiming for the body; maps that start near zero, as targets are."""
        super().init_weights()
        nn.init.normal_(self.maps.weight, std=0.001)
        nn.init.zeros_(self.maps.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, h, w) to (B, out_channels, h, w)."""
        x = self.blocks(self.reduce(x))
        if self.expand is not None:
            x = torch.cat([x, self.expand(x)], dim=1)
        return self.maps(x)


@MODELS.register_module()
class LightPAFStage(LightMapStage):
    """A light stage that predicts part affinity fields.

    Args:
        in_channels: Channels of the stage's input.
        num_limbs: L; 2 L channels come out.
        width: See :class:`LightMapStage`.
        dilations: See :class:`LightMapStage`.
        expand: See :class:`LightMapStage`.
    """

    def __init__(
        self,
        in_channels: int,
        num_limbs: int,
        width: int = 128,
        dilations: tuple[int, ...] = (1, 2),
        expand: int = 0,
    ) -> None:
        super().__init__(in_channels, 2 * num_limbs, width, dilations, expand)


@MODELS.register_module()
class LightConfidenceMapStage(LightMapStage):
    """A light stage that predicts confidence maps.

    Args:
        in_channels: Channels of the stage's input.
        num_keypoints: K channels that come out.
        width: See :class:`LightMapStage`.
        dilations: See :class:`LightMapStage`.
        expand: See :class:`LightMapStage`.
    """

    def __init__(
        self,
        in_channels: int,
        num_keypoints: int,
        width: int = 128,
        dilations: tuple[int, ...] = (1, 2),
        expand: int = 0,
    ) -> None:
        super().__init__(in_channels, num_keypoints, width, dilations, expand)
