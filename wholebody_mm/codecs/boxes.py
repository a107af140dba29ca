"""Boxes around decoded people."""

from __future__ import annotations

import numpy as np


def boxes_of_people(keypoints: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """(N, 4) boxes x0, y0, x1, y1 around the keypoints found (score > 0)."""
    found = (np.asarray(scores) > 0)[..., None]
    low = np.where(found, keypoints, np.inf).min(axis=1, initial=np.inf)
    high = np.where(found, keypoints, -np.inf).max(axis=1, initial=-np.inf)
    boxes = np.concatenate([low, high], axis=-1)
    return np.nan_to_num(boxes, posinf=0, neginf=0).astype(np.float32)
