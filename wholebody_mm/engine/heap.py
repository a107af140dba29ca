"""Memory that a training on the CPU frees and asks for again."""

from __future__ import annotations

import ctypes

# mallopt(3): names of glibc's malloc.h
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4
MOST = 2**31 - 1  # a C int
# how much more than asked for is taken at a time, in bytes
TOP_PAD = 64 * 2**20


def keep_freed_memory() -> bool:
    """Let this process keep what it frees, for its next step.

    The arrays of a training step are tens of megabytes large and of the same
    sizes in each step. By default glibc gives such memory back when it is
    freed and gets it anew, which the kernel fills with zeros, page by page: a
    tenth of a step of the light network. Forked processes inherit it.

    Returns:
        Whether it could be set: only glibc (most Linux systems) can.
    """
    try:
        libc = ctypes.CDLL(None)
        libc.gnu_get_libc_version  # noqa: B018  other libraries lack it
        mallopt = libc.mallopt
    except (OSError, AttributeError, TypeError):  # the last one: Windows
        return False
    mallopt.argtypes, mallopt.restype = (
        [ctypes.c_int, ctypes.c_int],
        ctypes.c_int,
    )
    return all(
        [
            mallopt(M_MMAP_MAX, 0),
            mallopt(M_TRIM_THRESHOLD, MOST),
            mallopt(M_TOP_PAD, TOP_PAD),
        ]
    )
