"""An archive of images on a Ray cluster, or on this machine's cores.

Ray Data hands the shards to a pool of workers that each hold the network,
starts workers anew that die, and spreads them over the machines.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from types import ModuleType

from wholebody_mm.inference.predictor import Predictor
from wholebody_mm.inference.shards import Shard, ShardSummary, write_shard


class ShardWorker:
    """What runs in each worker: the network is loaded once.

    Args:
        build: Makes the predictor, on the worker's machine.
    """

    def __init__(self, build: Callable[[], Predictor]) -> None:
        self.predictor = build()

    def __call__(self, row: dict) -> dict:
        """Write the shard of a row; its summary as a row."""
        shard = Shard(row['file'], tuple(row['paths']), row['plan'])
        summary = asdict(write_shard(self.predictor, shard))
        summary['broken'] = [list(pair) for pair in summary['broken']]
        return summary


def require_ray() -> ModuleType:
    """Ray itself.

    Raises:
        ImportError: If it is not installed; says how to get it.
    """
    try:
        import ray
    except ImportError as error:
        raise ImportError(
            '--engine ray needs Ray: pip install "wholebody-mm[ray]"',
            name='ray',
        ) from error
    return ray


def cluster_address(address: str | None) -> str:
    """Where Ray works: ``local`` if it is to start on this machine.

    Without an address Ray would join a cluster that happens to run here.

    Args:
        address: That the user gives, if any; it goes before the environment
            variable ``RAY_ADDRESS``.
    """
    return address or os.environ.get('RAY_ADDRESS') or 'local'


def run_on_ray(
    shards: Sequence[Shard],
    build: Callable[[], Predictor],
    workers: int,
    address: str | None = None,
    gpus_each: float = 0,
) -> Iterator[ShardSummary]:
    """Do the shards that are not done, in any order.

    Args:
        shards: Their files and images lie where every machine sees them
            under the same path.
        build: Makes a worker's predictor.
        workers: Processes, over all machines.
        address: Of a cluster (``auto``, ``ray://host:10001``); by default
            as :func:`cluster_address` says.
        gpus_each: GPUs that each worker asks for.

    Raises:
        ImportError: If Ray is not installed; says how to get it.
        RuntimeError: If a worker fails, or Ray does.
    """
    ray = require_ray()
    todo = [
        dict(file=shard.file, paths=list(shard.paths), plan=shard.plan)
        for shard in shards
        if not shard.done
    ]
    if not todo:
        return
    started = not ray.is_initialized()
    if started:
        address = cluster_address(address)
        # a cluster has the cores that it has, and Ray refuses a number
        local = dict(num_cpus=workers) if address == 'local' else {}
        ray.init(
            address=address,
            include_dashboard=False,
            log_to_driver=False,
            logging_level='warning',
            **local,
        )
    try:
        # the command has a bar and a summary of its own
        logging.getLogger('ray.data').setLevel(logging.WARNING)
        ray.data.DataContext.get_current().enable_progress_bars = False
        # a block for each shard: a worker takes the next one when it is free
        dataset = ray.data.from_items(todo, override_num_blocks=len(todo)).map(
            ShardWorker,
            fn_constructor_args=(build,),
            compute=ray.data.ActorPoolStrategy(size=workers),
            num_cpus=1,
            num_gpus=gpus_each or None,
        )
        for row in dataset.iter_rows():
            broken = tuple(tuple(pair) for pair in row['broken'])
            yield ShardSummary(
                row['file'], int(row['images']), int(row['people']), broken
            )
    except ray.exceptions.RayError as error:
        # above the last line is the worker's traceback
        reason = f'{error}'.strip().rpartition('\n')[2]
        raise RuntimeError(
            f'Ray gave up ({type(error).__name__}): {reason.strip()}'
        ) from error
    finally:
        if started:
            ray.shutdown()
