"""Test a network: ``python tools/test.py CONFIG CHECKPOINT``.

The options are those of MMPose's tools/test.py. Metrics are printed and
written to ``WORK_DIR/metrics.json``.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import wholebody_mm.register  # noqa: F401  mends the stack before it loads

from mmengine.config import Config, DictAction
from mmengine.hooks import Hook
from mmengine.runner import Runner

from wholebody_mm.evaluation import write_metrics


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description='Test a pose network')
    parser.add_argument('config', help='config file')
    parser.add_argument('checkpoint', help='weights to test')
    parser.add_argument('--work-dir', help='where metrics and logs go')
    parser.add_argument('--out', help='also write the metrics to this file')
    parser.add_argument('--dump', help='pickle file for all predictions')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='override config values: key=value, a.b.c=value',
    )
    parser.add_argument('--show-dir', help='write pictures of results there')
    parser.add_argument(
        '--show', action='store_true', help='show results in a window'
    )
    parser.add_argument(
        '--interval', type=int, default=1, help='every n-th batch is drawn'
    )
    parser.add_argument(
        '--wait-time', type=float, default=1, help='seconds a window stays'
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
    )
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args(argv)
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


class WriteMetricsHook(Hook):
    """Writes the test's metrics as JSON on the first process.

    Args:
        paths: Files to write.
    """

    def __init__(self, paths: list[Path]) -> None:
        self.paths = paths

    def after_test_epoch(self, runner: Runner, metrics: dict) -> None:
        """Write what the evaluator returned."""
        if runner.rank == 0:
            for path in self.paths:
                write_metrics(path, metrics)
                runner.logger.info(f'metrics written to {path}')


def build_config(args: argparse.Namespace) -> Config:
    """The config with the command line's changes."""
    cfg = Config.fromfile(args.config)
    if args.cfg_options:
        cfg.merge_from_dict(args.cfg_options)
    cfg.launcher = args.launcher
    if args.work_dir:
        cfg.work_dir = args.work_dir
    elif not cfg.get('work_dir'):
        cfg.work_dir = str(Path('work_dirs') / Path(args.config).stem)
    cfg.load_from = args.checkpoint
    cfg.resume = False
    if args.show or args.show_dir:
        show_dir = args.show_dir and str(Path(args.show_dir).absolute())
        cfg.default_hooks.visualization.update(
            enable=True,
            show=args.show,
            interval=args.interval,
            wait_time=args.wait_time,
            out_dir=show_dir,
        )
    if args.dump:
        if not args.dump.endswith(('.pkl', '.pickle')):
            raise ValueError(f'--dump {args.dump} is no .pkl file')
        evaluators = cfg.test_evaluator
        if not isinstance(evaluators, list):
            evaluators = [evaluators]
        dump = dict(type='DumpResults', out_file_path=args.dump)
        cfg.test_evaluator = [*evaluators, dump]
    return cfg


def main(argv: list[str] | None = None) -> int:
    """Test; returns the exit code."""
    args = parse_args(argv)
    try:
        if not Path(args.checkpoint).is_file() and '://' not in (
            args.checkpoint
        ):
            raise FileNotFoundError(f'no checkpoint {args.checkpoint}')
        cfg = build_config(args)
        runner = Runner.from_cfg(cfg)
        paths = [Path(runner.work_dir) / 'metrics.json']
        if args.out:
            paths.append(Path(args.out))
        runner.register_hook(WriteMetricsHook(paths))
        runner.test()
    except (FileNotFoundError, ValueError) as error:
        if os.environ.get('WHOLEBODY_MM_TRACEBACK'):
            raise
        print(
            f'test.py: {error}\n(set WHOLEBODY_MM_TRACEBACK=1 for the '
            f'traceback)',
            file=sys.stderr,
        )
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
