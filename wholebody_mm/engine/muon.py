"""Muon: momentum whose matrices are made orthogonal before they are used."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from mmpose.registry import OPTIMIZERS
from torch import Tensor
from torch.optim import Optimizer

# Coefficients of the quintic iteration, from Keller Jordan's page on Muon:
# steep at zero rather than exact at one.
A, B, C = 3.4445, -4.7750, 2.0315
# Size of Adam's typical update, to which those of matrices are scaled
# ("Muon is Scalable for LLM Training", Liu et al., 2025, section 2.2), so
# that one learning rate and one weight decay serve both.
ADAM_RMS = 0.2


@OPTIMIZERS.register_module()
class MuonAdamW(Optimizer):
    """Muon for weights of layers, AdamW for everything else.

    Muon ("Muon: An optimizer for hidden layers in neural networks", Jordan
    et al., 2024) replaces the momentum of a weight matrix by the nearest
    orthogonal matrix: all directions are learnt equally fast, those that
    Adam hardly moves as well. A convolution's weight (out, in, kh, kw) is
    the matrix (out, in * kh * kw). ``torch.optim.Muon`` takes matrices only.

    Args:
        params: Parameters or groups of them, as for any optimiser.
        lr: Learning rate, of Adam's size.
        momentum: Of the matrices, Nesterov's.
        betas: Of AdamW.
        eps: Of AdamW.
        weight_decay: Decoupled, of both.
        steps: Newton-Schulz iterations.
    """

    def __init__(
        self,
        params: Iterable,
        lr: float = 1e-3,
        momentum: float = 0.95,
        betas: tuple[float, float] = (0.9, 0.99),
        eps: float = 1e-8,
        weight_decay: float = 0.02,
        steps: int = 5,
    ) -> None:
        if lr < 0 or weight_decay < 0 or steps < 1:
            raise ValueError(
                f'lr {lr}, weight_decay {weight_decay} and steps {steps}: '
                f'give 0 or more, and 1 step or more'
            )
        if not 0 <= momentum < 1 or not all(0 <= b < 1 for b in betas):
            raise ValueError(
                f'momentum {momentum} and betas {betas} are from 0 up to '
                f'below 1'
            )
        super().__init__(
            params,
            dict(
                lr=lr,
                momentum=momentum,
                betas=tuple(betas),
                eps=eps,
                weight_decay=weight_decay,
                steps=steps,
            ),
        )

    @torch.no_grad()
    def step(self, closure: Callable | None = None) -> float | None:
        """One step; parameters without a gradient stay."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            for param in group['params']:
                if param.grad is None:
                    continue
                if group['weight_decay']:
                    param.mul_(1 - group['lr'] * group['weight_decay'])
                update = self._muon if is_matrix(param) else self._adam
                update(param, group)
        return loss

    def _muon(self, param: Tensor, group: dict) -> None:
        state = self.state[param]
        if not state:
            state['momentum'] = torch.zeros_like(param)
        momentum, beta = state['momentum'], group['momentum']
        momentum.lerp_(param.grad, 1 - beta)
        ahead = param.grad.lerp(momentum, beta)
        matrix = ahead.flatten(1)
        update = orthogonal(matrix, group['steps'])
        scale = ADAM_RMS * math.sqrt(max(matrix.shape))
        param.add_(update.view_as(ahead), alpha=-group['lr'] * scale)

    def _adam(self, param: Tensor, group: dict) -> None:
        state = self.state[param]
        if not state:
            state['step'] = 0
            state['mean'] = torch.zeros_like(param)
            state['square'] = torch.zeros_like(param)
        state['step'] += 1
        first, second = group['betas']
        state['mean'].lerp_(param.grad, 1 - first)
        state['square'].lerp_(param.grad.square(), 1 - second)
        mean = state['mean'] / (1 - first ** state['step'])
        square = state['square'] / (1 - second ** state['step'])
        param.addcdiv_(
            mean, square.sqrt_().add_(group['eps']), value=-group['lr']
        )


def is_matrix(param: Tensor) -> bool:
    """Whether it is a layer's weight: (out, in) or (out, in, kh, kw)."""
    return param.ndim >= 2


def orthogonal(matrix: Tensor, steps: int = 5) -> Tensor:
    """Nearly the nearest (semi-)orthogonal matrix: singular values near 1.

    The iteration X <- a X + b (X X^T) X + c (X X^T)^2 X only ever multiplies
    by polynomials of X X^T, which commute. They are multiplied up among
    themselves, as small square matrices, and meet the long one once: with
    3x3 convolutions a third of the operations.

    Args:
        matrix: (m, n) of any float type.
        steps: Iterations; five bring singular values to 0.7 to 1.2.

    Returns:
        (m, n) of the same type; zeros stay zeros.
    """
    tall = matrix.shape[0] > matrix.shape[1]
    x = (matrix.T if tall else matrix).float()
    x = x / x.norm().clamp(min=1e-12)
    gram = x @ x.T
    product = None
    for _ in range(steps):
        # a I + b G + c G^2
        polynomial = torch.addmm(gram, gram, gram, beta=B, alpha=C)
        polynomial.diagonal().add_(A)
        gram = polynomial @ gram @ polynomial
        # equal to its transpose but for rounding, which would grow
        gram = (gram + gram.T) / 2
        product = polynomial if product is None else polynomial @ product
    x = product @ x
    return (x.T if tall else x).to(matrix.dtype)
