"""Times of networks on several engines beside eager float32 torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from wholebody_mm.benchmarks.engines import REFERENCE, engines, original_of
from wholebody_mm.benchmarks.multiplications import multiplications
from wholebody_mm.benchmarks.timing import summary, time_in_turn
from wholebody_mm.export.graph import next_multiple
from wholebody_mm.inference.network import NetworkInfo
from wholebody_mm.inference.torch_network import read_config


def time_networks(
    configs: Sequence[str | Path],
    weights: str | Path | None,
    names: Sequence[str],
    size: tuple[int | None, int | None] = (None, None),
    threads: int = 1,
    repeat: int = 5,
    warm_up: int = 2,
    seed: int = 0,
    report: Callable[[list[dict]], None] = lambda rows: None,
) -> list[dict]:
    """Time several networks in one run, one after the other.

    Not in turn as the engines are: together they would not fit in memory.

    Args:
        configs: Configs that build them; all are read before the first is
            timed.
        weights: Checkpoint of the only one, or None for initial values.
        names: As of :func:`time_network`.
        size: The same.
        threads: The same.
        repeat: The same.
        warm_up: The same.
        seed: The same.
        report: Called with the rows of each network as soon as it is timed.

    Returns:
        The rows of :func:`time_network`, network by network.

    Raises:
        ValueError: If weights are given for several networks.
        FileNotFoundError: If there is no such config.
    """
    if weights is not None and len(configs) > 1:
        raise ValueError(
            f'--weights {weights} are of one network and {len(configs)} '
            f'configs are named'
        )
    for config in configs:
        read_config(config)
    rows = []
    for config in configs:
        timed = time_network(
            config, weights, names, size, threads, repeat, warm_up, seed
        )
        report(timed)
        rows += timed
    return rows


def time_network(
    config: str | Path,
    weights: str | Path | None,
    names: Sequence[str],
    size: tuple[int | None, int | None],
    threads: int,
    repeat: int,
    warm_up: int = 2,
    seed: int = 0,
) -> list[dict]:
    """Time one image through the network on each engine, in turn.

    Args:
        config: Config that builds the network.
        weights: Checkpoint, or None for initial values.
        names: Engines of ``benchmarks.engines.ENGINES``.
        size: Width and height of the image; the network's own height and
            a square where they are None.
        threads: Of each engine.
        repeat: Rounds to time.
        warm_up: Rounds before.
        seed: Of the image.

    Returns:
        One dictionary for each engine: ``name``, ``network``, ``backend``,
        ``precision``, ``threads``, ``width``, ``height``, ``parameters``,
        ``gmac``, ``median_ms``, ``p10_ms``, ``p90_ms``, ``images_per_s``,
        and beside a reference ``reference``, ``reference_ms``, ``ratio`` (of
        medians).
    """
    original = original_of(config, weights)
    size = size_for(size, original.info)
    model = original.graph.model
    counts = dict(
        parameters=sum(p.numel() for p in model.parameters()),
        gmac=multiplications(model, size) / 1e9,
    )
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (1, size[1], size[0], 3), dtype=np.uint8)
    with TemporaryDirectory() as folder:
        networks = engines(original, names, size, threads, Path(folder))
        calls = [lambda n=n: n(image) for n in networks.values()]
        times = time_in_turn(calls, repeat, warm_up)
    rows = []
    for name, taken in zip(networks, times, strict=True):
        backend, _, precision = name.partition(' ')
        row = dict(
            name='network',
            network=original.info.name,
            backend=backend,
            precision=precision,
            threads=threads,
            width=size[0],
            height=size[1],
            **counts,
            **summary(taken),
        )
        row['images_per_s'] = 1e3 / row['median_ms']
        rows.append(row)
    if REFERENCE in networks:
        reference = rows[list(networks).index(REFERENCE)]['median_ms']
        for row in rows:
            row.update(
                reference=f'eager {REFERENCE}',
                reference_ms=reference,
                ratio=reference / row['median_ms'],
            )
    return rows


def size_for(
    size: tuple[int | None, int | None], info: NetworkInfo
) -> tuple[int, int]:
    """Width and height: as given, or the network's height and a square."""
    width, height = size
    if height is None:
        height = next_multiple(info.height, info.multiple)
    return width or next_multiple(height, info.multiple), height
