"""The main job on one machine: make data, test, train on, test again, draw.

``make demo`` runs it: a few hundred rendered images, many of them close-ups
of hands; the shipped network fine-tuned on them for some minutes, AP of every
part before and after on images that it did not see, and pictures of what it
found. Everything goes to ``work_dirs/demo``; data that is there is used again.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = Path('work_dirs/demo')
CONFIG = Path('configs/demo.py')
WEIGHTS = Path('wholebody_mm/weights/fast_wholebody.safetensors')
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
    start = time.monotonic()
    for folder, (images, seed) in SETS.items():
        run(
            *('-m', 'wholebody_mm.cli', 'synthesize', '--preset', 'hand'),
            *('--size', '320x320', '--images', images),
            *('--seed', seed, '--out', WORK / 'data' / folder),
        )
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
    print('What the network found in images it had not seen:')
    for picture in sorted((ROOT / pictures).glob('*.jpg'))[:PICTURES_SHOWN]:
        print(f'  {picture.relative_to(ROOT)}')


if __name__ == '__main__':
    main()
