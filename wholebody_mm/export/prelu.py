"""Parametric ReLUs in a form that ONNX Runtime keeps in blocks of channels.

ONNX Runtime stores maps in blocks of 8 or 16 channels between convolutions,
but its PRelu wants them plain: each one costs two copies of its maps in
another order. Convolutions, sums and plain ReLUs do not.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import helper, numpy_helper

# Blocks of other channels are not full, and such layers are small anyway.
BLOCK = 16


def split_prelus(model: onnx.ModelProto) -> int:
    """Write x < 0 ? a x : x as a x + max(0, (1 - a) x), in place.

    Both products are depthwise convolutions with one weight a channel; the
    engine computes the maximum and the sum within them. Layers with a slope
    a outside of 0 to 1, and those of a few channels, stay as they are.

    Args:
        model: Changed in place; its slopes are constants of (C, 1, 1).

    Returns:
        How many were split.
    """
    graph = model.graph
    constants = {c.name: c for c in graph.initializer}
    # Equal constants are stored once and handed on under several names.
    source = {
        node.output[0]: node.input[0]
        for node in graph.node
        if node.op_type == 'Identity'
    }
    nodes, split = [], 0
    for node in graph.node:
        if node.op_type == 'PRelu':
            name = node.input[1]
            while name in source:
                name = source[name]
            slope = numpy_helper.to_array(constants[name])
            if _fits(slope):
                made, weights = _split(node, slope.reshape(-1, 1, 1, 1))
                nodes += made
                graph.initializer.extend(weights)
                split += 1
                continue
        nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    return split


def _fits(slope: np.ndarray) -> bool:
    """Whether a layer with these slopes, (C, 1, 1), can be split."""
    channels = slope.shape[0] if slope.ndim == 3 else 0
    return (
        slope.size == channels
        and channels % BLOCK == 0
        and slope.min() >= 0
        and slope.max() <= 1
    )


def _split(
    node: onnx.NodeProto, slope: np.ndarray
) -> tuple[list[onnx.NodeProto], list[onnx.TensorProto]]:
    """The nodes and weights that replace a PRelu of (C, 1, 1, 1) slopes."""
    x, y = node.input[0], node.output[0]
    weights = [
        numpy_helper.from_array(slope, f'{y}.slope'),
        numpy_helper.from_array(1 - slope, f'{y}.rest'),
    ]
    each = dict(group=slope.shape[0], kernel_shape=[1, 1])
    return [
        helper.make_node('Conv', [x, f'{y}.rest'], [f'{y}.scaled'], **each),
        helper.make_node('Relu', [f'{y}.scaled'], [f'{y}.positive']),
        helper.make_node('Conv', [x, f'{y}.slope'], [f'{y}.linear'], **each),
        helper.make_node('Add', [f'{y}.linear', f'{y}.positive'], [y]),
    ], weights
