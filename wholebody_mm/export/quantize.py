"""Networks in 8 bits, calibrated on images.

Weights become 8-bit integers by themselves; how large the values between the
layers get is seen by running images through the network. They should look
like those that the network is for; some dozens are enough.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from wholebody_mm.export.agreement import prepare
from wholebody_mm.export.graph import INPUT
from wholebody_mm.inference.fixed_size import InputShape
from wholebody_mm.inference.network import NetworkInfo
from wholebody_mm.inference.torch_network import ImageToMaps


def inputs_of(
    images: Sequence[np.ndarray],
    info: NetworkInfo,
    size: tuple[int, int],
    dynamic: bool,
) -> Iterator[np.ndarray]:
    """Images as the exported graph takes them, (1, H, W, 3) uint8 each."""
    shape = InputShape(
        1, None if dynamic else size[1], None if dynamic else size[0]
    )
    for image in images:
        yield prepare(image, info, shape)


def write_onnx_int8(
    graph: ImageToMaps,
    info: NetworkInfo,
    path: Path,
    size: tuple[int, int],
    images: Sequence[np.ndarray],
    dynamic: bool = False,
) -> None:
    """Write an ONNX file with convolutions in 8 bits (ONNX Runtime's tools).

    Args:
        graph: Computes in float32.
        info: Goes into the file's metadata.
        path: File to write.
        size: As of :func:`~wholebody_mm.export.onnx_file.write_onnx`.
        images: (h, w, 3) uint8 BGR to calibrate on.
        dynamic: As of ``write_onnx``.
    """
    import onnx
    from onnxruntime.quantization import (
        CalibrationDataReader,
        QuantFormat,
        QuantType,
        quantize_static,
    )

    from wholebody_mm.export.onnx_file import add_metadata, write_onnx

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self._inputs = inputs_of(images, info, size, dynamic)

        def get_next(self) -> dict | None:
            image = next(self._inputs, None)
            return None if image is None else {INPUT: image}

    with TemporaryDirectory() as folder, _quiet():
        plain = Path(folder) / 'network.onnx'
        write_onnx(graph, info, plain, size, dynamic, split=False)
        quantize_static(
            plain,
            path,
            Reader(),
            quant_format=QuantFormat.QDQ,
            # What is not a convolution costs next to nothing.
            op_types_to_quantize=['Conv'],
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
    model = onnx.load(str(path))
    add_metadata(model, replace(info, precision='int8', config=''))
    onnx.save(model, str(path))


def write_openvino_int8(
    graph: ImageToMaps,
    info: NetworkInfo,
    path: Path,
    size: tuple[int, int],
    images: Sequence[np.ndarray],
    dynamic: bool = False,
) -> None:
    """The same for OpenVINO (NNCF); ``path`` ends in ``.xml``."""
    from wholebody_mm.inference.quiet_openvino import without_telemetry

    with _quiet(), without_telemetry():
        import nncf

        from wholebody_mm.export.openvino_file import converted, save

        model = converted(graph, info, size, dynamic)
        inputs = list(inputs_of(images, info, size, dynamic))
        model = nncf.quantize(
            model,
            nncf.Dataset(inputs),
            # Parametric ReLUs give values of both signs.
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(inputs),
        )
    save(model, replace(info, precision='int8'), path)


@contextmanager
def _quiet() -> Iterator[None]:
    """Errors only, of tools that talk a lot."""
    levels = {name: logging.getLogger(name).level for name in ('nncf', '')}
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')
        try:
            for name in levels:
                logging.getLogger(name).setLevel(logging.ERROR)
            yield
        finally:
            for name, level in levels.items():
                logging.getLogger(name).setLevel(level)
