"""The networks are the published ones, to the parameter."""

from pathlib import Path

import wholebody_mm.register  # noqa: F401

import pytest
import torch
from mmengine.config import Config
from mmpose.registry import MODELS
from torch import nn

from wholebody_mm.models import ConfidenceMapStage, PAFStage, VGG19Reduced

ROOT = Path(__file__).parents[2]
DEEP = ROOT / 'configs/_base_/models/deep_paf.py'


def macs(model, size):
    """Multiplications of the convolutions for one square image."""
    total = 0

    def count(module, _, output):
        nonlocal total
        total += output.numel() * module.weight[0].numel()

    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(count)
    with torch.no_grad():
        model(torch.zeros(1, 3, size, size, device='meta'), None)
    return total


def parameters(model, but=()):
    return sum(
        p.numel()
        for m in model.modules()
        if not isinstance(m, but)
        for p in m.parameters(recurse=False)
    )


@pytest.mark.parametrize(
    ('paf_widths', 'hidden', 'maps', 'expected', 'gmac'),
    [
        (None, None, None, 53_769_047, 236.41),
        # the released network (facts of its layer table)
        (
            (128, 128, 128, 256),
            (256, 512, 512, 512),
            dict(blocks=5, width=256, hidden=512),
            63_578_247,
            271.70,
        ),
    ],
    ids=['paper', 'released'],
)
def test_parameters_and_multiplications(
    paf_widths, hidden, maps, expected, gmac
):
    cfg = Config.fromfile(DEEP).model
    if paf_widths:
        cfg.head.paf_stages = [
            dict(blocks=8, width=w, hidden=h)
            for w, h in zip(paf_widths, hidden, strict=True)
        ]
        cfg.head.confidence_map_stages = [maps]
    with torch.device('meta'):
        model = MODELS.build(cfg)
    assert parameters(model) == expected
    assert macs(model, 480) / 1e9 == pytest.approx(gmac, abs=0.005)


def test_parts_have_the_released_sizes():
    no_prelu = dict(but=nn.PReLU)
    with torch.device('meta'):
        assert parameters(VGG19Reduced(), **no_prelu) == 7_340_480
        for channels, width, hidden, expected in (
            (128, 128, 256, 5_783_088),
            (432, 128, 512, 6_309_680),
            (432, 256, 512, 23_374_640),
        ):
            stage = PAFStage(channels, 152, 8, width, hidden)
            assert parameters(stage, **no_prelu) == expected
        stage = ConfidenceMapStage(432, 135, 5, 256, 512)
        assert parameters(stage, **no_prelu) == 14_438_279
