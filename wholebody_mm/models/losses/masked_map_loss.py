"""The masked L2 loss of maps and fields."""

from __future__ import annotations

import torch
from mmpose.registry import MODELS
from torch import Tensor, nn

from wholebody_mm.models.losses.fused import Fused


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
        positive_weight: Squared errors count 1 + positive_weight * |target|
            times, |target| being the height of a confidence map or the length
            of a field. Targets are zero nearly everywhere; a network that is
            trained for hours instead of weeks learns sooner what is not. The
            paper's loss has 0. Maps of doubtful places come out higher for
            it, so the decoder's thresholds want to be higher too.
        fused: Compute the loss by ``torch.compile``, in one pass over the
            maps instead of a dozen: a third of its time, after some seconds
            at the start of a training. Where nothing can be compiled (no C++
            compiler), it is computed as without, which the log says.

    Raises:
        ValueError: If the reduction is unknown or the weight negative.
    """

    def __init__(
        self,
        reduction: str = 'sum',
        loss_weight: float = 1.0,
        positive_weight: float = 0.0,
        fused: bool = False,
    ) -> None:
        super().__init__()
        if reduction not in ('sum', 'mean'):
            raise ValueError(f"reduction {reduction!r} is not 'sum' or 'mean'")
        if positive_weight < 0:
            raise ValueError(f'positive_weight {positive_weight}: give 0 up')
        self.reduction = reduction
        self.loss_weight = loss_weight
        self.positive_weight = positive_weight
        self._squares = WeightedSquares.apply
        if fused:
            self._squares = Fused(weighted_squares, self._squares)

    def weights(
        self,
        target: Tensor,
        mask: Tensor | None = None,
        channel_weights: Tensor | None = None,
        components: int = 1,
        per_cell: int = 1,
    ) -> Tensor | None:
        """How much each squared error counts, once for all stages.

        Args:
            target: (B, C, h, w); n consecutive channels are the components
                of one vector.
            mask: (B, C / n / m, h, w), 1 where supervised and 0 elsewhere;
                all are, without it.
            channel_weights: (C / n / m,) factors.
            components: n, 2 for fields.
            per_cell: m consecutive channels are the values of one finer map
                in a cell.

        Returns:
            (B, C / n, h, w) float32, or None if every error counts once.
        """
        plane = None  # of a map in each cell: mask and factor of its channel
        if mask is not None:
            # laid out as the target: mixed layouts are slow to multiply
            plane = mask.to(torch.float32, memory_format=_layout(target))
        if channel_weights is not None:
            factor = channel_weights.to(target)[None, :, None, None]
            plane = factor if plane is None else plane.mul_(factor)
        if not self.positive_weight:
            if plane is None:
                return None
            b, c, h, w = target.shape
            plane = plane.expand(b, c // (components * per_cell), h, w)
            if per_cell > 1:
                plane = plane.repeat_interleave(per_cell, dim=1)
            return plane
        vectors = target.unflatten(1, (-1, components))
        if components > 1:
            result = torch.linalg.vector_norm(vectors, dim=2)
        else:
            result = vectors[:, :, 0].abs()
        # In place: finer maps are the largest arrays of a training step.
        result.nan_to_num_(0).mul_(self.positive_weight).add_(1)
        if plane is not None:
            result.unflatten(1, (-1, per_cell)).mul_(plane[:, :, None])
        return result

    def forward(
        self,
        prediction: Tensor,
        target: Tensor,
        weight: Tensor | None = None,
        mask: Tensor | None = None,
        *,
        per_cell: int = 1,
    ) -> Tensor:
        """The loss, a scalar in float32.

        Args:
            prediction: (B, C, h, w).
            target: (B, C, h, w).
            weight: (B, C, h, w), or (B, C / n, h, w) where n consecutive
                channels share a plane (x and y of a limb): how much the
                squared error counts, 0 where the map is not supervised.
                Everything counts once, without it. MMPose's heads give
                (B, C), a weight for each map. ``positive_weight`` is in
                what :meth:`weights` gives; here it comes to weights for each
                map, and where there are none.
            mask: (B, 1 or C, h, w) factor of the weight, as heads of MMPose
                give it beside the weight (crowds).
            per_cell: Values of a finer map in a cell of the fields. They
                count together as one, so that a finer map does not outweigh
                the fields in a ``sum``.
        """
        if weight is not None and weight.ndim == 2:
            weight = weight[:, :, None, None].expand_as(target)
            if self.positive_weight:
                weight = weight * self.weights(target)
        elif weight is None and self.positive_weight:
            weight = self.weights(target)
        if weight is not None and weight.shape[1] != target.shape[1]:
            shared = target.shape[1] // weight.shape[1]
            weight = weight.repeat_interleave(shared, dim=1)
        if mask is not None:
            mask = mask.to(target).expand_as(target)
            weight = mask if weight is None else weight * mask
        squared = self._squares(prediction, target, weight)
        if self.reduction == 'sum':
            squared = squared / per_cell
            return self.loss_weight * squared / (2 * len(prediction))
        if weight is None:
            return self.loss_weight * squared / prediction.numel()
        return self.loss_weight * squared / (weight > 0).sum().clamp(min=1)


def _layout(maps: Tensor) -> torch.memory_format:
    """How (B, C, h, w) maps are stored."""
    if maps.is_contiguous(memory_format=torch.channels_last):
        return torch.channels_last
    return torch.contiguous_format


def weighted_squares(
    prediction: Tensor, target: Tensor, weight: Tensor | None
) -> Tensor:
    """What :class:`WeightedSquares` gives, for ``torch.compile`` to fuse."""
    error = prediction.float() - target
    if weight is None:
        return (error * error).sum()
    # not a product: 0 x NaN of an unsupervised target is NaN
    error = torch.where(weight == 0, 0, error)
    return (error * error * weight).sum()


class WeightedSquares(torch.autograd.Function):
    """The sum of weight * (prediction - target)^2.

    By itself autograd would keep four arrays of the size of the maps of every
    stage, hundreds of megabytes a batch; this keeps one.
    """

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        prediction: Tensor,
        target: Tensor,
        weight: Tensor | None,
    ) -> Tensor:
        """All (B, C, h, w); the result is a scalar in float32."""
        error = prediction.float() - target
        weighted = error
        if weight is not None:
            # not a product: 0 x NaN of an unsupervised target is NaN
            error.masked_fill_(weight == 0, 0)
            weighted = error * weight
        ctx.save_for_backward(weighted)
        ctx.dtype = prediction.dtype
        if weight is None:
            return (error * error).sum()
        return error.mul_(weighted).sum()  # in place: it is not needed again

    @staticmethod
    def backward(
        ctx: torch.autograd.function.FunctionCtx, gradient: Tensor
    ) -> tuple[Tensor, None, None]:
        """The gradient of the prediction, in its precision."""
        (weighted,) = ctx.saved_tensors
        return (weighted * (2 * gradient)).to(ctx.dtype), None, None
