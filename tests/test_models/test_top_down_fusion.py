"""The neck joins coarse and fine maps."""

import pytest
import torch

from wholebody_mm.models.necks import TopDownFusion


def test_every_parameter_and_every_map_counts():
    neck = TopDownFusion([4, 6, 8], 5)
    neck.init_weights()
    feats = [
        torch.randn(2, 4, 12, 20, requires_grad=True),
        torch.randn(2, 6, 6, 10, requires_grad=True),
        # an odd size: the backbone rounds up
        torch.randn(2, 8, 3, 5, requires_grad=True),
    ]
    (fused,) = neck(feats)
    assert fused.shape == (2, 5, 12, 20)
    fused.square().sum().backward()
    for tensor in (*feats, *neck.parameters()):
        assert tensor.grad.abs().max() > 0


def test_another_number_of_maps_is_refused():
    with pytest.raises(ValueError, match='gives 1 maps, in_channels names 2'):
        TopDownFusion([4, 6], 5)([torch.randn(1, 4, 8, 8)])
