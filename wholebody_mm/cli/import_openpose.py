"""``wholebody-mm import-openpose``: OpenPose's weights as a checkpoint."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command line."""
    from wholebody_mm.openpose.importer import MODEL_NAMES

    add = parser.add_argument
    add('--model', choices=MODEL_NAMES, required=True, help='which network')
    add('--caffemodel', type=Path, required=True, help='the weights to read')
    add(
        '--out',
        type=Path,
        required=True,
        help='the checkpoint to write, .pth or .safetensors',
    )
    add('--sha256', help='checksum that the .caffemodel must have')


def run(args: argparse.Namespace) -> int:
    """Read, check and write; says what was found."""
    from wholebody_mm import checkpoints
    from wholebody_mm.openpose.importer import (
        config_of,
        import_caffemodel,
        parameters,
    )

    if args.out.suffix not in ('.pth', '.safetensors'):
        raise ValueError(f'--out {args.out}: end it in .pth or .safetensors')
    found = import_caffemodel(args.model, args.caffemodel, args.sha256)
    if found.left_over:
        print(
            f'not used, {args.model} has no such layers: '
            f'{", ".join(found.left_over)}',
            file=sys.stderr,
        )
    args.out.parent.mkdir(parents=True, exist_ok=True)
    checkpoints.save(args.out, found.state_dict, found.meta)
    config = config_of(args.model).replace('wholebody_mm::', 'configs/')
    print(
        f'{args.out}: {parameters(found.state_dict):,} weights in '
        f'{len(found.state_dict)} arrays for {config}\n'
        f'SHA-256 of the source: {found.meta["source"]["sha256"]}\n'
        f'Licence: {found.meta["licence"]}'
    )
    return 0
