"""Networks in 8 bits, calibrated on images.

Weights become 8-bit integers by themselves; how large the values between the
layers get is seen by running images through the network, at each of the
scales that are averaged. They should look like those that the network is for;
some dozens are enough.

Layers that read fields beside features stay in floating point: one 8-bit
range for both leaves the smaller of them, the fields, a few steps.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from wholebody_mm.export.agreement import prepare
from wholebody_mm.export.graph import INPUT
from wholebody_mm.inference.fixed_size import InputShape, padded
from wholebody_mm.inference.network import NetworkInfo
from wholebody_mm.inference.test_time import smaller_input
from wholebody_mm.inference.torch_network import ImageToMaps

if TYPE_CHECKING:
    import onnx

    from wholebody_mm.inference.quiet_openvino import openvino


class CalibrationInputs:
    """Images as the exported graph takes them, made when they are asked for.

    Each comes once for every scale that the weights average: people of other
    sizes make values of other sizes (docs/export.md).

    Args:
        images: (h, w, 3) uint8 BGR; they are gone through again each time.
        info: Of the network.
        size: Width and height of the file's images, if it has one size.
        dynamic: Whether it takes images of any size.
    """

    def __init__(
        self,
        images: Sequence[np.ndarray],
        info: NetworkInfo,
        size: tuple[int, int],
        dynamic: bool,
    ) -> None:
        largest = max(info.scales)
        self._images = images
        # prepare() makes images of scale 1
        self._info = replace(info, height=round(info.height * largest))
        self._ratios = sorted({scale / largest for scale in info.scales})
        width, height = (None, None) if dynamic else size
        self._shape = InputShape(1, height, width)

    def __len__(self) -> int:
        return len(self._images) * len(self._ratios)

    def __iter__(self) -> Iterator[np.ndarray]:
        """(1, H, W, 3) uint8 each."""
        info, shape = self._info, self._shape
        for image in self._images:
            (whole,) = prepare(image, info, shape)
            for ratio in self._ratios:
                smaller = smaller_input(whole, ratio, info.multiple)
                yield padded(smaller[None], shape, info, info.name)


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

    inputs = CalibrationInputs(images, info, size, dynamic)

    class Reader(CalibrationDataReader):
        def __init__(self) -> None:
            self._inputs = iter(inputs)

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
            nodes_to_exclude=joining_nodes(onnx.load(str(plain)).graph),
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
        from nncf.quantization.range_estimator import (
            RangeEstimatorParametersSet,
        )

        from wholebody_mm.export.openvino_file import converted, save

        model = converted(graph, info, size, dynamic)
        inputs = CalibrationInputs(images, info, size, dynamic)
        model = nncf.quantize(
            model,
            nncf.Dataset(inputs),
            # Parametric ReLUs give values of both signs.
            preset=nncf.QuantizationPreset.MIXED,
            subset_size=len(inputs),
            ignored_scope=nncf.IgnoredScope(names=joining_layers(model)),
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                # few values are far larger than all others
                activations_range_estimator_params=(
                    RangeEstimatorParametersSet.MEAN_QUANTILE
                )
            ),
        )
    save(model, replace(info, precision='int8'), path)


def joining_layers(model: openvino.Model) -> list[str]:
    """Names of the convolutions that read some layer's maps beside others."""
    return [
        layer.get_friendly_name()
        for layer in model.get_ordered_ops()
        if layer.get_type_name() == 'Convolution'
        and (inputs := layer.input_value(0).get_node()).get_type_name()
        == 'Concat'
        and any(_is_linear(v.get_node()) for v in inputs.input_values())
    ]


def _is_linear(node: openvino.Node) -> bool:
    """Whether it is a convolution, or one and its bias: no activation."""
    if node.get_type_name() == 'Add':
        node = node.input_value(0).get_node()
    return node.get_type_name() == 'Convolution'


def joining_nodes(graph: onnx.GraphProto) -> list[str]:
    """The same of an ONNX graph, as :func:`joining_layers` names them."""
    maker = {name: node for node in graph.node for name in node.output}

    def kind(name: str) -> str:
        return maker[name].op_type if name in maker else ''

    return [
        node.name
        for node in graph.node
        if node.op_type == 'Conv'
        and kind(node.input[0]) == 'Concat'
        and 'Conv' in map(kind, maker[node.input[0]].input)
    ]


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
