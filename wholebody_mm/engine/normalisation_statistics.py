"""The statistics of batch normalisation, taken anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import update_bn

from wholebody_mm.models.wholebody_estimator import WholeBodyEstimator


def retake_statistics(
    model: WholeBodyEstimator, loader: Iterable[Any], batches: int
) -> None:
    """Take the normalisation's means and variances from some batches.

    The mean of the weights of several networks has statistics of its own,
    which the mean of theirs is not ("Averaging Weights Leads to Wider Optima
    and Better Generalization", Izmailov et al., 2018, section 3.2).

    Args:
        model: Its statistics are replaced; weights stay as they are. Then it
            is in the mode, training or evaluation, in which it was.
        loader: Batches as in training; begun again where they are too few.
        batches: How many are looked at, each counting once.

    Raises:
        ValueError: If the number is below 1, the network has no batch
            normalisation or the loader no batch.
    """
    if batches < 1:
        raise ValueError(f'{batches} batches: give 1 or more')
    if not any(isinstance(m, _BatchNorm) for m in model.modules()):
        raise ValueError('the network has no batch normalisation')
    # not its own mode: what decodes people would run as well
    update_bn(islice(_endless(loader), batches), _Maps(model))


def _endless(loader: Iterable[Any]) -> Iterator[Any]:
    while True:
        empty = True
        for batch in loader:
            empty = False
            yield batch
        if empty:
            raise ValueError('there is no batch to take statistics from')


class _Maps(nn.Module):
    """A batch to maps, in float32 whatever the network trains in."""

    def __init__(self, model: WholeBodyEstimator) -> None:
        super().__init__()
        self.model = model
        self.training = model.training

    def forward(self, batch: dict) -> tuple[Tensor, ...]:
        inputs = self.model.data_preprocessor(batch, False)['inputs']
        return self.model.head(self.model.extract_feat(inputs))
