"""Times of repeated calls."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np


def time_calls(
    function: Callable[[], object], repeat: int, warm_up: int = 2
) -> dict[str, float]:
    """Time a function.

    Args:
        function: What to call.
        repeat: Number of calls that are timed.
        warm_up: Calls before them: compilation, caches, lazy imports.

    Returns:
        ``median_ms``, ``p10_ms`` and ``p90_ms``.

    Raises:
        ValueError: If nothing is to be timed.
    """
    (times,) = time_in_turn([function], repeat, warm_up)
    return summary(times)


def time_in_turn(
    functions: Sequence[Callable[[], object]], repeat: int, warm_up: int = 2
) -> list[np.ndarray]:
    """Time functions in turn, so that what slows one slows all.

    Args:
        functions: What to call.
        repeat: Rounds that are timed.
        warm_up: Rounds before them.

    Returns:
        (repeat,) milliseconds of each function.

    Raises:
        ValueError: If nothing is to be timed.
    """
    if repeat < 1:
        raise ValueError(f'{repeat} repetitions; give 1 or more')
    times = np.empty((len(functions), repeat))
    for turn in range(-warm_up, repeat):
        for i, function in enumerate(functions):
            start = time.perf_counter()
            function()
            if turn >= 0:
                times[i, turn] = 1e3 * (time.perf_counter() - start)
    return list(times)


def summary(times: Sequence[float] | np.ndarray) -> dict[str, float]:
    """``median_ms``, ``p10_ms`` and ``p90_ms`` of milliseconds."""
    low, middle, high = np.percentile(times, [10, 50, 90])
    return dict(median_ms=middle, p10_ms=low, p90_ms=high)
