"""The data sets that a config names, each of them once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from mmengine.config import Config

from wholebody_mm.datasets.sources import SOURCES

TRAIN, VAL, TEST = 'train', 'val', 'test'


@dataclass(frozen=True)
class ConfiguredSet:
    """A data set of one of a config's loaders.

    Attributes:
        name: That of the loader, and its own if there are several:
            ``train``, ``train: coco``.
        config: What it is built from.
        probability: Of the sampler, that an image of a batch is one of it;
            None where the sampler has none.
        optional: Whether it is left out where it is not on disk.
        one_of: Names of those of which one has to be there even so.
    """

    name: str
    config: dict
    probability: float | None = None
    optional: bool = False
    one_of: tuple[str, ...] = ()

    @property
    def trains(self) -> bool:
        """Whether the network learns from it."""
        return self.name.split(':')[0] == TRAIN

    @property
    def content(self) -> str:
        """The same for data sets of the same images and annotations.

        However they are warped, in training or in a test.
        """
        apart = {'pipeline', 'test_mode'}
        rest = {k: v for k, v in self.config.items() if k not in apart}
        return json.dumps(rest, sort_keys=True, default=repr)

    def step(self, kind: str) -> dict | None:
        """The config of the first transform of a kind in its pipeline."""
        for step in self.config.get('pipeline') or ():
            if str(step['type']).split('.')[-1] == kind:
                return step
        return None


def configured_sets(cfg: Config) -> list[ConfiguredSet]:
    """The data sets of training, validation and test of a config.

    Those within others (``MultiTaskDataset``, MMEngine's ``ConcatDataset``)
    one by one, and the further ones of a ``MultiSourceValLoop``.

    Raises:
        ValueError: If there is none.
    """
    sets: list[ConfiguredSet] = []
    for name in (TRAIN, VAL, TEST):
        loader = cfg.get(f'{name}_dataloader') or {}
        chosen = (loader.get('batch_sampler') or {}).get('probabilities') or {}
        if loader.get('dataset'):
            for one in _within(ConfiguredSet(name, loader['dataset'])):
                own = one.name.removeprefix(f'{name}: ')
                sets.append(replace(one, probability=chosen.get(own)))
        if name == VAL:
            sets += _further(cfg)
    if not sets:
        raise ValueError(
            f'{cfg.filename} names no data set: it has no train_dataloader, '
            f'val_dataloader or test_dataloader'
        )
    return sets


def _further(cfg: Config) -> Iterator[ConfiguredSet]:
    """Those of a ``MultiSourceValLoop``."""
    further = (cfg.get('val_cfg') or {}).get('sources') or {}
    for name, config in further.items():
        # resized as the main set is
        main = cfg.val_dataloader.dataset
        same = dict(pipeline=main.get('pipeline', []), test_mode=True)
        yield ConfiguredSet(
            f'{VAL}: {name}', same | dict(config), optional=name in SOURCES
        )


def _within(one: ConfiguredSet) -> Iterator[ConfiguredSet]:
    """Itself, or the data sets that it holds."""
    several = one.config.get('datasets')
    if several is None and 'dataset' in one.config:  # RepeatDataset
        yield from _within(replace(one, config=one.config['dataset']))
    elif several is None:
        yield one
    else:
        named = isinstance(several, Mapping)
        items = dict(several if named else enumerate(several, 1))
        # as MultiTaskDataset has it
        lenient = named and not one.config.get('strict', False)
        one_of = one.config.get('required') or items
        for name, config in items.items():
            inner = ConfiguredSet(
                f'{one.name}: {name}',
                config,
                optional=lenient and name in SOURCES,
                one_of=tuple(f'{one.name}: {other}' for other in one_of),
            )
            yield from _within(inner)
