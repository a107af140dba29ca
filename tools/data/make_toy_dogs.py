"""Draw toy dogs with their keypoints: data for docs/custom_skeleton.md.

Writes OUT/images/*.png and OUT/annotations.json in COCO's format, the
keypoints being those of configs/mix_and_match/dog_skeleton.py.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np

from wholebody_mm.inference.writers import write_picture
from wholebody_mm.skeletons import Skeleton, get_skeleton

ROOT = Path(__file__).resolve().parents[2]
SKELETON = f'{ROOT / "configs/mix_and_match/dog_skeleton.py"}:DOG'
# A dog of length 1 from the side, y down: x, y of each keypoint.
DOG = dict(
    nose=(0.62, -0.42), neck=(0.4, -0.2), tail_base=(-0.4, -0.2),
    tail_tip=(-0.62, -0.45), front_knee=(0.42, 0.1), front_paw=(0.4, 0.4),
    hind_knee=(-0.42, 0.1), hind_paw=(-0.4, 0.4),
)  # fmt: skip


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description='Draw toy dogs')
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--images', type=int, default=100)
    parser.add_argument('--dogs', type=int, default=2, help='in an image')
    parser.add_argument('--size', type=int, default=160, help='pixels a side')
    parser.add_argument('--seed', type=int, default=0)
    return parser.parse_args(argv)


def place(
    rng: np.random.Generator,
    skeleton: Skeleton,
    row: int,
    rows: int,
    size: int,
) -> np.ndarray:
    """(K, 2) pixels of a dog in one of the image's rows."""
    shape = np.array([DOG[name] for name in skeleton.keypoint_names])
    shape = shape + rng.normal(0, 0.03, shape.shape)
    if rng.uniform() < 0.5:
        shape[:, 0] *= -1
    height = size / rows
    length = min(0.5 * size, 0.95 * height) * rng.uniform(0.8, 1)
    centre = [size / 2 + rng.uniform(-0.1, 0.1) * size, (row + 0.5) * height]
    return shape * length + centre


def paint(
    image: np.ndarray, points: np.ndarray, skeleton: Skeleton, colour: tuple
) -> None:
    """Draw a dog's links as thick lines, its nose as a dot."""
    pixels = np.rint(points).astype(int)
    width = max(2, round(np.ptp(points[:, 0]) / 14))
    for a, b in skeleton.links:
        cv2.line(image, pixels[a], pixels[b], colour, width, cv2.LINE_AA)
    nose = pixels[skeleton.index('nose')]
    cv2.circle(image, nose, width, (20, 20, 20), -1, cv2.LINE_AA)


def annotation(points: np.ndarray, image_id: int, number: int) -> dict:
    """A dog as COCO writes it."""
    low, high = points.min(axis=0) - 4, points.max(axis=0) + 4
    rows = np.concatenate([points, np.full((len(points), 1), 2)], axis=1)
    width, height = high - low
    return dict(
        id=number,
        image_id=image_id,
        category_id=1,
        iscrowd=0,
        bbox=[float(v) for v in (*low, width, height)],
        area=float(width * height * 0.5),
        num_keypoints=len(points),
        keypoints=[float(v) for v in rows.reshape(-1)],
    )


def main(argv: list[str] | None = None) -> int:
    """Draw; returns the exit code."""
    args = parse_args(argv)
    skeleton = get_skeleton(SKELETON)
    folder = args.out / 'images'
    folder.mkdir(parents=True, exist_ok=True)
    images, annotations = [], []
    for image_id in range(1, args.images + 1):
        rng = np.random.default_rng([args.seed, image_id])
        colour = rng.integers(90, 200, 3)
        image = np.full((args.size, args.size, 3), colour, np.uint8)
        for row in range(args.dogs):
            points = place(rng, skeleton, row, args.dogs, args.size)
            dark = tuple(int(v) for v in rng.integers(0, 80, 3))
            paint(image, points, skeleton, dark)
            number = len(annotations) + 1
            annotations.append(annotation(points, image_id, number))
        name = f'{image_id:06d}.png'
        write_picture(folder / name, image)
        images.append(
            dict(
                id=image_id, file_name=name, width=args.size, height=args.size
            )
        )
    category = dict(id=1, name='dog', keypoints=list(skeleton.keypoint_names))
    content = dict(
        images=images, annotations=annotations, categories=[category]
    )
    (args.out / 'annotations.json').write_text(json.dumps(content))
    print(f'{args.images} images, {len(annotations)} dogs in {args.out}')
    return 0


if __name__ == '__main__':
    sys.exit(main())
