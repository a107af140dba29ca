"""Annotations of COCO images in which people's feet are labelled.

    python tools/data/prepare_foot.py \
        data/coco/annotations/person_keypoints_train2017_foot_v1.json \
        --out data/foot/train.json

The images stay where COCO's are. See docs/data.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wholebody_mm.clean_errors import run_cleanly
from wholebody_mm.datasets.preparation.coco_parts import prepare_foot


def main(argv: list[str] | None = None) -> int:
    """Write the file; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('ann_file', type=Path, help='the file downloaded')
    parser.add_argument(
        '--out', type=Path, default=Path('data/foot/train.json')
    )
    args = parser.parse_args(argv)

    def run() -> None:
        print(f'{args.out}: {prepare_foot(args.ann_file, args.out)}')

    return run_cleanly('prepare_foot.py', run)


if __name__ == '__main__':
    sys.exit(main())
