"""Counting, and what the light network may cost."""

import wholebody_mm.register  # noqa: F401

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from torch import nn

from wholebody_mm.benchmarks.multiplications import multiplications


class _Parts(nn.Module):
    def __init__(self, **parts: nn.Module) -> None:
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)


def test_two_layers_by_hand():
    model = _Parts(
        backbone=nn.Conv2d(3, 4, 3, stride=2, padding=1),
        head=nn.Conv2d(4, 8, 1, groups=2),
    )
    # 32 x 16 outputs of 4 x 3 x 9 weights, then of 8 x 2
    assert multiplications(model, (64, 32)) == 512 * (108 + 16)
    with_neck = _Parts(
        backbone=model.backbone, neck=nn.Conv2d(4, 4, 1), head=model.head
    )
    assert multiplications(with_neck, (64, 32)) == 512 * (108 + 16 + 16)
    assert model.backbone.weight.device.type == 'cpu'


def test_the_light_network_stays_light(root):
    """At most 8 GMAC at 480x480, so that it is for every CPU."""
    cfg = Config.fromfile(root / 'configs' / 'fast_wholebody.py')
    init_default_scope('mmpose')
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    assert sum(p.numel() for p in model.parameters()) < 4.5e6
    gmac = multiplications(model, (480, 480)) / 1e9
    assert gmac == pytest.approx(7.8, abs=0.1)
