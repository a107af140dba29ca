"""Which keypoints are found, and whether people stay whole.

    wholebody-mm infer IMAGES --write coco --annotations ANN --out OUT
    python tools/keypoint_errors.py ANN OUT/results.json

Prints recall, precision and distance of each part's keypoints, the OKS of its
best result, and the shares of people that were split or merged
(docs/evaluation.md). Of the images that ``infer`` looked at, which
``images.json`` beside the results lists; without it all of the annotations
count.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path, PureWindowsPath
from typing import Any

from wholebody_mm.clean_errors import run_cleanly
from wholebody_mm.evaluation.keypoint_errors import (
    errors_table,
    keypoint_errors,
)
from wholebody_mm.evaluation.part_ap import load_coco
from wholebody_mm.evaluation.report import write_metrics
from wholebody_mm.inference.tables import IMAGES
from wholebody_mm.skeletons import COCO_WHOLEBODY133
from wholebody_mm.whole_files import read_json


def images_to_count(annotations: Any, results: Path) -> list[int]:
    """Ids of the images that were looked at, in order.

    Raises:
        ValueError: If ``images.json`` beside the results is not of
            ``infer``, or of other images, or numbers them in another way.
    """
    everything = sorted(annotations.getImgIds())
    looked_at = results.with_name(IMAGES)
    if not looked_at.is_file():
        return everything
    try:
        # images without people are there too
        seen = {
            image['id']: image.get('file_name')
            for image in read_json(looked_at)['images']
        }
    except (KeyError, TypeError) as error:
        raise ValueError(
            f'{looked_at} does not say which images were looked at, as that '
            f'of infer does; move it away, or the results'
        ) from error
    found = [number for number in everything if number in seen]
    if not found:
        raise ValueError(
            f'{looked_at} has none of the images of the annotations; was '
            f'infer called with --annotations?'
        )
    for image in annotations.loadImgs(found):
        file, annotated = seen[image['id']], image['file_name']
        if file is not None and _stem(file) != _stem(annotated):
            raise ValueError(
                f'image {image["id"]} is {file} in {looked_at}, but '
                f'{annotated} in the annotations; call infer with '
                f'--annotations, from which it takes the ids'
            )
    print(f'{len(found)} of {len(everything)} images')
    return found


def _stem(file: str) -> str:
    """A file's name without folders, of any system, and its ending.

    Images may have been converted since they were annotated.
    """
    return PureWindowsPath(file).stem


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add('annotations', help='COCO-WholeBody annotation file')
    add('results', type=Path, help='COCO-WholeBody results')
    add('--max-images', type=int, metavar='N', help='the first N ids only')
    add(
        '--categories',
        nargs='+',
        metavar='NAME',
        help='those of the annotations that are people',
    )
    add('--json', type=Path, help='file to write the values to')
    args = parser.parse_args()
    results = read_json(args.results)
    if not isinstance(results, list):
        raise ValueError(f'{args.results} is no list of results')
    annotations = load_coco(
        args.annotations,
        categories=args.categories,
        skeleton=COCO_WHOLEBODY133,
    )
    img_ids = images_to_count(annotations, args.results)
    if args.max_images:
        left_out = {*img_ids[args.max_images :]}
        img_ids = img_ids[: args.max_images]
        results = [r for r in results if r.get('image_id') not in left_out]
    metrics = keypoint_errors(annotations, results, img_ids)
    print(errors_table(metrics))
    if args.json:
        write_metrics(args.json, metrics)
    return 0


if __name__ == '__main__':
    sys.exit(run_cleanly('keypoint_errors.py', main))
