"""Parametric ReLUs that ONNX Runtime need not reorder maps for."""

import numpy as np
import pytest

onnx = pytest.importorskip('onnx', reason='pip install "wholebody-mm[export]"')

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from wholebody_mm.export.exporter import export  # noqa: E402
from wholebody_mm.export.prelu import split_prelus  # noqa: E402


def network(*slopes, rename=False):
    """A model of one PRelu after another, of (C,) slopes each."""
    nodes, constants, x = [], [], 'x'
    for q, slope in enumerate(slopes):
        values = np.asarray(slope, np.float32).reshape(-1, 1, 1)
        constants.append(numpy_helper.from_array(values, f'slope{q}'))
        name = f'slope{q}'
        if rename:
            nodes.append(helper.make_node('Identity', [name], [f'other{q}']))
            name = f'other{q}'
        nodes.append(helper.make_node('PRelu', [x, name], [f'y{q}']))
        x = f'y{q}'
    shape = [1, len(slopes[0]), 'rows', 'columns']
    ends = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
        for name in ('x', x)
    ]
    graph = helper.make_graph(nodes, 'g', ends[:1], ends[1:], constants)
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid('', 17)], ir_version=8
    )
    onnx.checker.check_model(model)
    return model


def run(model, x):
    import onnxruntime

    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=['CPUExecutionProvider']
    )
    return session.run(None, {'x': x})[0]


@pytest.mark.parametrize('rename', [False, True])
def test_values_stay(rename):
    rng = np.random.default_rng(0)
    slopes = rng.uniform(0, 1, (2, 32)).astype(np.float32)
    slopes[0, :2] = 0, 1
    model = network(*slopes, rename=rename)
    x = rng.normal(size=(1, 32, 7, 9)).astype(np.float32)
    expected = x
    for slope in slopes:
        scaled = slope[:, None, None] * expected
        expected = np.where(expected < 0, scaled, expected)
    assert split_prelus(model) == 2
    onnx.checker.check_model(model)
    assert 'PRelu' not in {node.op_type for node in model.graph.node}
    np.testing.assert_allclose(run(model, x), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize(
    'slope', [[0.25] * 12, [1.1] + [0.2] * 15, [-0.1] + [0.2] * 15]
)
def test_what_does_not_fit_stays_as_it_is(slope):
    model = network(slope)
    before = model.SerializeToString()
    assert split_prelus(model) == 0
    assert model.SerializeToString() == before


def operators(path):
    return [node.op_type for node in onnx.load(path).graph.node]


def test_onnx_files_have_them_split_and_other_formats_whole(
    original, images, tmp_path
):
    """Layers of 8 channels stay; the rest needs no plain maps."""
    path = export(original, 'onnx', tmp_path / 'network.onnx')
    assert operators(path).count('PRelu') == 6
    path = tmp_path / 'int8.onnx'
    export(
        original,
        'onnx',
        path,
        precision='int8',
        calibration=list(images),
    )
    assert operators(path).count('PRelu') == 11
    openvino = pytest.importorskip('openvino')
    path = export(original, 'openvino', tmp_path / 'network.xml')
    model = openvino.Core().read_model(path)
    kinds = [node.get_type_name() for node in model.get_ops()]
    assert kinds.count('PRelu') == 11
