"""Stages overlap, keep their order, and stop when nobody listens."""

import threading
import time

import pytest

from wholebody_mm.inference.ahead import ahead, closing


def test_order_and_end():
    assert list(ahead(ahead(range(100), 1), 3)) == list(range(100))
    assert list(ahead([], 1)) == []


def test_stages_work_at_the_same_time():
    """Each waits until all three are at work, which else would never be."""
    together = threading.Barrier(3, timeout=30)
    met = []

    def stage(items):
        for item in items:
            if item == 5:  # the others are before or behind it
                met.append(together.wait())
            yield item

    def shifted(items, by):
        for item in items:
            yield item + by

    # 5 is the third item, the second and the first of the three stages
    items = ahead(stage(range(3, 20)))
    items = ahead(stage(shifted(items, 1)))
    items = ahead(stage(shifted(items, 1)))
    assert list(items) == list(range(5, 22))
    assert sorted(met) == [0, 1, 2]


def test_a_slow_consumer_bounds_what_waits():
    made = []

    def work():
        for i in range(50):
            made.append(i)
            yield i

    items = ahead(work(), depth=2)
    next(items)
    most = 1 + 2 + 1  # taken, waiting, in hand
    for _ in range(1000):
        if len(made) == most:
            break
        time.sleep(0.01)
    time.sleep(0.1)
    assert len(made) == most
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


def fails_when_closed():
    try:
        yield from range(10**9)
    finally:
        raise OSError('disk full')


def test_an_error_of_stopping_early():
    """Through all stages, as without threads."""

    def stage(items):
        with closing(items):
            yield from items

    items = ahead(stage(ahead(fails_when_closed())))
    next(items)
    with pytest.raises(OSError, match='disk full'):
        items.close()
    items.close()  # once


def test_an_error_of_stopping_at_ctrl_c():
    """Which comes while the next item is waited for."""
    items = ahead(fails_when_closed())
    next(items)
    with pytest.raises(OSError, match='disk full'):
        items.throw(KeyboardInterrupt)
    items = ahead(range(9))
    next(items)
    with pytest.raises(KeyboardInterrupt):
        items.throw(KeyboardInterrupt)


def test_an_error_that_nobody_has_come_to():
    failed = threading.Event()

    def work():
        yield 1
        failed.set()
        raise OSError('disk full')

    items = ahead(work())
    next(items)
    assert failed.wait(30)
    with pytest.raises(OSError, match='disk full'):
        items.close()


def test_of_two_errors_the_first_is_told():
    items = ahead(fails_when_closed())
    next(items)
    with pytest.raises(ValueError, match='first'), closing(items):
        raise ValueError('first')
    # Ctrl-C is none
    items = ahead(fails_when_closed())
    next(items)
    with pytest.raises(OSError, match='disk full'), closing(items):
        raise KeyboardInterrupt
