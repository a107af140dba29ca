"""Graphs to OpenVINO's files, by way of ONNX."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from wholebody_mm.export.onnx_file import write_onnx
from wholebody_mm.inference.network import METADATA_KEY, NetworkInfo
from wholebody_mm.inference.quiet_openvino import openvino
from wholebody_mm.inference.torch_network import ImageToMaps

# Precisions whose weights are stored in half precision. bfloat16 keeps fewer
# digits than that, so nothing is lost by it.
HALVED = ('bf16', 'fp16')


def write_openvino(
    graph: ImageToMaps,
    info: NetworkInfo,
    path: Path,
    size: tuple[int, int],
    dynamic: bool = False,
    precision: str = 'fp32',
) -> None:
    """Write ``path`` (.xml) and its weights beside it (.bin).

    Args:
        graph: Computes in float32.
        info: Goes into the file's metadata, with the precision that the
            network is to be run in.
        path: File to write.
        size: As of :func:`~wholebody_mm.export.onnx_file.write_onnx`.
        dynamic: The same.
        precision: ``fp32``, ``bf16`` or ``fp16``.
    """
    model = converted(graph, info, size, dynamic)
    save(model, replace(info, precision=precision), path)


def converted(
    graph: ImageToMaps,
    info: NetworkInfo,
    size: tuple[int, int],
    dynamic: bool = False,
) -> openvino.Model:
    """The graph as OpenVINO has it in memory; arguments as above."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / 'network.onnx'
        write_onnx(graph, info, path, size, dynamic, split=False)
        return openvino.Core().read_model(path.read_bytes(), b'')


def save(model: openvino.Model, info: NetworkInfo, path: Path) -> None:
    """Write a model with what belongs to it."""
    text = replace(info, config='').to_json()
    model.set_rt_info(text, [METADATA_KEY])
    openvino.save_model(
        model, str(path), compress_to_fp16=info.precision in HALVED
    )
