"""From a config and weights to a checked file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from os import PathLike
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from wholebody_mm.export.agreement import Agreement, compare
from wholebody_mm.export.formats import check
from wholebody_mm.export.graph import (
    check_size,
    default_size,
    float32_graph,
)
from wholebody_mm.inference.network import Network, NetworkInfo
from wholebody_mm.inference.torch_network import TorchNetwork, build_model
from wholebody_mm.models.wholebody_estimator import WholeBodyEstimator
from wholebody_mm.whole_files import replace_file


class Original(TorchNetwork):
    """The network in float32 torch on the CPU, whatever its config says."""

    @classmethod
    def of(
        cls, weights: str | PathLike, config: str | PathLike | None
    ) -> Original:
        """Build and fill it; errors as of ``build_model``."""
        return cls.of_model(*build_model(weights, config))

    @classmethod
    def of_model(
        cls, model: WholeBodyEstimator, info: NetworkInfo
    ) -> Original:
        """The same for a network in memory, which stays as it is."""
        network = cls(model, info)
        network.graph = float32_graph(model)
        return network


def export(
    original: Original,
    name: str,
    out: str | PathLike,
    size: tuple[int, int] | None = None,
    dynamic: bool = False,
    precision: str = 'fp32',
    calibration: Sequence[np.ndarray] = (),
) -> Path:
    """Write a network as a file for another engine.

    Args:
        original: The network.
        name: Format, one of :data:`~wholebody_mm.export.formats.FORMATS`.
        out: File to write; its folder is made.
        size: Width and height of the images that the file takes; 16:9 at the
            network's own height by default. A lower one is the file's height
            at scale 1.
        dynamic: Take images of any size, in batches.
        precision: One that goes with the format.
        calibration: (h, w, 3) uint8 BGR images, for ``int8``.

    Returns:
        The file.

    Raises:
        ValueError: If these do not go together.
        ImportError: If a package is missing; says how to get it.
    """
    out, info, graph = Path(out).expanduser(), original.info, original.graph
    check(name, precision, out)
    size = size or default_size(info)
    check_size(size, info)
    if not dynamic:
        fits = int(size[1] / max(info.scales))
        info = replace(info, height=min(info.height, fits))
    out.parent.mkdir(parents=True, exist_ok=True)
    if precision == 'int8':
        if not len(calibration):
            raise ValueError(
                'int8 is calibrated on images like those that the network is '
                'for: name some dozens (--calibration FILE_OR_FOLDER ...)'
            )
        from wholebody_mm.export import quantize

        write = {
            'onnx': quantize.write_onnx_int8,
            'openvino': quantize.write_openvino_int8,
        }[name]
        with _complete(out) as part:
            write(graph, info, part, size, calibration, dynamic)
        return out
    if name == 'onnx':
        from wholebody_mm.export.onnx_file import write_onnx as write
    elif name == 'openvino':
        from wholebody_mm.export.openvino_file import write_openvino as write
    else:
        from wholebody_mm.export.torchscript_file import (
            write_torchscript as write,
        )
    with _complete(out) as part:
        write(graph, info, part, size, dynamic, precision)
    return out


@contextmanager
def _complete(out: Path) -> Iterator[Path]:
    """Write a network of one or two files; they appear when all is there.

    Yields:
        Where to write: of the same name, for OpenVINO's files know theirs.
    """
    with TemporaryDirectory(dir=out.parent, prefix='_') as folder:
        part = Path(folder) / out.name
        yield part
        # the named file last: who sees it has the other one too
        for file in sorted(Path(folder).iterdir(), key=part.__eq__):
            replace_file(file, out.with_name(file.name))


def load_exported(path: Path) -> Network:
    """What :func:`export` wrote, on the engine that it was written for."""
    if path.suffix == '.ts':
        from wholebody_mm.export.torchscript_file import TorchScriptNetwork

        # compared where it was made: GPUs round float32 to TF32
        network = TorchScriptNetwork(path)
        if network.info.precision == 'fp16' and torch.cuda.is_available():
            network = TorchScriptNetwork(path, 'cuda')
        return network
    from wholebody_mm.inference.network import load_network

    return load_network(path)


def runs_here(name: str, precision: str) -> bool:
    """Whether this machine runs such a file in bearable time.

    Torch's convolutions in half precision take minutes an image on CPUs.
    """
    slow = (name, precision) == ('torchscript', 'fp16')
    return not slow or torch.cuda.is_available()


def agreement(
    original: Original, path: Path, images: Sequence[np.ndarray]
) -> Agreement:
    """Compare the file with the network it was made from."""
    return compare(original, load_exported(path), images)
