"""The loss is the paper's sum over what is supervised."""

import copy
import pickle
import shutil

import pytest
import torch

from wholebody_mm.models import MaskedMapLoss
from wholebody_mm.models.losses.fused import Fused


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


def test_a_weight_for_each_map_as_mmposes_heads_give():
    prediction, target = torch.ones(1, 2, 2, 2), torch.zeros(1, 2, 2, 2)
    weight = torch.tensor([[1.0, 0.0]])
    loss = MaskedMapLoss()(prediction, target, weight)
    assert loss.item() == 2  # 4 of 8 errors of 1, halved


def test_weight_and_precision():
    prediction = torch.ones(1, 1, 1, 1, dtype=torch.bfloat16)
    loss = MaskedMapLoss(loss_weight=3)(prediction, torch.zeros(1, 1, 1, 1))
    assert loss.dtype == torch.float32
    assert loss.item() == 1.5
    with pytest.raises(ValueError, match="'max' is not 'sum' or 'mean'"):
        MaskedMapLoss('max')


def test_gradient_is_that_of_autograd():
    generator = torch.Generator().manual_seed(0)
    shape = (2, 4, 3, 5)
    prediction = torch.randn(shape, generator=generator).requires_grad_()
    target = torch.randn(shape, generator=generator)
    weight = torch.rand((2, 2, 3, 5), generator=generator)
    MaskedMapLoss()(prediction, target, weight).backward()
    ours, prediction.grad = prediction.grad, None
    error = (prediction - target).unflatten(1, (2, 2))
    (error.square() * weight[:, :, None]).sum().div(4).backward()
    torch.testing.assert_close(ours, prediction.grad)


def test_what_is_there_can_count_more_than_what_is_not():
    loss = MaskedMapLoss(positive_weight=3)
    # a field of length 1, one of none, and one that is not supervised
    target = torch.tensor([0.6, 0.8, 0, 0, 1, 0]).reshape(1, 6, 1, 1)
    mask = torch.tensor([1, 1, 0]).reshape(1, 3, 1, 1)
    weights = loss.weights(target, mask, components=2)
    torch.testing.assert_close(weights.flatten(), torch.tensor([4.0, 1, 0]))
    heights = loss.weights(torch.tensor([0.5, 0]).reshape(1, 2, 1, 1))
    torch.testing.assert_close(heights.flatten(), torch.tensor([2.5, 1]))
    assert MaskedMapLoss().weights(target) is None
    with pytest.raises(ValueError, match='positive_weight -1'):
        MaskedMapLoss(positive_weight=-1)


def test_positive_weight_under_mmposes_heads():
    """They give (B, C) weights, or none."""
    torch.manual_seed(0)
    prediction, target = torch.rand(2, 3, 4, 5), torch.rand(2, 3, 4, 5)
    loss = MaskedMapLoss(positive_weight=5.0)
    squares = (1 + 5 * target) * (prediction - target).square()
    each = squares.sum(dim=(2, 3)) / (2 * 2)
    weight = torch.tensor([[1.0, 0, 1], [0, 1, 1]])
    torch.testing.assert_close(loss(prediction, target), each.sum())
    torch.testing.assert_close(
        loss(prediction, target, weight), (each * weight).sum()
    )


@pytest.mark.skipif(shutil.which('g++') is None, reason='needs a compiler')
def test_fused_is_the_same_with_its_gradient():
    """Masked NaN included; also for a smaller input after the first."""
    torch.manual_seed(0)
    plain = MaskedMapLoss(positive_weight=2.0)
    fused = MaskedMapLoss(positive_weight=2.0, fused=True)
    for side in (6, 4):
        target = torch.rand(2, 8, side, side)
        weight = plain.weights(target)
        weight[0, 3] = 0
        target[0, 3] = torch.nan
        results = []
        for loss in (plain, fused):
            prediction = torch.ones(2, 8, side, side).bfloat16() / 3
            prediction.requires_grad_()
            value = loss(prediction, target, weight)
            value.backward()
            results.append((value.detach(), prediction.grad))
        torch.testing.assert_close(*results)
        assert (results[1][1][0, 3] == 0).all()
        assert fused._squares.chosen is not fused._squares.plain
    without = torch.rand(1, 2, 3, 3), torch.rand(1, 2, 3, 3)
    torch.testing.assert_close(
        MaskedMapLoss(fused=True)(*without), MaskedMapLoss()(*without)
    )


def test_what_cannot_be_compiled_is_computed_step_by_step(monkeypatch):
    calls, said = [], []

    def uncompilable(function, dynamic):
        calls.append(function)
        raise RuntimeError('no C++ compiler')

    monkeypatch.setattr(torch, 'compile', uncompilable)
    monkeypatch.setattr(
        'wholebody_mm.models.losses.fused.print_log',
        lambda message, *_, **__: said.append(message),
    )
    fused = Fused(torch.sub, torch.add)
    with pytest.raises(TypeError):
        fused('wrong', 'inputs')
    assert not said, 'blamed the compiler for wrong inputs'
    for _ in range(2):
        assert fused(torch.tensor(1), torch.tensor(2)) == 3
    assert len(calls) == 2, 'tried again after it had failed'
    assert len(said) == 1
    assert 'no C++ compiler' in said[0]


def test_other_devices_are_not_compiled_for(monkeypatch):
    monkeypatch.setattr(torch, 'compile', None)
    elsewhere = torch.ones(2, device='meta')
    result = Fused(torch.sub, torch.add)(elsewhere, elsewhere)
    assert result.device.type == 'meta'


def test_a_fused_loss_can_be_copied():
    """As averaged weights copy the whole model."""
    loss = pickle.loads(pickle.dumps(MaskedMapLoss(fused=True)))
    maps = torch.ones(1, 1, 2, 2)
    assert copy.deepcopy(loss)(maps, 0 * maps).item() == 2.0


@pytest.mark.parametrize('reduction', ['sum', 'mean'])
def test_mask_of_mmposes_heads(reduction):
    """DEKR gives one beside weights of every cell, or of every map."""
    torch.manual_seed(0)
    prediction, target = torch.rand(2, 3, 4, 5), torch.rand(2, 3, 4, 5)
    mask = torch.ones(2, 1, 4, 5)
    mask[:, :, 2:] = 0
    loss = MaskedMapLoss(reduction=reduction)
    expected = loss(prediction, target, mask.expand_as(target))
    ones = torch.ones(2, 3)
    for weight in (None, ones, ones[..., None, None].expand_as(target)):
        torch.testing.assert_close(
            loss(prediction, target, weight, mask), expected
        )
    torch.testing.assert_close(
        loss(prediction, target, ones, None), loss(prediction, target)
    )
