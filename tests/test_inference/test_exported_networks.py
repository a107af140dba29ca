"""Exported files on ONNX Runtime and OpenVINO."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import wholebody_mm.register  # noqa: F401

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from wholebody_mm.inference.network import NetworkInfo, load_network
from wholebody_mm.inference.onnx_network import OnnxNetwork
from wholebody_mm.skeletons import COCO17

onnx = pytest.importorskip('onnx', reason='pip install "wholebody-mm[export]"')

INFO = NetworkInfo('tiny', 'coco17', 8, 16, 64)
BACKENDS = ('onnxruntime', 'openvino')


class _Tiny(nn.Module):
    """The maps of a skeleton, each cell from its own 8 x 8 pixels."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        channels = COCO17.num_keypoints + 2 * COCO17.num_limbs
        self.maps = nn.Conv2d(3, channels, 8, stride=8)

    def forward(self, images):
        maps = self.maps(images.permute(0, 3, 1, 2).float() / 255)
        k = COCO17.num_keypoints
        return maps[:, :k], maps[:, k:]


@pytest.fixture(scope='module')
def tiny() -> _Tiny:
    return _Tiny().eval().requires_grad_(False)


@pytest.fixture(scope='module')
def path(tiny, tmp_path_factory):
    """An exported file."""
    from wholebody_mm.export.onnx_file import write_onnx

    path = tmp_path_factory.mktemp('exported') / 'tiny.onnx'
    write_onnx(tiny, INFO, path, (64, 64), dynamic=True)
    return path


def _load(backend, path, **options):
    if backend == 'openvino':
        pytest.importorskip('openvino')
    return load_network(path, backend=backend, **options)


