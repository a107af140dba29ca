"""The endless sampler."""

from itertools import islice

import pytest

from wholebody_mm.datasets.samplers import resumable_sampler
from wholebody_mm.datasets.samplers.resumable_sampler import ResumableSampler


def take(sampler, count):
    return list(islice(iter(sampler), count))


def test_each_pass_holds_everything_in_a_new_order():
    stream = take(ResumableSampler(range(10), seed=1), 30)
    passes = [stream[i : i + 10] for i in (0, 10, 20)]
    for one in passes:
        assert sorted(one) == list(range(10))
    assert passes[0] != passes[1] != passes[2]
    assert take(ResumableSampler(range(10), seed=1), 30) == stream
    assert take(ResumableSampler(range(10), seed=2), 30) != stream


@pytest.mark.parametrize('done', [1, 7, 10, 23])
@pytest.mark.parametrize('world_size', [1, 3])
def test_it_goes_on_where_it_stopped(done, world_size, monkeypatch):
    for rank in range(world_size):
        monkeypatch.setattr(
            resumable_sampler, 'get_dist_info', lambda r=rank: (r, world_size)
        )
        whole = take(ResumableSampler(range(10), seed=4), done + 12)
        later = ResumableSampler(range(10), seed=4)
        later.start_at(done)
        assert take(later, 12) == whole[done:]


def test_processes_share_each_pass(monkeypatch):
    streams = []
    for rank in range(3):
        monkeypatch.setattr(
            resumable_sampler, 'get_dist_info', lambda r=rank: (r, 3)
        )
        streams.append(take(ResumableSampler(range(10), seed=0), 10))
    together = [i for step in zip(*streams, strict=True) for i in step]
    for start in (0, 10, 20):
        assert sorted(together[start : start + 10]) == list(range(10))


def test_in_order_and_empty():
    sampler = ResumableSampler(range(3), shuffle=False, seed=0)
    assert take(sampler, 5) == [0, 1, 2, 0, 1]
    with pytest.raises(ValueError, match='data set is empty'):
        ResumableSampler([])
