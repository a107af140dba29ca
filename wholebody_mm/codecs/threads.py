"""A loop's pieces on several threads."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import TypeVar

import numpy as np

T = TypeVar('T')


def usable_cores() -> int:
    """Cores that this process may use.

    Fewer than the machine has where the process is bound to some, or a
    container has a share of their time (``docker run --cpus 2``).
    """
    import loky  # a tenth of a second

    return loky.cpu_count()


def cores_in_sight() -> int:
    """Cores that torch and OpenVINO count.

    They do not see a share of their time. ONNX Runtime counts all.
    """
    if hasattr(os, 'sched_getaffinity'):  # not on macOS and Windows
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def pieces_of(costs: np.ndarray, threads: int) -> list[slice]:
    """Cut items into a consecutive piece of about the same cost a thread.

    Args:
        costs: (N,) cost of each item, 0 or more.
        threads: How many are to work on them.

    Returns:
        Slices that cover all N items in order, none of them empty.
    """
    total = np.cumsum(costs)
    shares = total[-1] * np.arange(1, threads) / threads
    ends = [0, *(np.searchsorted(total, shares) + 1), len(costs)]
    return [slice(a, b) for a, b in pairwise(ends) if a < b]


def run_pieces(
    function: Callable[[slice], T], pieces: Sequence[slice], threads: int
) -> list[T]:
    """Call a function that releases the interpreter's lock for each piece.

    The calling thread takes its share. It waits for no piece that nobody has
    begun, so that calls from several threads at once do not wait for each
    other.

    Args:
        function: What to call.
        pieces: Its arguments.
        threads: Threads that work on them, the calling one included.

    Returns:
        What it returned, in the order of the pieces.
    """
    results: list = [None] * len(pieces)
    left = deque(enumerate(pieces))

    def work() -> None:
        while True:
            try:
                place, piece = left.popleft()
            except IndexError:
                return
            results[place] = function(piece)

    # a process that was forked has none of its parent's threads
    pool = _pool(os.getpid(), threads - 1)
    helpers = [pool.submit(work) for _ in range(threads - 1)]
    work()
    for helper in helpers:
        if not helper.cancel():
            helper.result()
    return results


@cache
def _pool(process: int, threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, f'wholebody_mm-{process}')
