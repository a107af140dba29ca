"""A small network with all kinds of layers, to be exported."""

from __future__ import annotations

from pathlib import Path

import wholebody_mm.register  # noqa: F401

import numpy as np
import pytest
import torch

from wholebody_mm import checkpoints
from wholebody_mm.export.exporter import Original
from wholebody_mm.inference.torch_network import model_of, read_config

_CONFIG = """
codec = dict(type='PAFCodec', skeleton='coco17', stride=8)
model = dict(
    type='WholeBodyEstimator',
    autocast='bfloat16',
    channels_last=True,
    data_preprocessor=dict(
        type='WholeBodyDataPreprocessor',
        codec=codec,
        mean=[123.675, 116.28, 103.53],
        std=[58.395, 57.12, 57.375],
        bgr_to_rgb=True,
        pad_size_divisor=16,
    ),
    backbone=dict(type='VGG19Reduced', width=0.125, reduction=(32, 16)),
    head=dict(
        type='StagedPAFHead',
        in_channels=16,
        skeleton='coco17',
        paf_stages=[
            dict(blocks=1, width=8, hidden=16),
            dict(type='LightPAFStage', width=16),
        ],
        confidence_map_stages=[dict(blocks=1, width=8, hidden=16)],
        decoder=dict(codec, decoder=dict(peak_threshold=0.2)),
    ),
    test_cfg=dict(height=64),
)
"""


@pytest.fixture(scope='session')
def files(tmp_path_factory) -> tuple[Path, Path]:
    """A config and weights of it that are far from their initial values."""
    folder = tmp_path_factory.mktemp('network')
    config, weights = folder / 'small.py', folder / 'small.pth'
    config.write_text(_CONFIG)
    torch.manual_seed(0)
    model = model_of(read_config(config))
    model.init_weights()
    state = model.state_dict()
    for name, value in state.items():
        if name.endswith(('running_mean', 'bias')):
            value.normal_(0, 0.2)
        elif name.endswith('running_var'):
            value.uniform_(0.5, 2)
        elif name.endswith('maps.weight'):
            value.normal_(0, 0.2)
    checkpoints.save(weights, state)
    return config, weights


@pytest.fixture(scope='session')
def original(files) -> Original:
    """The small network in float32 torch."""
    return Original.of(files[1], files[0])


@pytest.fixture(scope='session')
def fine_maps(tmp_path_factory) -> Original:
    """The same network with confidence maps of half the fields' stride."""
    folder = tmp_path_factory.mktemp('fine_maps')
    config, weights = folder / 'fine.py', folder / 'fine.pth'
    config.write_text(
        _CONFIG.replace('stride=8)', 'stride=8, heatmap_stride=4)')
    )
    torch.manual_seed(0)
    model = model_of(read_config(config))
    for stage in model.head.confidence_map_stages:
        torch.nn.init.normal_(stage.maps.weight, std=0.2)
    checkpoints.save(weights, model.state_dict())
    return Original.of(weights, config)


@pytest.fixture
def images() -> np.ndarray:
    """(3, 64, 96, 3) noise."""
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (3, 64, 96, 3), dtype=np.uint8)
