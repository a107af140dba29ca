"""``wholebody-mm infer --engine ray``: archives of images, in shards."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from functools import partial
from pathlib import Path

from tqdm import tqdm

from wholebody_mm.codecs.options import options_of
from wholebody_mm.inference.earlier_results import results_among
from wholebody_mm.inference.predictor import Predictor
from wholebody_mm.inference.sources import find_sources, left_out
from wholebody_mm.skeletons import get_skeleton

SHARDS = 'shards'
WORKERS, SHARD_SIZE = 2, 1000
# What makes no sense for an archive, and what does for nothing else.
_NOT_HERE = (
    *('write', 'track', 'no_smooth', 'display', 'max_frames'),
    *('annotations', 'batch_size', 'threshold'),
)
_ONLY_HERE = ('workers', 'shard_size', 'address', 'gpus')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that only this engine has."""
    group = parser.add_argument_group('--engine ray')
    add = group.add_argument
    add('--workers', type=int, metavar='N', help=f'(default {WORKERS})')
    add(
        '--shard-size',
        type=int,
        metavar='N',
        help=f'images in each result file (default {SHARD_SIZE})',
    )
    add(
        '--address',
        help='of a Ray cluster, such as auto; default RAY_ADDRESS of the '
        'environment, else Ray starts on this machine',
    )
    add('--gpus', type=float, metavar='N', help='of each worker')


def check(args: argparse.Namespace) -> None:
    """Refuse options that would do nothing.

    Raises:
        ValueError: If there is one; it is named.
    """
    archive = args.engine == 'ray'
    for name in _NOT_HERE if archive else _ONLY_HERE:
        value = getattr(args, name)
        if value is not None and value is not False:
            option = f'--{name.replace("_", "-")}'
            raise ValueError(
                f'{option} is not for --engine ray, which writes Parquet '
                f'shards'
                if archive
                else f'{option} is for --engine ray only'
            )
    # Ray hides the GPUs that a worker does not ask for
    idle = args.gpus and args.device == 'cpu'
    hidden = not args.gpus and args.device.startswith('cuda')
    if archive and (idle or hidden):
        raise ValueError(
            f'--engine ray --gpus {args.gpus or 0} --device {args.device}: '
            f'give both, such as --gpus 1 --device cuda; workers see the GPUs '
            f'they ask for, and use them if they are told to'
        )
    if archive and args.workers is not None and args.workers < 1:
        raise ValueError(f'--workers {args.workers}: give 1 or more')


def same_command(args: argparse.Namespace) -> str:
    """What goes on with this run: not what starts anew once more."""
    return f'the same command{" without --overwrite" * args.overwrite}'


def run(args: argparse.Namespace, weights: Path, settings: dict) -> int:
    """Do the shards that are left; 1 if an image could not be read."""
    try:
        from wholebody_mm.inference.ray_engine import (
            cluster_address,
            require_ray,
            run_on_ray,
        )
        from wholebody_mm.inference.shards import plan_shards
    except ImportError as error:
        raise ImportError(
            f'--engine ray needs Ray and pyarrow ({error}): pip install '
            f'"wholebody-mm[ray]"',
            name=error.name,
        ) from error
    paths, others = _paths(args)
    config = args.config
    if config and '::' not in config:  # else it is in a package
        config = os.path.abspath(os.path.expanduser(config))
    build = partial(
        Predictor,
        weights.resolve(),
        config,
        backend=args.backend,
        device=args.device,
        # a worker is a core; more of them share the machine better
        threads=args.threads or 1,
        # itself: workers stand in other folders, maybe without its file
        skeleton=args.skeleton and get_skeleton(args.skeleton),
        height=args.height,
        scales=args.scales,
        flip=args.flip,
        max_people=args.max_people,
        decoder=options_of(args.decoder),
    )
    # Mistakes are told here, not by each worker, and before anything of an
    # earlier run is removed. What starts a cluster's work may lack the device.
    elsewhere = cluster_address(args.address) != 'local'
    try:
        build(device='cpu' if elsewhere else args.device)
    except ImportError:
        if not elsewhere:  # the engine may be there only
            raise
    require_ray()
    shards = plan_shards(
        paths,
        args.out.resolve() / SHARDS,
        SHARD_SIZE if args.shard_size is None else args.shard_size,
        settings,
        args.overwrite,
    )
    images_left = [shard.images_left() for shard in shards]
    left = [s for s, n in zip(shards, images_left, strict=True) if n]
    images = people = done = 0
    stopped = False
    broken: list[tuple[str, str]] = []
    bar = tqdm(total=sum(images_left), unit='image', disable=None)
    workers, gpus = args.workers or WORKERS, args.gpus or 0
    try:
        for shard in run_on_ray(left, build, workers, args.address, gpus):
            done += 1
            images, people = images + shard.images, people + shard.people
            broken += shard.broken
            bar.update(shard.images + len(shard.broken))
    except KeyboardInterrupt:
        stopped = True
    finally:  # also of hours that end in an error
        bar.close()
        print(
            f'{images} images with {people} people in {done} shards: '
            f'{args.out / SHARDS}'
        )
        if len(left) < len(shards):
            print(f'{len(shards) - len(left)} shards done by an earlier run')
        if others:
            print(left_out(others))
        if broken:
            print(f'{len(broken)} could not be read:', file=sys.stderr)
            for path, reason in broken:
                print(f'  {path}: {reason}', file=sys.stderr)
    if stopped:
        again = same_command(args)
        print(f'stopped with {len(left) - done} shards left; {again} goes on')
        return 130
    return int(bool(broken))


def _paths(args: argparse.Namespace) -> tuple[list[str], Counter[str]]:
    """Absolute paths of the images, from folders and Parquet lists.

    And the endings of files that are none.
    """
    from wholebody_mm.inference.shards import paths_in_parquet

    paths: list[str] = []
    others: Counter[str] = Counter()
    for text in args.inputs:
        if text.endswith('.parquet'):
            if not Path(text).is_file():
                raise FileNotFoundError(f'no file {text}')
            listed = paths_in_parquet(Path(text))
            for path in listed:
                if '://' in path:
                    raise ValueError(
                        f'{text} lists {path}: only files that every machine '
                        f'sees as such can be read; mount the store'
                    )
            paths += map(os.path.abspath, listed)
            continue
        sources, skipped = find_sources([text], results_among=results_among)
        others += skipped
        for source in sources:
            if source.moves:
                raise ValueError(
                    f'--engine ray is for images, not for {source.path}'
                )
            paths.append(os.path.abspath(source.path))
    return list(dict.fromkeys(paths)), others
