"""The loss is the paper's sum over what is supervised."""

import pytest
import torch

from wholebody_mm.models import MaskedMapLoss


def test_sum_is_half_the_squared_error_of_an_image():
    prediction = torch.zeros(2, 3, 4, 5)
    target = torch.full((2, 3, 4, 5), 2.0)
    loss = MaskedMapLoss()(prediction, target)
    assert loss.item() == pytest.approx(3 * 4 * 5 * 4 / 2)


def test_masked_values_neither_count_nor_learn():
    prediction = torch.ones(1, 2, 2, 2, requires_grad=True)
    target = torch.zeros(1, 2, 2, 2)
    target[0, 0, 0, 0] = torch.nan
    weight = torch.ones(1, 2, 2, 2, dtype=torch.uint8)
    weight[0, 0] = 0
    for reduction, expected in (('sum', 4 / 2), ('mean', 1.0)):
        prediction.grad = None
        loss = MaskedMapLoss(reduction)(prediction, target, weight)
        assert loss.item() == pytest.approx(expected)
        loss.backward()
        assert (prediction.grad[0, 0] == 0).all()
        assert (prediction.grad[0, 1] != 0).all()


def test_a_plane_is_shared_by_both_channels_of_a_limb():
    prediction = torch.ones(1, 4, 1, 1)
    weight = torch.tensor([0, 1]).reshape(1, 2, 1, 1)
    target = torch.tensor([9.0, 9, 0, 0]).reshape(1, 4, 1, 1)
    assert MaskedMapLoss()(prediction, target, weight).item() == 1.0


def test_nothing_supervised_is_zero_not_nan():
    zeros = torch.zeros(1, 2, 2, 2)
    for reduction in ('sum', 'mean'):
        loss = MaskedMapLoss(reduction)(zeros + 1, zeros, zeros)
        assert loss.item() == 0


def test_weight_and_precision():
    prediction = torch.ones(1, 1, 1, 1, dtype=torch.bfloat16)
    loss = MaskedMapLoss(loss_weight=3)(prediction, torch.zeros(1, 1, 1, 1))
    assert loss.dtype == torch.float32
    assert loss.item() == 1.5
    with pytest.raises(ValueError, match="'max' is not 'sum' or 'mean'"):
        MaskedMapLoss('max')
