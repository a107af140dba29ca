"""The masked L2 loss of maps and fields."""

from __future__ import annotations

from mmpose.registry import MODELS
from torch import Tensor, nn


@MODELS.register_module()
class MaskedMapLoss(nn.Module):
    """L2 between predicted and target maps where W is 1 (equations 5, 6).

    Args:
        reduction: ``sum`` is the paper's form and the released solver's: the
            sum over channels and pixels of (W (prediction - target))^2 / 2,
            averaged over the batch. ``mean`` is the mean square of the
            supervised values instead, whose size depends neither on the
            resolution nor on how much is labelled.
        loss_weight: Factor of the result.

    Raises:
        ValueError: If the reduction is unknown.
    """

    def __init__(
        self, reduction: str = 'sum', loss_weight: float = 1.0
    ) -> None:
        super().__init__()
        if reduction not in ('sum', 'mean'):
            raise ValueError(f"reduction {reduction!r} is not 'sum' or 'mean'")
        self.reduction = reduction
        self.loss_weight = loss_weight

    def forward(
        self, prediction: Tensor, target: Tensor, weight: Tensor | None = None
    ) -> Tensor:
        """The loss, a scalar in float32.

        Args:
            prediction: (B, C, h, w).
            target: (B, C, h, w).
            weight: (B, C, h, w), or (B, C / n, h, w) where n consecutive
                channels share a plane (x and y of a limb): 1 where the map
                is supervised, 0 elsewhere. Everything is, without it.
        """
        error = prediction.float() - target.float()
        if weight is None:
            squared, count = error.square().sum(), error.numel()
        else:
            shared = error.shape[1] // weight.shape[1]
            planes = error.unflatten(1, (weight.shape[1], shared))
            mask = weight.unsqueeze(2) > 0
            # masked_fill keeps a NaN of an unsupervised target out
            squared = planes.masked_fill(~mask, 0).square().sum()
            count = mask.sum().mul(shared).clamp(min=1)
        if self.reduction == 'sum':
            return self.loss_weight * squared / (2 * len(prediction))
        return self.loss_weight * squared / count
