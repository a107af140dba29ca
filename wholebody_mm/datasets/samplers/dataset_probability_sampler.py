"""Batches from several data sets, each with a probability of its own."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

import numpy as np
from mmengine.dist import get_dist_info, sync_random_seed
from mmengine.logging import print_log
from mmpose.registry import DATA_SAMPLERS
from torch.utils.data import Sampler

from wholebody_mm.datasets.alike import check_alike
from wholebody_mm.datasets.seeded_index import SeededIndex, draw_seed

# Batches whose data sets are drawn at once; part of the stream's definition.
BLOCK = 4096
# Tells the generators of one seed apart.
_CHOICE, _ORDER, _AUGMENTATION = 1, 2, 3


@DATA_SAMPLERS.register_module()
class DatasetProbabilitySampler(Sampler[list[SeededIndex]]):
    """Picks for each batch a data set d with probability P_d.

    The paper's "balanced dataset-based probability ratio" (section 3.2). All
    processes pick the same data set and take different images of it. Every
    data set goes through its images in an order that is shuffled anew on
    each pass, however seldom it is picked. What batch b holds follows from
    the seed and b alone: a run that is resumed at b goes on as it would have,
    down to the augmentation of each image.

    A batch sampler: beside it the config names any sampler that knows the
    data set and the seed::

        train_dataloader = dict(
            batch_size=10,
            sampler=dict(type='ResumableSampler'),
            batch_sampler=dict(
                type='DatasetProbabilitySampler',
                probabilities=dict(coco=0.9, hands=0.1),
            ),
            dataset=dict(type='MultiTaskDataset', datasets=...),
        )

    Args:
        sampler: Has the combined ``dataset`` and, unless ``seed`` is given,
            the ``seed``. The data set has ``names`` and ``lens``, in order,
            and may have ``missing``, names of those that are not on disk:
            their probability goes to the others.
        batch_size: Images a process and batch.
        probabilities: Data set name to P_d; they are normalised. 0 is never
            picked.
        mode: ``batch``, one data set a batch as in the paper; ``mixed``, one
            draw for each image of the batch.
        batches_per_epoch: Where one iteration over the sampler ends, of use
            with loops that count epochs; endless by default.
        seed: The same on all processes; by default that of ``sampler``.
        drop_last: For PyTorch's signature; every batch is full.

    Raises:
        ValueError: If a name is unknown or lacks its probability, a
            probability is negative or no number, all are zero, a data set
            that is to be picked has no image, or the processes of a training
            do not have the same data sets.
    """

    def __init__(
        self,
        sampler: Sampler,
        batch_size: int,
        probabilities: Mapping[str, float],
        mode: str = 'batch',
        batches_per_epoch: int | None = None,
        seed: int | None = None,
        drop_last: bool = True,
    ) -> None:
        if mode not in ('batch', 'mixed'):
            raise ValueError(f"mode is 'batch' or 'mixed', not {mode!r}")
        if batch_size < 1:
            raise ValueError(f'batch_size is at least 1, not {batch_size}')
        if batches_per_epoch is not None and batches_per_epoch < 1:
            raise ValueError(
                f'batches_per_epoch is at least 1, not {batches_per_epoch}'
            )
        dataset = getattr(sampler, 'dataset', None)
        if not hasattr(dataset, 'names') or not hasattr(dataset, 'lens'):
            raise ValueError(
                f'DatasetProbabilitySampler needs a data set of several, '
                f'type MultiTaskDataset, not {type(dataset).__name__} '
                f'(which {type(sampler).__name__} has)'
            )
        self.names = tuple(dataset.names)
        self.lens = tuple(int(n) for n in dataset.lens)
        self.batch_size = batch_size
        self.mode = mode
        self.batches_per_epoch = batches_per_epoch
        self.probabilities = normalised(
            probabilities, self.names, self.lens, dataset
        )
        self.rank, self.world_size = get_dist_info()
        check_alike(dict(zip(self.names, self.lens, strict=True)), 'training')
        seed = getattr(sampler, 'seed', None) if seed is None else seed
        self.seed = sync_random_seed() if seed is None else int(seed)
        # MMEngine's seed hook looks here for set_epoch
        self.sampler = self
        self._start = 0
        self._bounds = np.cumsum(list(self.probabilities.values()))
        self._bounds /= self._bounds[-1]
        self._offsets = np.concatenate([[0], np.cumsum(self.lens)])
        self._keys = [zlib.crc32(name.encode()) for name in self.names]
        self._orders: dict[int, tuple[int, np.ndarray]] = {}
        self._block: tuple[int, np.ndarray] = (-1, np.empty(0))

    # ------------------------------------------------------------ stream

    @property
    def draws_per_batch(self) -> int:
        """How often a data set is picked for one batch of all processes."""
        return 1 if self.mode == 'batch' else self.batch_size * self.world_size

    @property
    def images_per_draw(self) -> int:
        """Images of all processes that one pick decides on."""
        return self.batch_size * self.world_size // self.draws_per_batch

    def choices(self, batch: int) -> np.ndarray:
        """The data sets of a batch, the same on all processes.

        Args:
            batch: Number of the batch.

        Returns:
            (draws_per_batch,) indices of ``names``.
        """
        block, place = divmod(batch, BLOCK)
        return self._choices_of_block(block)[place]

    def _choices_of_block(self, block: int) -> np.ndarray:
        """(BLOCK, draws_per_batch) indices of ``names``."""
        if self._block[0] != block:
            rng = np.random.default_rng([self.seed, _CHOICE, block])
            draws = rng.random((BLOCK, self.draws_per_batch))
            picked = np.searchsorted(self._bounds, draws, side='right')
            self._block = block, picked
        return self._block[1]

    def _images_before(self, batch: int) -> np.ndarray:
        """(D,) images taken of each data set before a batch."""
        counts = np.zeros(len(self.names), np.int64)
        for block in range(-(-batch // BLOCK)):
            picked = self._choices_of_block(block)
            picked = picked[: batch - block * BLOCK]
            counts += np.bincount(picked.reshape(-1), minlength=len(counts))
        return counts * self.images_per_draw

    def _take(self, dataset: int, first: int, count: int) -> np.ndarray:
        """Images ``first`` to ``first + count`` of a data set's stream."""
        size = self.lens[dataset]
        taken = []
        while count > 0:
            turn, offset = divmod(first, size)
            part = self._order(dataset, turn)[offset : offset + count]
            taken.append(part)
            first, count = first + len(part), count - len(part)
        return np.concatenate(taken)

    def _order(self, dataset: int, turn: int) -> np.ndarray:
        """The order of one pass through a data set.

        Its head avoids the end of the pass before, so that no image comes
        twice in a batch of all processes. Data sets of less than three such
        batches are too small for that.
        """
        cached = self._orders.get(dataset)
        if cached is not None and cached[0] == turn:
            return cached[1]
        order = self._shuffled(dataset, turn)
        margin = self.batch_size * self.world_size
        if turn and len(order) >= 3 * margin:
            late = self._shuffled(dataset, turn - 1)[-margin:]
            # behind the head, before the tail, which has to stay as it is
            body = order[: 2 * margin]
            again = np.isin(body, late)
            order[: 2 * margin] = np.concatenate([body[~again], body[again]])
        self._orders[dataset] = turn, order
        return order

    def _shuffled(self, dataset: int, turn: int) -> np.ndarray:
        rng = np.random.default_rng(
            [self.seed, _ORDER, self._keys[dataset], turn]
        )
        return rng.permutation(self.lens[dataset])

    # ------------------------------------------------------------ sampler

    def reseed(self, seed: int) -> None:
        """Follow the stream of another seed from the next iteration on."""
        self.seed = int(seed)
        self._orders, self._block = {}, (-1, np.empty(0))

    def start_at(self, batches: int) -> None:
        """Begin the next iteration at this batch."""
        self._start = batches

    def set_epoch(self, epoch: int) -> None:
        """Begin the next iteration at this epoch, if epochs have an end."""
        if self.batches_per_epoch is not None:
            self._start = epoch * self.batches_per_epoch

    def __iter__(self) -> Iterator[list[SeededIndex]]:
        """Batches of indices for this process."""
        batch = self._start
        end = None
        if self.batches_per_epoch is not None:
            end = batch + self.batches_per_epoch
            self._start = end  # the next epoch goes on
        taken = self._images_before(batch)
        while end is None or batch < end:
            yield self._batch(batch, taken)
            batch += 1

    def _batch(self, batch: int, taken: np.ndarray) -> list[SeededIndex]:
        """One batch of this process; counts in ``taken`` what all took."""
        picked = np.repeat(self.choices(batch), self.images_per_draw)
        everyone = np.empty(len(picked), np.int64)
        for dataset in np.unique(picked):
            where = np.flatnonzero(picked == dataset)
            images = self._take(dataset, int(taken[dataset]), len(where))
            everyone[where] = self._offsets[dataset] + images
            taken[dataset] += len(where)
        first = self.rank * self.batch_size
        return [
            SeededIndex(
                everyone[slot],
                draw_seed(self.seed, _AUGMENTATION, batch, slot),
            )
            for slot in range(first, first + self.batch_size)
        ]

    def __len__(self) -> int:
        """Batches of an epoch; without an end, of one pass over all images."""
        if self.batches_per_epoch is not None:
            return self.batches_per_epoch
        return -(-sum(self.lens) // (self.batch_size * self.world_size))


def normalised(
    probabilities: Mapping[str, float],
    names: tuple[str, ...],
    lens: tuple[int, ...],
    dataset: object,
) -> dict[str, float]:
    """P_d of the data sets that are there, in their order, of sum 1.

    Args:
        probabilities: P_d as given.
        names: Data sets that are there.
        lens: Their numbers of images.
        dataset: May have ``missing``, names that are allowed as well.

    Raises:
        ValueError: As :class:`DatasetProbabilitySampler` says.
    """
    missing = tuple(getattr(dataset, 'missing', ()))
    unknown = [n for n in probabilities if n not in (*names, *missing)]
    if unknown:
        raise ValueError(
            f'probabilities of unknown data sets {", ".join(unknown)}; there '
            f'are {", ".join((*names, *missing))}'
        )
    lacking = [name for name in names if name not in probabilities]
    if lacking:
        raise ValueError(
            f'no probability for the data sets {", ".join(lacking)}; 0 '
            f'leaves one out'
        )
    values = {name: float(probabilities[name]) for name in names}
    for name, value in values.items():
        if not 0 <= value < float('inf'):
            raise ValueError(
                f'the probability of {name} is {value}, not 0 or more'
            )
    total = sum(values.values())
    if total <= 0:
        raise ValueError(
            f'the probabilities of {", ".join(names)} are all 0: nothing to '
            f'train on'
        )
    for name, size in zip(names, lens, strict=True):
        if values[name] > 0 and not size:
            raise ValueError(
                f'the data set {name} has no image; give it probability 0 or '
                f'fill it'
            )
    if missing:
        print_log(
            f'probabilities without {", ".join(missing)}: '
            + ', '.join(f'{n} {v / total:.4g}' for n, v in values.items()),
            'current',
        )
    return {name: value / total for name, value in values.items()}
