"""Networks as the engines are timed on."""

import wholebody_mm.register  # noqa: F401

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample

from wholebody_mm.benchmarks.engines import engines, original_of


@pytest.fixture(scope='module')
def config(request, tmp_path_factory):
    """The hand network's, narrow."""
    cfg = Config.fromfile(request.config.rootpath / 'configs/openpose/hand.py')
    cfg.model.backbone = dict(
        type='VGG19Reduced', width=0.1, reduction=(4,)
    )  # fmt: skip
    cfg.model.head.update(in_channels=4, stages=2, first_width=4, width=4)
    path = tmp_path_factory.mktemp('config') / 'small_hand.py'
    cfg.dump(path)
    return path


@pytest.mark.parametrize('name', ['torch fp32', 'openvino fp32'])
def test_a_network_of_crops_computes_what_it_is_for(config, name, tmp_path):
    if name != 'torch fp32':
        pytest.importorskip('onnx')
        pytest.importorskip('openvino')
    original = original_of(config)
    assert original.info.name == 'small_hand'
    assert original.info.height == 368
    image = np.random.default_rng(0).integers(0, 256, (1, 64, 48, 3), np.uint8)
    network = engines(original, [name], (48, 64), 1, tmp_path)[name]
    maps, _ = network(image)
    with DefaultScope.overwrite_default_scope('mmpose'):
        model = MODELS.build(Config.fromfile(config).model).eval()
    weights = original.graph.model.state_dict()
    model.load_state_dict(weights)
    batch = model.data_preprocessor(
        dict(
            inputs=[torch.from_numpy(image[0]).permute(2, 0, 1)],
            data_samples=[PoseDataSample()],
        )
    )
    with torch.inference_mode():
        expected = model(batch['inputs'], None, 'tensor')
    assert maps.shape == (1, 21, 8, 6) and np.abs(maps).max() > 0
    np.testing.assert_allclose(maps, expected.numpy(), rtol=1e-3, atol=1e-5)
