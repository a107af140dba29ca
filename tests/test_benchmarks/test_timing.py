import time

import pytest

from wholebody_mm.benchmarks.timing import time_calls


def test_the_median_of_the_calls_after_the_warm_up():
    pauses = iter([0.2, 0.0, 0.02, 0.04])
    times = time_calls(lambda: time.sleep(next(pauses)), 3, warm_up=1)
    assert 20 <= times['median_ms'] < 40
    assert times['p10_ms'] < times['median_ms'] < times['p90_ms'] < 100
    with pytest.raises(ValueError, match='0 repetitions'):
        time_calls(print, 0)
