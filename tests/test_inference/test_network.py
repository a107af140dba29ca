"""What travels with weights, and which engine runs them."""

import dataclasses
import json
import math
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

from wholebody_mm.inference.network import (
    BACKENDS,
    METADATA_KEY,
    NetworkInfo,
    backend_class,
    backend_for,
    load_network,
)
from wholebody_mm.inference.weights import find_weights
from wholebody_mm.skeletons import get_skeleton

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'

INFO = NetworkInfo(
    'small',
    'coco17',
    8,
    16,
    96,
    decoder=dict(min_score=0.2),
    scales=(1.0, 0.5),
    normalisation=dict(mean=[1, 2, 3]),
    licence='Apache-2.0',
)


def test_there_and_back_as_json():
    assert NetworkInfo.from_json(INFO.to_json()) == INFO


def test_files_from_before_there_were_two_strides():
    older = json.loads(INFO.to_json())
    del older['heatmap_stride']
    assert NetworkInfo.from_json(older) == INFO
    assert INFO.strides == (INFO.stride, INFO.stride)
    fine = dataclasses.replace(INFO, heatmap_stride=INFO.stride // 2)
    assert NetworkInfo.from_json(fine.to_json()).strides == (
        INFO.stride // 2,
        INFO.stride,
    )


def test_files_of_other_versions():
    newer = INFO.to_json().replace('{', '{"colour": 3, ', 1)
    with pytest.warns(UserWarning, match='w.onnx.*colour'):
        assert NetworkInfo.from_json(newer, 'w.onnx') == INFO
    # an option of the decoder that it will have one day
    values = json.loads(INFO.to_json())
    values['decoder'] = INFO.decoder | dict(patience=3)
    with pytest.warns(UserWarning, match='w.onnx.*decoder.patience'):
        assert NetworkInfo.from_json(values, 'w.onnx') == INFO
    with pytest.raises(ValueError, match='w.onnx.*lacks stride, multiple'):
        NetworkInfo.from_json(
            '{"name": "a", "skeleton": "b", "height": 1}', 'w.onnx'
        )
    for text in ('no json', '[1]'):
        with pytest.raises(ValueError, match='JSON'):
            NetworkInfo.from_json(text)


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(stride=0), 'positive'),
        (dict(multiple=12), 'whole number of cells'),
        (dict(scales=()), 'scales'),
        (dict(heatmap_stride=3), 'heatmap_stride 3 does not divide stride 8'),
        (dict(heatmap_stride=16), 'heatmap_stride 16'),
        (dict(heatmap_stride=0), 'heatmap_stride 0'),
    ],
)
def test_sizes_that_do_not_fit(changes, message):
    values = dict(name='a', skeleton='b', stride=8, multiple=16, height=96)
    with pytest.raises(ValueError, match=message):
        NetworkInfo(**values | changes)


def test_suffix_and_wish_choose_the_engine():
    assert backend_for('a.onnx') == 'onnxruntime'
    assert backend_for('a.onnx', 'openvino') == 'openvino'
    assert backend_for('a.XML') == 'openvino'
    assert backend_for('a.safetensors') == 'torch'
    with pytest.raises(ValueError, match='openvino does not run .pth'):
        backend_for('a.pth', 'openvino')
    with pytest.raises(ValueError, match='no backend .tpu'):
        backend_for('a.pth', 'tpu')
    with pytest.raises(ValueError, match="not '.h5'"):
        backend_for('a.h5')


@pytest.fixture
def chosen(tmp_path, monkeypatch):
    """Which threads an engine is told, on a machine of 64 cores."""

    class Engine:
        load = staticmethod(lambda *_, threads, **__: threads)

    module = 'wholebody_mm.inference.network'
    monkeypatch.setattr(f'{module}.backend_class', lambda backend: Engine)
    monkeypatch.setattr('os.cpu_count', lambda: 64)
    monkeypatch.delenv('OMP_NUM_THREADS', raising=False)

    def choose(backend='onnxruntime', bound=64, share=64, **options):
        monkeypatch.setattr(f'{module}.cores_in_sight', lambda: bound)
        monkeypatch.setattr('loky.cpu_count', lambda: min(bound, share))
        path = tmp_path / f'a.{"pth" if backend == "torch" else "onnx"}'
        path.touch()
        return load_network(path, backend=backend, **options)

    return choose


