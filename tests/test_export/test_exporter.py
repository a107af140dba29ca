"""Files say what their original says, on the engine they are for."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from wholebody_mm.export.agreement import compare, relative_difference
from wholebody_mm.export.exporter import agreement, export, load_exported
from wholebody_mm.export.formats import FORMATS, TOLERANCE
from wholebody_mm.inference import Predictor

for _name in ('onnx', 'openvino'):
    pytest.importorskip(_name, reason='pip install "wholebody-mm[export]"')

SUFFIX = {name: kind.suffix for name, kind in FORMATS.items()}
# bfloat16 keeps 8 bits of a number; 8-bit layers are calibrated on noise.
LOOSE = dict(fp32=TOLERANCE, fp16=0.02, bf16=0.3, int8=0.7)
# What an operator of 8-bit layers is called in a file.
EIGHT_BITS = dict(onnx=b'QuantizeLinear', openvino=b'FakeQuantize')
CASES = [(n, p) for n, kind in FORMATS.items() for p in kind.precisions]


@pytest.mark.parametrize(('name', 'precision'), CASES)
def test_any_size_and_batch(name, precision, original, images, tmp_path):
    if (name, precision) == ('torchscript', 'fp16'):
        pytest.skip('half precision is for GPUs')
    if (name, precision) == ('openvino', 'int8'):
        pytest.importorskip('nncf', reason='pip install nncf')
    path = tmp_path / 'new' / f'network{SUFFIX[name]}'
    export(
        original,
        name,
        path,
        dynamic=True,
        precision=precision,
        calibration=list(images),
    )
    network = load_exported(path)
    assert network.info.precision == precision
    for inputs in (images, images[:1, :32, :48]):
        ours, theirs = original(inputs), network(inputs)
        for a, b in zip(ours, theirs, strict=True):
            assert a.shape == b.shape and b.dtype == np.float32
        assert relative_difference(ours, theirs) < LOOSE[precision]
    # the precision is real, not a name
    if precision == 'int8' or (name, precision) == ('torchscript', 'bf16'):
        assert relative_difference(ours, theirs) > TOLERANCE
    if name in EIGHT_BITS:
        is_there = EIGHT_BITS[name] in path.read_bytes()
        assert is_there == (precision == 'int8')


@pytest.mark.parametrize('name', FORMATS)
def test_one_size_takes_smaller_images_and_names_larger(
    name, original, images, tmp_path
):
    path = tmp_path / f'network{SUFFIX[name]}'
    export(original, name, path, size=(96, 64))
    network = load_exported(path)
    exact = original(images)
    assert relative_difference(exact, network(images)) < TOLERANCE
    small = images[:2, :48, :80]
    padded = np.empty((2, 64, 96, 3), np.uint8)
    padded[:] = original.info.border
    padded[:, :48, :80] = small
    expected = [m[:, :, :6, :10] for m in original(padded)]
    assert relative_difference(expected, network(small)) < TOLERANCE
    with pytest.raises(ValueError, match='96 x 64 pixels at most.*--dynamic'):
        network(np.zeros((1, 64, 112, 3), np.uint8))
    with pytest.raises(ValueError, match='multiples of 16'):
        network(np.zeros((1, 64, 90, 3), np.uint8))
    with pytest.raises(ValueError, match='uint8 images, not float'):
        network(np.zeros((1, 64, 96, 3), np.float32))


@pytest.mark.parametrize('side', [(40, 60), (40, 400), (400, 40)])
def test_one_size_is_compared_on_inputs_of_this_size(side, original, tmp_path):
    path = export(original, 'onnx', tmp_path / 'network.onnx', size=(96, 64))
    rng = np.random.default_rng(0)
    image = rng.integers(0, 256, (*side, 3), dtype=np.uint8)
    assert compare(original, load_exported(path), [image]).maps < TOLERANCE


def test_a_lower_size_is_the_height_of_the_file(original, tmp_path):
    path = export(original, 'onnx', tmp_path / 'network.onnx', size=(96, 48))
    network = load_exported(path)
    assert network.info.height == 48
    image = np.zeros((100, 150, 3), np.uint8)
    assert Predictor(network=network).prepare(image).pixels.shape[0] == 48
    with pytest.raises(ValueError, match='not of height 96 .at scale 2'):
        Predictor(network=network, scales=(2, 1))


def test_the_file_carries_what_belongs_to_the_weights(
    original, tmp_path, files
):
    import onnx

    path = export(original, 'onnx', tmp_path / 'network.onnx')
    model = onnx.load(path)
    (stored,) = [json.loads(p.value) for p in model.metadata_props]
    assert stored['skeleton'] == 'coco17' and stored['stride'] == 8
    assert stored['decoder'] == dict(peak_threshold=0.2)
    assert stored['normalisation']['mean'] == pytest.approx(
        [123.675, 116.28, 103.53], rel=1e-6
    )
    # nothing of where it was made
    assert str(files[0].parent) not in json.dumps(stored)
    operators = {node.op_type for node in model.graph.node}
    assert 'Conv' in operators and 'BatchNormalization' not in operators
    info = load_exported(path).info
    assert (info.name, info.height, info.multiple) == ('small', 64, 16)
    assert info.decoder == original.info.decoder


def test_the_default_size_is_wide(original, tmp_path):
    path = export(original, 'onnx', tmp_path / 'network.onnx')
    shape = load_exported(path).shape
    assert (shape.batch, shape.height, shape.width) == (1, 64, 128)


@pytest.mark.parametrize('name', ['onnx', 'openvino'])
def test_half_precision_halves_the_file(name, original, tmp_path):
    def size(precision):
        path = tmp_path / f'{precision}{SUFFIX[name]}'
        export(original, name, path, precision=precision)
        data = path.with_suffix('.bin') if name == 'openvino' else path
        return data.stat().st_size

    assert size('fp16') < 0.65 * size('fp32')


def test_exporting_leaves_the_network_as_it_is(
    files, original, images, tmp_path
):
    from wholebody_mm.export.exporter import Original
    from wholebody_mm.inference.torch_network import build_model

    model, info = build_model(files[1], files[0])
    before = {k: v.clone() for k, v in model.state_dict().items()}
    made = Original.of_model(model, info)
    export(made, 'torchscript', tmp_path / 'a.ts', precision='bf16')
    assert model.autocast == torch.bfloat16
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key]) and value.dtype.is_signed
    assert compare(made, original, list(images)).maps == 0
    assert made.graph.model.autocast is None


def test_agreement_tells_another_network_apart(original, tmp_path):
    path = export(original, 'onnx', tmp_path / 'network.onnx', dynamic=True)
    image = np.random.default_rng(0).integers(0, 256, (50, 70, 3), np.uint8)
    assert agreement(original, path, [image]).maps < TOLERANCE
    import onnx
    from onnx import numpy_helper

    model = onnx.load(path)
    weight = max(model.graph.initializer, key=lambda i: np.prod(i.dims))
    values = numpy_helper.to_array(weight) * 1.01
    weight.CopyFrom(numpy_helper.from_array(values, weight.name))
    onnx.save(model, path)
    assert agreement(original, path, [image]).maps > TOLERANCE


def test_what_does_not_fit_is_named(original, tmp_path):
    with pytest.raises(ValueError, match='multiples of 16.*give 112x64'):
        export(original, 'onnx', tmp_path / 'a.onnx', size=(100, 64))
    with pytest.raises(ValueError, match='--calibration'):
        export(original, 'onnx', tmp_path / 'a.onnx', precision='int8')


@pytest.mark.parametrize('name', ['onnx', 'openvino'])
def test_a_stopped_export_leaves_the_earlier_file(
    name, original, images, tmp_path, monkeypatch
):
    path = tmp_path / f'network{SUFFIX[name]}'
    export(original, name, path, size=(96, 64))
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def stopped(*args, **_):
        if name == 'openvino':
            Path(args[1]).write_text('half')
            Path(args[1]).with_suffix('.bin').write_bytes(b'half')
        raise KeyboardInterrupt

    # for ONNX after the graph has been written, before what belongs to it
    last = dict(
        onnx='onnx.checker.check_model', openvino='openvino.save_model'
    )
    monkeypatch.setattr(last[name], stopped)
    with pytest.raises(KeyboardInterrupt):
        export(original, name, path, size=(48, 32))
    assert before == {f.name: f.read_bytes() for f in tmp_path.iterdir()}
    assert load_exported(path)(images)[0].shape[-1] > 0
