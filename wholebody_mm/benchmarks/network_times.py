"""Times of a network on several engines beside eager float32 torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from wholebody_mm.benchmarks.engines import REFERENCE, engines, original_of
from wholebody_mm.benchmarks.timing import summary, time_in_turn


def time_network(
    config: str | Path,
    weights: str | Path | None,
    names: Sequence[str],
    size: tuple[int, int],
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
        size: Width and height of the image.
        threads: Of each engine.
        repeat: Rounds to time.
        warm_up: Rounds before.
        seed: Of the image.

    Returns:
        One dictionary for each engine: ``name``, ``network``, ``backend``,
        ``precision``, ``threads``, ``width``, ``height``, ``median_ms``,
        ``p10_ms``, ``p90_ms``, ``images_per_s``, and beside a reference
        ``reference``, ``reference_ms``, ``ratio`` (of medians).
    """
    original = original_of(config, weights)
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
