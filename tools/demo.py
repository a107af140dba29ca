"""The main job on one machine: make data, test, train on, test again, draw.

``make demo`` runs it: a few hundred rendered images, seen by a cheap camera at
night, which the shipped network does not know; the network fine-tuned on them
for some minutes, AP of every part before and after on images that it did not
see, and pictures of what it found. Everything goes to ``work_dirs/demo``; data
that is there is used again.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

import cv2
import numpy as np

from wholebody_mm.inference.images import read_image
from wholebody_mm.inference.writers import write_picture
from wholebody_mm.whole_files import is_part

ROOT = Path(__file__).resolve().parents[1]
WORK = Path('work_dirs/demo')
CONFIG = Path('configs/demo.py')
WEIGHTS = Path('wholebody_mm/weights/fast_wholebody.safetensors')
ANNOTATIONS = Path('annotations.json')
# folder: images and seed
SETS = {'train': (400, 1), 'test': (100, 2)}
PICTURES_SHOWN = 6


def run(*command: str | Path) -> None:
    """Run a tool of this folder with this Python; stop if it fails."""
    words = [sys.executable, *map(str, command)]
    print('\n$', ' '.join(['python', *words[1:]]), flush=True)
    done = subprocess.run(words, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(f'demo: {words[1]} ended with code {done.returncode}')


def at_night(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """What a cheap camera sees of (H, W, 3) uint8 by the light of a lamp.

    Half the resolution, grey, brightest in the middle, with noise.
    """
    height, width = image.shape[:2]
    grey = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(np.float32)
    grey = cv2.resize(
        grey, (width // 2, height // 2), interpolation=cv2.INTER_AREA
    )
    y, x = np.mgrid[: height // 2, : width // 2] + 0.5
    from_middle = np.hypot(x / (width // 2) - 0.5, y / (height // 2) - 0.5)
    grey = grey * (1.0 - 0.9 * from_middle)
    grey += rng.normal(0, 20, grey.shape)
    grey = np.clip(grey, 0, 255).astype(np.uint8)
    grey = cv2.resize(grey, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)


def copy_at_night(day: Path, night: Path) -> None:
    """Copy a folder of rendered images as the camera sees them."""
    (night / 'images').mkdir(parents=True, exist_ok=True)
    sources = [p for p in (day / 'images').iterdir() if not is_part(p)]
    for i, source in enumerate(sorted(sources)):
        target = night / 'images' / source.name
        try:
            image = read_image(source)
        except ValueError as error:
            sys.exit(f'demo: {error}; or remove {WORK}')
        write_picture(target, at_night(image, np.random.default_rng(i)))
    shutil.copyfile(day / ANNOTATIONS, night / ANNOTATIONS)


def test(weights: Path | str, name: str, *options: str | Path) -> dict:
    """AP of each part by ``tools/test.py``; goes to ``WORK/name``."""
    folder = WORK / name
    run('tools/test.py', CONFIG, weights, '--work-dir', folder, *options)
    return json.loads((ROOT / folder / 'metrics.json').read_text())


def main() -> None:
    """Make data, train, test and say where the pictures are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--iterations', type=int, help="the config's own by default"
    )
    args = parser.parse_args()
    if not (ROOT / CONFIG).is_file() or not (ROOT / WEIGHTS).is_file():
        sys.exit(f'demo: {ROOT} is no checkout, which it is for')
    start = time.monotonic()
    for folder, (images, seed) in SETS.items():
        day = WORK / 'data' / 'day' / folder
        run(
            *('-m', 'wholebody_mm.cli', 'synthesize', '--preset', 'body'),
            *('--people', '1-3', '--size', '320x320', '--images', images),
            *('--seed', seed, '--out', day),
        )
        copy_at_night(ROOT / day, ROOT / WORK / 'data' / 'night' / folder)
    before = test(WEIGHTS, 'before')
    options: list[str] = []
    if args.iterations:
        warm_up = max(1, args.iterations // 8)
        options = [
            '--cfg-options',
            f'train_cfg.max_iters={args.iterations}',
            f'default_hooks.checkpoint.interval={args.iterations}',
            f'param_scheduler.0.end={warm_up}',
            f'param_scheduler.1.begin={warm_up}',
            f'param_scheduler.1.end={max(args.iterations, warm_up + 1)}',
            f'param_scheduler.1.T_max={max(1, args.iterations - warm_up)}',
        ]
    trained = WORK / 'run'
    run('tools/train.py', CONFIG, '--work-dir', trained, *options)
    checkpoint = (ROOT / trained / 'last_checkpoint').read_text().strip()
    pictures = WORK / 'pictures'
    after = test(checkpoint, 'after', '--show-dir', pictures)
    minutes = (time.monotonic() - start) / 60
    print(f'\nRendered, trained and tested in {minutes:.1f} minutes.')
    print('AP in per cent  before  after')
    for key in after:
        part, _, value = key.partition('/')
        if value == 'AP':
            print(f'{part:>14}{100 * before[key]:8.1f}{100 * after[key]:7.1f}')
    print('What it found in images it had not seen:')
    for picture in sorted((ROOT / pictures).glob('*.jpg'))[:PICTURES_SHOWN]:
        print(f'  {picture.relative_to(ROOT)}')


if __name__ == '__main__':
    main()
