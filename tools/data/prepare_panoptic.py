"""Annotations of whole bodies in the Panoptic Studio's HD pictures.

    python tools/data/prepare_panoptic.py data/panoptic/images --every 30

Goes on after an interruption. See docs/data.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wholebody_mm.datasets.preparation.command_line import (
    add_split_arguments,
    run_preparation,
)
from wholebody_mm.datasets.preparation.panoptic import prepare_panoptic


def main(argv: list[str] | None = None) -> int:
    """Write the files; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('root', type=Path, help='folder of the sequences')
    parser.add_argument(
        '--every', type=int, default=30, help='take every n-th frame (30)'
    )
    parser.add_argument(
        '--cameras', nargs='*', default=[], help='such as 00_12 (all)'
    )
    parser.add_argument(
        '--any-hands',
        action='store_true',
        help='also people whose hands are not well reconstructed',
    )
    add_split_arguments(parser, 'data/panoptic')
    args = parser.parse_args(argv)
    return run_preparation(
        'prepare_panoptic.py',
        args,
        lambda: prepare_panoptic(
            args.root,
            args.out,
            args.every,
            args.cameras,
            args.val_share,
            args.seed,
            args.any_hands,
        ),
    )


if __name__ == '__main__':
    sys.exit(main())
