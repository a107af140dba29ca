"""Upper bound of the codec: AP of ground truth encoded and decoded again.

    python tools/codec_bound.py --ann FILE --img-dir DIR --height 480
    python tools/codec_bound.py --crowds 50 --people 5 20 --size 848x480

Prints AP of each part in per cent; ``--json`` writes all metrics.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from wholebody_mm.benchmarks.codec_bound import (
    Codec,
    bound_of_annotations,
    bound_of_crowds,
)
from wholebody_mm.clean_errors import run_cleanly
from wholebody_mm.codecs.options import options_of
from wholebody_mm.evaluation.report import ROWS


def size(text: str) -> tuple[int, int]:
    """``848x480`` as width and height."""
    width, height = text.lower().split('x')
    return int(width), int(height)


def parse(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__.splitlines()[0],
    )
    add = parser.add_argument
    add('--ann', help='COCO-WholeBody annotation file')
    add('--img-dir', help='folder of its images')
    add('--height', type=int, nargs='+', default=[480], metavar='H')
    add('--crowds', type=int, metavar='N', help='N crowds of drawn people')
    add('--people', type=int, nargs=2, default=[5, 20], metavar='N')
    add('--size', type=size, default=(848, 480), metavar='WxH')
    add('--seed', type=int, default=0)
    add('--overlap', type=float, help='largest overlap of two people')
    add('--stride', type=int, default=8)
    add('--heatmap-stride', type=int, help='of confidence maps; --stride')
    add('--noise', type=float, default=0.0, help='deviation, map values')
    add('--blur', type=float, default=0.0, help='deviation, cells')
    add('--zero-fields', action='store_true', help='decode without fields')
    add('--json', type=Path, help='file to write the metrics to')
    add(
        '--decoder',
        nargs='*',
        default=[],
        metavar='NAME=VALUE',
        help='decoder options, for example peak_threshold=0.05',
    )
    args = parser.parse_args(argv)
    if (args.ann is None) == (args.crowds is None):
        parser.error('give either --ann FILE or --crowds N')
    if args.ann and not args.img_dir:
        parser.error('--ann needs --img-dir, the folder of its images')
    return args


def main(argv: list[str] | None = None) -> int:
    args = parse(argv)
    options = options_of(args.decoder)
    spoiling = dict(
        noise=args.noise, blur=args.blur, zero_fields=args.zero_fields
    )
    bounds = []
    print(f'{"":>8}' + ''.join(f'{part:>10}' for part in ROWS))
    for height in args.height if args.ann else [args.size[1]]:
        codec = Codec(
            args.stride,
            seed=args.seed,
            decoder=options,
            heatmap_stride=args.heatmap_stride,
            **spoiling,
        )
        if args.ann:
            metrics = bound_of_annotations(
                args.ann, args.img_dir, height, codec
            )
        else:
            poses = {} if args.overlap is None else {'overlap': args.overlap}
            metrics = bound_of_crowds(
                args.crowds, args.people, args.size, args.seed, codec, **poses
            )
        bounds.append(
            dict(
                height=height,
                stride=args.stride,
                heatmap_stride=args.heatmap_stride or args.stride,
                **spoiling,
                **metrics,
            )
        )
        cells = (metrics.get(f'{part}/AP') for part in ROWS)
        print(
            f'{height:>8}'
            + ''.join(
                f'{"-":>10}' if ap is None else f'{100 * ap:>10.1f}'
                for ap in cells
            ),
            flush=True,
        )
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        # One height: the metrics themselves; several: a list of them.
        content = bounds[0] if len(bounds) == 1 else dict(results=bounds)
        args.json.write_text(json.dumps(content, indent=2) + '\n')
    return 0


if __name__ == '__main__':
    sys.exit(run_cleanly('codec_bound.py', main))
