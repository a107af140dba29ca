"""What 8 bits are calibrated on, and what stays in floating point."""

from dataclasses import replace

import numpy as np
import pytest

from wholebody_mm.export.exporter import export
from wholebody_mm.inference.network import NetworkInfo

onnx = pytest.importorskip('onnx', reason='pip install "wholebody-mm[export]"')

from wholebody_mm.export.quantize import (  # noqa: E402
    CalibrationInputs,
    joining_layers,
    joining_nodes,
)

INFO = NetworkInfo('n', 'coco17', 8, 32, 64, scales=(1.0, 0.5, 0.5))


@pytest.mark.parametrize(
    ('dynamic', 'sizes'),
    [(True, [(32, 64), (64, 96)]), (False, [(64, 96), (64, 96)])],
)
def test_people_come_in_the_sizes_that_the_network_will_see(dynamic, sizes):
    image = np.full((64, 96, 3), 200, np.uint8)
    inputs = CalibrationInputs([image], INFO, (96, 64), dynamic)
    for _ in range(2):  # calibration goes through them more than once
        small, whole = inputs
        assert [x.shape for x in (small, whole)] == [(1, *s, 3) for s in sizes]
        # in the corner, the border around it where it is padded
        assert (small[0, :32, :48] == 200).all()
        assert dynamic or (small[0, 32:] == INFO.border).all()
        assert (whole == image).all()
    assert len(inputs) == 2


def test_a_scale_above_one_makes_images_larger():
    image = np.zeros((64, 96, 3), np.uint8)
    info = replace(INFO, scales=(2.0, 0.5))
    sides = [x.shape[1:3] for x in CalibrationInputs([image], info, (), True)]
    assert sides == [(32, 64), (128, 192)]


@pytest.fixture(scope='module')
def plain(original, tmp_path_factory) -> str:
    """The small network's file in float32."""
    path = tmp_path_factory.mktemp('plain') / 'plain.onnx'
    return str(export(original, 'onnx', path, dynamic=True))


def test_layers_that_read_fields_stay_in_floating_point(
    original, plain, images, tmp_path
):
    names = joining_nodes(onnx.load(plain).graph)
    # each stage but the first begins with one
    assert [n.split('/')[3] for n in names] == [
        'paf_stages.1',
        'confidence_map_stages.0',
    ]
    eight = export(
        original,
        'onnx',
        tmp_path / 'eight.onnx',
        dynamic=True,
        precision='int8',
        calibration=list(images),
    )
    graph = onnx.load(str(eight)).graph
    kinds = {out: node.op_type for node in graph.node for out in node.output}
    left = {
        node.name
        for node in graph.node
        if node.op_type == 'Conv'
        and kinds.get(node.input[1]) != 'DequantizeLinear'
    }
    assert left == set(names)


def test_openvino_names_the_same_layers(plain):
    openvino = pytest.importorskip('openvino')
    layers = joining_layers(openvino.Core().read_model(plain))
    names = joining_nodes(onnx.load(plain).graph)
    assert [n.removesuffix('/WithoutBiases') for n in layers] == names
