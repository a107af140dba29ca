"""One of several processes that evaluate together; see test_metric.py."""

from __future__ import annotations

import json
import os
import pickle
import sys

import wholebody_mm.register  # noqa: F401

# isort: split

import torch.distributed
from mmpose.registry import METRICS


def main(ann_file: str, samples_file: str, out_file: str) -> None:
    """Evaluate every second sample; the first process writes the values."""
    # MMEngine's init_dist asks for a GPU even with gloo.
    torch.distributed.init_process_group('gloo')
    rank, world = int(os.environ['RANK']), int(os.environ['WORLD_SIZE'])
    with open(samples_file, 'rb') as file:
        samples = pickle.load(file)
    metric = METRICS.build(
        dict(type='mmpose.WholeBodyPartMetric', ann_file=ann_file)
    )
    # As a sampler does: interleaved, and filled up with the first ones.
    mine = (samples + samples[: -len(samples) % world])[rank::world]
    metric.process(None, mine)
    metrics = metric.evaluate(size=len(samples))
    if rank == 0:
        with open(out_file, 'w') as file:
            json.dump(metrics, file)


if __name__ == '__main__':
    main(*sys.argv[1:])
