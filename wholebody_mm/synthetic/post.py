"""What a camera does to light: exposure, blur, noise, compression."""

from __future__ import annotations

import cv2
import numpy as np

_STEPS = 4096


def develop(
    linear: np.ndarray, exposure: float, contrast: float
) -> np.ndarray:
    """(H, W, 3) uint8 of linear light; highlights roll off softly.

    Args:
        linear: (H, W, 3) float32, 1 is white.
        exposure: Factor before the curve.
        contrast: 1 leaves the usual gamma of 2.2; above is harder.
    """
    x = np.arange(_STEPS, dtype=np.float64) / (_STEPS - 1) * 2.5
    soft = np.where(x < 0.7, x, 0.7 + 0.3 * (1 - np.exp(-(x - 0.7) / 0.3)))
    curve = np.clip(soft, 0, 1) ** (1 / 2.2)
    curve = np.clip(0.45 + (curve - 0.45) * contrast, 0, 1)
    table = np.rint(curve * 255).astype(np.uint8)
    index = linear * np.float32(exposure * (_STEPS - 1) / 2.5)
    return table[np.clip(index, 0, _STEPS - 1).astype(np.int32)]


def camera_effects(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random blur, resolution loss, colour cast, noise.

    Args:
        image: (H, W, 3) uint8.
        rng: Source of randomness.
    """
    height, width = image.shape[:2]
    out = image
    kind = rng.random()
    if kind < 0.3:
        out = cv2.GaussianBlur(out, (0, 0), rng.uniform(0.3, 1.2))
    elif kind < 0.42:  # motion
        length = int(rng.integers(2, 7))
        kernel = np.zeros((length * 2 + 1,) * 2, np.float32)
        a = rng.uniform(0, np.pi)
        for t in np.linspace(-length / 2, length / 2, 4 * length):
            y = int(round(length + t * np.sin(a)))
            kernel[y, int(round(length + t * np.cos(a)))] = 1
        out = cv2.filter2D(out, -1, kernel / kernel.sum())
    elif kind < 0.55:  # enlarged from a smaller picture
        s = rng.uniform(0.4, 0.85)
        small = cv2.resize(
            out,
            (max(int(width * s), 8), max(int(height * s), 8)),
            interpolation=cv2.INTER_AREA,
        )
        out = cv2.resize(
            small, (width, height), interpolation=cv2.INTER_LINEAR
        )
    elif kind < 0.65:  # sharpened
        blurred = cv2.GaussianBlur(out, (0, 0), 1.0)
        amount = rng.uniform(0.3, 1.0)
        out = cv2.addWeighted(out, 1 + amount, blurred, -amount, 0)
    out = out.astype(np.float32)
    if rng.random() < 0.65:
        sigma = rng.uniform(1, 8) if rng.random() < 0.8 else rng.uniform(8, 18)
        grain = np.empty((height, width, 3), np.int8)
        cv2.setRNGSeed(int(rng.integers(1 << 30)))
        cv2.randn(grain, (0, 0, 0), (sigma,) * 3)
        out += grain
    out = out * rng.uniform(0.94, 1.06, 3).astype(np.float32)
    if rng.random() < 0.06:  # black and white
        out[:] = out.mean(2, keepdims=True)
    return np.clip(out, 0, 255).astype(np.uint8)
