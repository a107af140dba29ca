"""Annotations of whole bodies from Monocular Total Capture's own files.

    python tools/data/prepare_total_capture.py data/panoptic/images

Its pickles are read as plain data, nothing of them is run. Goes on after an
interruption. See docs/data.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wholebody_mm.datasets.preparation.command_line import (
    add_split_arguments,
    run_preparation,
)
from wholebody_mm.datasets.preparation.total_capture import (
    prepare_total_capture,
)


def main(argv: list[str] | None = None) -> int:
    """Write the files; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('root', type=Path, help='folder with hdImgs')
    parser.add_argument(
        '--every',
        type=int,
        default=1,
        help='take every n-th annotated frame of a sequence (1)',
    )
    parser.add_argument(
        '--cameras', nargs='*', default=[], help='such as 00_12 (all)'
    )
    parser.add_argument(
        '--any-hands',
        action='store_true',
        help='also people whose hands are not well reconstructed',
    )
    parser.add_argument(
        '--testing',
        action='store_true',
        help="hold out the owners' testing frames too, in val.json",
    )
    add_split_arguments(parser, 'data/panoptic')
    args = parser.parse_args(argv)
    return run_preparation(
        'prepare_total_capture.py',
        args,
        lambda: prepare_total_capture(
            args.root,
            args.out,
            args.every,
            args.cameras,
            args.val_share,
            args.seed,
            args.any_hands,
            args.testing,
        ),
    )


if __name__ == '__main__':
    sys.exit(main())
