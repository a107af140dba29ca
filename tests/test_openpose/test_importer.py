"""Imported weights compute what an independent importer computes."""

import hashlib
import json

import cv2
import numpy as np
import pytest
import torch
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from wholebody_mm import checkpoints, cli
from wholebody_mm.inference.torch_network import build_model, read_config
from wholebody_mm.openpose.caffemodel import (
    CaffeModel,
    CaffeModelError,
    write_caffemodel,
)
from wholebody_mm.openpose.importer import (
    MODEL_NAMES,
    build,
    config_of,
    export_caffe,
    import_caffemodel,
)

from .conftest import randomise

needs_caffe = pytest.mark.skipif(
    not hasattr(cv2.dnn, 'readNetFromCaffe'),
    reason=f'OpenCV {cv2.__version__} has no Caffe importer; install 4.x',
)


def caffe_output(definition, weights, image):
    """What OpenCV's own importer computes."""
    net = cv2.dnn.readNetFromCaffe(str(definition), str(weights))
    net.setInput(image)
    return net.forward()


@torch.inference_mode()
def our_output(model, image):
    """The last stages' maps in the order of the released networks."""
    stages = model.head.forward_stages(model.backbone(torch.from_numpy(image)))
    if isinstance(stages, tuple):
        return torch.cat([stages[0][-1], stages[1][-1]], dim=1).numpy()
    return stages[-1].numpy()


def image(width, height):
    rng = np.random.default_rng(0)
    return rng.uniform(-0.5, 0.5, (1, 3, height, width)).astype(np.float32)


def relative_error(ours, theirs):
    assert ours.shape == theirs.shape
    assert np.abs(theirs).max() > 0.1  # something to compare
    return np.abs(ours - theirs).max() / np.abs(theirs).max()


@needs_caffe
def test_small_networks_agree_with_opencv(network, tmp_path):
    weights, definition = tmp_path / 'n.caffemodel', tmp_path / 'n.prototxt'
    export_caffe(network, 'n', weights, definition, (64, 48))
    inputs = image(64, 48)
    theirs = caffe_output(definition, weights, inputs)
    assert relative_error(our_output(network, inputs), theirs) < 1e-4


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    """Random weights of a released network as a .caffemodel, made once."""
    folder, made = tmp_path_factory.mktemp('caffe'), {}

    def make(name):
        if name not in made:
            model, _ = build(name)
            path = folder / f'{name}.caffemodel'
            definition = path.with_suffix('.prototxt')
            export_caffe(randomise(model), name, path, definition, (48, 32))
            made[name] = path
        return made[name]

    yield make
    for path in made.values():
        path.unlink()


@pytest.mark.slow
@needs_caffe
@pytest.mark.parametrize('name', MODEL_NAMES)
def test_released_networks_agree_with_opencv(files, name):
    path = files(name)
    model, _ = build(name)
    model.load_state_dict(import_caffemodel(name, path).state_dict)
    inputs = image(48, 32)
    theirs = caffe_output(path.with_suffix('.prototxt'), path, inputs)
    assert relative_error(our_output(model, inputs), theirs) < 1e-4


def test_the_command_writes_what_tools_and_predictor_load(
    files, tmp_path, capsys
):
    path, out = files('body_25b'), tmp_path / 'new' / 'body_25b.pth'
    arguments = ['import-openpose', '--model', 'body_25b', '--caffemodel']
    assert cli.main([*arguments, str(path), '--out', str(out)]) == 0
    said = capsys.readouterr().out
    assert '26,719,041 weights' in said
    assert 'configs/openpose/body_25b.py' in said
    assert 'non-commercial' in said
    model, info = build_model(out)
    assert info.skeleton == 'body25b'
    assert info.config == config_of('body_25b')
    assert info.height == 368
    assert info.border == (0, 0, 0)
    assert info.normalisation == dict(
        mean=[128.0] * 3, std=[256.0] * 3, bgr_to_rgb=False
    )
    assert 'non-commercial' in info.licence
    original = randomise(build('body_25b')[0]).state_dict()
    for key, value in model.state_dict().items():
        torch.testing.assert_close(value, original[key])
    meta = checkpoints.load(out)['meta']
    assert len(meta['source']['sha256']) == 64
    json.dumps(meta)


def test_a_normalised_image_is_bgr_around_zero():
    model, _ = build('body_25b', 'meta')
    picture = torch.zeros(3, 8, 8, dtype=torch.uint8)
    picture[0] = 192  # blue
    batch = dict(inputs=[picture], data_samples=[PoseDataSample()])
    out = model.data_preprocessor(batch)
    values = out['inputs'][0, :, 0, 0].tolist()
    assert values == [192 / 256 - 0.5, -0.5, -0.5]


def test_a_face_network_has_no_whole_body_metadata(files, tmp_path):
    found = import_caffemodel('hand', files('hand'))
    assert found.meta['skeleton'] == 'hand21'
    assert found.meta['config'] == config_of('hand')
    assert not found.left_over


def test_the_wrong_name(files):
    with pytest.raises(CaffeModelError, match='It is hand: give --model hand'):
        import_caffemodel('face', files('hand'))
    with pytest.raises(
        CaffeModelError, match='is not body_135.*It is body_25b'
    ):
        import_caffemodel('body_135', files('body_25b'))
    with pytest.raises(ValueError, match="no network 'body_26'; there are"):
        import_caffemodel('body_26', files('hand'))