def _images(seed, count=2, height=48, width=80):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (count, height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize('backend', BACKENDS)
def test_one_object_serves_many_threads(backend, path, tiny):
    network = _load(backend, path, threads=1)
    assert network.info == INFO
    batches = [_images(i, 1 + i % 3, 32 + 16 * (i % 2)) for i in range(24)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(network, batches))
    for images, maps in zip(batches, results, strict=True):
        expected = tiny(torch.from_numpy(images))
        for a, b in zip(expected, maps, strict=True):
            np.testing.assert_allclose(b, a.numpy(), atol=1e-4)


@pytest.mark.parametrize('backend', BACKENDS)
def test_maps_stay_when_the_next_image_comes(backend, path):
    network = _load(backend, path)
    first, _ = network(_images(0))
    copy = first.copy()
    network(_images(1))
    np.testing.assert_array_equal(first, copy)


def test_errors_of_onnx_runtime_are_of_a_class_that_is_told(path, monkeypatch):
    """Its own derive from Exception, as those of mistakes in the code do."""
    from wholebody_mm.inference import onnx_network

    network = OnnxNetwork(path)
    monkeypatch.setattr(onnx_network, 'OUTPUTS', ['gone'])
    with pytest.raises(RuntimeError, match='tiny.onnx on 2 images of 80 x 48'):
        network(_images(0))


@pytest.mark.parametrize('backend', BACKENDS)
def test_a_damaged_file_is_named(backend, path, tmp_path):
    damaged = tmp_path / 'damaged.onnx'
    damaged.write_bytes(path.read_bytes()[:500])
    with pytest.raises(ValueError, match='damaged.onnx cannot be read'):
        _load(backend, damaged)


@pytest.mark.parametrize('backend', BACKENDS)
def test_a_file_of_somebody_else_is_named(backend, path, tmp_path):
    foreign = tmp_path / 'foreign.onnx'
    model = onnx.load(path)
    del model.metadata_props[:]
    onnx.save(model, foreign)
    with pytest.raises(ValueError, match='foreign.onnx says nothing'):
        _load(backend, foreign)


def test_a_panorama_fits_a_file_of_one_size(tiny, tmp_path):
    from wholebody_mm.export.onnx_file import write_onnx
    from wholebody_mm.inference.predictor import Predictor

    path = tmp_path / 'fixed.onnx'
    write_onnx(tiny, INFO, path, (96, 64))
    predictor = Predictor(path)
    item = predictor.prepare(np.zeros((50, 400, 3), np.uint8))
    assert item.pixels.shape == (16, 96, 3)
    heatmaps, _ = predictor.maps([item.pixels])
    assert heatmaps.shape == (1, COCO17.num_keypoints, 2, 12)


def test_a_device_that_is_not_there_is_named(path):
    with pytest.raises(ValueError, match='no device .tpu.*CPUExecution'):
        OnnxNetwork(path, device='tpu')
    openvino = pytest.importorskip('openvino')
    if 'GPU' not in openvino.Core().available_devices:
        with pytest.raises(ValueError, match='GPU'):
            load_network(path, backend='openvino', device='gpu')


@pytest.mark.parametrize('device', ['cuda:1', 'tensorrt'])
@pytest.mark.filterwarnings('ignore:Specified provider')
def test_a_device_whose_libraries_do_not_load(path, device, monkeypatch):
    """ONNX Runtime leaves it out and computes on the CPU."""
    names = ['Tensorrt', 'CUDA', 'CPU']
    names = [f'{name}ExecutionProvider' for name in names]
    monkeypatch.setattr(onnxruntime, 'get_available_providers', lambda: names)
    monkeypatch.setattr(onnxruntime, 'preload_dlls', lambda: None)
    asked = []
    session = onnxruntime.InferenceSession

    def start(*args, providers):
        asked.extend(providers)
        return session(*args, providers=providers)

    monkeypatch.setattr(onnxruntime, 'InferenceSession', start)
    with pytest.raises(ValueError, match=f'device {device!r} .*did not load'):
        OnnxNetwork(path, device=device)
    search = {'cudnn_conv_algo_search': 'HEURISTIC'}
    if device == 'cuda:1':
        assert asked == [
            (names[1], {'device_id': '1', **search}),
            (names[2], {}),
        ]
    else:
        assert asked == [(names[0], {}), (names[1], search), (names[2], {})]


def test_weights_beside_an_openvino_file_are_missed(path, tmp_path):
    openvino = pytest.importorskip('openvino')
    from wholebody_mm.inference.openvino_network import OpenVinoNetwork

    model = openvino.Core().read_model(str(path))
    openvino.save_model(model, str(tmp_path / 'tiny.xml'))
    (tmp_path / 'tiny.bin').unlink()
    with pytest.raises(FileNotFoundError, match='tiny.bin'):
        OpenVinoNetwork(tmp_path / 'tiny.xml')
    with pytest.raises(ValueError, match='reads .xml and .onnx'):
        OpenVinoNetwork(tmp_path / 'tiny.pth')
    with pytest.raises(ValueError, match='fp32 or bf16'):
        OpenVinoNetwork(path, precision='fp8')


@pytest.fixture
def openvino_of(tiny, tmp_path, monkeypatch):
    """Loads a file of a precision on a device that need not be here.

    Returns the network and the precision that OpenVINO is asked for.
    """
    openvino = pytest.importorskip('openvino')
    from wholebody_mm.export.openvino_file import converted, save
    from wholebody_mm.inference.openvino_network import OpenVinoNetwork

    core, asked = openvino.Core, []
    monkeypatch.setattr(
        core, 'compile_model', lambda *args: asked.append(args[-1])
    )

    def load(stored, device, precision, able=True):
        has = ['FP32', 'BF16'] if able else ['FP32']
        monkeypatch.setattr(core, 'get_property', lambda *_: has)
        path = tmp_path / 'tiny.xml'
        model = converted(tiny, INFO, (64, 64), dynamic=True)
        save(model, replace(INFO, precision=stored), path)
        network = OpenVinoNetwork(path, device, precision=precision)
        return network, asked[-1].get('INFERENCE_PRECISION_HINT')

    return load


@pytest.mark.parametrize(
    ('stored', 'wanted', 'able', 'precision'),
    [
        ('fp32', None, True, 'fp32'),
        ('fp32', 'bf16', True, 'bf16'),
        ('fp32', 'bf16', False, 'fp32'),
        ('bf16', None, True, 'bf16'),
        ('bf16', 'fp32', True, 'fp32'),
        ('int8', None, True, 'bf16'),
    ],
)
def test_what_openvino_computes_in(
    openvino_of, stored, wanted, able, precision
):
    network, hint = openvino_of(stored, 'cpu', wanted, able)
    assert network.precision == precision
    assert hint == dict(fp32='f32', bf16='bf16')[precision]


@pytest.mark.parametrize(
    ('stored', 'wanted', 'hint'),
    [
        ('fp32', None, 'f32'),
        ('fp16', None, None),  # the device's own choice
        ('fp16', 'fp32', 'f32'),
        ('fp32', 'bf16', None),
    ],
)
def test_what_openvino_computes_in_on_a_gpu(openvino_of, stored, wanted, hint):
    assert openvino_of(stored, 'gpu', wanted)[1] == hint


def test_exported_weights_run_without_torch_and_mmpose(path, run_python):
    out = run_python(
        'import sys\n'
        'import numpy as np\n'
        'from wholebody_mm.codecs import PAFDecoder\n'
        'from wholebody_mm.inference.network import load_network\n'
        f'network = load_network({str(path)!r})\n'
        'heatmaps, pafs = network(np.zeros((1, 64, 96, 3), np.uint8))\n'
        'info = network.info\n'
        'people = PAFDecoder(info.skeleton, info.stride).decode(\n'
        '    heatmaps[0], pafs[0])\n'
        'print(heatmaps.shape, people.keypoints.shape[1:])\n'
        "heavy = 'torch', 'mmpose', 'onnx'\n"
        'print([m for m in heavy if m in sys.modules])\n',
        hide=('torch', 'mmpose', 'mmengine', 'mmcv', 'scipy', 'onnx'),
    )
    assert out.split('\n')[:2] == ['(1, 17, 8, 12) (17, 2)', '[]']
