"""How many multiplications a network takes for an image."""

from __future__ import annotations

import torch
from torch import nn


def multiplications(model: nn.Module, size: tuple[int, int]) -> int:
    """Multiply-accumulates of the convolutions for one image.

    Nothing is computed: the network is copied without its values.

    Args:
        model: An estimator with ``backbone``, ``head`` and maybe ``neck``.
        size: Width and height of the input in pixels.
    """
    parts = [model.backbone, getattr(model, 'neck', None), model.head]
    total = 0

    def count(module: nn.Conv2d, _, output: torch.Tensor) -> None:
        nonlocal total
        total += output.numel() * module.weight[0].numel()

    x = torch.zeros(1, 3, size[1], size[0], device='meta')
    hooks = []
    with torch.no_grad():
        for part in parts:
            if part is None:
                continue
            # a shallow copy on `meta` would move the caller's weights
            weights = {
                key: value.to('meta')
                for key, value in part.state_dict(keep_vars=True).items()
            }
            for module in part.modules():
                if isinstance(module, nn.Conv2d):
                    hooks.append(module.register_forward_hook(count))
            x = torch.func.functional_call(part, weights, (x,))
    for hook in hooks:
        hook.remove()
    return total
