"""The command line that training and testing share, as MMPose has it."""

from __future__ import annotations

import argparse
import inspect
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config, DictAction
from mmengine.device import utils as mmengine_device
from mmengine.runner import Runner

from wholebody_mm.inference.torch_network import read_config

# What MMEngine's runner takes from its config beside its own arguments.
READ_FROM_CFG = (
    'activation_checkpointing',
    'compile',
    'efficient_conv_bn_eval',
    'find_unused_parameters',
    'model_wrapper_cfg',
    'sync_bn',
)


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
    parser.add_argument(
        '--device',
        choices=['cpu', 'cuda', 'mps'],
        help="by default CUDA where torch has it; Apple's GPUs (mps) are "
        'untested',
    )
    # older launchers pass the second spelling
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def config_of(args: argparse.Namespace) -> Config:
    """Read the config and apply the common options.

    Raises:
        FileNotFoundError: If there is no such config.
        ValueError: If an option would change nothing, or the training would
            never end.
    """
    if args.launcher == 'none' and 'TORCHELASTIC_RUN_ID' in os.environ:
        # torchrun started several: they would train apart, on one GPU, and
        # write over each other's files
        args.launcher = 'pytorch'
    # Open MPI numbers the processes of a machine, MMEngine asks for it here
    of_mpi = os.environ.get('OMPI_COMM_WORLD_LOCAL_RANK', args.local_rank)
    os.environ.setdefault('LOCAL_RANK', str(of_mpi))
    cfg = config_with_options(args.config, args.cfg_options)
    sync_test_geometry(cfg)
    check_loop(cfg)
    cfg.launcher = args.launcher
    choose_device(cfg, args.device)
    if args.launcher != 'none' and torch.cuda.is_available():
        # MMEngine keeps the statistics of batch normalisation of each GPU
        # apart, validates with all of them and saves the first's.
        cfg.setdefault('sync_bn', 'torch')
    elif args.launcher != 'none':
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
        cfg.work_dir = str(Path('work_dirs') / Path(cfg.filename).stem)
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


def choose_device(cfg: Config, device: str | None) -> None:
    """Have MMEngine compute where the user wants it to.

    By default where it would, but not on Apple's GPUs, where nobody has tried
    it. On macOS the loader's workers are started anew instead of forked, which
    its libraries do not survive.

    Args:
        cfg: Changed in place.
        device: ``cpu``, ``cuda`` or ``mps``; None for the default.

    Raises:
        ValueError: If torch has no such device, or several processes would
            take others.
    """
    if device is None and mmengine_device.get_device() == 'mps':
        device = 'cpu'
    several = cfg.get('launcher', 'none') != 'none'
    if device == 'cpu' and several and torch.cuda.is_available():
        # MMEngine and torch would give each process a GPU all the same
        raise ValueError(
            '--device cpu with several processes: set CUDA_VISIBLE_DEVICES=-1 '
            'instead'
        )
    if device is not None:
        has = dict(
            cpu=lambda: True,
            cuda=torch.cuda.is_available,
            mps=torch.backends.mps.is_available,
        )
        if not has[device]():
            raise ValueError(
                f'--device {device}: torch {torch.__version__} has none here'
            )
        # what MMEngine's get_device returns; its runner asks nobody else
        mmengine_device.DEVICE = device
    if sys.platform == 'darwin':
        environment = cfg.get('env_cfg') or {}
        workers = environment.get('mp_cfg') or {}
        workers = {**workers, 'mp_start_method': 'spawn'}
        cfg.env_cfg = {**environment, 'mp_cfg': workers}


def config_with_options(
    config: str, options: Mapping[str, Any] | None
) -> Config:
    """A config with what ``--cfg-options`` changes.

    Raises:
        FileNotFoundError: If there is no such config.
        ValueError: If an option would change nothing.
    """
    cfg = read_config(config)
    if options:
        check_options(options, config)
        cfg.merge_from_dict(options)
    return cfg


def check_options(options: Mapping[str, Any], config: str) -> None:
    """Raise ValueError for an option that nothing reads.

    A config's own variables, such as ``max_iters`` or ``data_root``, were put
    where they are used before options come: changing them changes nothing.
    """
    base = config if '::' in config else Path(config).name
    read = {*inspect.signature(Runner).parameters, *READ_FROM_CFG}
    for option in options:
        key = option.partition('.')[0]
        if key not in read:
            raise ValueError(
                f'--cfg-options {option}=...: nothing reads {key}. If it is a '
                f'variable of {config}, edit it there (a config of your own: '
                f"_base_ = ['{base}']), or name the places where "
                f'it is used, such as train_cfg.max_iters or '
                f'train_dataloader.dataset.data_root; known are '
                f'{", ".join(sorted(read))}'
            )


def warn_of_a_flat_end(cfg: Config) -> None:
    """Warn if the learning rate reaches its last value before the end.

    As of a longer training whose schedule was left as it is.
    """
    most = (cfg.get('train_cfg') or {}).get('max_iters')
    schedule = cfg.get('param_scheduler') or []
    schedule = [schedule] if isinstance(schedule, dict) else schedule
    # what begins at 0 is a warm-up, after which the rate may stay
    ends = [s.get('end') for s in schedule if s.get('begin', 0)]
    if most is None or not ends or None in ends or max(ends) >= most:
        return
    print(
        f'the schedule of the learning rate ends at iteration {max(ends)} of '
        f'{most} (param_scheduler, train_cfg.max_iters): the rest is trained '
        f'at its last and lowest',
        file=sys.stderr,
    )


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
