"""Memory of the training process in the log."""

from __future__ import annotations

import sys

try:
    import resource
except ImportError:  # Windows
    resource = None

from mmengine.hooks import Hook
from mmpose.registry import HOOKS

# getrusage gives KiB on Linux and bytes on macOS
UNIT = 1 if sys.platform == 'darwin' else 1024


@HOOKS.register_module()
class HostMemoryHook(Hook):
    """Logs the most main memory that this process has used, in MiB.

    MMEngine logs the memory of GPUs only. Memory of the data loader's workers
    is not included.
    """

    # before LoggerHook, which reads what is there
    priority = 'NORMAL'

    def after_train_iter(
        self, runner, batch_idx: int, data_batch=None, outputs=None
    ) -> None:
        """Put ``host_memory`` beside the losses, where it is known."""
        if resource is None:
            return
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * UNIT
        runner.message_hub.update_scalar('train/host_memory', peak / 2**20)
