"""The graph that leaves torch: uint8 images in, maps out."""

from __future__ import annotations

import copy

import numpy as np
import torch
from torch import Tensor, nn

from wholebody_mm.inference.network import NetworkInfo
from wholebody_mm.inference.torch_network import ImageToMaps
from wholebody_mm.models.wholebody_estimator import WholeBodyEstimator

INPUT = 'images'
OUTPUTS = ('heatmaps', 'pafs')
# Wide enough for photos and videos of a fixed height.
ASPECT = 16 / 9


def float32_graph(model: WholeBodyEstimator) -> ImageToMaps:
    """A copy of the network that computes in float32 on the CPU.

    It is what is traced, and what the written file is compared with.

    Args:
        model: The estimator with its weights, whatever its precision.
    """
    model = copy.deepcopy(model).cpu().float().eval()
    model.autocast = None
    model.memory_format = torch.contiguous_format
    model.to(memory_format=torch.contiguous_format)
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return ImageToMaps(model).eval()


class _Cast(nn.Module):
    """An estimator whose weights and inputs have another type."""

    def __init__(self, model: WholeBodyEstimator, dtype: torch.dtype) -> None:
        super().__init__()
        self.model = model.to(dtype)
        self.dtype = dtype
        self.memory_format = model.memory_format

    def forward(self, inputs: Tensor, *args, **kwargs) -> tuple:
        return self.model(inputs.to(self.dtype), *args, **kwargs)


def cast_graph(graph: ImageToMaps, dtype: torch.dtype) -> ImageToMaps:
    """A copy that normalises in float32 and computes in ``dtype``."""
    graph = copy.deepcopy(graph)
    graph.model = _Cast(graph.model, dtype)
    return graph


def default_size(info: NetworkInfo) -> tuple[int, int]:
    """Width and height of a file of fixed size: 16:9 at the usual height."""
    height = next_multiple(info.height * max(info.scales), info.multiple)
    return next_multiple(ASPECT * height, info.multiple), height


def check_size(size: tuple[int, int], info: NetworkInfo) -> None:
    """Refuse sizes that the network does not take (ValueError)."""
    if min(size) < 1 or any(side % info.multiple for side in size):
        better = 'x'.join(
            str(next_multiple(side, info.multiple)) for side in size
        )
        raise ValueError(
            f'{info.name} takes sides that are multiples of {info.multiple}, '
            f'not {size[0]}x{size[1]}; give {better}'
        )


def next_multiple(value: float, multiple: int) -> int:
    """The next multiple, at least one."""
    return max(1, int(np.ceil(value / multiple - 1e-6))) * multiple


def example(size: tuple[int, int], batch: int = 1) -> Tensor:
    """(B, H, W, 3) uint8 images to trace with; their content is nothing."""
    generator = torch.Generator().manual_seed(0)
    shape = batch, size[1], size[0], 3
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=generator)
