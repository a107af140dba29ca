"""Train a network: ``python tools/train.py configs/deep_wholebody.py``.

The options are those of MMPose's tools/train.py.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import wholebody_mm.register  # noqa: F401  mends the stack before it loads

from mmengine.config import Config, DictAction
from mmengine.runner import Runner


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description='Train a pose network')
    parser.add_argument('config', help='config file')
    parser.add_argument('--work-dir', help='where logs and weights go')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='checkpoint to resume from; the latest of the work directory '
        'if none is named',
    )
    parser.add_argument(
        '--amp', action='store_true', help='train in mixed precision'
    )
    parser.add_argument(
        '--no-validate', action='store_true', help='do not evaluate'
    )
    parser.add_argument(
        '--auto-scale-lr',
        action='store_true',
        help='scale the learning rate with the batch size',
    )
    parser.add_argument(
        '--show-dir', help='write pictures of validation results there'
    )
    parser.add_argument(
        '--show', action='store_true', help='show them in a window'
    )
    parser.add_argument(
        '--interval', type=int, default=1, help='every n-th batch is drawn'
    )
    parser.add_argument(
        '--wait-time', type=float, default=1, help='seconds a window stays'
    )
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='override config values: key=value, a.b.c=value',
    )
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
    )
    # torch.distributed.launch passes the second spelling
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)
    args = parser.parse_args(argv)
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


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
    if args.amp:
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.resume == 'auto':
        cfg.resume, cfg.load_from = True, None
    elif args.resume:
        cfg.resume, cfg.load_from = True, args.resume
    if args.auto_scale_lr:
        cfg.auto_scale_lr = {**cfg.get('auto_scale_lr', {}), 'enable': True}
    if args.show or args.show_dir:
        cfg.default_hooks.visualization.update(
            enable=True,
            show=args.show,
            interval=args.interval,
            wait_time=args.wait_time,
            out_dir=args.show_dir,
        )
    return cfg


def main(argv: list[str] | None = None) -> int:
    """Train; returns the exit code."""
    args = parse_args(argv)
    try:
        runner = Runner.from_cfg(build_config(args))
        runner.train()
    except (FileNotFoundError, ValueError) as error:
        if os.environ.get('WHOLEBODY_MM_TRACEBACK'):
            raise
        print(
            f'train.py: {error}\n(set WHOLEBODY_MM_TRACEBACK=1 for the '
            f'traceback)',
            file=sys.stderr,
        )
        return 2
    return 0


if __name__ == '__main__':
    sys.exit(main())
