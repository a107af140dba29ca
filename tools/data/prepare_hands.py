"""Annotations of hands from any COCO-style file of 21 points a hand.

    python tools/data/prepare_hands.py FILE.json --images FOLDER \
        --left left_hand --right right_hand --unknown hand \
        --out data/my_hands/train.json

The names are those of the file's categories, several if need be. What it
writes is read as TwoHandsDataset: hands with boxes as large as people. Those
of unknown side are ignored where they are. Goes on after an interruption.
See docs/data.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wholebody_mm.clean_errors import run_cleanly
from wholebody_mm.datasets.preparation.coco_hands import (
    SIDES,
    prepare_coco_hands,
)


def main(argv: list[str] | None = None) -> int:
    """Write the file; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('ann_file', type=Path, help='COCO-style annotations')
    parser.add_argument(
        '--images', type=Path, required=True, help='folder of the images'
    )
    for side in SIDES:
        parser.add_argument(
            f'--{side}',
            nargs='+',
            default=(),
            metavar='CATEGORY',
            help=f'categories of hands whose side is {side}',
        )
    parser.add_argument(
        '--out', type=Path, required=True, help='the file to write'
    )
    args = parser.parse_args(argv)

    def run() -> None:
        named = {side: getattr(args, side) for side in SIDES}
        counts = prepare_coco_hands(
            args.ann_file, args.images, args.out, **named
        )
        text = ', '.join(f'{n} {what}' for what, n in counts.items())
        print(
            f'{args.out}: {text}. Read it as TwoHandsDataset; all that is '
            f'not near a hand is ignored until tools/data/mask_people.py has '
            f'looked for other people'
        )

    return run_cleanly('prepare_hands.py', run)


if __name__ == '__main__':
    sys.exit(main())
