"""Several data sets, each with its name and its own pipeline, as one."""

from __future__ import annotations

import wholebody_mm.compat  # noqa: F401  # spawned workers import this first

# isort: split

import logging
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from mmengine.logging import print_log
from mmpose.datasets.datasets.utils import parse_pose_metainfo
from mmpose.registry import DATASETS
from torch.utils.data import Dataset

from wholebody_mm.datasets.seeded_index import SeededIndex
from wholebody_mm.datasets.sources import SOURCES, advice
from wholebody_mm.skeletons import WHOLEBODY135, Skeleton, get_skeleton


@DATASETS.register_module()
class MultiTaskDataset(Dataset):
    """Named data sets that each label some keypoints of one skeleton.

    Unlike MMPose's ``CombinedDataset`` each keeps its whole pipeline, so that
    scale, rotation and so on are chosen for each, and a data set that is not
    on disk does not stop the others. Which of them a batch comes from is up
    to :class:`DatasetProbabilitySampler`.

    Args:
        datasets: Name to config of a data set with a pipeline that packs.
        skeleton: The skeleton that all of them are converted to.
        strict: Ask for every data set; else those of
            :data:`~wholebody_mm.datasets.sources.SOURCES` that are missing on
            disk are left out, and the log says where to get them. Data sets
            of other names, one's own, are always asked for: a slip in a path
            must not train without them.
        required: Names of which at least one has to be there, whatever
            ``strict`` is.
        metainfo: As in MMPose; by default that of ``skeleton``.

    Raises:
        FileNotFoundError: If a data set is missing and ``strict`` or one's
            own, if none of ``required`` is there, or none at all; says where
            to get them.
        ValueError: If a name or file is wrong; names it.
    """

    # of the default skeleton, for ``mmpose.apis`` that ask the class
    METAINFO: dict = WHOLEBODY135.metainfo()

    def __init__(
        self,
        datasets: Mapping[str, dict],
        skeleton: str | Skeleton = 'wholebody135',
        strict: bool = False,
        required: Sequence[str] = (),
        metainfo: dict | None = None,
    ) -> None:
        unknown = [name for name in required if name not in datasets]
        if unknown or not datasets:
            raise ValueError(
                f'required data sets {", ".join(unknown)} are not among '
                f'{", ".join(datasets) or "none"}'
            )
        self.skeleton = skeleton = get_skeleton(skeleton)
        self._metainfo = parse_pose_metainfo(metainfo or skeleton.metainfo())
        self.missing: dict[str, str] = {}
        self.datasets: dict[str, Dataset] = {}
        for name, config in datasets.items():
            try:
                self.datasets[name] = DATASETS.build(config)
            except FileNotFoundError as error:
                if name not in SOURCES:
                    raise FileNotFoundError(
                        f'data set {name}: {error}'
                    ) from error
                self.missing[name] = str(error)
                continue
            own = getattr(self.datasets[name], 'skeleton', skeleton)
            if own != skeleton:
                raise ValueError(
                    f'data set {name} is converted to {own}, not to '
                    f'{skeleton}, which MultiTaskDataset promises: give both '
                    f'the same skeleton'
                )
        self._complain(strict, tuple(required))
        self.names = tuple(self.datasets)
        self.lens = tuple(len(d) for d in self.datasets.values())
        self._ends = list(accumulate(self.lens))

    def _complain(self, strict: bool, required: tuple[str, ...]) -> None:
        """Say what is missing, or stop."""
        if not self.missing:
            return
        lines = [
            f'- {name}: {reason.splitlines()[0]} {advice(name)}'
            for name, reason in self.missing.items()
        ]
        text = '\n'.join(lines)
        if required and not set(required) & set(self.datasets):
            raise FileNotFoundError(
                f'training needs one of {", ".join(required)}; data sets that '
                f'are not on disk:\n{text}'
            )
        if strict or not self.datasets:
            raise FileNotFoundError(
                f'data sets that are not on disk:\n{text}'
                + ('\nstrict=True asks for all of them' if strict else '')
            )
        print_log(
            f'training without {len(self.missing)} data sets that are not on '
            f'disk; their probability goes to {", ".join(self.datasets)}:\n'
            f'{text}',
            'current',
            logging.WARNING,
        )

    @property
    def metainfo(self) -> dict:
        """MMPose's meta information of the skeleton."""
        return dict(self._metainfo)

    def full_init(self) -> None:
        """Load all annotations, as MMEngine asks before training."""
        for dataset in self.datasets.values():
            if hasattr(dataset, 'full_init'):
                dataset.full_init()

    def __len__(self) -> int:
        """Images of all data sets."""
        return self._ends[-1]

    def locate(self, index: int) -> tuple[str, int]:
        """Name of the data set of an index, and the index within it.

        Raises:
            IndexError: If there is no such image.
        """
        if not 0 <= index < len(self):
            raise IndexError(f'index {index} of {len(self)} images')
        which = bisect_right(self._ends, int(index))
        first = self._ends[which] - self.lens[which]
        within = int(index) - first
        if isinstance(index, SeededIndex):
            within = SeededIndex(within, index.seed)
        return self.names[which], within

    def __getitem__(self, index: int) -> Any:
        """The packed sample, with its data set's name as ``source``."""
        name, within = self.locate(index)
        sample = self.datasets[name][within]
        if isinstance(sample, dict) and 'data_samples' in sample:
            sample['data_samples'].set_metainfo(dict(source=name))
        return sample

    def __repr__(self) -> str:
        sizes = ', '.join(
            f'{name} {size}'
            for name, size in zip(self.names, self.lens, strict=True)
        )
        return f'{type(self).__name__}({sizes})'
