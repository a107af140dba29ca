"""Stops a run whose loss is no number any more."""

from __future__ import annotations

import torch
from mmengine.hooks import CheckpointHook, Hook
from mmpose.registry import HOOKS


@HOOKS.register_module()
class BadLossHook(Hook):
    """Stops training at losses that are NaN or infinite.

    Without it a diverged run goes on for days and overwrites its good
    checkpoints with NaN.

    Args:
        interval: Iterations between checks; each waits for the device. They
            begin so early that the verdict falls on its multiples, and on
            those of the checkpoints' interval in iterations and the end,
            before one that is due there is written.
        patience: Bad iterations in a row that are borne: the scaled losses
            of mixed precision skip one now and then.
    """

    def __init__(self, interval: int = 50, patience: int = 3) -> None:
        self.interval = interval
        self.patience = patience
        self.in_a_row = 0
        self._intervals = {interval}

    def before_train(self, runner) -> None:
        """Learn when checkpoints are due."""
        for hook in runner.hooks:
            if isinstance(hook, CheckpointHook) and not hook.by_epoch:
                self._intervals.add(hook.interval)

    def after_train_iter(
        self, runner, batch_idx: int, data_batch=None, outputs=None
    ) -> None:
        """Check the losses of this iteration.

        Raises:
            ValueError: If one is not finite; names it and the images.
        """
        ahead = runner.iter + 1 + self.patience
        due = runner.iter == 0 or ahead == runner.max_iters
        due |= any(
            interval > 0 and ahead % interval == 0
            for interval in self._intervals
        )
        if not due and not self.in_a_row:
            return
        bad = [
            name
            for name, value in (outputs or {}).items()
            if not torch.as_tensor(value).isfinite().all()
        ]
        self.in_a_row = self.in_a_row + 1 if bad else 0
        if self.in_a_row > self.patience:
            samples = (data_batch or {}).get('data_samples', [])
            images = [s.metainfo.get('img_path', '?') for s in samples]
            raise ValueError(
                f'{", ".join(bad)} not finite at iteration {runner.iter + 1} '
                f'(batch of {", ".join(map(str, images[:3]))}, ...). Lower '
                f'the learning rate, or resume from an earlier checkpoint of '
                f'{runner.work_dir}'
            )
