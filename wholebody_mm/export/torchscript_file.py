"""Graphs to TorchScript files, for torch in C++ and without this package."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from wholebody_mm.export.graph import cast_graph, example
from wholebody_mm.inference.fixed_size import InputShape, run_in_shape
from wholebody_mm.inference.network import METADATA_KEY, NetworkInfo
from wholebody_mm.inference.torch_network import ImageToMaps

_TYPES = {'bf16': torch.bfloat16, 'fp16': torch.float16}


def write_torchscript(
    graph: ImageToMaps,
    info: NetworkInfo,
    path: Path,
    size: tuple[int, int],
    dynamic: bool = False,
    precision: str = 'fp32',
) -> None:
    """Trace a network, fold what is constant, write it.

    The file is of torch's own kind: ``torch.jit.load``, or
    ``torch::jit::load`` in C++. Its metadata is the extra file
    ``wholebody_mm``.

    Args:
        graph: Computes in float32.
        info: Goes into the file's metadata.
        path: File to write.
        size: Width and height to trace with. A trace takes other sizes too;
            they are refused by :class:`TorchScriptNetwork` only.
        dynamic: Whether that takes other sizes.
        precision: ``fp32``, ``bf16`` or ``fp16``.
    """
    if precision in _TYPES:
        graph = cast_graph(graph, _TYPES[precision])
    with warnings.catch_warnings(), torch.no_grad():
        # Of sizes that become constants (those of padding by 0), and that
        # TorchScript will have a successor.
        warnings.simplefilter('ignore')
        images = example(size)
        traced = torch.jit.trace(graph, images, check_trace=False)
        traced = torch.jit.freeze(traced)
    shape = (None, None, None) if dynamic else (1, size[1], size[0])
    text = replace(info, precision=precision, config='').to_json()
    torch.jit.save(
        traced,
        str(path),
        _extra_files={METADATA_KEY: text, 'shape': repr(shape)},
    )


class TorchScriptNetwork:
    """Runs such a file, to compare it with what it was made from.

    Args:
        path: What :func:`write_torchscript` wrote.
        device: Torch's name of a device.
    """

    def __init__(self, path: Path, device: str = 'cpu') -> None:
        extra = {METADATA_KEY: '', 'shape': ''}
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # TorchScript's age, as above
            self._module = torch.jit.load(str(path), device, extra)
        self.info = NetworkInfo.from_json(_text(extra[METADATA_KEY]), path)
        sides = _text(extra['shape']).strip('()').split(', ')
        self.shape = InputShape(
            *(None if side == 'None' else int(side) for side in sides)
        )
        self._device, self._source = device, str(path)

    def __call__(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Maps of (B, H, W, 3) uint8 BGR images, float32."""
        return run_in_shape(
            self._run, images, self.shape, self.info, self._source
        )

    def _run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with torch.inference_mode():
            maps = self._module(torch.from_numpy(images).to(self._device))
        return tuple(m.float().cpu().numpy() for m in maps)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
