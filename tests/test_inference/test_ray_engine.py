"""How Ray is started and what becomes of its errors; see test_shards too."""

import sys
from unittest.mock import MagicMock

import pytest

pytest.importorskip('pyarrow')

from wholebody_mm.inference.ray_engine import ShardWorker, run_on_ray
from wholebody_mm.inference.shards import Shard

DONE = dict(file='a.parquet', images=2, people=3, broken=[['b.png', 'empty']])


class RayError(Exception):
    """Stands for that of Ray."""


@pytest.fixture
def ray(monkeypatch):
    """Stands in for Ray; ``rows`` are what the workers give."""
    ray = MagicMock()
    ray.is_initialized.return_value = False
    ray.exceptions.RayError = RayError
    ray.rows = ray.data.from_items.return_value.map.return_value.iter_rows
    ray.rows.return_value = iter([DONE])
    monkeypatch.setitem(sys.modules, 'ray', ray)
    monkeypatch.delenv('RAY_ADDRESS', raising=False)
    return ray


@pytest.fixture
def shards(tmp_path):
    """One that is not done."""
    return [Shard(str(tmp_path / 'a.parquet'), ('a.png', 'b.png'), 'plan')]


@pytest.mark.parametrize(
    ('given', 'environment', 'address', 'cores'),
    [
        (None, None, 'local', 3),  # and no cluster that happens to run here
        (None, 'head:6379', 'head:6379', None),
        ('auto', 'head:6379', 'auto', None),
        ('local', 'head:6379', 'local', 3),
    ],
)
def test_where_the_workers_are(
    ray, shards, monkeypatch, given, environment, address, cores
):
    if environment:
        monkeypatch.setenv('RAY_ADDRESS', environment)
    build = object()
    (summary,) = run_on_ray(shards, build, 3, given, 0.5)
    assert (summary.people, summary.broken) == (3, (('b.png', 'empty'),))
    options = ray.init.call_args.kwargs
    assert options['address'] == address
    # Ray refuses a number of cores for a cluster
    assert options.get('num_cpus') == cores
    ray.shutdown.assert_called_once()
    assert ray.data.from_items.call_args.args[0] == [
        dict(file=shards[0].file, paths=['a.png', 'b.png'], plan='plan')
    ]
    call = ray.data.from_items.return_value.map.call_args
    assert call.args == (ShardWorker,)
    assert call.kwargs['fn_constructor_args'] == (build,)
    assert (call.kwargs['num_cpus'], call.kwargs['num_gpus']) == (1, 0.5)
    ray.data.ActorPoolStrategy.assert_called_once_with(size=3)
    assert call.kwargs['compute'] is ray.data.ActorPoolStrategy.return_value


def test_an_error_of_ray(ray, shards):
    def rows():
        yield DONE
        raise RayError(
            'The actor died, \nTraceback ...\nValueError: no cuda\n'
        )

    ray.rows.return_value = rows()
    found = run_on_ray(shards, None, 2)
    assert next(found).images == 2
    with pytest.raises(RuntimeError, match=r'^Ray .*: ValueError: no cuda$'):
        next(found)
    ray.shutdown.assert_called_once()