@pytest.mark.parametrize('backend', BACKENDS)
def test_a_container_that_may_use_few_of_many_cores(backend, chosen):
    """Engines count the machine's cores, and would start as many threads."""
    assert chosen(backend) is None
    assert chosen(backend, share=2) == 2
    assert chosen(backend, share=2, device='CPU') == 2
    assert chosen(backend, share=2, threads=5) == 5
    assert chosen(backend, share=2, device='cuda') is None


def test_a_process_that_is_bound_to_few_cores(chosen):
    """Only ONNX Runtime does not see it."""
    assert chosen('onnxruntime', bound=4) == 4
    assert chosen('onnxruntime', bound=4, share=2) == 2
    for backend in ('torch', 'openvino'):
        assert chosen(backend, bound=4) is None
        assert chosen(backend, bound=4, share=2) == 2


@pytest.mark.parametrize(
    ('told', 'threads'),
    [('3', 3), ('3,2', 3), ('16', 8), ('0', 8), ('many', 8), ('', 8)],
)
def test_only_torch_reads_openmps_variable(told, threads, chosen, monkeypatch):
    monkeypatch.setenv('OMP_NUM_THREADS', told)
    assert chosen('onnxruntime', bound=8) == threads
    assert chosen('openvino', bound=64, share=8) == threads
    assert chosen('torch', share=2) is None


def test_missing_files_and_packages(tmp_path, run_python):
    with pytest.raises(FileNotFoundError, match='gone.onnx'):
        load_network('gone.onnx')
    with pytest.raises(FileNotFoundError, match='is a folder'):
        (tmp_path / 'a.onnx').mkdir()
        load_network(tmp_path / 'a.onnx')
    out = run_python(
        'from wholebody_mm.inference.network import backend_class\n'
        "for name in ('torch', 'onnxruntime', 'openvino'):\n"
        '    try:\n'
        '        backend_class(name)\n'
        '    except ImportError as error:\n'
        '        print(error)\n',
        hide=('torch', 'onnxruntime', 'openvino'),
    )
    for words in ('"wholebody-mm[train]"', 'pip install onnxruntime'):
        assert words in out
    assert '"wholebody-mm[openvino]"' in out


def test_names_of_weights(tmp_path, monkeypatch):
    import wholebody_mm.inference.weights as weights

    monkeypatch.setattr(weights, '_FOLDER', tmp_path)
    (tmp_path / 'fast.onnx').touch()
    (tmp_path / 'fast.safetensors').touch()
    assert find_weights('fast') == tmp_path / 'fast.onnx'
    assert find_weights('fast', 'torch') == tmp_path / 'fast.safetensors'
    assert find_weights('~/x.onnx').name == 'x.onnx'
    assert '~' not in str(find_weights('~/x.onnx'))
    with pytest.raises(FileNotFoundError, match='shipped are fast'):
        find_weights('slow')
    with pytest.raises(FileNotFoundError, match='fast_wholebody'):
        find_weights()


@pytest.fixture(scope='module')
def config(tmp_path_factory, root):
    """The smallest network of the package as a config file."""
    path = tmp_path_factory.mktemp('config') / 'tiny.py'
    base = root / 'configs' / 'synthetic_wholebody.py'
    path.write_text(
        f"_base_ = ['{base}']\n"
        'model = dict(autocast=None)\n'
        'codec = dict(decoder=dict(min_score=0.3))\n'
        'model = dict(autocast=None, head=dict(decoder=codec))\n'
    )
    return path


def test_a_skeleton_of_ones_own_travels_with_the_weights(tmp_path):
    pytest.importorskip('torch')

    from wholebody_mm.inference.torch_network import (
        info_of,
        model_of,
        read_config,
    )

    folder = tmp_path / 'elsewhere'
    shutil.copytree(CONFIGS, folder)
    cfg = read_config(folder / 'examples' / 'finetune.py')
    info = info_of(cfg, model_of(cfg))
    shutil.rmtree(folder)
    stored = NetworkInfo.from_json(info.to_json())
    assert get_skeleton(stored.skeleton).name == 'bust'
    assert stored.build_decoder().skeleton.num_keypoints == 6


