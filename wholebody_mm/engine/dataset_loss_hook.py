"""Losses of each data set and each part in the log."""

from __future__ import annotations

from functools import partial

import numpy as np
import torch
from mmengine.dist import all_reduce, get_world_size
from mmengine.hooks import Hook
from mmpose.registry import HOOKS
from torch import Tensor, nn

from wholebody_mm.skeletons import Skeleton


@HOOKS.register_module()
class DatasetLossHook(Hook):
    """Logs the last stages' loss of each data set, part by part.

    The network's loss is one number, most of it bodies. This one says what
    each data set still teaches: the sum of the weighted squared errors of a
    part's confidence maps and fields, halved, of an image (the unit of
    :class:`MaskedMapLoss` with ``sum``). A limb between two parts counts as
    the part of its second end: wrist to thumb as hand, ankle to toe as foot.

    Written to the log, and as ``loss/DATA_SET/PART`` to the visualiser's
    backends (``scalars.json``, TensorBoard). Costs one pass over the last
    maps an iteration.

    Args:
        interval: Iterations between two lines; each is the mean since the
            last one.
    """

    priority = 'NORMAL'

    def __init__(self, interval: int = 50) -> None:
        self.interval = interval
        self.names: tuple[str, ...] = ()
        self.seen: dict[str, tuple[Tensor, Tensor, Tensor | None]] = {}
        self.channels: dict[str, np.ndarray] = {}
        self.sums = torch.zeros(0)

    def before_train(self, runner) -> None:
        """Find the data sets, and listen to the losses of the head.

        Raises:
            ValueError: If the head has no loss to listen to.
        """
        dataset = runner.train_loop.dataloader.dataset
        self.names = tuple(getattr(dataset, 'names', ('all',)))
        model = runner.model
        head = getattr(getattr(model, 'module', model), 'head', None)
        modules = dict(
            heatmap=getattr(head, 'loss_module', None),
            paf=getattr(head, 'paf_loss_module', None),
        )
        if None in modules.values() or not hasattr(head, 'skeleton'):
            raise ValueError(
                f'DatasetLossHook knows the losses of a StagedPAFHead, not of '
                f'{type(head).__name__}; take it out of custom_hooks'
            )
        self.channels = channel_parts(head.skeleton, head.subdivision)
        self.per_cell = dict(heatmap=head.subdivision**2, paf=1)
        self.parts = head.skeleton.part_names
        # images, then parts, of each data set
        self.sums = torch.zeros(
            len(self.names), 1 + len(self.parts), dtype=torch.float64
        )
        for kind, module in modules.items():
            module.register_forward_hook(partial(self._listen, kind))

    def _listen(
        self, kind: str, _module: nn.Module, inputs: tuple, _output: Tensor
    ) -> None:
        """Keep what the loss of the last stage of each kind was made of."""
        prediction, target, *rest = inputs
        weight = rest[0] if rest else None
        self.seen[kind] = prediction.detach(), target, weight

    @torch.no_grad()
    def after_train_iter(
        self, runner, batch_idx: int, data_batch=None, outputs=None
    ) -> None:
        """Add this batch up; log if it is time."""
        samples = (data_batch or {}).get('data_samples', [])
        where = [
            self.names.index(sample.metainfo.get('source', self.names[0]))
            for sample in samples
        ]
        if len(samples):
            self.sums[:, 0] += torch.from_numpy(
                np.bincount(where, minlength=len(self.names))
            )
        for kind, (prediction, target, weight) in self.seen.items():
            squares = squared_errors(prediction, target, weight)
            part = torch.from_numpy(self.channels[kind])
            # values of a finer map in a cell count together as one, as in the
            # loss; the background, which is no part, is left out
            squares = squares[:, : len(part)] / self.per_cell[kind]
            of_part = torch.zeros(
                len(squares), len(self.parts), dtype=torch.float64
            ).index_add_(1, part, squares)
            self.sums[:, 1:].index_add_(
                0, torch.tensor(where), of_part[: len(where)] / 2
            )
        self.seen.clear()
        if self.every_n_train_iters(runner, self.interval):
            self._log(runner)

    def _log(self, runner) -> None:
        """One line and its scalars, of all processes."""
        sums = self.sums.clone()
        if get_world_size() > 1:
            device = next(runner.model.parameters()).device
            sums = sums.to(device)
            all_reduce(sums)
            sums = sums.cpu()
        self.sums.zero_()
        if runner.rank != 0:
            return
        scalars, words = {}, []
        for name, (images, *losses) in zip(
            self.names, sums.tolist(), strict=True
        ):
            if not images:
                continue
            values = dict(zip(self.parts, losses, strict=True))
            values = {p: v / images for p, v in values.items()}
            scalars |= {f'loss/{name}/{p}': v for p, v in values.items()}
            words.append(
                f'{name} ({int(images)} images) '
                + ' '.join(f'{p} {v:.4g}' for p, v in values.items())
            )
        runner.logger.info('losses by data set: ' + '; '.join(words))
        runner.visualizer.add_scalars(scalars, step=runner.iter + 1)


def channel_parts(
    skeleton: Skeleton, subdivision: int = 1
) -> dict[str, np.ndarray]:
    """The part of each channel.

    Args:
        skeleton: K keypoints, L limbs.
        subdivision: r, confidence maps are r times finer than fields and
            come as r^2 channels each.

    Returns:
        ``heatmap`` (K r^2,) and ``paf`` (2 L,) int64 indices of
        ``part_names``.
    """
    return dict(
        heatmap=np.repeat(skeleton.keypoint_part, subdivision**2),
        paf=np.repeat(skeleton.limb_parts[:, 1], 2),
    )


def squared_errors(
    prediction: Tensor, target: Tensor, weight: Tensor | None
) -> Tensor:
    """(B, C) float64 on the CPU: weighted squared errors of each channel.

    Args:
        prediction: (B, C, h, w).
        target: (B, C, h, w).
        weight: (B, C / n, h, w) or None, as of :class:`MaskedMapLoss`.
    """
    squares = (prediction.float() - target.float()).square()
    if weight is not None:
        shared = squares.shape[1] // weight.shape[1]
        weight = weight.repeat_interleave(shared, dim=1).float()
        # not a product: 0 x NaN of an unsupervised target is NaN
        squares = squares.masked_fill(weight == 0, 0) * weight
    return squares.sum(dim=(2, 3)).cpu().double()  # MPS has no double
