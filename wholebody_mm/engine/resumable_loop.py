"""Training by iterations that resumes without loading old batches again."""

from __future__ import annotations

from mmengine.dist import all_gather_object
from mmengine.logging import print_log
from mmengine.runner.loops import IterBasedTrainLoop
from mmengine.runner.loops import _InfiniteDataloaderIterator as Endless
from mmpose.registry import LOOPS


@LOOPS.register_module()
class ResumableTrainLoop(IterBasedTrainLoop):
    """MMEngine's loop; a resumed run starts its sampler where it stopped.

    MMEngine loads and warps every batch that was trained already before it
    goes on. With :class:`ResumableSampler` or
    :class:`DatasetProbabilitySampler` no image is loaded twice; with any other
    sampler a resumed run begins its order of images anew. The run's seed is
    that of the checkpoint, as MMEngine has it for everything else; a sampler
    keeps another one that its config gives it.
    """

    def __init__(self, runner, *args, **kwargs) -> None:
        # that of the checkpoint is known only after the samplers are built
        self._first_seed = runner.seed
        super().__init__(runner, *args, **kwargs)

    def run(self):
        """Train from the current iteration to the last.

        Raises:
            ValueError: If the batch sampler counts epochs, whose number
                MMEngine keeps at 0 in such a loop, or processes go on from
                different iterations.
        """
        batches = self.dataloader.batch_sampler
        if getattr(batches, 'batches_per_epoch', None) is not None:
            raise ValueError(
                'batches_per_epoch is for loops by epoch; leave it out of '
                'the batch sampler, or train with EpochBasedTrainLoop'
            )
        iterations = all_gather_object(self._iter)
        if len(set(iterations)) > 1:
            raise ValueError(
                f'the processes go on from the iterations {iterations}: copy '
                f'the work directory to every machine before --resume'
            )
        if self._iter > 0:
            loader = self.dataloader
            sampler = loader.sampler
            for each in (sampler, loader.batch_sampler):
                self._reseed(each)
            if hasattr(loader.batch_sampler, 'start_at'):
                # counts batches, as loops do
                loader.batch_sampler.start_at(self._iter)
                message = 'the batches go on where they stopped'
            elif hasattr(sampler, 'start_at'):
                sampler.start_at(self._iter * loader.batch_size)
                message = 'the sampler goes on where it stopped'
            else:
                message = f'{type(sampler).__name__} begins its order anew'
            print_log(
                f'Resumed at iteration {self._iter}; {message}', 'current'
            )
            self.dataloader_iterator = Endless(self.dataloader)
        runner = self.runner
        runner.call_hook('before_train')
        runner.call_hook('before_train_epoch')
        while self._iter < self._max_iters and not self.stop_training:
            runner.model.train()
            self.run_iter(next(self.dataloader_iterator))
            self._decide_current_val_interval()
            due = self._iter % self.val_interval == 0
            last = self._iter == self._max_iters
            if (
                runner.val_loop is not None
                and self._iter >= self.val_begin
                and (due or last)
            ):
                runner.val_loop.run()
        runner.call_hook('after_train_epoch')
        runner.call_hook('after_train')
        return runner.model

    def _reseed(self, sampler: object) -> None:
        """Give a sampler the checkpoint's seed, unless it has its own."""
        seed = getattr(sampler, 'seed', None)
        if hasattr(sampler, 'reseed') and seed == self._first_seed:
            sampler.reseed(self.runner.seed)
