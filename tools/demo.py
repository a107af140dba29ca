"""The main job on one machine: make data, train, test, draw.

``make demo`` runs it: a few hundred drawn people, a light network trained on
them for some minutes, AP and AR of every part, and pictures of what it found.
Everything goes to ``work_dirs/demo``; data that is there is used again.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WORK = Path('work_dirs/demo')
IMAGES = 500
PICTURES_SHOWN = 6


def run(*command: str | Path) -> None:
    """Run a tool of this folder with this Python; stop if it fails."""
    words = [sys.executable, *map(str, command)]
    print('\n$', ' '.join(['python', *words[1:]]), flush=True)
    done = subprocess.run(words, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(f'demo: {words[1]} ended with code {done.returncode}')


def main() -> None:
    """Make data, train, test and say where the pictures are."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        '--iterations', type=int, help="the config's own by default"
    )
    args = parser.parse_args()
    start = time.monotonic()
    config, run_dir = Path('configs/demo.py'), WORK / 'run'
    annotations = WORK / 'data/annotations/coco_wholebody_val_v1.0.json'
    if not (ROOT / annotations).is_file():
        run(
            'tools/data/make_drawn_people.py',
            *('--out', WORK / 'data', '--images', IMAGES),
            *('--seed', '0', '--size', '320x256', '--people', '1', '2'),
        )
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
    run('tools/train.py', config, '--work-dir', run_dir, *options)
    checkpoint = (ROOT / run_dir / 'last_checkpoint').read_text().strip()
    pictures = WORK / 'pictures'
    run(
        *('tools/test.py', config, checkpoint),
        *('--work-dir', WORK / 'test', '--show-dir', pictures),
    )
    minutes = (time.monotonic() - start) / 60
    print(f'\nTrained and tested in {minutes:.1f} minutes.')
    print(f'AP and AR of each part: {WORK / "test/metrics.json"}')
    print('What the network found in images it had not seen:')
    for picture in sorted((ROOT / pictures).glob('*.jpg'))[:PICTURES_SHOWN]:
        print(f'  {picture.relative_to(ROOT)}')


if __name__ == '__main__':
    main()
