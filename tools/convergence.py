"""Do all data sets of a multi-task training converge at the same pace?

    python tools/convergence.py work_dirs/deep_wholebody \
        --config configs/deep_wholebody.py

prints a table of the validation of each data set and part, says which P_d to
lower or raise, and writes the table and a plot into the work directory.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import wholebody_mm.register  # noqa: F401

from mmengine.config import Config

from wholebody_mm.clean_errors import run_cleanly
from wholebody_mm.engine.convergence import judge, plot, read_curves, table
from wholebody_mm.inference.torch_network import read_config


def probabilities_of(config: Config) -> dict[str, float]:
    """Data set to P_d, as a config has them.

    Raises:
        ValueError: If it has none.
    """
    loader = config.get('train_dataloader') or {}
    batches = loader.get('batch_sampler') or {}
    if not batches.get('probabilities'):
        raise ValueError(
            f'--config {config.filename} has no '
            f'train_dataloader.batch_sampler.probabilities: P_d is for '
            f'multi-task configs, such as configs/deep_wholebody.py; leave '
            f'--config out'
        )
    return dict(batches.probabilities)


def main_of(config: Config) -> str | None:
    """The first data set that the validation does not name, if any."""
    named = (config.get('val_cfg') or {}).get('sources') or {}
    sets = (name for name in probabilities_of(config) if name not in named)
    return next(sets, None)


def main(argv: list[str] | None = None) -> int:
    """Write the report; returns the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument('work_dir', type=Path)
    parser.add_argument('--config', help='for the probabilities in use')
    parser.add_argument('--value', default='AR', help='AR, AP, ... (AR)')
    parser.add_argument(
        '--main',
        metavar='NAME',
        help='the main data set, whose validation has no name in the log '
        '(the first of the config that is not validated by name)',
    )
    args = parser.parse_args(argv)

    def run() -> None:
        probabilities, main_set = None, args.main
        if args.config:
            config = read_config(args.config)
            probabilities = probabilities_of(config)
            main_set = main_set or main_of(config)
        curves = read_curves(args.work_dir, args.value, main_set)
        text = table(judge(curves), probabilities)
        print(text)
        (args.work_dir / 'convergence.md').write_text(text)
        plot(curves, args.work_dir / 'convergence.png', args.value)
        print(f'written to {args.work_dir}/convergence.md and .png')

    return run_cleanly('convergence.py', run)


if __name__ == '__main__':
    sys.exit(main())
