"""The decoder's thresholds that suit a network's maps best."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

# What is tried for each option, in this order.
GRID: dict[str, tuple[float, ...]] = dict(
    peak_threshold=(0.1, 0.15, 0.2, 0.25, 0.3, 0.4),
    weak_threshold=(0.0, 0.03, 0.06, 0.1),
    limb_threshold=(0.03, 0.05, 0.1, 0.15, 0.2, 0.3),
    limb_fraction=(0.5, 0.6, 0.7, 0.8, 0.9, 0.95),
    part_threshold=(0.05, 0.1, 0.15, 0.2, 0.3),
    min_keypoints=(2, 3, 4, 5, 7, 10),
    min_score=(0.02, 0.05, 0.1, 0.15),
    adopt_distance=(0.0, 0.1, 0.2, 0.3),
    share_threshold=(0.5, 2.0),
    double_distance=(0.0, 0.1, 0.2),
)
# Parts whose mean AP is made as large as possible.
OBJECTIVE = ('body', 'foot', 'face', 'hands', 'wholebody')


def parts_to_tune(labelled: Sequence[str]) -> tuple[str, ...]:
    """Of the parts that are labelled those whose mean AP is to be large."""
    return tuple(p for p in OBJECTIVE if p in labelled) or tuple(labelled)


def objective(
    metrics: Mapping[str, float], parts: Sequence[str] = OBJECTIVE
) -> float:
    """Mean AP of some parts; parts that were not evaluated count as 0."""
    return float(np.mean([metrics.get(f'{part}/AP', 0.0) for part in parts]))


def possible(
    grid: Mapping[str, Sequence[float]],
    start: Mapping[str, float],
    build: Callable[[dict], object],
) -> dict[str, list[float]]:
    """The grid without the values that a skeleton of few keypoints refuses.

    Args:
        grid: Option to the values to try.
        start: Options that are possible.
        build: Makes a decoder with some options, or raises ValueError.
    """

    def works(option: str, value: float) -> bool:
        try:
            build({**start, option: value})
        except ValueError:
            return False
        return True

    return {
        option: [value for value in values if works(option, value)]
        for option, values in grid.items()
    }


def tune(
    score: Callable[[dict], float],
    start: Mapping[str, float],
    grid: Mapping[str, Sequence[float]],
    rounds: int = 2,
    report: Callable[[str, float, float], None] = lambda *_: None,
) -> tuple[dict, float]:
    """Search one option after the other, until a round changes nothing.

    Args:
        score: What is to be made large, of the options.
        start: Options to start from, of any type; those not in the grid
            stay.
        grid: Option to the values to try.
        rounds: Most rounds over all options.
        report: Called with option, value and score of each try.

    Returns:
        The best options and their score; of equal ones the earlier.
    """
    best = dict(start)
    best_score = score(best)
    for _ in range(rounds):
        before = dict(best)
        for option, values in grid.items():
            # what it began with may be the best again once others changed
            given = [start[option]] if option in start else []
            for value in [*given, *(v for v in values if v not in given)]:
                if value == best.get(option):
                    continue
                tried = score({**best, option: value})
                report(option, value, tried)
                if tried > best_score:
                    best, best_score = {**best, option: value}, tried
        if best == before:
            break
    return best, best_score
