"""Annotations of hand_labels: both hands of people in MPII images.

    python tools/data/prepare_hand_mpii.py data/hand_mpii/images
    python tools/data/prepare_hand_mpii.py ANNOTATIONS.json --images FOLDER

The second form takes MMPose's COCO-style file; prepare_hands.py takes any
other. Goes on after an interruption. See docs/data.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wholebody_mm.datasets.preparation.coco_hands import convert_coco_hands
from wholebody_mm.datasets.preparation.command_line import (
    add_split_arguments,
    run_preparation,
)
from wholebody_mm.datasets.preparation.hands import prepare_hand_mpii


def main(argv: list[str] | None = None) -> int:
    """Write the files; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('root', type=Path, help='folder, or a .json file')
    parser.add_argument('--images', type=Path, help='of a .json file')
    add_split_arguments(parser, 'data/hand_mpii')
    args = parser.parse_args(argv)

    def prepare() -> dict:
        if args.root.suffix == '.json':
            if args.images is None:
                raise ValueError('--images says where the images are')
            return convert_coco_hands(
                args.root, args.images, args.out, args.val_share, args.seed
            )
        return prepare_hand_mpii(
            args.root, args.out, args.val_share, args.seed
        )

    return run_preparation('prepare_hand_mpii.py', args, prepare)


if __name__ == '__main__':
    sys.exit(main())
