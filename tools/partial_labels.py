"""What masks and images of nobody are good for, measured on drawn people.

    python tools/partial_labels.py

trains a light network on three data sets that label bodies, faces and hands
each and on images of nobody; without masks (what a data set does not label is
taught to be absent); and without images of nobody and absence outside of
people. Tests over several seeds on images of which everything is labelled,
and looks for ghosts in images of nobody. About ten minutes a run on one CPU
core. Runs that are done already are not repeated.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import wholebody_mm.register  # noqa: F401  mends the stack before it loads

import numpy as np
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, MODELS

from wholebody_mm.checkpoints import load, weights_of
from wholebody_mm.datasets.partial_toy import ghosts, write_partial_toy
from wholebody_mm.whole_files import write_json

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / 'configs/examples/partial_labels.py'
# name: whether masks and images of nobody are used
VARIANTS = {
    'masks and negatives': (True, True),
    'no negatives': (True, False),
    'no masks': (False, True),
}
VALUES = ('body/AP', 'face/AP', 'hands/AP', 'ghosts')
NOBODY_SEEN = 24  # images without people that are looked at


def main(argv: list[str] | None = None) -> int:
    """Train, test, print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument(
        '--out', type=Path, default=Path('work_dirs/partial_labels')
    )
    parser.add_argument('--seeds', type=int, nargs='+', default=[0, 1, 2])
    parser.add_argument('--iterations', type=int, default=320)
    parser.add_argument('--images', type=int, default=300)
    args = parser.parse_args(argv)
    # other options, other folders: what is done is not repeated
    options = f'{args.images}_images'
    data = args.out / options / 'data'
    unseen = args.out / options / 'unseen'
    if not (data / 'nobody/annotations.json').is_file():
        write_partial_toy(data, args.images)
    if not (unseen / 'nobody/annotations.json').is_file():
        # other images than those of training
        write_partial_toy(unseen, NOBODY_SEEN, seed=100)
    results: dict[str, list[dict]] = {name: [] for name in VARIANTS}
    for seed in args.seeds:
        for name, (masks, negatives) in VARIANTS.items():
            run = f'{name.replace(" ", "_")}_{args.iterations}_{seed}'
            work = args.out / options / run
            os.environ.update(
                WHOLEBODY_MM_TOY=str(data.absolute()),
                WHOLEBODY_MM_MASKS=str(int(masks)),
                WHOLEBODY_MM_NEGATIVES=str(int(negatives)),
            )
            results[name].append(one_run(work, seed, args.iterations, unseen))
            print(work, results[name][-1], flush=True)
    print(table(results))
    return 0


def one_run(work: Path, seed: int, iterations: int, unseen: Path) -> dict:
    """Train and test, unless that has been done; the values."""
    file = work / 'results.json'
    if file.is_file():
        return json.loads(file.read_text())
    weights = work / f'iter_{iterations}.pth'
    warm_up = min(50, max(1, iterations // 10))
    options = [
        f'randomness.seed={seed}',
        f'train_cfg.max_iters={iterations}',
        f'default_hooks.checkpoint.interval={iterations}',
        f'param_scheduler.0.end={warm_up}',
        f'param_scheduler.1.begin={warm_up}',
        f'param_scheduler.1.end={max(iterations, warm_up + 1)}',
        f'param_scheduler.1.T_max={max(1, iterations - warm_up)}',
    ]
    tools = ROOT / 'tools'
    for words in (
        [tools / 'train.py', CONFIG, '--cfg-options', *options],
        [tools / 'test.py', CONFIG, weights],
    ):
        place = 2 if len(words) > 2 and words[0].name == 'train.py' else 3
        words[place:place] = ['--work-dir', work]
        subprocess.run([sys.executable, *map(str, words)], check=True)
    metrics = json.loads((work / 'metrics.json').read_text())
    metrics['ghosts'] = ghosts_of(weights, unseen)
    metrics = {key: metrics.get(key, 0.0) for key in VALUES}
    write_json(file, metrics)
    return metrics


@torch.no_grad()
def ghosts_of(weights: Path, unseen: Path) -> float:
    """Mean highest activation of each channel where nobody is."""
    cfg = Config.fromfile(CONFIG)
    init_default_scope('mmpose')
    model = MODELS.build(cfg.model)
    model.load_state_dict(weights_of(load(weights)))
    model.eval()
    config = dict(
        cfg.test_dataloader.dataset,
        data_root=str(unseen / 'nobody'),
        test_mode=True,
    )
    dataset = DATASETS.build(config)
    found = []
    for i in range(len(dataset)):
        data = model.data_preprocessor(pseudo_collate([dataset[i]]), False)
        maps, _ = model.predict_maps(data['inputs'])
        found.append(ghosts(maps.float().numpy()))
    return float(np.mean(found))


def table(results: dict[str, list[dict]]) -> str:
    """Mean and spread over the seeds, as Markdown."""
    lines = ['| trained with | ' + ' | '.join(VALUES) + ' |']
    lines.append('|---' * (1 + len(VALUES)) + '|')
    for name, runs in results.items():
        cells = []
        for value in VALUES:
            numbers = [run[value] for run in runs]
            cells.append(
                f'{np.mean(numbers):.3f} '
                f'({min(numbers):.3f} to {max(numbers):.3f})'
            )
        lines.append(f'| {name} | ' + ' | '.join(cells) + ' |')
    return '\n'.join(lines)


if __name__ == '__main__':
    sys.exit(main())
