"""Where the time of an image goes, from its file to its people."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from wholebody_mm.benchmarks.timing import summary
from wholebody_mm.inference.formats import openpose_json
from wholebody_mm.inference.images import read_image
from wholebody_mm.inference.predictor import Predictor

STEPS = ('read', 'prepare', 'network', 'decode', 'write')


def time_pipeline(
    predictor: Predictor,
    paths: Sequence[str | Path],
    repeat: int,
    warm_up: int = 1,
    **labels,
) -> list[dict]:
    """Time the steps of the predictor on image files, one after another.

    Args:
        predictor: Of any engine.
        paths: Image files.
        repeat: How often each is read and put through.
        warm_up: Rounds before.
        **labels: Go into each result: ``backend``, ``threads``, ...

    Returns:
        One dictionary for each step and one for their sum, ``total``:
        ``name``, ``step``, the labels, ``median_ms``, ``p10_ms``,
        ``p90_ms``, ``share`` of the mean total, and for the total
        ``images_per_s`` and ``people`` (found in an image, on average).
        ``write`` is making OpenPose's JSON, without the disk.

    Raises:
        ValueError: If nothing is to be timed.
    """
    if repeat < 1 or not paths:
        raise ValueError(
            f'{repeat} repetitions of {len(paths)} images; give 1 or more'
        )
    times: list[list[float]] = []
    found = []
    for turn in range(-warm_up, repeat):
        for path in paths:
            taken, people = _one(predictor, path)
            if turn >= 0:
                times.append(taken)
                found.append(people)
    table = np.array(times).T
    table = np.concatenate([table, table.sum(axis=0, keepdims=True)])
    total = table[-1].mean()
    rows = []
    for step, taken in zip((*STEPS, 'total'), table, strict=True):
        rows.append(
            dict(
                name='pipeline',
                network=predictor.network.info.name,
                step=step,
                **labels,
                **summary(taken),
                share=taken.mean() / total,
            )
        )
    rows[-1].update(images_per_s=1e3 / total, people=float(np.mean(found)))
    return rows


def _one(predictor: Predictor, path: str | Path) -> tuple[list[float], int]:
    """Milliseconds of each step for an image, and how many are in it."""
    marks = [time.perf_counter()]

    def mark() -> None:
        marks.append(time.perf_counter())

    image = read_image(path)
    mark()
    item = predictor.prepare(image)
    mark()
    heatmaps, pafs = predictor.maps([item.pixels])
    mark()
    people = predictor.decode(item, heatmaps[0], pafs[0])
    mark()
    json.dumps(openpose_json(people))
    mark()
    return list(1e3 * np.diff(marks)), len(people)
