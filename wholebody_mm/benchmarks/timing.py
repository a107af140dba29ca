"""Times of repeated calls."""

from __future__ import annotations

import time
from collections.abc import Callable

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
    if repeat < 1:
        raise ValueError(f'{repeat} repetitions; give 1 or more')
    for _ in range(warm_up):
        function()
    times = []
    for _ in range(repeat):
        start = time.perf_counter()
        function()
        times.append(1e3 * (time.perf_counter() - start))
    low, middle, high = np.percentile(times, [10, 50, 90])
    return dict(median_ms=middle, p10_ms=low, p90_ms=high)
