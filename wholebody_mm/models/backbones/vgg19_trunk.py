"""VGG-19 at stride 8, deeper than :class:`VGG19Reduced`, and what follows it.

Both backbones are those of released networks: BODY_25B's accurate one, and
the face and hand networks (facts of their layer tables).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from mmpose.models.backbones.base_backbone import BaseBackbone
from mmpose.registry import MODELS
from torch import Tensor, nn

from wholebody_mm.models.backbones.vgg19_reduced import (
    VGG19Reduced,
    refuse_vgg19,
)
from wholebody_mm.models.heads.stages import ConvBlock

# Channels of VGG-19's five groups, and the groups that a pooling follows:
# dropping the later ones keeps the stride at 8.
WIDTHS = (64, 128, 256, 512, 512)
POOLED = (1, 2, 3)


class VGG19Trunk(BaseBackbone):
    """The first convolutions of VGG-19, each with ReLU.

    Args:
        depths: Convolutions of each group, for example ``(2, 2, 4, 4)``.
        vgg19_weights: See :class:`VGG19Reduced`.
        init_cfg: MMEngine initialisation; Kaiming by default.

    Attributes:
        vgg_names: The convolutions' names, ``conv1_1`` and so on.
        poolings: The names of those that a 2x2 max pooling follows.
    """

    load_vgg19 = VGG19Reduced.load_vgg19

    def __init__(
        self,
        depths: Sequence[int],
        vgg19_weights: str | None = None,
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(
            init_cfg=init_cfg or dict(type='Kaiming', layer='Conv2d')
        )
        self.vgg19_weights = vgg19_weights
        self.vgg_names: list[str] = []
        self.poolings: list[str] = []
        self.activation = nn.ReLU(inplace=True)
        self.pool = nn.MaxPool2d(2, 2)
        channels = 3
        for group, depth in enumerate(depths, start=1):
            for i in range(1, depth + 1):
                name, width = f'conv{group}_{i}', WIDTHS[group - 1]
                self.add_module(name, nn.Conv2d(channels, width, 3, padding=1))
                self.vgg_names.append(name)
                channels = width
            if group in POOLED:
                self.poolings.append(name)
        self.vgg_channels = channels
        self._register_load_state_dict_pre_hook(refuse_vgg19)

    def init_weights(self) -> None:
        """Initialise, then read the ImageNet weights if a path was given."""
        super().init_weights()
        if self.vgg19_weights:
            # here, since a model that is only tested needs none of it
            from wholebody_mm.checkpoints import load

            self.load_vgg19(load(self.vgg19_weights), self.vgg19_weights)

    def train(self, mode: bool = True) -> VGG19Trunk:
        """Set the mode; unlike MMPose's it returns the module."""
        super().train(mode)
        return self

    def vgg(self, x: Tensor) -> dict[str, Tensor]:
        """(B, 3, H, W) to the outputs of the last group, by name.

        Each is (B, C, H/8, W/8), after ReLU.
        """
        last = self.vgg_names[-1].split('_')[0]
        outputs = {}
        for name in self.vgg_names:
            x = self.activation(getattr(self, name)(x))
            if name.startswith(last):
                outputs[name] = x
            if name in self.poolings:
                x = self.pool(x)
        return outputs


@MODELS.register_module()
class VGG19Dense(VGG19Trunk):
    """VGG-19 to conv4_4, six blocks, and a 1x1 over four of their levels.

    The features of BODY_25B's accurate network: conv4_2, conv4_4, the third
    and the sixth block, reduced to 512 channels. Stride 8.

    Args:
        widths: Width of each block's convolutions.
        out_channels: Channels of the features.
        vgg19_weights: See :class:`VGG19Reduced`.
        init_cfg: MMEngine initialisation; Kaiming by default.
    """

    def __init__(
        self,
        widths: Sequence[int] = (256, 256, 224, 256, 256, 224),
        out_channels: int = 512,
        vgg19_weights: str | None = None,
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__((2, 2, 4, 4), vgg19_weights, init_cfg)
        self.tapped = (len(widths) // 2 - 1, len(widths) - 1)
        self.blocks = nn.ModuleList()
        channels = self.vgg_channels
        for width in widths:
            self.blocks.append(ConvBlock(channels, width))
            channels = self.blocks[-1].out_channels
        levels = 2 * self.vgg_channels + sum(
            self.blocks[i].out_channels for i in self.tapped
        )
        self.reduce = nn.Sequential(
            nn.Conv2d(levels, out_channels, 1), nn.PReLU(out_channels)
        )
        self.out_channels = out_channels

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """(B, 3, H, W) image to a tuple of one (B, C, H/8, W/8) map."""
        outputs = self.vgg(x)
        levels = [outputs['conv4_2'], outputs['conv4_4']]
        x = levels[-1]
        for i, block in enumerate(self.blocks):
            x = block(x)
            if i in self.tapped:
                levels.append(x)
        return (self.reduce(torch.cat(levels, dim=1)),)


@MODELS.register_module()
class VGG19PoseMachine(VGG19Trunk):
    """VGG-19 to conv5_2 without its fourth pooling, reduced to 128 channels.

    The features of the original's face and hand networks (convolutional pose
    machines). Stride 8.

    Args:
        out_channels: Channels of the features.
        vgg19_weights: See :class:`VGG19Reduced`.
        init_cfg: MMEngine initialisation; Kaiming by default.
    """

    def __init__(
        self,
        out_channels: int = 128,
        vgg19_weights: str | None = None,
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__((2, 2, 4, 4, 2), vgg19_weights, init_cfg)
        self.reduce = nn.Conv2d(self.vgg_channels, out_channels, 3, padding=1)
        self.out_channels = out_channels

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """(B, 3, H, W) image to a tuple of one (B, C, H/8, W/8) map."""
        x = self.vgg(x)[self.vgg_names[-1]]
        return (self.activation(self.reduce(x)),)
