"""Muon's matrices are orthogonal; everything else goes as AdamW's."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from wholebody_mm.engine.muon import A, B, C, MuonAdamW, orthogonal


def ill_conditioned(m: int, n: int) -> torch.Tensor:
    """(m, n) whose singular values go over two orders of magnitude."""
    generator = torch.Generator().manual_seed(0)
    left = torch.linalg.qr(torch.randn(m, m, generator=generator)).Q
    right = torch.linalg.qr(torch.randn(n, n, generator=generator)).Q
    rank = min(m, n)
    values = torch.logspace(0, -1.5, rank)
    return left[:, :rank] @ torch.diag(values) @ right[:rank]


@pytest.mark.parametrize(
    'shape', [(16, 144), (64, 27), (1, 9), (30, 30)], ids=str
)
def test_singular_values_come_near_one(shape):
    matrix = ill_conditioned(*shape)
    values = torch.linalg.svdvals(orthogonal(matrix))
    assert values.min() > 0.5
    assert values.max() < 1.3


@pytest.mark.parametrize('shape', [(16, 144), (64, 27)], ids=str)
def test_it_is_the_iteration_of_the_paper(shape):
    """Written as published, which multiplies the long matrix every time."""
    x = matrix = ill_conditioned(*shape)
    x = x / x.norm()
    for _ in range(5):
        gram = x @ x.T
        x = A * x + (B * gram + C * gram @ gram) @ x
    torch.testing.assert_close(orthogonal(matrix), x, atol=1e-4, rtol=0)


def test_zeros_and_precision_stay():
    assert not orthogonal(torch.zeros(4, 9)).any()
    assert orthogonal(torch.ones(4, 9, dtype=torch.bfloat16)).dtype == (
        torch.bfloat16
    )


def test_vectors_move_as_with_adamw():
    torch.manual_seed(0)
    layer = nn.BatchNorm2d(8)
    twin = copy.deepcopy(layer)
    options = dict(lr=0.01, betas=(0.9, 0.99), weight_decay=0.1)
    ours = MuonAdamW(layer.parameters(), **options)
    reference = torch.optim.AdamW(twin.parameters(), **options)
    for _ in range(5):
        gradient = torch.randn(8)
        for module, optimizer in ((layer, ours), (twin, reference)):
            module.weight.grad = gradient.clone()
            module.bias.grad = -gradient
            optimizer.step()
    torch.testing.assert_close(layer.weight, twin.weight)
    torch.testing.assert_close(layer.bias, twin.bias)


def test_a_convolution_moves_along_all_directions():
    """The update's size is Adam's, whatever that of the gradient."""
    for size in (1e-4, 1e4):
        conv = nn.Conv2d(16, 32, 3, bias=False)
        before = conv.weight.detach().clone()
        conv.weight.grad = size * ill_conditioned(32, 144).view(32, 16, 3, 3)
        MuonAdamW(conv.parameters(), lr=0.1, weight_decay=0).step()
        update = (conv.weight.detach() - before).flatten(1)
        assert update.square().mean().sqrt() == pytest.approx(0.02, rel=0.2)
        values = torch.linalg.svdvals(update)
        assert values.max() / values.min() < 3


def test_it_learns_and_resumes():
    torch.manual_seed(0)
    net = nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 1, 3)
    )
    x, y = torch.randn(4, 3, 9, 9), torch.randn(4, 1, 5, 5)
    optimizer = MuonAdamW(net.parameters(), lr=0.01)

    def step() -> float:
        loss = (net(x) - y).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return float(loss.detach())

    first = step()
    for _ in range(30):
        step()
    state = copy.deepcopy((net.state_dict(), optimizer.state_dict()))
    after = [step() for _ in range(3)]
    assert after[-1] < first / 2
    net.load_state_dict(state[0])
    optimizer = MuonAdamW(net.parameters(), lr=0.01)
    optimizer.load_state_dict(state[1])
    assert [step() for _ in range(3)] == pytest.approx(after)


@pytest.mark.parametrize(
    'wrong', [dict(lr=-1), dict(momentum=1), dict(steps=0), dict(betas=(0, 1))]
)
def test_wrong_options_are_refused(wrong):
    with pytest.raises(ValueError, match=r'give|below 1'):
        MuonAdamW(nn.Conv2d(1, 1, 1).parameters(), **wrong)
