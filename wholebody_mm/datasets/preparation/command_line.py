"""What the preparation commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from wholebody_mm.clean_errors import run_cleanly


def add_split_arguments(parser: argparse.ArgumentParser, out: str) -> None:
    """Where to write, and what to hold out.

    Args:
        parser: Gets the arguments.
        out: The folder by default.
    """
    parser.add_argument(
        '--out',
        type=Path,
        default=Path(out),
        help=f'folder for train.json and val.json ({out})',
    )
    parser.add_argument(
        '--val-share',
        type=float,
        default=0.0,
        help='share of the images that is held out for validation (0)',
    )
    parser.add_argument(
        '--seed', type=int, default=0, help='decides which are held out (0)'
    )


def run_preparation(
    tool: str,
    args: argparse.Namespace,
    prepare: Callable[[], dict[str, dict[str, int]]],
) -> int:
    """Prepare, print what was written; returns the exit code."""

    def run() -> None:
        for split, counts in prepare().items():
            text = ', '.join(f'{n} {what}' for what, n in counts.items())
            print(f'{args.out / split}.json: {text}')

    return run_cleanly(tool, run)
