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
        plain: Computes the same where compiling fails.
    """

    def __init__(self, function: Callable, plain: Callable) -> None:
        self.plain = plain
        self.compiled: Callable | None = torch.compile(function, dynamic=True)

    def __call__(self, *args: Any) -> Any:
        """Call the one or the other."""
        if self.compiled is not None:
            try:
                return self.compiled(*args)
            except RuntimeError as error:
                # Also what is wrong with the inputs: `plain` says it better.
                reason = str(error).strip().splitlines()[0]
                print_log(
                    f'the loss is not fused, for torch.compile failed '
                    f'({reason}); it is computed step by step',
                    'current',
                    level=logging.WARNING,
                )
                self.compiled = None
        return self.plain(*args)

    def __reduce__(self) -> tuple:
        """Compiled code is neither copied nor sent to other processes."""
        return _plain, (self.plain,)


def _plain(function: Callable) -> Callable:
    return function
