"""``wholebody-mm import-openpose``: OpenPose's weights as a checkpoint."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wholebody_mm.openpose.model_names import MODEL_NAMES

MULTI = 'multi_network'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line."""
    add = parser.add_argument
    add(
        '--model',
        choices=(*MODEL_NAMES, MULTI),
        required=True,
        help=f'which network; {MULTI}: body_25 with --face and --hand',
    )
    add('--caffemodel', type=Path, required=True, help='the weights to read')
    add('--face', type=Path, help=f'the .caffemodel of faces, for {MULTI}')
    add('--hand', type=Path, help=f'the .caffemodel of hands, for {MULTI}')
    add(
        '--out',
        type=Path,
        required=True,
        help='the checkpoint to write, .pth or .safetensors',
    )
    add('--sha256', help='checksum that the .caffemodel must have')


def run(args: argparse.Namespace) -> int:
    """Read, check and write; says what was found."""
    # names what is not installed
    import wholebody_mm.register  # noqa: F401 isort: skip

    from wholebody_mm import checkpoints
    from wholebody_mm.openpose.importer import (
        import_caffemodel,
        import_multi_network,
        parameters,
    )

    args.out = args.out.expanduser()  # shells leave the ~ of --out=~/x
    checkpoints.check_ending(args.out)
    if args.model == MULTI:
        if not (args.face and args.hand):
            raise ValueError(f'--model {MULTI} needs --face and --hand')
        if args.sha256:
            raise ValueError(
                f'--sha256 is of one file, --model {MULTI} has three: compare '
                f'them with sha256sum'
            )
        found = import_multi_network(args.caffemodel, args.face, args.hand)
    else:
        if args.face or args.hand:
            raise ValueError(f'--face and --hand are for --model {MULTI}')
        found = import_caffemodel(args.model, args.caffemodel, args.sha256)
    if found.left_over:
        print(
            f'not used, {args.model} has no such layers: '
            f'{", ".join(found.left_over)}',
            file=sys.stderr,
        )
    args.out.parent.mkdir(parents=True, exist_ok=True)
    checkpoints.save(args.out, found.state_dict, found.meta)
    config = found.meta['config'].replace('wholebody_mm::', 'configs/')
    print(
        f'{args.out}: {parameters(found.state_dict):,} weights in '
        f'{len(found.state_dict)} arrays for {config}\n'
        f'source: {found.meta["source"]}\n'
        f'licence: {found.meta["licence"]}'
    )
    return 0
