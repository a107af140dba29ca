"""The statistics of batch normalisation, taken anew."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from wholebody_mm.models.wholebody_estimator import WholeBodyEstimator


@torch.no_grad()
def retake_statistics(
    model: WholeBodyEstimator, loader: Iterable[Any], batches: int
) -> None:
    """Take the normalisation's means and variances from some batches.

    The mean of the weights of several networks has statistics of its own,
    which the mean of theirs is not ("Averaging Weights Leads to Wider Optima
    and Better Generalization", Izmailov et al., 2018, section 3.2).

    Args:
        model: Its statistics are replaced, but not those that its training
            keeps as they are (``norm_eval``, ``frozen_stages``). Weights
            and mode, training or evaluation, stay.
        loader: Batches as its pipeline makes them, at the size that it gives
            (``input_scales`` are left out); begun again where they are too
            few.
        batches: How many are looked at, each counting once.

    Raises:
        ValueError: If the number is below 1, the network has no batch
            normalisation that is trained, or the loader no batch. Then and
            after other errors everything is as before.
    """
    if batches < 1:
        raise ValueError(f'{batches} batches: give 1 or more')
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm)]
    before = [(copy.deepcopy(m.state_dict()), m.momentum) for m in norms]
    was_training = model.training
    # not torch's update_bn: it takes those of frozen layers away as well
    model.train()
    trained = [m for m in norms if m.training]
    try:
        if not trained:
            raise ValueError(
                'the network has no batch normalisation that is trained'
            )
        for norm in trained:
            norm.reset_running_stats()
            norm.momentum = None  # the mean of all batches
        for batch in islice(_endless(loader), batches):
            inputs = model.data_preprocessor(batch, False)['inputs']
            # not the model's own mode: what decodes people would run as well
            model.head(model.extract_feat(inputs))
    except BaseException:
        for norm, (state, _) in zip(norms, before, strict=True):
            norm.load_state_dict(state)
        raise
    finally:
        for norm, (_, momentum) in zip(norms, before, strict=True):
            norm.momentum = momentum
        model.train(was_training)


def _endless(loader: Iterable[Any]) -> Iterator[Any]:
    while True:
        empty = True
        for batch in loader:
            empty = False
            yield batch
        if empty:
            raise ValueError('there is no batch to take statistics from')
