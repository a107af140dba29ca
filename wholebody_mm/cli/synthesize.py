"""``wholebody-mm synthesize``: render people with exact labels."""

from __future__ import annotations

import argparse
import os
import time


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The sub-command's options."""
    add = parser.add_argument
    add('--images', type=int, metavar='N', help='number of images')
    add('--out', required=True, metavar='DIR', help='folder to write')
    add('--seed', type=int, default=0, help='equal seeds, equal images')
    add('--size', type=_size, default=(640, 480), metavar='WxH')
    add(
        '--preset',
        default='mixed',
        metavar='NAME',
        help='body, face, hand, crowd or mixed (default)',
    )
    add(
        '--people',
        type=_range,
        metavar='A-B',
        help="people in an image; the preset's own numbers by default",
    )
    add(
        '--benchmark',
        metavar='NAME',
        help='render val-basic or val-crowd of SyntheticWholeBody-val '
        'instead: fixed seed, size, preset and number of images',
    )
    add(
        '--backgrounds',
        metavar='DIR',
        help='photos without people, used behind the rendered ones',
    )
    add(
        '--workers',
        type=int,
        default=os.cpu_count() or 1,
        metavar='W',
        help='processes (default: all cores); does not change the images',
    )


def run(args: argparse.Namespace) -> int:
    """Render; prints where the annotation file is and the speed."""
    from wholebody_mm.synthetic.benchmark import (
        settings_of,
        verdict,
    )
    from wholebody_mm.synthetic.generate import Settings, generate

    if args.benchmark:
        settings = settings_of(args.benchmark)
    elif args.images is None:
        raise ValueError('give --images N, or --benchmark NAME')
    else:
        settings = Settings(
            images=args.images,
            seed=args.seed,
            width=args.size[0],
            height=args.size[1],
            preset=args.preset,
            people=args.people,
            backgrounds=args.backgrounds,
        )
    start = time.perf_counter()
    path = generate(settings, args.out, args.workers)
    seconds = time.perf_counter() - start
    count = settings.images
    print(f'{path}: {count} images, {count / seconds:.1f} images/s')
    if args.benchmark:
        passed, line = verdict(args.benchmark, args.out)
        print(line)
        return 0 if passed else 1
    return 0


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition('x')
    try:
        return int(width), int(height or width)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'{text!r} is no size such as 640x480'
        ) from None


def _range(text: str) -> tuple[int, int]:
    low, _, high = text.partition('-')
    try:
        return int(low), int(high or low)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f'{text!r} is no range such as 1-4'
        ) from None
