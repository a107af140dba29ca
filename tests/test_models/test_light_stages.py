"""Light stages: shapes, the start, and maps that are free of each other."""

import pytest
import torch

from wholebody_mm.models.heads.light_stages import (
    LightConfidenceMapStage,
    LightPAFStage,
)


def build(kind, number, **options):
    torch.manual_seed(0)
    stage = kind(in_channels=6, **{number: 12}, width=4, **options)
    stage.init_weights()
    return stage.eval()


STAGES = [
    (LightPAFStage, 'num_limbs', 24),
    (LightConfidenceMapStage, 'num_keypoints', 12),
]


@pytest.mark.parametrize('expand', [0, 32])
@pytest.mark.parametrize(('kind', 'number', 'channels'), STAGES)
def test_shapes_and_a_silent_start(kind, number, channels, expand):
    stage = build(kind, number, dilations=(1, 2), expand=expand)
    maps = stage(torch.randn(2, 6, 5, 7))
    assert maps.shape == (2, channels, 5, 7)
    assert maps.abs().max() < 0.1
    maps.sum().backward()
    assert all(p.grad is not None for p in stage.parameters())


@pytest.mark.parametrize(('kind', 'number', 'channels'), STAGES)
def test_more_channels_than_the_width_make_maps_independent(
    kind, number, channels
):
    ranks = {}
    for expand in (0, 64):
        stage = build(kind, number, dilations=(1,), expand=expand)
        with torch.no_grad():
            maps = stage(torch.randn(4, 6, 16, 16))
        values = maps.transpose(0, 1).flatten(1)
        values = values - values.mean(dim=1, keepdim=True)
        ranks[expand] = torch.linalg.matrix_rank(values, rtol=1e-5).item()
    assert ranks[0] <= 4  # of the width
    assert ranks[64] == channels
