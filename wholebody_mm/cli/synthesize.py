"""``wholebody-mm synthesize``: render people with exact labels."""

from __future__ import annotations

import argparse
import time

# What a benchmark has of its own, with its values otherwise.
_DEFAULTS = dict(
    images=None,
    seed=0,
    size=(640, 480),
    preset='mixed',
    people=None,
    backgrounds=None,
    without=(),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The sub-command's options."""
    add = parser.add_argument
    add('--images', type=int, metavar='N', help='number of images')
    add('--out', required=True, metavar='DIR', help='folder to write')
    add('--seed', type=int, help='equal seeds, equal images (0)')
    add('--size', type=_size, metavar='WxH', help='640x480 by default')
    add(
        '--preset',
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
        '--without',
        action='extend',
        nargs='+',
        metavar='NAME',
        help='leave out clothing, hair, surroundings, lighting or camera, all '
        'else being the same: what is it worth?',
    )
    add(
        '--workers',
        type=int,
        metavar='W',
        help='processes (default: one for each core that this command may '
        'use); does not change the images',
    )


def run(args: argparse.Namespace) -> int:
    """Render; prints where the annotation file is and the speed."""
    from wholebody_mm.codecs.threads import usable_cores
    from wholebody_mm.synthetic.benchmark import (
        settings_of,
        verdict,
    )
    from wholebody_mm.synthetic.generate import (
        Settings,
        generate,
        images_to_do,
    )

    if args.benchmark:
        given = [
            f'--{name}'
            for name in _DEFAULTS
            if getattr(args, name) is not None
        ]
        if given:
            raise ValueError(
                f'{", ".join(given)}: --benchmark {args.benchmark} has its own'
            )
        settings = settings_of(args.benchmark)
    elif args.images is None:
        raise ValueError('give --images N, or --benchmark NAME')
    else:
        chosen = {
            name: default
            if getattr(args, name) is None
            else getattr(args, name)
            for name, default in _DEFAULTS.items()
        }
        chosen['width'], chosen['height'] = chosen.pop('size')
        settings = Settings(**chosen)
    workers = usable_cores() if args.workers is None else args.workers
    start = time.perf_counter()
    count = images_to_do(settings, args.out)
    path = generate(settings, args.out, workers)
    seconds = time.perf_counter() - start
    speed = f'{count / seconds:.1f} images/s' if count else 'complete before'
    print(f'{path}: {settings.images} images, {speed}')
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
