"""Ignore people that are in an image but not annotated.

    python tools/data/mask_people.py data/face_ibug/train.json \
        data/face_ibug/images
    python tools/data/mask_people.py data/hand_mpii/train.json FOLDER \
        --mmdet CONFIG CHECKPOINT
    python tools/data/mask_people.py data/hand_mpii/train.json \
        --detections results.json

Runs an instance segmentation (Mask R-CNN of torchvision, or any MMDetection
config; both are optional installs) over the images, or takes detections made
elsewhere, in COCO's result format with masks, of which those of category 1
are people (--category says another). Detections that match no
annotated person become ignore regions of the annotation file, which is
written anew. Detecting goes on after an interruption; what was detected is
kept beside the file. See docs/data.md.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from wholebody_mm.clean_errors import run_cleanly
from wholebody_mm.datasets.preparation.detectors import (
    mmdet_detector,
    torchvision_detector,
)
from wholebody_mm.datasets.preparation.unlabelled_people import (
    LEAST_SCORE,
    mask_people,
    read_to_mask,
)
from wholebody_mm.datasets.preparation.writing import (
    PERSON,
    for_each,
    read_json,
    refuse_inputs,
    states,
)
from wholebody_mm.whole_files import write_json


def parse_args(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('ann_file', type=Path, help='COCO-style annotations')
    parser.add_argument(
        'images', type=Path, nargs='?', help='folder of the images'
    )
    parser.add_argument(
        '--detections', type=Path, help="a file in COCO's result format"
    )
    parser.add_argument(
        '--category',
        type=int,
        default=PERSON,
        help=f'which category of --detections is people ({PERSON})',
    )
    parser.add_argument(
        '--mmdet',
        nargs=2,
        metavar=('CONFIG', 'CHECKPOINT'),
        help='detect with MMDetection instead of torchvision',
    )
    parser.add_argument('--device', default='cpu', help='cpu, cuda:0, ...')
    parser.add_argument('--out', type=Path, help='(the annotation file)')
    return parser.parse_args(argv)


def detect(args: argparse.Namespace, images: list[dict]) -> list[dict]:
    """Run a detector over all images; keeps what it found beside the file."""
    if args.images is None:
        raise ValueError('say where the images are, or give --detections')
    # by name: prepared anew, the same images may have other ids
    names = list(dict.fromkeys(image['file_name'] for image in images))
    missing = [name for name in names if not (args.images / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f'{len(missing)} of {len(names)} images are not in {args.images}, '
            f'{missing[0]} for one'
        )
    # other weights under the same name find other people
    inputs = states(map(Path, args.mmdet or ()))
    try:
        if args.mmdet:
            find = mmdet_detector(*args.mmdet, args.device, LEAST_SCORE)
        else:
            find = torchvision_detector(args.device, LEAST_SCORE)
    except ModuleNotFoundError as error:
        raise ValueError(error) from error

    def make(key: str) -> dict:
        return dict(found=find(args.images / key))

    kept = args.ann_file.with_name(args.ann_file.stem + '_detections.json')
    options = dict(
        detector=args.mmdet or 'torchvision',
        images=args.images.resolve(),
        inputs=inputs,
    )
    made = for_each(
        names,
        make,
        kept,
        'detecting',
        options,
        files=lambda name: [args.images / name],
    )
    found = {n: entry['found'] for n, entry in zip(names, made, strict=True)}
    detections = [
        dict(d, image_id=image['id'])
        for image in images
        for d in found[image['file_name']]
    ]
    write_json(kept, detections)
    kept.with_name(kept.name + '.part').unlink(missing_ok=True)
    return detections


def main(argv: list[str] | None = None) -> int:
    """Write the file; returns the exit code."""
    args = parse_args(argv)

    def run() -> None:
        # first: detecting takes hours
        content = read_to_mask(args.ann_file)
        out = args.out or args.ann_file
        if args.detections:
            refuse_inputs(out, [args.detections])
            counts = mask_people(
                args.ann_file,
                read_json(args.detections, 'file of detections'),
                out,
                args.category,
                str(args.detections),
            )
        else:
            found = detect(args, content['images'])
            counts = mask_people(args.ann_file, found, out)
        print(f'{out}: {counts}')

    return run_cleanly('mask_people.py', run)


if __name__ == '__main__':
    sys.exit(main())
