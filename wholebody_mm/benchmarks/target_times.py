"""Where to draw the targets: in the training process or in a worker?

A loader's worker can draw them beside the training, but then every map has to
travel to the training process.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence

# Mends the stack, and names what is missing; has to come before torch.
import wholebody_mm.register  # noqa: F401

import numpy as np
import torch

from wholebody_mm.benchmarks.crowds import crowd
from wholebody_mm.benchmarks.timing import time_calls
from wholebody_mm.codecs import MapEncoder
from wholebody_mm.models.supervision import expand_weights
from wholebody_mm.skeletons import WHOLEBODY135

REFERENCE = 'half-precision maps from a worker'


def time_targets(
    people: Sequence[int],
    size: tuple[int, int],
    stride: int,
    repeat: int,
    seed: int = 0,
    heatmap_stride: int | None = None,
) -> list[dict]:
    """Time drawing maps and weights, and moving the maps instead.

    Args:
        people: Numbers of people, one result each.
        size: Width and height of the input in pixels.
        stride: Pixels a cell of the fields.
        repeat: Calls to time.
        seed: Seed of the crowds.
        heatmap_stride: Pixels a cell of the confidence maps; the stride by
            default.

    Returns:
        One dictionary for each number of people, as of ``time_codec``; the
        reference is the time until maps that a worker has drawn already are
        float32 in this process.
    """
    skeleton = WHOLEBODY135
    encoder = MapEncoder(skeleton, stride, heatmap_stride)
    results = []
    for number in people:
        rng = np.random.default_rng([seed, number])
        keypoints, visible = crowd(rng, number, *size)
        heatmaps, pafs = encoder.encode(keypoints, visible, size)
        h, w = pafs.shape[1:]
        boxes = np.concatenate([keypoints.min(1), keypoints.max(1)], axis=1)
        regions = dict(
            labelled=np.ones(skeleton.num_keypoints, bool),
            ignore=np.zeros((len(skeleton.part_names), h, w), np.uint8),
            person=np.zeros((h, w), np.uint8),
        )

        def draw(
            keypoints=keypoints, visible=visible, boxes=boxes, regions=regions
        ) -> None:
            encoder.encode(keypoints, visible, size)
            expand_weights(
                skeleton,
                stride,
                **regions,
                negatives=True,
                visible=visible,
                boxes=boxes,
            )

        ours = time_calls(draw, repeat)
        values = np.concatenate([heatmaps.ravel(), pafs.ravel()])
        maps = torch.from_numpy(values)
        theirs = _time_moving(maps.half(), repeat)
        results.append(
            dict(
                name='targets',
                people=number,
                stride=stride,
                heatmap_stride=encoder.heatmap_stride,
                threads=1,
                **ours,
                reference=REFERENCE,
                reference_ms=theirs,
                ratio=theirs / ours['median_ms'],
            )
        )
    return results


def _time_moving(maps: torch.Tensor, repeat: int) -> float:
    """Median milliseconds to take maps from a worker's full queue."""
    # as MMEngine starts the loader's workers; Windows has no fork
    ways = multiprocessing.get_all_start_methods()
    method = 'fork' if 'fork' in ways else 'spawn'
    context = multiprocessing.get_context(method)
    # torch's queue shares memory as its data loader does
    queue = torch.multiprocessing.get_context(method).Queue(2)
    done = context.Event()
    worker = context.Process(
        target=_send, args=(queue, maps, repeat + 2, done), daemon=True
    )
    worker.start()
    try:
        times = time_calls(lambda: queue.get(timeout=60).float(), repeat)
    finally:
        done.set()
        worker.join(timeout=10)
    return times['median_ms']


def _send(queue, maps: torch.Tensor, count: int, done) -> None:
    """A worker that always has the next maps ready."""
    torch.set_num_threads(1)
    for _ in range(count):
        queue.put(maps.clone())
    done.wait()  # shared memory lives as long as its owner
