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
from pathlib import Path

from wholebody_mm.clean_errors import run_cleanly
from wholebody_mm.evaluation.keypoint_errors import (
    errors_table,
    keypoint_errors,
)
from wholebody_mm.evaluation.part_ap import load_coco
from wholebody_mm.evaluation.report import write_metrics
from wholebody_mm.inference.tables import IMAGES
from wholebody_mm.whole_files import read_json


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
    annotations = load_coco(args.annotations, categories=args.categories)
    img_ids = set(annotations.getImgIds())
    looked_at = args.results.with_name(IMAGES)
    if looked_at.is_file():  # of infer: images without people are there too
        img_ids &= {image['id'] for image in read_json(looked_at)['images']}
        print(f'{len(img_ids)} of {len(annotations.getImgIds())} images')
    if args.max_images:
        img_ids = set(sorted(img_ids)[: args.max_images])
        results = [r for r in results if r['image_id'] in img_ids]
    metrics = keypoint_errors(annotations, results, sorted(img_ids))
    print(errors_table(metrics))
    if args.json:
        write_metrics(args.json, metrics)
    return 0


if __name__ == '__main__':
    sys.exit(run_cleanly('keypoint_errors.py', main))
