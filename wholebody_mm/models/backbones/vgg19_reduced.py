"""VGG-19 cut at conv4_2, then two layers that reduce it to 128 channels."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch
from mmengine.logging import print_log
from mmpose.models.backbones.base_backbone import BaseBackbone
from mmpose.registry import MODELS
from torch import Tensor, nn

# VGG-19 ("configuration E", Simonyan and Zisserman 2015) up to conv4_2:
# output channels of the 3x3 convolutions, group by group; a 2x2 max pooling
# stands between the groups.
VGG_GROUPS = ((64, 64), (128, 128), (256, 256, 256, 256), (512, 512))

# torchvision's and MMPretrain's names of its convolutions
_VGG_KEY = r'(?:backbone\.)?features\.(\d+)(?:\.conv)?\.(weight|bias)'


def refuse_vgg19(state_dict: Mapping, prefix: str, *_) -> None:
    """Refuse to load plain VGG-19 as if it were a network's own weights.

    MMEngine's ``Pretrained`` would find no layer of these names, load
    nothing, and say so in the log only.

    Args:
        state_dict: What is to be loaded.
        prefix: What names of the backbone's layers begin with in it.

    Raises:
        ValueError: If it holds layers of plain VGG-19.
    """
    pattern = re.compile(rf'{re.escape(prefix)}{_VGG_KEY}')
    if any(pattern.fullmatch(key) for key in state_dict):
        raise ValueError(
            'these are weights of plain VGG-19: give their file as '
            "vgg19_weights='...' instead of init_cfg=dict("
            "type='Pretrained', ...)"
        )


@MODELS.register_module()
class VGG19Reduced(BaseBackbone):
    """The image features F of the paper (section 3.1, figure 2a).

    The first ten convolutions of VGG-19 and two more that reduce its 512
    channels. ReLU up to conv4_1, per-channel PReLU from conv4_2 on, as in the
    released networks. Stride 8.

    Args:
        width: Factor of the channels of VGG-19's convolutions, for small
            networks; only 1 takes ImageNet weights.
        reduction: Output channels of the layers after conv4_2.
        vgg19_weights: Path of ImageNet weights of plain VGG-19 in
            torchvision's or MMPretrain's layout, read when the model is
            initialised for training. They expect RGB input normalised by
            ImageNet's mean and deviation.
        frozen_groups: Leading groups (0 to 4) kept as they are in training.
        init_cfg: MMEngine initialisation; Kaiming by default. Its
            ``Pretrained`` is for checkpoints of this package, not for plain
            VGG-19.
    """

    def __init__(
        self,
        width: float = 1.0,
        reduction: Sequence[int] = (256, 128),
        vgg19_weights: str | None = None,
        frozen_groups: int = 0,
        init_cfg: dict | list | None = None,
    ) -> None:
        super().__init__(
            init_cfg=init_cfg or dict(type='Kaiming', layer='Conv2d')
        )
        if not 0 <= frozen_groups <= len(VGG_GROUPS):
            raise ValueError(
                f'frozen_groups is {frozen_groups}, not 0 to {len(VGG_GROUPS)}'
            )
        self.vgg19_weights = vgg19_weights
        self.frozen_groups = frozen_groups
        self.vgg_names: list[str] = []
        self._steps: list[str] = []
        self._group_of: dict[str, int] = {}
        channels = 3
        for group, widths in enumerate(VGG_GROUPS, start=1):
            if group > 1:
                self._add(f'pool{group - 1}', nn.MaxPool2d(2, 2))
            for i, full in enumerate(widths, start=1):
                name, out = f'conv{group}_{i}', round(full * width)
                self._add(name, nn.Conv2d(channels, out, 3, padding=1))
                self.vgg_names.append(name)
                for step in (name, f'act{group}_{i}'):
                    self._group_of[step] = group
                last = (group, i) == (len(VGG_GROUPS), len(widths))
                self._add(
                    f'act{group}_{i}',
                    nn.PReLU(out) if last else nn.ReLU(inplace=True),
                )
                channels = out
        first = len(VGG_GROUPS[-1]) + 1
        for i, out in enumerate(reduction, start=first):
            name = f'{len(VGG_GROUPS)}_{i}'
            self._add(f'conv{name}', nn.Conv2d(channels, out, 3, padding=1))
            self._add(f'act{name}', nn.PReLU(out))
            channels = out
        self.out_channels = channels
        self._freeze()
        self._register_load_state_dict_pre_hook(refuse_vgg19)

    def _add(self, name: str, module: nn.Module) -> None:
        self.add_module(name, module)
        self._steps.append(name)

    def forward(self, x: Tensor) -> tuple[Tensor]:
        """(B, 3, H, W) image to a tuple of one (B, C, H/8, W/8) map."""
        for name in self._steps:
            x = getattr(self, name)(x)
        return (x,)

    def init_weights(self) -> None:
        """Initialise, then read the ImageNet weights if a path was given."""
        super().init_weights()
        if self.vgg19_weights:
            # here, since a model that is only tested needs none of it
            from wholebody_mm.checkpoints import load

            self.load_vgg19(load(self.vgg19_weights), self.vgg19_weights)

    def load_vgg19(self, checkpoint: Mapping, origin: str) -> None:
        """Copy the first ten convolutions of a VGG-19.

        Args:
            checkpoint: A state dict, or a mapping with one in ``state_dict``,
                in torchvision's (``features.0.weight``) or MMPretrain's
                layout (``backbone.features.0.conv.weight``).
            origin: Its file, for messages.

        Raises:
            ValueError: If it is no plain VGG-19.
        """
        state = checkpoint.get('state_dict', checkpoint)
        found: dict[int, dict[str, Tensor]] = {}
        for key, value in state.items():
            match = re.fullmatch(_VGG_KEY, key)
            if match:
                found.setdefault(int(match[1]), {})[match[2]] = value
        cure = (
            "give plain VGG-19 ImageNet weights, for example torchvision's "
            'vgg19-dcbb9e9d.pth, or leave vgg19_weights unset'
        )
        if any('running_mean' in k or '.bn.' in k for k in state):
            raise ValueError(
                f'{origin} holds the batch-normalised VGG; {cure}'
            )
        convs = [found[i] for i in sorted(found)]
        if len(convs) != 16 or any(len(c) != 2 for c in convs):
            raise ValueError(
                f'{origin} holds {len(convs)} VGG convolutions where VGG-19 '
                f'has 16; {cure}'
            )
        for name, conv in zip(self.vgg_names, convs, strict=False):
            layer = getattr(self, name)
            if conv['weight'].shape != layer.weight.shape:
                raise ValueError(
                    f'{origin}: {name} has shape '
                    f'{tuple(conv["weight"].shape)}, VGG-19 has '
                    f'{tuple(layer.weight.shape)}; {cure}'
                )
            with torch.no_grad():
                layer.weight.copy_(conv['weight'])
                layer.bias.copy_(conv['bias'])
        print_log(f'VGG-19 weights read from {origin}', 'current')

    def train(self, mode: bool = True) -> VGG19Reduced:
        """Set the mode; frozen groups take no gradient."""
        super().train(mode)
        self._freeze()
        return self

    def _freeze(self) -> None:
        """Take the frozen groups, activations too, out of training.

        At once, since distributed training counts what is trained before it
        calls :meth:`train`.
        """
        for name, group in self._group_of.items():
            if group <= self.frozen_groups:
                getattr(self, name).requires_grad_(False)
