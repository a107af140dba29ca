"""Statistics of batch normalisation, by hand."""

import wholebody_mm.register  # noqa: F401

import pytest
import torch
from torch import nn

from wholebody_mm.engine.normalisation_statistics import retake_statistics


class _Network(nn.Module):
    """What an estimator has, with one normalisation."""

    def __init__(self, norm: nn.Module) -> None:
        super().__init__()
        self.norm = norm
        self.head = nn.Identity()

    def data_preprocessor(self, batch: dict, training: bool) -> dict:
        assert not training
        return batch

    def extract_feat(self, inputs):
        return self.norm(inputs)


def _batches(*levels: float) -> list[dict]:
    torch.manual_seed(0)
    return [dict(inputs=level + torch.randn(4, 3, 16, 16)) for level in levels]


def test_each_batch_counts_once():
    network = _Network(nn.BatchNorm2d(3)).eval()
    network.norm.running_mean.fill_(100)
    weight = network.norm.weight.clone()
    batches = _batches(1, 3, 50)
    retake_statistics(network, batches, 2)
    expected = torch.stack(
        [b['inputs'].mean((0, 2, 3)) for b in batches[:2]]
    ).mean(0)
    torch.testing.assert_close(network.norm.running_mean, expected)
    assert network.norm.running_var == pytest.approx(1, abs=0.1)
    assert not network.training and not network.norm.training
    assert network.norm.momentum == 0.1
    assert torch.equal(network.norm.weight, weight)


def test_few_batches_begin_again():
    network = _Network(nn.BatchNorm2d(3)).train()
    retake_statistics(network, _batches(1), 3)
    assert network.norm.num_batches_tracked == 3
    assert network.training and network.norm.training


class _Frozen(_Network):
    """As MMPose's backbones with ``norm_eval`` or ``frozen_stages``."""

    def __init__(self, *norms: nn.Module) -> None:
        super().__init__(nn.Sequential(*norms))

    def train(self, mode: bool = True):
        super().train(mode)
        self.norm[0].eval()
        return self


def test_frozen_statistics_stay():
    network = _Frozen(nn.BatchNorm2d(3), nn.BatchNorm2d(3)).eval()
    for norm in network.norm:
        norm.running_mean.fill_(5)
    retake_statistics(network, _batches(5), 1)
    assert (network.norm[0].running_mean == 5).all()
    assert network.norm[1].running_mean == pytest.approx(0, abs=0.1)
    network = _Frozen(nn.BatchNorm2d(3))
    network.norm[0].running_mean.fill_(5)
    with pytest.raises(ValueError, match='that is trained'):
        retake_statistics(network, _batches(5), 1)
    assert (network.norm[0].running_mean == 5).all()


@pytest.mark.parametrize(
    ('norm', 'loader', 'number', 'message'),
    [
        (nn.BatchNorm2d(3), _batches(1), 0, '0 batches'),
        (nn.GroupNorm(1, 3), _batches(1), 1, 'no batch normalisation'),
        (nn.BatchNorm2d(3), [], 1, 'no batch to take'),
    ],
)
def test_what_cannot_be_done_is_said(norm, loader, number, message):
    network = _Network(norm).eval()
    before = {k: v.clone() for k, v in norm.state_dict().items()}
    with pytest.raises(ValueError, match=message):
        retake_statistics(network, loader, number)
    assert not norm.training
    for key, value in norm.state_dict().items():
        assert torch.equal(value, before[key]), key
    assert getattr(norm, 'momentum', 0.1) == 0.1
