import pytest

from wholebody_mm.benchmarks import timing
from wholebody_mm.benchmarks.timing import time_calls


def test_the_median_of_the_calls_after_the_warm_up(monkeypatch):
    now = 0.0
    pauses = iter([9.0, 0.010, 0.030, 0.020])

    def call():
        nonlocal now
        now += next(pauses)

    monkeypatch.setattr(timing.time, 'perf_counter', lambda: now)
    times = time_calls(call, 3, warm_up=1)
    assert times == pytest.approx(
        dict(median_ms=20.0, p10_ms=12.0, p90_ms=28.0)
    )


def test_nothing_to_time_is_named():
    with pytest.raises(ValueError, match='0 repetitions'):
        time_calls(print, 0)
