"""The command line that training and testing share, as MMPose has it."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import torch
from mmengine.config import Config, DictAction

from wholebody_mm.clean_errors import tell


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of both tools, named as MMPose names them."""
    parser.add_argument('--work-dir', help='where logs and results go')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='override config values: key=value, a.b.c=value, '
        'key="[(1,2),(3,4)]"',
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
    # older launchers pass the second spelling
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def config_of(args: argparse.Namespace) -> Config:
    """Read the config and apply the common options.

    Raises:
        FileNotFoundError: If there is no such config.
    """
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    if not Path(args.config).is_file():
        raise FileNotFoundError(f'no config {args.config}')
    cfg = Config.fromfile(args.config)
    if args.cfg_options:
        cfg.merge_from_dict(args.cfg_options)
    sync_test_geometry(cfg)
    check_loop(cfg)
    cfg.launcher = args.launcher
    if args.launcher != 'none' and not torch.cuda.is_available():
        # MMEngine's own choice names a CUDA device for each process
        cfg.model_wrapper_cfg = dict(
            type='MMDistributedDataParallel',
            device_ids=None,
            # MMEngine reads it only where it chooses itself
            find_unused_parameters=cfg.get('find_unused_parameters', False),
        )
    if args.work_dir:
        cfg.work_dir = args.work_dir
    elif not cfg.get('work_dir'):
        cfg.work_dir = str(Path('work_dirs') / Path(args.config).stem)
    if args.show or args.show_dir:
        cfg.default_hooks.visualization.update(
            enable=True,
            show=args.show,
            interval=args.interval,
            wait_time=args.wait_time,
            # MMPose's hook puts a relative folder below the work directory
            out_dir=args.show_dir and str(Path(args.show_dir).absolute()),
        )
    return cfg


def check_loop(cfg: Config) -> None:
    """Raise ValueError if the training would never come to an end.

    A loop of epochs reads its loader until that ends, which ours never do
    unless they are told where.
    """
    loop = cfg.get('train_cfg') or {}
    if not loop.get('by_epoch') and loop.get('type') != 'EpochBasedTrainLoop':
        return
    loader = cfg.get('train_dataloader') or {}
    batches = loader.get('batch_sampler') or {}
    if batches.get('type') == 'DatasetProbabilitySampler':
        # where it ends, whatever draws the samples of other loaders
        if batches.get('batches_per_epoch') is None:
            raise ValueError(
                'DatasetProbabilitySampler has no end, so an epoch would have '
                'none: with max_epochs give train_dataloader.batch_sampler.'
                'batches_per_epoch=N, or count iterations (train_cfg=dict('
                "type='ResumableTrainLoop', max_iters=N))"
            )
    elif (loader.get('sampler') or {}).get('type') == 'ResumableSampler':
        raise ValueError(
            'ResumableSampler has no end, so an epoch would have none: with '
            'max_epochs take train_dataloader.sampler=dict(_delete_=True, '
            "type='DefaultSampler', shuffle=True), or count iterations "
            "(train_cfg=dict(type='ResumableTrainLoop', max_iters=N))"
        )


def sync_test_geometry(cfg: Config) -> None:
    """Make the pipelines resize as ``model.test_cfg`` says.

    So that ``--cfg-options model.test_cfg.scales=...`` is all that a test at
    other scales needs.
    """
    options = cfg.model.get('test_cfg') or {}
    geometry = {
        key: options[key] for key in ('height', 'scales') if key in options
    }
    for loader in ('val_dataloader', 'test_dataloader'):
        dataset = (cfg.get(loader) or {}).get('dataset', {})
        for step in dataset.get('pipeline', []):
            if step['type'] == 'TopLeftResize':
                step.update(geometry)


def run_cleanly(tool: str, run: Callable[[], None]) -> int:
    """Run a tool; errors of the user's input become one clear message.

    Set WHOLEBODY_MM_TRACEBACK=1 to see where they came from.

    Returns:
        The exit code: 0, or 2 after such an error.
    """
    try:
        run()
    except (FileNotFoundError, ValueError) as error:
        return tell(tool, error)
    return 0
