"""The stages of the network: blocks of three convolutions, then two 1x1."""

from __future__ import annotations

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn


class ConvBlock(nn.Module):
    """Three 3x3 convolutions in series, their outputs concatenated.

    The receptive field of a 7x7 kernel for fewer parameters, keeping lower
    and higher level features (figure 2 of the paper, after OpenPose).

    Args:
        in_channels: Channels in.
        width: Channels of each convolution; 3 x width channels come out.
    """

    def __init__(self, in_channels: int, width: int) -> None:
        super().__init__()
        self.out_channels = 3 * width
        self.convs = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(channels, width, 3, padding=1), nn.PReLU(width)
            )
            for channels in (in_channels, width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, h, w) to (B, 3 x width, h, w)."""
        outputs = []
        for conv in self.convs:
            x = conv(x)
            outputs.append(x)
        return torch.cat(outputs, dim=1)


class MapStage(BaseModule):
    """Blocks, a 1x1 convolution with PReLU, and a linear 1x1 to the maps.

    Args:
        in_channels: Channels of the stage's input.
        out_channels: Channels of the maps.
        blocks: Number of :class:`ConvBlock`.
        width: Width of the blocks' convolutions.
        hidden: Channels between the two 1x1 convolutions.
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        blocks: int,
        width: int,
        hidden: int,
    ) -> None:
        # Xavier, as the released stages
        super().__init__(
            init_cfg=dict(
                type='Xavier', layer='Conv2d', distribution='uniform'
            )
        )
        layers: list[nn.Module] = []
        for _ in range(blocks):
            block = ConvBlock(in_channels, width)
            layers.append(block)
            in_channels = block.out_channels
        self.blocks = nn.Sequential(*layers)
        self.hidden = nn.Sequential(
            nn.Conv2d(in_channels, hidden, 1), nn.PReLU(hidden)
        )
        self.maps = nn.Conv2d(hidden, out_channels, 1)

    def init_weights(self) -> None:
        """Xavier, and maps that start near zero.

        Targets are zero nearly everywhere: a network from scratch that first
        has to unlearn large random maps loses its ReLUs on the way and stays
        at "nothing anywhere".
        """
        super().init_weights()
        nn.init.normal_(self.maps.weight, std=0.001)
        nn.init.zeros_(self.maps.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in_channels, h, w) to (B, out_channels, h, w)."""
        return self.maps(self.hidden(self.blocks(x)))


@MODELS.register_module()
class PAFStage(MapStage):
    """A stage that predicts the part affinity fields L (equations 1, 2).

    Args:
        in_channels: Channels of the stage's input.
        num_limbs: L; 2 L channels come out, x then y of each limb.
        blocks: See :class:`MapStage`.
        width: See :class:`MapStage`.
        hidden: See :class:`MapStage`.
    """

    def __init__(
        self,
        in_channels: int,
        num_limbs: int,
        blocks: int = 8,
        width: int = 128,
        hidden: int = 512,
    ) -> None:
        super().__init__(in_channels, 2 * num_limbs, blocks, width, hidden)


@MODELS.register_module()
class ConfidenceMapStage(MapStage):
    """A stage that predicts the confidence maps S (equation 4).

    Args:
        in_channels: Channels of the stage's input.
        num_keypoints: K channels that come out.
        blocks: See :class:`MapStage`.
        width: See :class:`MapStage`.
        hidden: See :class:`MapStage`.
    """

    def __init__(
        self,
        in_channels: int,
        num_keypoints: int,
        blocks: int = 8,
        width: int = 192,
        hidden: int = 512,
    ) -> None:
        super().__init__(in_channels, num_keypoints, blocks, width, hidden)
