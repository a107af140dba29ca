"""List the COCO images without people.

    python tools/data/prepare_no_people.py \
        data/coco/annotations/instances_train2017.json \
        --out data/no_people/train.json

The images stay where COCO's are. See docs/data.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wholebody_mm.clean_errors import run_cleanly
from wholebody_mm.datasets.preparation.coco_parts import prepare_no_people


def main(argv: list[str] | None = None) -> int:
    """Write the file; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        'ann_files',
        type=Path,
        nargs='+',
        help='annotations of people; an image has none if no file has any',
    )
    parser.add_argument(
        '--out', type=Path, default=Path('data/no_people/train.json')
    )
    args = parser.parse_args(argv)

    def run() -> None:
        print(f'{args.out}: {prepare_no_people(args.ann_files, args.out)}')

    return run_cleanly('prepare_no_people.py', run)


if __name__ == '__main__':
    sys.exit(main())