def test_a_checkpoint_and_its_config(config, tmp_path):
    torch = pytest.importorskip('torch')

    from wholebody_mm import checkpoints
    from wholebody_mm.inference.torch_network import (
        info_of,
        model_of,
        read_config,
    )

    torch.manual_seed(0)
    cfg = read_config(config)
    model = model_of(cfg).eval()
    info = info_of(cfg, model)
    assert info.skeleton == 'wholebody135'
    assert info.multiple % info.stride == 0
    assert info.height == cfg.model.test_cfg.height
    assert info.decoder['min_score'] == 0.3
    assert info.normalisation['bgr_to_rgb'] is True
    plain, full = tmp_path / 'plain.pth', tmp_path / 'full.safetensors'
    checkpoints.save(plain, model.state_dict())
    checkpoints.save(full, model.state_dict(), {METADATA_KEY: info.to_json()})
    with pytest.raises(ValueError, match='plain.pth.*--config'):
        load_network(plain)
    image = np.random.default_rng(0).integers(0, 256, (1, 64, 96, 3), np.uint8)
    found = load_network(plain, config)(image)
    # the same as MMPose's way: preprocessor, then network
    inputs = torch.from_numpy(image[0]).permute(2, 0, 1)
    from mmpose.structures import PoseDataSample

    batch = model.data_preprocessor(
        dict(inputs=[inputs], data_samples=[PoseDataSample()])
    )
    with torch.no_grad():
        expected = model(batch['inputs'], None, mode='tensor')
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-5)
        assert ours.dtype == np.float32
    with warnings.catch_warnings():
        warnings.simplefilter('error', UserWarning)
        network = load_network(full, config)
    assert network.info == info
    np.testing.assert_allclose(network(image)[0], found[0], atol=1e-6)
    with pytest.raises(ValueError, match='no device .tpu'):
        load_network(full, config, device='tpu')


def test_configs_by_name_and_those_that_are_not_there():
    pytest.importorskip('mmpose')
    from wholebody_mm.inference.torch_network import read_config

    assert read_config('wholebody_mm::deep_wholebody.py').model
    with pytest.raises(FileNotFoundError, match='no config nothing.py'):
        read_config('nothing.py')
    for name in ('wholebodymm::deep_wholebody.py', 'wholebody_mm::../a.py'):
        with pytest.raises(FileNotFoundError, match=f'no config {name}'):
            read_config(name)


def test_weights_name_no_programs(tmp_path):
    """A skeleton or a config of a file is run where it is loaded."""
    text = NetworkInfo('tiny', 'coco17', 8, 16, 64).to_json()
    evil = tmp_path / 'evil.py'
    evil.write_text(f'open({str(tmp_path / "ran")!r}, "w")\nS = 1\n')
    named = json.loads(text) | dict(skeleton=f'{evil}:S')
    with pytest.raises(ValueError, match='their.onnx: its skeleton'):
        NetworkInfo.from_json(named, 'their.onnx')
    pytest.importorskip('mmpose')
    from wholebody_mm import checkpoints
    from wholebody_mm.inference.torch_network import build_model

    weights = tmp_path / 'their.safetensors'
    meta = {'wholebody_mm': json.loads(text) | dict(config=str(evil))}
    checkpoints.save(weights, {}, meta)
    with pytest.raises(ValueError, match='a program: name it yourself'):
        build_model(weights)
    assert not (tmp_path / 'ran').exists()


def test_backends_are_networks():
    assert callable(backend_class('onnxruntime').load)


@pytest.mark.parametrize('name', ['a.onnx', 'a.xml'])
def test_a_config_beside_an_exported_network(tmp_path, name):
    """It would do nothing."""
    (tmp_path / name).touch()
    with pytest.raises(ValueError, match='config.py, is for checkpoints'):
        load_network(tmp_path / name, 'config.py')


@pytest.mark.parametrize(
    ('key', 'value'),
    [
        ('height', '480'),
        ('height', math.inf),
        ('height', math.nan),
        ('height', 10**6),
        ('height', 10**400),
        ('multiple', 96000),
        ('stride', 8.5),
        ('scales', None),
        ('scales', [1.0] * 17),
        ('scales', [math.nan]),
        ('flip', 'false'),
        ('border', [1, 2]),
        ('sigma_scale', 'wide'),
        ('decoder', [1]),
        ('decoder', dict(max_peaks=100_000)),
        ('decoder', dict(peak_threshold='high')),
        ('name', 3),
    ],
)
def test_metadata_of_another_kind_is_named(key, value):
    """Anybody can write a file of weights."""
    values = json.loads(INFO.to_json()) | {key: value}
    with pytest.raises(ValueError, match=rf'w.onnx: .*({key}|peak_threshold)'):
        NetworkInfo.from_json(json.dumps(values), 'w.onnx')