def rewritten(path, out, change):
    """The file with its layers changed by ``change(name, arrays)``."""
    with CaffeModel(path) as file:
        layers = []
        for name, blobs in file.layers.items():
            arrays = change(name, [blob.array(blob.shape) for blob in blobs])
            if arrays is not None:
                layers.append((name, '', [], name, arrays))
        write_caffemodel(out, 'changed', layers)
    return out


def test_missing_changed_and_damaged_layers(files, tmp_path):
    path, out = files('hand'), tmp_path / 'changed.caffemodel'

    def without(name, arrays):
        return None if name == 'conv3_3' else arrays

    with pytest.raises(
        CaffeModelError, match='1 of 52 layers.*conv3_3 is missing'
    ):
        import_caffemodel('hand', rewritten(path, out, without))

    def smaller(name, arrays):
        return [arrays[0][:, :64], arrays[1]] if name == 'conv2_2' else arrays

    with pytest.raises(CaffeModelError, match=r'conv2_2 has shape \(128, 64'):
        import_caffemodel('hand', rewritten(path, out, smaller))

    def no_bias(name, arrays):
        return arrays[:1] if name == 'conv1_1' else arrays

    with pytest.raises(CaffeModelError, match='conv1_1 has 1 blobs, not 2'):
        import_caffemodel('hand', rewritten(path, out, no_bias))

    def infinite(name, arrays):
        if name == 'Mconv7_stage6':
            arrays[0][3, 5] = np.nan
        return arrays

    with pytest.raises(CaffeModelError, match='Mconv7_stage6.*damaged'):
        import_caffemodel('hand', rewritten(path, out, infinite))


def test_more_layers_than_the_network_has_are_reported(
    files, tmp_path, capsys
):
    path, out = files('hand'), tmp_path / 'more.caffemodel'
    data = path.read_bytes()
    write_caffemodel(
        out, 'more', [('fc8', 'InnerProduct', [], 'fc8', [np.ones(3)])]
    )
    out.write_bytes(data + out.read_bytes())
    arguments = ['import-openpose', '--model', 'hand', '--caffemodel']
    written = tmp_path / 'hand.safetensors'
    assert cli.main([*arguments, str(out), '--out', str(written)]) == 0
    assert 'no such layers: fc8' in capsys.readouterr().err
    assert checkpoints.load(written)['meta']['skeleton'] == 'hand21'


def test_the_checksum_finds_any_changed_byte(files, tmp_path, capsys):
    path = files('hand')
    good = hashlib.sha256(path.read_bytes()).hexdigest()
    assert import_caffemodel('hand', path, good.upper()).state_dict
    with pytest.raises(CaffeModelError, match='has SHA-256'):
        import_caffemodel('hand', path, '0' * 64)
    arguments = ['import-openpose', '--model', 'hand', '--caffemodel']
    arguments += [str(path), '--out', str(tmp_path / 'x.pth')]
    assert cli.main([*arguments, '--sha256', '0' * 64]) == 2
    assert 'SHA-256' in capsys.readouterr().err
    assert not (tmp_path / 'x.pth').exists()


@pytest.mark.slow
def test_three_files_make_the_multi_network(files, tmp_path, capsys):
    paths = {name: str(files(name)) for name in ('body_25', 'face', 'hand')}
    out = tmp_path / 'multi.pth'
    arguments = ['import-openpose', '--model', 'multi_network']
    arguments += ['--caffemodel', paths['body_25'], '--out', str(out)]
    assert cli.main(arguments) == 2
    assert 'needs --face and --hand' in capsys.readouterr().err
    arguments += ['--face', paths['face'], '--hand', paths['hand']]
    assert cli.main(arguments) == 0
    cfg = read_config('wholebody_mm::openpose/multi_network.py')
    with DefaultScope.overwrite_default_scope('mmpose'):
        model = MODELS.build(cfg.model)
    checkpoint = checkpoints.load(out)
    checkpoints.check_compatible(model, checkpoint, out)
    model.load_state_dict(checkpoint['state_dict'])
    for name in ('face', 'hand'):
        expected = randomise(build(name)[0]).state_dict()
        for key, value in getattr(model, name).state_dict().items():
            torch.testing.assert_close(value, expected[key])


def test_options_of_other_models_are_refused(tmp_path, capsys):
    out = ['--out', str(tmp_path / 'x.pth'), '--caffemodel', 'x']
    parts = ['--face', 'y', '--hand', 'z']
    for model, more in (
        ('hand', parts),
        ('multi_network', [*parts, '--sha256', '0' * 64]),
    ):
        command = ['import-openpose', '--model', model, *out, *more]
        assert cli.main(command) == 2
        assert more[-2] in capsys.readouterr().err


def test_bad_output_names_are_refused_first(tmp_path, capsys):
    arguments = ['import-openpose', '--model', 'hand', '--caffemodel', 'x']
    assert cli.main([*arguments, '--out', str(tmp_path / 'x.pt')]) == 2
    assert 'end it in .pth' in capsys.readouterr().err
    assert cli.main([*arguments, '--out', str(tmp_path / 'x.pth')]) == 2
    assert 'x does not exist' in capsys.readouterr().err
