"""Functions fused by torch.compile where that can compile."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import torch
from mmengine.logging import print_log


class Fused:
    """A function compiled at its first call, or another in its place.

    Args:
        function: What is compiled, for inputs of any size.
        plain: Computes the same where compiling fails, and on devices other
            than CPUs and CUDA's.
    """

    def __init__(self, function: Callable, plain: Callable) -> None:
        self.function = function
        self.plain = plain
        self.chosen: Callable | None = None

    def __call__(self, *args: Any) -> Any:
        """Call the one or the other."""
        if self.chosen is not None:
            return self.chosen(*args)
        device = getattr(args[0], 'device', torch.device('cpu'))
        if device.type not in ('cpu', 'cuda'):
            return self.plain(*args)  # Apple's: it may fail at the gradient
        try:
            compiled = torch.compile(self.function, dynamic=True)
            result = compiled(*args)
        except RuntimeError as error:  # torch's own are all of this kind
            result = self.plain(*args)  # what is wrong with args ends here
            reason = str(error).strip().splitlines()[0]
            print_log(
                f'the loss is not fused, for torch.compile failed '
                f'({reason}); it is computed step by step',
                'current',
                level=logging.WARNING,
            )
            compiled = self.plain
        self.chosen = compiled
        return result

    def __reduce__(self) -> tuple:
        """Compiled code is neither copied nor sent to other processes."""
        return Fused, (self.function, self.plain)
