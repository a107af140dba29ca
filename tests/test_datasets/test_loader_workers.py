import os
import random

import numpy as np
import pytest
import torch
from mmengine.registry import FUNCTIONS
from torch.utils.data import DataLoader, Dataset

import wholebody_mm.datasets.registered  # noqa: F401


class Niceness(Dataset):
    def __len__(self):
        return 1

    def __getitem__(self, index):
        return os.nice(0)


@pytest.mark.skipif(not hasattr(os, 'nice'), reason='no niceness here')
def test_workers_yield_and_the_training_process_does_not():
    here = os.nice(0)
    loader = DataLoader(
        Niceness(),
        num_workers=1,
        collate_fn=list,
        worker_init_fn=FUNCTIONS.get('yielding_worker'),
    )
    assert next(iter(loader)) == [min(here + 10, 19)]
    assert os.nice(0) == here


class Draws(Dataset):
    def __len__(self):
        return 2

    def __getitem__(self, index):
        return np.random.random(), random.random()  # noqa: NPY002


def test_each_worker_of_each_process_draws_its_own(monkeypatch):
    import wholebody_mm.datasets.loader_workers as module

    drawn = []
    for rank in (0, 1):
        monkeypatch.setattr(module, 'get_rank', lambda rank=rank: rank)
        torch.manual_seed(0)  # MMEngine: the same in every process
        loader = DataLoader(
            Draws(),
            num_workers=2,
            collate_fn=list,
            worker_init_fn=FUNCTIONS.get('yielding_worker'),
            multiprocessing_context='fork',
        )
        drawn += [pair for batch in loader for pair in batch]
    assert len({a for a, _ in drawn}) == len({b for _, b in drawn}) == 4
