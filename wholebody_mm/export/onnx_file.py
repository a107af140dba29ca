"""Graphs to ONNX files."""

from __future__ import annotations

import logging
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

from wholebody_mm.export.graph import INPUT, OUTPUTS, example
from wholebody_mm.export.prelu import split_prelus
from wholebody_mm.inference.network import METADATA_KEY, NetworkInfo
from wholebody_mm.inference.torch_network import ImageToMaps

# Of 2021; every engine of the last years reads it.
OPSET = 17
# Smaller constants are not worth a node that converts them.
MIN_HALVED = 1024


def write_onnx(
    graph: ImageToMaps,
    info: NetworkInfo,
    path: Path,
    size: tuple[int, int],
    dynamic: bool = False,
    precision: str = 'fp32',
    split: bool = True,
) -> None:
    """Write a network as ONNX; batch normalisation becomes convolution.

    Args:
        graph: Computes in float32.
        info: Goes into the file's metadata.
        path: File to write.
        size: Width and height of the images to trace with, and of all images
            unless ``dynamic``.
        dynamic: Take any number of images of any size that is a multiple of
            ``info.multiple``.
        precision: ``fp32``, or ``fp16`` for weights that are stored in half
            precision.
        split: Write parametric ReLUs as ONNX Runtime computes them fastest
            (:mod:`.prelu`); other engines and 8 bits want them whole.
    """
    names = dict(zip((0, 1, 2), ('batch', 'height', 'width'), strict=True))
    maps = {0: 'batch', 2: 'rows', 3: 'columns'}
    with warnings.catch_warnings(), torch.no_grad():
        # Of sizes that become constants (those of padding by 0) and of the
        # exporter's age: it needs no onnxscript, takes seconds where its
        # successor takes half a minute, and both write the same nodes.
        warnings.simplefilter('ignore')
        level = logging.getLogger('torch.onnx').level
        logging.getLogger('torch.onnx').setLevel(logging.ERROR)
        try:
            torch.onnx.export(
                graph,
                (example(size),),
                str(path),
                dynamo=False,
                opset_version=OPSET,
                input_names=[INPUT],
                output_names=list(OUTPUTS),
                dynamic_axes=(
                    {INPUT: names} | dict.fromkeys(OUTPUTS, maps)
                    if dynamic
                    else None
                ),
            )
        finally:
            logging.getLogger('torch.onnx').setLevel(level)
    model = onnx.load(str(path))
    if split:
        split_prelus(model)
    if precision == 'fp16':
        halve_weights(model)
    add_metadata(model, replace(info, precision=precision, config=''))
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def add_metadata(model: onnx.ModelProto, info: NetworkInfo) -> None:
    """Store what belongs to the weights, instead of what is there."""
    kept = {entry.key: entry.value for entry in model.metadata_props}
    helper.set_model_props(model, kept | {METADATA_KEY: info.to_json()})


def halve_weights(model: onnx.ModelProto) -> None:
    """Store large float32 constants in half precision, in place.

    Engines turn them into float32 again when they load the file: CPUs have
    no half-precision convolutions. Values that are too large stay.

    Args:
        model: Changed in place.
    """
    graph, casts = model.graph, []
    largest = np.finfo(np.float16).max
    for i, constant in enumerate(graph.initializer):
        if constant.data_type != TensorProto.FLOAT:
            continue
        values = numpy_helper.to_array(constant)
        if values.size < MIN_HALVED or abs(values).max() > largest:
            continue
        name, stored = constant.name, f'{constant.name}.half'
        graph.initializer[i].CopyFrom(
            numpy_helper.from_array(values.astype(np.float16), stored)
        )
        casts.append(
            helper.make_node(
                'Cast', [stored], [name], f'{name}.cast', to=TensorProto.FLOAT
            )
        )
    for cast in reversed(casts):
        graph.node.insert(0, cast)
