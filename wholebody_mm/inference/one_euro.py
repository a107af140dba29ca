"""The one-euro filter: steady when still, prompt when fast.

Casiez, Roussel, Vogel: 1 Euro Filter, CHI 2012, https://gery.casiez.net/1euro.
"""

from __future__ import annotations

import math

import numpy as np


class OneEuroFilter:
    """Smooths any number of values over time; NaN is "not seen".

    A low-pass filter whose cutoff grows with the speed of the value. A value
    that was not seen starts anew. With the defaults, a unit of a person's
    size and 25 frames a second, jitter at rest falls to 0.4 and someone who
    moves by their own size each second lags 1.5% of it.

    Args:
        min_cutoff: Hertz at rest; lower is steadier.
        beta: Hertz for each unit a second of speed; higher lags less.
        speed_cutoff: Hertz of the low-pass filter of the speed.
    """

    def __init__(
        self,
        min_cutoff: float = 1.0,
        beta: float = 5.0,
        speed_cutoff: float = 1.0,
    ) -> None:
        if min_cutoff <= 0 or speed_cutoff <= 0 or beta < 0:
            raise ValueError(
                f'cutoffs {min_cutoff} and {speed_cutoff} Hz need to be '
                f'positive and beta {beta} not negative'
            )
        self.min_cutoff = min_cutoff
        self.beta = beta
        self.speed_cutoff = speed_cutoff
        self._value: np.ndarray | None = None
        self._speed: np.ndarray | None = None
        self._time = -math.inf

    def __call__(
        self, values: np.ndarray, time: float, unit: float = 1.0
    ) -> np.ndarray:
        """The smoothed values.

        Args:
            values: (..., D) points; the speed is that of each point.
            time: Seconds, later than at the last call.
            unit: What speeds are measured in, for example the size of a
                person in pixels.
        """
        values = np.asarray(values, np.float64)
        step = time - self._time
        if self._value is None or self._value.shape != values.shape:
            self._value = values.copy()
            self._speed = np.zeros_like(values)
            self._time = time
            return values.copy()
        if step <= 0:
            return values.copy()
        begins = np.isnan(self._value)
        before = np.where(begins, values, self._value)
        speed = (values - before) / step
        share = _share(self.speed_cutoff, step)
        speed = share * speed + (1 - share) * self._speed
        # one cutoff a point: axes that differ would bend its way
        fast = np.sqrt(np.square(speed).sum(-1, keepdims=True)) / unit
        share = _share(self.min_cutoff + self.beta * fast, step)
        smooth = share * values + (1 - share) * before
        self._value = smooth
        self._speed = np.where(np.isnan(speed), 0, speed)
        self._time = time
        return smooth.copy()


def _share(cutoff: float | np.ndarray, step: float) -> float | np.ndarray:
    """How much of a new value a low-pass filter takes."""
    return 1 / (1 + 1 / (2 * math.pi * cutoff * step))
