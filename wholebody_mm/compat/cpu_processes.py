"""Several processes on a machine without a GPU.

MMEngine calls ``torch.cuda.set_device`` whenever a launcher starts it, which
fails in a build of torch without CUDA.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

from wholebody_mm.compat.mend import Mend

import mmengine.dist.utils as dist_utils
import torch
from mmengine.device import (
    is_cuda_available,
    is_mlu_available,
    is_musa_available,
    is_npu_available,
)

NAME = 'launchers on machines without a GPU'


def apply() -> Mend:
    """Start process groups with gloo where there is no accelerator."""
    accelerators = (
        is_cuda_available,
        is_mlu_available,
        is_musa_available,
        is_npu_available,
    )
    if any(available() for available in accelerators):
        return Mend(NAME, False, 'there is an accelerator')

    for launcher in ('pytorch', 'slurm', 'mpi'):
        name = f'_init_dist_{launcher}'
        setattr(dist_utils, name, on_cpu(getattr(dist_utils, name)))
    return Mend(NAME, True, 'MMEngine selects a CUDA device and there is none')


def on_cpu(init: Callable) -> Callable:
    """A launcher's function of MMEngine without the choice of a device.

    All else stays its own: it reads ranks and addresses from what the
    launcher sets.
    """

    @functools.wraps(init)
    def init_on_cpu(backend: str, **kwargs) -> None:
        chosen = torch.cuda.set_device
        torch.cuda.set_device = lambda device: None
        try:
            init('gloo', **kwargs)  # nccl needs a GPU
        finally:
            torch.cuda.set_device = chosen

    return init_on_cpu
