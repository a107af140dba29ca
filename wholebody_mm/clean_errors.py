"""Errors of a user's input as one clear message."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable


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


def run_cleanly(tool: str, run: Callable[[], int | None]) -> int:
    """Run a tool; errors of the user's input become one clear message.

    Set WHOLEBODY_MM_TRACEBACK=1 to see where they came from.

    Returns:
        The exit code: the tool's own, 0 by default, or 2 after such an error.
    """
    try:
        return run() or 0
    except (OSError, ValueError, ImportError) as error:
        return tell(tool, error)
