"""Annotations of hand143_panopticdb: one right hand an image.

    python tools/data/prepare_hand_dome.py data/hand_dome/images

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
from wholebody_mm.datasets.preparation.hands import prepare_hand_dome


def main(argv: list[str] | None = None) -> int:
    """Write the files; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('root', type=Path, help='the unpacked folder')
    add_split_arguments(parser, 'data/hand_dome')
    args = parser.parse_args(argv)
    return run_preparation(
        'prepare_hand_dome.py',
        args,
        lambda: prepare_hand_dome(
            args.root, args.out, args.val_share, args.seed
        ),
    )


if __name__ == '__main__':
    sys.exit(main())
