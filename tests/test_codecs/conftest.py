"""People to encode and decode."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from wholebody_mm.benchmarks.crowds import crowd
from wholebody_mm.skeletons import (
    WHOLEBODY135,
    Skeleton,
    get_map,
)

SIZE = (848, 480)


@pytest.fixture(scope='session')
def drawn() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """``drawn(seed, number, skeleton)``: (N, K, 2) people, (N, K)."""

    def make(
        seed: int, number: int, skeleton: Skeleton = WHOLEBODY135, **poses
    ) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(seed)
        keypoints, visible = crowd(rng, number, *SIZE, **poses)
        if skeleton.name == WHOLEBODY135.name:
            return keypoints, visible
        return get_map(WHOLEBODY135, skeleton)(keypoints, visible)

    return make


@pytest.fixture(scope='session')
def matched() -> Callable[..., float]:
    """Share of labelled points that one person found for each has right."""

    def share(
        keypoints: np.ndarray,
        visible: np.ndarray,
        found: np.ndarray,
        scores: np.ndarray,
        tolerance: float = 0.5,
    ) -> float:
        right, total = 0, 0
        for person, labelled in zip(keypoints, visible > 0, strict=True):
            distance = np.linalg.norm(found - person, axis=2)
            hits = (distance < tolerance) & (scores > 0) & labelled
            right += hits.sum(axis=1).max(initial=0)
            total += labelled.sum()
        return right / total

    return share
