"""How this room compiles its loops, and the renderer its own.

Each compiled function of this room is self-contained within its file: numba's
cache looks at the age of the file that a function stands in, and would not
notice a change of a function that it calls in another file.
"""

from __future__ import annotations

from collections.abc import Callable

from numba import njit


def compiled(function: Callable, **options) -> Callable:
    """Compile a loop over maps or peaks.

    The loops release the interpreter's lock. No ``fastmath``: it would let
    the compiler assume that there are no NaN.

    Args:
        function: What to compile.
        **options: More options of numba's.
    """
    return cached(function, nogil=True, error_model='numpy', **options)


def cached(function: Callable, **options) -> Callable:
    """Compile with numba, cached on disk where some folder can be written.

    The machine code is kept beside the source file, else (a read-only
    installation) in the user's cache folder, or in ``NUMBA_CACHE_DIR``.
    Where none of them can be written numba refuses to decorate at all; then
    each process compiles for itself, which takes some seconds.

    Args:
        function: What to compile.
        **options: Numba's.
    """
    try:
        return njit(cache=True, **options)(function)
    except RuntimeError:  # "no locator available": no folder to cache in
        return njit(**options)(function)


def inlined(function: Callable) -> Callable:
    """Compile what is called for every sample of a map.

    A call hands over every field of its arrays and counts references to
    them, which takes longer than what such a function does.
    """
    return compiled(function, forceinline=True)
