"""Errors of a user's input as one clear message."""

from __future__ import annotations

import os
import sys


def tell(tool: str, error: Exception) -> int:
    """Print an error for the user of a tool.

    With WHOLEBODY_MM_TRACEBACK=1 it is raised instead, to see where it came
    from.

    Args:
        tool: Its name.
        error: What it ended with.

    Returns:
        The exit code, 2.
    """
    if os.environ.get('WHOLEBODY_MM_TRACEBACK'):
        raise error
    print(
        f'{tool}: {error}\n'
        f'(WHOLEBODY_MM_TRACEBACK=1 shows where it came from)',
        file=sys.stderr,
    )
    return 2
