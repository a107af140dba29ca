"""An endless shuffled sampler that can start anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Sized

import torch
from mmengine.dist import get_dist_info, sync_random_seed
from mmpose.registry import DATA_SAMPLERS
from torch.utils.data import Sampler

from wholebody_mm.datasets.seeded_index import SeededIndex, draw_seed


@DATA_SAMPLERS.register_module()
class ResumableSampler(Sampler[SeededIndex]):
    """Shuffles again after each pass, for ever; resumes without replaying.

    MMEngine's InfiniteSampler can only be advanced by loading every batch
    that was trained already: hours for a run of days. Here sample j of the
    stream, and how it is augmented, are known from the seed and j alone.

    Args:
        dataset: What is sampled.
        shuffle: Whether to shuffle each pass.
        seed: The same on all processes; drawn and shared if None (MMEngine's
            runner gives its own).

    Raises:
        ValueError: If the data set is empty.
    """

    def __init__(
        self, dataset: Sized, shuffle: bool = True, seed: int | None = None
    ) -> None:
        if not len(dataset):
            raise ValueError('the training data set is empty')
        self.dataset = dataset
        self.size = len(dataset)
        self.shuffle = shuffle
        self.rank, self.world_size = get_dist_info()
        self.seed = sync_random_seed() if seed is None else seed
        self.start = 0

    def reseed(self, seed: int) -> None:
        """Follow the stream of another seed from the next iteration on."""
        self.seed = seed

    def start_at(self, samples: int) -> None:
        """Begin the next iteration after so many samples of this process."""
        self.start = samples

    def __iter__(self) -> Iterator[SeededIndex]:
        """Indices for this process; disjoint between processes."""
        position = self.start * self.world_size + self.rank
        epoch, offset = divmod(position, self.size)
        while True:
            order = self._order(epoch)
            for i in range(offset, self.size, self.world_size):
                seed = draw_seed(self.seed, epoch * self.size + i)
                yield SeededIndex(order[i], seed)
            left = (self.size - offset + self.world_size - 1) // (
                self.world_size
            )
            position = epoch * self.size + offset + left * self.world_size
            epoch, offset = divmod(position, self.size)

    def _order(self, epoch: int) -> torch.Tensor:
        """The order of one pass over the data set."""
        if not self.shuffle:
            return torch.arange(self.size)
        generator = torch.Generator().manual_seed(self.seed + epoch)
        return torch.randperm(self.size, generator=generator)

    def __len__(self) -> int:
        """Samples of one pass; the stream itself has no end."""
        return self.size
