"""Every network of the paper and every released one, to the parameter."""

from pathlib import Path

import wholebody_mm.register  # noqa: F401

import pytest
import torch
from mmengine.config import Config
from mmpose.registry import MODELS
from torch import nn

from wholebody_mm.skeletons import get_skeleton

CONFIGS = Path(__file__).parents[2] / 'configs'
# Released networks: facts of their layer tables. The paper's: our reading of
# Table 1 (docs/paper.md).
NETWORKS = {
    'openpose/body_135.py': (63_578_247, 480, 271.70),
    'openpose/body_25.py': (26_166_084, 368, 80.57),
    'openpose/body_25b.py': (26_719_041, 368, 81.74),
    'openpose/body_25b_full.py': (69_355_937, 480, 292.53),
    'openpose/face.py': (38_425_706, 368, 106.56),
    'openpose/hand.py': (36_832_324, 368, 103.19),
    'deep_wholebody.py': (53_769_047, 480, 236.41),
    'shallow_wholebody.py': (28_207_118, 368, 84.89),
    'deep_body_foot.py': (52_212_273, 480, 230.81),
    'body_foot_baseline.py': (26_166_084, 368, 80.57),
    'ablation/paf1x10_cm1x10.py': (64_409_505, 480, 274.73),
    'ablation/paf2x8_cm1x8.py': (64_404_713, 480, 274.71),
    'ablation/paf2x10_cm1x10.py': (71_778_281, 480, 301.23),
    'ablation/paf3x8_cm1x8.py': (52_212_273, 480, 230.81),
    'ablation/paf4x8_cm1x8.py': (62_680_441, 480, 268.47),
    'ablation/paf5x8_cm1x5.py': (63_210_689, 480, 270.37),
}


def build(name):
    with torch.device('meta'):
        return MODELS.build(Config.fromfile(CONFIGS / name).model)


def test_every_config_of_the_family_is_here():
    found = {
        str(path.relative_to(CONFIGS))
        for folder in ('openpose', 'ablation')
        for path in (CONFIGS / folder).glob('*.py')
    }
    # two networks and a body at once: in tests/test_openpose
    assert found - {'openpose/multi_network.py'} <= set(NETWORKS)


@pytest.mark.parametrize('name', NETWORKS)
def test_parameters_and_multiplications(name):
    parameters, size, gmac = NETWORKS[name]
    model = build(name)
    assert sum(p.numel() for p in model.parameters()) == parameters
    total = 0

    def count(module, _, output):
        nonlocal total
        total += output.numel() * module.weight[0].numel()

    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(count)
    with torch.no_grad():
        image = torch.zeros(1, 3, size, size, device='meta')
        outputs = model.head(model.backbone(image))
    assert total / 1e9 == pytest.approx(gmac, abs=0.005)
    skeleton = model.head.skeleton
    cells = (size // 8, size // 8)
    if name in ('openpose/face.py', 'openpose/hand.py'):
        assert outputs.shape == (1, skeleton.num_keypoints, *cells)
    else:
        assert outputs[0].shape == (1, skeleton.num_keypoints, *cells)
        assert outputs[1].shape == (1, 2 * skeleton.num_limbs, *cells)


@pytest.mark.parametrize('name', NETWORKS)
def test_a_config_agrees_with_itself(name):
    """Skeleton, sizes and heights are the same wherever they stand."""
    cfg = Config.fromfile(CONFIGS / name)
    if cfg.get('data_mode') == 'topdown':
        assert cfg.model.head.decoder.skeleton == cfg.model.head.skeleton
        return
    skeleton = cfg.model.head.skeleton
    assert cfg.model.head.decoder.skeleton == skeleton
    assert cfg.model.data_preprocessor.codec.skeleton == skeleton
    assert cfg.val_evaluator.skeleton == skeleton
    assert cfg.val_dataloader.dataset.skeleton == skeleton
    height = cfg.model.test_cfg.height
    for step in cfg.val_dataloader.dataset.pipeline:
        if step.type == 'TopLeftResize':
            assert step.height == height
    # the input that the paper or the released network was trained at
    assert height == NETWORKS[name][1]
    for size in _values(cfg.train_dataloader.dataset, 'input_size'):
        assert tuple(size) == (height, height)
    for other in _values(cfg.train_dataloader.dataset, 'skeleton'):
        assert other == skeleton
    assert get_skeleton(skeleton).name == skeleton


def _values(node, key):
    """Every value of a key, anywhere below."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name == key:
                yield value
            yield from _values(value, key)
    elif isinstance(node, list | tuple):
        for value in node:
            yield from _values(value, key)
