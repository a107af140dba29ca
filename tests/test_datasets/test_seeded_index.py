"""Indices that carry the seed of their sample."""

import pickle
import random

import numpy as np
from torch.utils.data import DataLoader

from wholebody_mm.datasets.seeded_index import (
    SeededIndex,
    draw_seed,
    seeded,
)


class Noise:
    """What a data set with random transforms looks like."""

    def __len__(self):
        return 20

    def __getitem__(self, index):
        with seeded(index):
            return np.random.rand(), random.random()  # noqa: NPY002


def test_it_is_an_integer_that_keeps_its_seed_on_the_way_to_a_worker():
    index = pickle.loads(pickle.dumps(SeededIndex(7, 123)))
    assert index == 7 and index.seed == 123
    assert list(range(10))[index] == 7


def test_seeds_of_draws_differ():
    seeds = {
        draw_seed(0, batch, slot) for batch in range(50) for slot in (0, 1)
    }
    assert len(seeds) == 100
    assert draw_seed(3, 4) == draw_seed(3, 4)


def test_a_sample_is_the_same_in_any_worker_and_after_any_other():
    indices = [SeededIndex(i, draw_seed(5, i)) for i in range(12)]
    alone = [Noise()[i] for i in indices]
    loader = DataLoader(
        Noise(), sampler=indices, batch_size=None, num_workers=2
    )
    assert [tuple(sample) for sample in loader] == alone
    assert [Noise()[i] for i in reversed(indices)] == alone[::-1]
    assert len(set(alone)) == len(alone)


def test_other_randomness_goes_on_as_if_nothing_had_been():
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    expected = np.random.rand(), random.random()  # noqa: NPY002
    np.random.seed(1)  # noqa: NPY002
    random.seed(1)
    Noise()[SeededIndex(0, 9)]
    assert (np.random.rand(), random.random()) == expected  # noqa: NPY002


def test_without_a_seed_it_stays_random():
    assert Noise()[3] != Noise()[3]
