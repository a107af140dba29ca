"""Annotations of face sets with i-bug's 68 points (.pts beside each image).

    python tools/data/prepare_faces.py face_multipie data/face_multipie/images
    python tools/data/prepare_faces.py face_frgc data/face_frgc/images
    python tools/data/prepare_faces.py face_ibug data/face_ibug/images
    python tools/data/prepare_faces.py face_ibug 300w.json --images FOLDER

The last form takes MMPose's COCO-style file. Goes on after an interruption.
See docs/data.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wholebody_mm.datasets.preparation.command_line import (
    add_split_arguments,
    run_preparation,
)
from wholebody_mm.datasets.preparation.faces import (
    convert_coco_faces,
    prepare_faces,
)

# In the laboratory there is nobody else in the picture.
SETS = {'face_multipie': True, 'face_frgc': True, 'face_ibug': False}


def main(argv: list[str] | None = None) -> int:
    """Write the files; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('set', choices=list(SETS))
    parser.add_argument('root', type=Path, help='folder, or a .json file')
    parser.add_argument('--images', type=Path, help='of a .json file')
    parser.add_argument(
        '--zero-based',
        action='store_true',
        help='the points count pixels from 0; those of i-bug from 1',
    )
    parser.add_argument(
        '--subject',
        metavar='REGEX',
        help='part of the names of .pts files that says whom they show:\n'
        'nobody is held out and trained on',
    )
    add_split_arguments(parser, 'data/SET')
    args = parser.parse_args(argv)
    if args.out == parser.get_default('out'):
        args.out = Path('data') / args.set

    def prepare() -> dict:
        everyone = SETS[args.set]
        if args.root.suffix == '.json':
            if args.images is None:
                raise ValueError('--images says where the images are')
            if args.zero_based or args.subject:
                raise ValueError('--zero-based, --subject are for .pts files')
            return convert_coco_faces(
                args.root,
                args.images,
                args.out,
                everyone,
                args.val_share,
                args.seed,
            )
        return prepare_faces(
            args.root,
            args.out,
            everyone,
            args.val_share,
            args.seed,
            first_pixel=0 if args.zero_based else 1,
            subject=args.subject,
        )

    return run_preparation('prepare_faces.py', args, prepare)


if __name__ == '__main__':
    sys.exit(main())
