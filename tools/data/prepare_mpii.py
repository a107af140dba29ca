"""Annotations of MPII Human Pose: shoulders, upper neck and head top.

    python tools/data/prepare_mpii.py \
        data/mpii/mpii_human_pose_v1_u12_1.mat data/mpii/images

also takes MMPose's mpii_train.json. Goes on after an interruption. See
docs/data.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wholebody_mm.datasets.preparation.command_line import (
    add_split_arguments,
    run_preparation,
)
from wholebody_mm.datasets.preparation.mpii import prepare_mpii


def main(argv: list[str] | None = None) -> int:
    """Write the files; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('ann_file', type=Path, help='.mat or .json')
    parser.add_argument('images', type=Path, help='folder of the images')
    add_split_arguments(parser, 'data/mpii')
    args = parser.parse_args(argv)
    return run_preparation(
        'prepare_mpii.py',
        args,
        lambda: prepare_mpii(
            args.ann_file, args.images, args.out, args.val_share, args.seed
        ),
    )


if __name__ == '__main__':
    sys.exit(main())
