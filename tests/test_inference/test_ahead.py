"""Stages overlap, keep their order, and stop when nobody listens."""

import threading
import time

import pytest

from wholebody_mm.inference.ahead import ahead


def test_order_and_end():
    assert list(ahead(ahead(range(100), 1), 3)) == list(range(100))
    assert list(ahead([], 1)) == []


def test_stages_work_at_the_same_time():
    """Three stages that each sleep cost little more than one."""

    def slow(items):
        for item in items:
            time.sleep(0.02)
            yield item

    started = time.perf_counter()
    count = sum(1 for _ in ahead(slow(ahead(slow(ahead(slow(range(20))))))))
    assert count == 20
    assert time.perf_counter() - started < 0.02 * 20 * 2


def test_a_slow_consumer_bounds_what_waits():
    made = []

    def work():
        for i in range(50):
            made.append(i)
            yield i

    items = ahead(work(), depth=2)
    next(items)
    time.sleep(0.1)
    assert len(made) <= 1 + 2 + 1  # taken, waiting, in hand
    items.close()


def test_errors_arrive_in_their_place():
    def work():
        yield 1
        raise OSError('disk full')

    items = ahead(ahead(work()))
    assert next(items) == 1
    with pytest.raises(OSError, match='disk full'):
        next(items)


def test_whoever_stops_early_stops_everybody():
    closed = []

    def work():
        try:
            yield from range(10**9)
        finally:
            closed.append('source')

    def stage(items):
        try:
            yield from items
        finally:
            items.close()
            closed.append('stage')

    before = threading.active_count()
    items = ahead(stage(ahead(work())))
    next(items)
    items.close()
    assert closed == ['source', 'stage']
    assert threading.active_count() == before
