import os

import pytest
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
