"""Steady when still, prompt when fast."""

import numpy as np
import pytest

from wholebody_mm.inference.one_euro import OneEuroFilter


def run(values, fps=25.0, **options):
    smooth = OneEuroFilter(**options)
    return np.array([smooth(v, i / fps) for i, v in enumerate(values)])


def test_jitter_at_rest_is_removed():
    noise = np.random.default_rng(0).normal(0, 0.01, (200, 5, 2))
    smoothed = run(noise)[20:]
    assert smoothed.std() < 0.45 * noise[20:].std()


def test_fast_motion_is_followed():
    """One unit, a person's size, in half a second."""
    x = np.linspace(0, 1, 13)
    path = np.stack([x, np.zeros_like(x)], -1)[:, None]
    lag = np.abs(run(path) - path).max()
    slow = np.abs(run(path, beta=0) - path).max()
    assert lag < 0.06 < 0.2 < slow


def test_the_unit_of_speed():
    """A person twice as large moves twice as many pixels."""
    path = np.cumsum(np.random.default_rng(1).normal(0, 1, (30, 3, 2)), 0)
    small, large = OneEuroFilter(), OneEuroFilter()
    for i, v in enumerate(path):
        a = small(v, i / 25, 10.0)
        b = large(2 * v, i / 25, 20.0)
    np.testing.assert_allclose(2 * a, b)


def test_what_was_not_seen_starts_anew():
    values = np.zeros((4, 2, 2))
    values[1, 0] = np.nan
    values[2:, 0] = 100
    found = run(values)
    assert np.isnan(found[1, 0]).all()
    np.testing.assert_array_equal(found[2, 0], 100)
    assert not found[:, 1].any()


def test_options_out_of_range():
    with pytest.raises(ValueError, match='positive'):
        OneEuroFilter(min_cutoff=0)
