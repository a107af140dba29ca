"""What the parts of a skeleton mean for decoding, derived from the skeleton.

A person is counted in evidence, not in keypoints: 70 face points are one
piece of evidence, and a foot without a leg is none.
"""

from __future__ import annotations

import numpy as np

from wholebody_mm.codecs.compiled import compiled
from wholebody_mm.skeletons import Skeleton

FOOT = 'foot'


@compiled
def _add_parts(values, starts, sizes, sums):
    """Sum (N, K) values over each part into (N, P) zeros."""
    for n in range(values.shape[0]):
        for p in range(starts.shape[0]):
            for k in range(starts[p], starts[p] + sizes[p]):
                sums[n, p] += values[n, k]


class PartRules:
    """Which parts count how much, and which keypoints are near each other.

    The first part of a skeleton is the body: each of its keypoints counts.
    The part named ``foot`` counts nothing (two lone feet are no person). Any
    other part, a face or a hand, is a fine part: it counts 1 at most, is
    dropped as a whole if it is weak, and does not share its keypoints.

    Args:
        skeleton: K keypoints in P parts.
        limits: Part name to how many of its keypoints count at most; parts
            not named keep the rule above.

    Attributes:
        shareable: (K,) bool keypoints of body and foot.
        trunk: (K,) bool the same; a person's size is measured by them.
        most: The evidence of a complete person.

    Raises:
        ValueError: If ``limits`` names a part the skeleton does not have.
    """

    def __init__(
        self, skeleton: Skeleton, limits: dict[str, int] | None = None
    ) -> None:
        limits = dict(limits or {})
        unknown = sorted(set(limits) - set(skeleton.part_names))
        if unknown:
            raise ValueError(
                f'part_limits names {unknown}; {skeleton.name} has '
                f'{list(skeleton.part_names)}'
            )
        body = skeleton.part_names[0]
        self.skeleton = skeleton
        self._sizes = np.array([n for _, n in skeleton.part_sizes])
        self._starts = np.cumsum(self._sizes) - self._sizes
        # whatever the body is called: of somebody's skeleton also foot
        default = {FOOT: 0, body: skeleton.num_keypoints}
        self._limits = np.array(
            [limits.get(p, default.get(p, 1)) for p in skeleton.part_names]
        )
        self.most = max(1, int(np.minimum(self._limits, self._sizes).sum()))
        self._fine = np.array(
            [p not in (body, FOOT) for p in skeleton.part_names]
        )
        self.has_fine = bool(self._fine.any())
        self.shareable = ~self._fine[skeleton.keypoint_part]
        self.trunk = self.shareable

    def near(self, hops: int) -> np.ndarray:
        """(K, T) int32 keypoints up to ``hops`` limbs away, then -1."""
        skeleton = self.skeleton
        lists = []
        for k in range(skeleton.num_keypoints):
            distance = skeleton.hops_from(k)
            lists.append(np.flatnonzero((distance > 0) & (distance <= hops)))
        table = np.full((len(lists), max(1, *map(len, lists))), -1, np.int32)
        for k, near in enumerate(lists):
            table[k, : len(near)] = near
        return table

    def related(self, hops: int) -> np.ndarray:
        """(K, K) bool: where a loose group may be taken to belong.

        Keypoints are related if they are at most ``hops`` limbs apart, if
        they are in the same fine part, or if one is in a fine part and the
        other in the body within one limb of where the part joins it: a face
        to eyes, nose, ears and shoulders.
        """
        skeleton, part = self.skeleton, self.skeleton.keypoint_part
        k = skeleton.num_keypoints
        apart = np.stack([skeleton.hops_from(i) for i in range(k)])
        fine = self._fine[part]
        related = (apart > 0) & (apart <= hops)
        related |= fine[:, None] & (part[:, None] == part[None])
        for p in np.flatnonzero(self._fine):
            members = part == p
            to_part = apart[members].min(axis=0)
            body = ~fine & (to_part <= 2)
            related |= members[:, None] & body[None]
        return related

    def _per_part(self, values: np.ndarray) -> np.ndarray:
        """(N, P) sums over the keypoints of each part.

        Whole numbers for bool, else float64.
        """
        kind = np.int64 if values.dtype == bool else np.float64
        sums = np.zeros((len(values), len(self._starts)), kind)
        _add_parts(values, self._starts, self._sizes, sums)
        return sums

    def count(self, found: np.ndarray) -> np.ndarray:
        """(N,) int64 evidence of N people from (N, K) bool."""
        return np.minimum(self._per_part(found), self._limits).sum(axis=1)

    def complete(self, found: np.ndarray, fraction: float) -> np.ndarray:
        """(N,) bool: some fine part has this fraction of its keypoints."""
        share = self._per_part(found) / self._sizes
        return (self._fine & (share >= fraction)).any(axis=1)

    def thresholds(self, given: float | dict[str, float]) -> np.ndarray:
        """(P,) a threshold for each part, 0 where none is given.

        Raises:
            ValueError: If a part does not exist or is not a fine one.
        """
        names = self.skeleton.part_names
        if not isinstance(given, dict):
            return np.full(len(names), float(given))
        fine = [name for name, f in zip(names, self._fine, strict=True) if f]
        unknown = sorted(set(given) - set(fine))
        if unknown:
            raise ValueError(
                f'part_threshold names {unknown}; parts that go as a whole '
                f'are {fine}'
            )
        return np.array([float(given.get(name, 0)) for name in names])

    def weak(
        self, scores: np.ndarray, threshold: float | np.ndarray
    ) -> np.ndarray:
        """(N, K) bool: keypoints of fine parts whose mean is below.

        Args:
            scores: (N, K), 0 where not found.
            threshold: One for all, or (P,) one for each part.
        """
        mean = self._per_part(scores) / self._sizes
        weak = self._fine & (mean < threshold)
        return np.repeat(weak, self._sizes, axis=1)
