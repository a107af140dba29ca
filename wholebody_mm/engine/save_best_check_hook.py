"""Stops a run before it begins whose best checkpoint could never be chosen."""

from __future__ import annotations

from collections.abc import Sequence

from mmengine.evaluator import BaseMetric
from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import BaseLoop
from mmpose.registry import HOOKS


@HOOKS.register_module()
class SaveBestCheckHook(Hook):
    """Compares ``save_best`` with what the validation is going to report.

    MMEngine's ``CheckpointHook`` looks for the value after the first
    validation, which may be hours after the start, and ends with a KeyError
    if it is another data set's or of a part that the file does not label.
    Known are the values of this package's metrics (their
    ``reported_names``); beside others nothing is checked.
    """

    def before_run(self, runner) -> None:
        """Check, as soon as everything is built.

        Raises:
            ValueError: If there is no such value; lists those there are.
        """
        # the property would build it where nothing is to be validated
        loop = runner._val_loop
        if not hasattr(loop, 'evaluator'):
            return
        wanted: list[str] = []
        for hook in runner.hooks:
            if isinstance(hook, CheckpointHook) and hook.save_best:
                best = hook.save_best
                wanted += [best] if isinstance(best, str) else best
        wanted = [name for name in wanted if name != 'auto']
        if not wanted:
            return
        names: list[str] = []
        images = _images_of(loop)
        for metric in loop.evaluator.metrics:
            if not hasattr(metric, 'reported_names'):
                return
            names += with_prefix(metric, images)
        for source, (_, _, keys) in getattr(loop, 'sources', {}).items():
            names += [f'{source}/{key}' for key in keys]
        unknown = [name for name in wanted if name not in names]
        if unknown:
            raise ValueError(
                f'save_best={", ".join(unknown)}: the validation does not '
                f'report that; it reports {", ".join(names)} '
                f'(default_hooks.checkpoint.save_best)'
            )


def with_prefix(
    metric: BaseMetric, img_ids: Sequence[int] | None
) -> list[str]:
    """The names of a metric's values as MMEngine logs them."""
    prefix = f'{metric.prefix}/' if metric.prefix else ''
    return [prefix + name for name in metric.reported_names(img_ids)]


def _images_of(loop: BaseLoop) -> list[int] | None:
    """Ids of the images that are validated on; None if that is not known.

    They may be fewer than those of the annotation file (``indices``).
    """
    dataset = getattr(getattr(loop, 'dataloader', None), 'dataset', None)
    if not hasattr(dataset, 'get_data_info'):
        return None
    records = (dataset.get_data_info(i) for i in range(len(dataset)))
    return [record['img_id'] for record in records]
