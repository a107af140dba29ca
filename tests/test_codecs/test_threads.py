import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from wholebody_mm.codecs import MapEncoder, PAFDecoder
from wholebody_mm.codecs.threads import pieces_of, run_pieces, usable_cores

SIZE = (848, 480)


@pytest.mark.parametrize('threads', [1, 2, 3, 8])
@pytest.mark.parametrize(
    'costs', [[1] * 7, [100, 1, 1, 1], [0, 0, 1, 100], [5]]
)
def test_pieces_cover_all_items_once_and_share_the_cost(costs, threads):
    pieces = pieces_of(np.array(costs), threads)
    items = [i for piece in pieces for i in range(len(costs))[piece]]
    assert items == list(range(len(costs)))
    assert 1 <= len(pieces) <= threads
    assert all(piece.start < piece.stop for piece in pieces)
    most = max(sum(costs[piece]) for piece in pieces)
    assert most <= sum(costs) / threads + max(costs)


def test_results_come_in_the_order_of_the_pieces():
    pieces = [slice(i, i + 1) for i in range(20)]

    def slow_at_first(piece):
        time.sleep(0.02 if piece.start == 0 else 0)
        return piece.start

    assert run_pieces(slow_at_first, pieces, 3) == list(range(20))


def test_an_error_of_any_piece_reaches_the_caller():
    def fail(piece):
        if piece.start == 3:
            raise ValueError('piece 3')
        time.sleep(0.01)

    with pytest.raises(ValueError, match='piece 3'):
        run_pieces(fail, [slice(i, i + 1) for i in range(4)], 2)


def test_nobody_waits_for_helpers_that_are_busy_elsewhere():
    free, entered = threading.Event(), threading.Semaphore(0)

    def block(_):
        entered.release()
        free.wait(20)

    blocked = threading.Thread(
        target=run_pieces, args=(block, [slice(0, 1), slice(1, 2)], 2)
    )
    blocked.start()
    try:
        assert entered.acquire(timeout=20) and entered.acquire(timeout=20)
        begin = time.monotonic()
        pieces = [slice(i, i + 1) for i in range(4)]
        assert run_pieces(lambda p: p.start, pieces, 2) == [0, 1, 2, 3]
        assert time.monotonic() - begin < 10
    finally:
        free.set()
        blocked.join()


@pytest.mark.skipif(not hasattr(os, 'fork'), reason='needs fork')
@pytest.mark.filterwarnings('ignore:.*fork.*:DeprecationWarning')
def test_a_forked_process_has_threads_of_its_own():
    pieces = [slice(0, 1), slice(1, 2)]
    run_pieces(lambda p: p.start, pieces, 2)
    child = os.fork()
    if child == 0:
        both = threading.Barrier(2)

        def meet(piece):
            both.wait(20)
            return piece.start

        signal.alarm(60)  # it may wait for a lock that nobody holds
        code = 1
        try:
            code = run_pieces(meet, pieces, 2) != [0, 1]
        finally:  # not on through the tests
            os._exit(code)
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize('noise', [0, 0.1])
def test_several_threads_find_the_same_people(drawn, noise):
    keypoints, visible = drawn(3, 20)
    maps = MapEncoder('wholebody135', 8).encode(keypoints, visible, SIZE)
    rng = np.random.default_rng(0)
    maps = [
        m + noise * rng.standard_normal(m.shape).astype(np.float32)
        for m in maps
    ]
    alone = PAFDecoder(threads=1).decode(*maps)
    assert len(alone) >= 15
    decoder = PAFDecoder(threads=3)
    with ThreadPoolExecutor(4) as callers:
        for people in callers.map(lambda _: decoder.decode(*maps), range(8)):
            for name in ('keypoints', 'keypoint_scores', 'scores'):
                np.testing.assert_array_equal(
                    getattr(people, name), getattr(alone, name)
                )


def test_no_more_threads_than_cores_by_default():
    assert 1 <= PAFDecoder().threads <= usable_cores()
    with pytest.raises(ValueError, match='threads=0'):
        PAFDecoder(threads=0)
