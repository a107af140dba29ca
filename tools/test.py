"""Test a network: ``python tools/test.py CONFIG CHECKPOINT``.

The options are those of MMPose's tools/test.py, but for ``--badcase``.
Metrics are printed and written to ``WORK_DIR/metrics.json``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import wholebody_mm.register  # noqa: F401  mends the stack before it loads

from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.runner import Runner

from wholebody_mm.clean_errors import run_cleanly
from wholebody_mm.engine.launch import (
    add_common_arguments,
    config_of,
)
from wholebody_mm.evaluation import write_metrics


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description='Test a pose network')
    parser.add_argument('config', help='config file, or wholebody_mm::NAME.py')
    parser.add_argument('checkpoint', help='weights to test')
    parser.add_argument('--out', help='also write the metrics to this file')
    parser.add_argument('--dump', help='pickle file for all predictions')
    add_common_arguments(parser)
    return parser.parse_args(argv)


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
    cfg = config_of(args)
    if '://' not in args.checkpoint and not Path(args.checkpoint).is_file():
        raise FileNotFoundError(f'no checkpoint {args.checkpoint}')
    cfg.load_from, cfg.resume = args.checkpoint, False
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

    def run() -> None:
        runner = Runner.from_cfg(build_config(args))
        paths = [Path(runner.work_dir) / 'metrics.json']
        if args.out:
            paths.append(Path(args.out))
        runner.register_hook(WriteMetricsHook(paths))
        runner.test()

    return run_cleanly('test.py', run)


if __name__ == '__main__':
    sys.exit(main())
