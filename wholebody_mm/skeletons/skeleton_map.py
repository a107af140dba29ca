"""From one skeleton to another: which points become which."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from wholebody_mm.skeletons.skeleton import Skeleton


@dataclass(frozen=True, eq=False)
class SkeletonMap:
    """Converts people of a source skeleton into a target skeleton.

    Args:
        source: Skeleton of the data (Ks keypoints).
        target: Skeleton wanted (Kt keypoints).
        sources: For each target keypoint the source keypoints whose mean it
            is; an empty tuple where the source has no such point.
        fallbacks: Target keypoint to a source keypoint used for a person
            whose ``sources`` are not all present.
        requires: Target keypoint to source keypoints of which at least one
            must be present, else the target keypoint is absent too.

    Raises:
        ValueError: If an index is out of range or the lengths do not fit.
    """

    source: Skeleton
    target: Skeleton
    sources: tuple[tuple[int, ...], ...]
    fallbacks: dict[int, int] = field(default_factory=dict)
    requires: dict[int, tuple[int, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        label = f'map {self.source.name} to {self.target.name}'
        if len(self.sources) != self.target.num_keypoints:
            raise ValueError(
                f'{label}: {len(self.sources)} entries for '
                f'{self.target.num_keypoints} target keypoints'
            )
        used = [i for group in self.sources for i in group]
        used += list(self.fallbacks.values())
        used += [i for group in self.requires.values() for i in group]
        for i in used:
            if not 0 <= i < self.source.num_keypoints:
                raise ValueError(
                    f'{label}: {i} is no keypoint of {self.source.name}'
                )
        for i in (*self.fallbacks, *self.requires):
            if not 0 <= i < self.target.num_keypoints:
                raise ValueError(
                    f'{label}: {i} is no keypoint of {self.target.name}'
                )

    @cached_property
    def labelled(self) -> np.ndarray:
        """(Kt,) bool: the target keypoints that the source can label."""
        return np.array([len(group) > 0 for group in self.sources])

    @cached_property
    def _direct(self) -> tuple[np.ndarray, np.ndarray]:
        """Target and source indices of the points that are copied."""
        pairs = [
            (t, group[0])
            for t, group in enumerate(self.sources)
            if len(group) == 1
        ]
        table = np.array(pairs, np.int64).reshape(-1, 2)
        return table[:, 0], table[:, 1]

    def __call__(
        self, keypoints: np.ndarray, visible: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Convert N people.

        Args:
            keypoints: (N, Ks, 2) coordinates, any unit.
            visible: (N, Ks) visibilities (0, 1, 2) or scores; 0 is absent,
                below 0 too, but at a known place, which is kept.

        Returns:
            (N, Kt, 2) float32 coordinates (0 where absent) and (N, Kt)
            visibilities in the dtype of ``visible``; a mean is as visible as
            its least visible source.
        """
        keypoints = np.asarray(keypoints, np.float32)
        visible = np.asarray(visible)
        n, ks = len(keypoints), self.source.num_keypoints
        if keypoints.shape != (n, ks, 2) or visible.shape != (n, ks):
            raise ValueError(
                f'{self.source.name} people have shapes (N, {ks}, 2) and '
                f'(N, {ks}), not {keypoints.shape} and {visible.shape}'
            )
        kt = self.target.num_keypoints
        out = np.zeros((n, kt, 2), np.float32)
        out_visible = np.zeros((n, kt), visible.dtype)
        to, of = self._direct
        out[:, to], out_visible[:, to] = keypoints[:, of], visible[:, of]
        for t, group in enumerate(self.sources):
            if len(group) > 1:
                out[:, t] = keypoints[:, list(group)].mean(axis=1)
                of_sources = visible[:, list(group)]
                out_visible[:, t] = of_sources.min(axis=1)
                # nor is it known where that of an absent one is
                out_visible[(of_sources == 0).any(axis=1), t] = 0
        for t, s in self.fallbacks.items():
            use = (out_visible[:, t] <= 0) & (visible[:, s] > 0)
            out[use, t], out_visible[use, t] = (
                keypoints[use, s],
                visible[use, s],
            )
        for t, group in self.requires.items():
            lacking = ~(visible[:, list(group)] > 0).any(axis=1)
            out_visible[lacking, t] = 0
        out[out_visible == 0] = 0
        return out, out_visible


def map_by_names(source: Skeleton, target: Skeleton, **rules) -> SkeletonMap:
    """A map that copies the keypoints that have the same name in both."""
    where = {name: i for i, name in enumerate(source.keypoint_names)}
    sources = tuple(
        (where[name],) if name in where else ()
        for name in target.keypoint_names
    )
    return SkeletonMap(source, target, sources, **rules)
