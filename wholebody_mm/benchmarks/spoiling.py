"""Maps as networks give them: blurred, with smooth errors."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np


def spoil(
    maps: Iterable[np.ndarray],
    noise: float,
    blur: float,
    rng: np.random.Generator,
) -> None:
    """Blur maps and add noise, in place.

    Args:
        maps: Groups of (C, h, w) float32 maps.
        noise: Standard deviation of noise that is smooth over about a cell,
            as a network's errors are; 0 for none.
        blur: Standard deviation of a Gaussian blur in cells; 0 for none.
        rng: Source of the noise.
    """
    for channel in (c for group in maps for c in group):
        if blur:
            cv2.GaussianBlur(channel, (0, 0), blur, dst=channel)
        if noise:
            errors = rng.standard_normal(channel.shape, np.float32)
            errors = cv2.GaussianBlur(errors, (0, 0), 1.0)
            channel += errors * (noise / errors.std())
