"""Write a small data set of drawn people in COCO-WholeBody's layout.

    python tools/data/make_drawn_people.py --out data/drawn_people \
        --images 200 --seed 0

writes DIR/annotations/coco_wholebody_{train,val}_v1.0.json and the images in
DIR/{train2017,val2017}, as COCO-WholeBody is laid out. Drawn people of an
earlier time are written over, nothing else is.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from wholebody_mm.clean_errors import run_cleanly
from wholebody_mm.datasets.drawn_people import refuse_foreign, write_split


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('--out', required=True, help='folder to write')
    parser.add_argument(
        '--images', type=int, default=200, help='number of training images'
    )
    parser.add_argument(
        '--val-images',
        type=int,
        help='number of validation images (a fifth of --images)',
    )
    parser.add_argument('--seed', type=int, default=0)
    parser.add_argument(
        '--size', default='640x480', help='width x height (640x480)'
    )
    parser.add_argument(
        '--people',
        type=int,
        nargs=2,
        default=(1, 4),
        metavar=('LEAST', 'MOST'),
        help='number of people in an image (1 4)',
    )
    parser.add_argument(
        '--scale',
        type=float,
        nargs=2,
        default=(0.4, 0.95),
        metavar=('LEAST', 'MOST'),
        help='height of a person relative to the image (0.4 0.95)',
    )
    args = parser.parse_args()
    try:
        width, height = (int(v) for v in args.size.lower().split('x'))
    except ValueError:
        parser.error(f'--size is WIDTHxHEIGHT, not {args.size!r}')
    args.size = width, height
    if args.val_images is None:
        args.val_images = max(1, args.images // 5)
    return args


def main() -> int:
    """Write both splits and say where they are; returns the exit code."""
    args = parse_args()
    return run_cleanly('make_drawn_people.py', lambda: write(args))


def write(args: argparse.Namespace) -> None:
    """Write both splits, or nothing if one may not be."""
    out, start = Path(args.out), time.perf_counter()
    files = {
        split: (
            out / f'{split}2017',
            out / 'annotations' / f'coco_wholebody_{split}_v1.0.json',
        )
        for split in ('train', 'val')
    }
    for folder, ann_file in files.values():
        refuse_foreign(folder, ann_file)
    first_id = 1
    for split, count in (('train', args.images), ('val', args.val_images)):
        content = write_split(
            *files[split],
            count,
            args.seed,
            args.size,
            tuple(args.people),
            first_id=first_id,
            scale=tuple(args.scale),
        )
        first_id += count
        print(f'{split}: {count} images, {len(content["annotations"])} people')
    seconds = time.perf_counter() - start
    print(f'written to {out} in {seconds:.1f} s')


if __name__ == '__main__':
    sys.exit(main())
