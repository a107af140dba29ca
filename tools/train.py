"""Train a network: ``python tools/train.py configs/deep_wholebody.py``.

The options are those of MMPose's tools/train.py.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from pathlib import Path

import wholebody_mm.register  # noqa: F401  mends the stack before it loads

import torch
from mmengine.config import Config
from mmengine.runner import Runner
from mmpose.registry import MODELS

from wholebody_mm.clean_errors import run_cleanly
from wholebody_mm.engine.heap import keep_freed_memory
from wholebody_mm.engine.launch import (
    add_common_arguments,
    config_of,
    warn_of_a_flat_end,
)


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description='Train a pose network')
    parser.add_argument('config', help='config file, or wholebody_mm::NAME.py')
    parser.add_argument(
        '--resume',
        nargs='?',
        const='auto',
        help='checkpoint to resume from; the latest of the work directory '
        'if none is named',
    )
    parser.add_argument(
        '--amp',
        action='store_true',
        help='mixed precision: float16 with loss scaling on CUDA, bfloat16 '
        'on a CPU',
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
        '--tensorboard',
        action='store_true',
        help='write what is logged for TensorBoard too, below the work '
        'directory',
    )
    add_common_arguments(parser)
    return parser.parse_args(argv)


def build_config(args: argparse.Namespace) -> Config:
    """The config with the command line's changes."""
    cfg = config_of(args)
    if args.amp:
        use_mixed_precision(cfg)
    if args.no_validate:
        cfg.val_cfg = cfg.val_dataloader = cfg.val_evaluator = None
    if args.tensorboard:
        cfg.visualizer.vis_backends = [
            *cfg.visualizer.get('vis_backends', []),
            dict(type='TensorboardVisBackend'),
        ]
    if args.resume == 'auto':
        resume_latest(cfg)
    elif args.resume:
        cfg.resume, cfg.load_from = True, args.resume
    if args.auto_scale_lr:
        scale_learning_rate(cfg, args.config)
    warn_of_a_flat_end(cfg)
    return cfg


def scale_learning_rate(cfg: Config, config: str) -> None:
    """Let MMEngine scale the learning rate with the images of an update.

    Raises:
        ValueError: If the config does not say for how many its rate is.
    """
    options = dict(cfg.get('auto_scale_lr') or {}, enable=True)
    if 'base_batch_size' not in options:
        raise ValueError(
            f'--auto-scale-lr: {config} does not say for which batch its '
            f'learning rate is; give --cfg-options '
            f'auto_scale_lr.base_batch_size=N'
        )
    # MMEngine counts the images of a step, of which an update may take some
    steps = cfg.optim_wrapper.get('accumulative_counts', 1)
    options['base_batch_size'] /= steps
    cfg.auto_scale_lr = options


def use_mixed_precision(cfg: Config) -> None:
    """float16 with loss scaling on CUDA, the model's autocast on a CPU.

    Raises:
        ValueError: If there is no CUDA and the model has no autocast.
    """
    if torch.cuda.is_available():
        cfg.optim_wrapper.type = 'AmpOptimWrapper'
        cfg.optim_wrapper.setdefault('loss_scale', 'dynamic')
        if cfg.model.get('autocast'):
            # of the two the inner one would count
            cfg.model.autocast = None
        return
    # MMEngine's wrapper refuses CPUs
    model = MODELS.get(cfg.model.type)
    if 'autocast' not in inspect.signature(model).parameters:
        raise ValueError(
            f'--amp without CUDA is bfloat16 within the model, which '
            f'{cfg.model.type} does not know: leave --amp out'
        )
    cfg.model.autocast = 'bfloat16'


def resume_latest(cfg: Config) -> None:
    """Go on from the work directory's latest checkpoint if it has one.

    A first start, as of a script that always resumes, keeps ``load_from``.
    """
    file = Path(cfg.work_dir) / 'last_checkpoint'
    if file.is_file():
        cfg.resume, cfg.load_from = True, None
        return
    print(
        f'train.py: nothing to resume in {cfg.work_dir}, starting'
        + (f' from {cfg.load_from}' if cfg.get('load_from') else ' anew'),
        file=sys.stderr,
    )


def main(argv: list[str] | None = None) -> int:
    """Train; returns the exit code."""
    args = parse_args(argv)

    def run() -> None:
        if not torch.cuda.is_available():
            keep_freed_memory()
        Runner.from_cfg(build_config(args)).train()

    return run_cleanly('train.py', run)


if __name__ == '__main__':
    sys.exit(main())
