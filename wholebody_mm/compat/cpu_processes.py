"""Several processes on a machine without a GPU.

MMEngine calls ``torch.cuda.set_device`` whenever a launcher starts it, which
fails in a build of torch without CUDA.
"""

from __future__ import annotations

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

    def init_on_cpu(backend: str, init_backend: str = 'torch', **kwargs):
        """Stands for MMEngine's _init_dist_pytorch; nccl needs a GPU."""
        torch.distributed.init_process_group(backend='gloo', **kwargs)

    dist_utils._init_dist_pytorch = init_on_cpu
    return Mend(NAME, True, 'MMEngine selects a CUDA device and there is none')
