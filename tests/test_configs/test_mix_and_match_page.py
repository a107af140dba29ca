"""The code of docs/mix_and_match.md works as it is written."""

import re
from pathlib import Path

import wholebody_mm.register  # noqa: F401

import pytest
import torch
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / 'docs' / 'mix_and_match.md').read_text()
HRNET, PLAIN = re.findall(r'```python\n(.*?)```', PAGE, re.DOTALL)


def test_every_config_is_listed():
    for file in (ROOT / 'configs' / 'mix_and_match').glob('*.py'):
        if file.stem != 'dog_skeleton':
            assert f'`{file.name}`' in PAGE


@pytest.fixture
def run():
    """What a block of code leaves behind."""
    init_default_scope('mmpose')
    torch.manual_seed(0)

    def run(code):
        names: dict = {}
        exec(compile(code, 'mix_and_match.md', 'exec'), names)
        return names

    return run


def test_the_pretrained_backbone_is_hrnet_w32(run):
    config = run(HRNET)['backbone']
    with torch.device('meta'):
        backbone = MODELS.build(config)
    millions = sum(p.numel() for p in backbone.parameters()) / 1e6
    assert 28 < millions < 30
    assert config['init_cfg']['checkpoint'].endswith('w32-36af842e.pth')


def test_stages_and_loss_learn_without_mmengine(run):
    names = run(PLAIN)
    first, *_, last = names['values']
    assert last < 0.95 * first
    assert names['people'].keypoints.shape[1:] == (17, 2)
