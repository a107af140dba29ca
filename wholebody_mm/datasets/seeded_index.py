"""An index that carries the seed of its sample's augmentation."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np


class SeededIndex(int):
    """An ordinary index of a data set, with the seed of one draw of it.

    Samplers of this package yield them. A data set that knows of them makes
    the same sample again from the same index, in whichever worker and after
    however many restarts; to any other it is an integer.

    Args:
        index: The index.
        seed: Seed of this draw, below 2**32.
    """

    seed: int

    def __new__(cls, index: int, seed: int) -> SeededIndex:
        """As of ``int``."""
        self = super().__new__(cls, index)
        self.seed = seed
        return self

    def __reduce__(self) -> tuple:
        """Goes to the loader's workers with its seed."""
        return type(self), (int(self), self.seed)


def draw_seed(*key: int) -> int:
    """The 32-bit seed of a draw, from numbers that say which one it is."""
    return int(np.random.SeedSequence(key).generate_state(1)[0])


@contextmanager
def seeded(index: int) -> Iterator[None]:
    """NumPy's and Python's global generators start at the index's seed.

    MMPose's transforms draw from both. They are put back afterwards; an
    index without a seed leaves them alone.

    Args:
        index: The index of a sample, a :class:`SeededIndex` or not.
    """
    seed = getattr(index, 'seed', None)
    if seed is None:
        yield
        return
    before = np.random.get_state(), random.getstate()  # noqa: NPY002
    np.random.seed(seed)  # noqa: NPY002
    random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(before[0])  # noqa: NPY002
        random.setstate(before[1])
