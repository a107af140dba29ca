"""Maps to people: peaks, limbs, groups, and which groups are people."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from numbers import Real
from typing import Protocol, TypeVar

import numpy as np

from wholebody_mm.codecs.geometry import (
    between_grids,
    heatmap_stride_of,
    sigmas_in_cells,
    to_pixels,
)
from wholebody_mm.codecs.limbs import best_first, score_limbs
from wholebody_mm.codecs.matching import match_limbs
from wholebody_mm.codecs.part_rules import FOOT, PartRules
from wholebody_mm.codecs.peaks import find_peaks, strong_first
from wholebody_mm.codecs.people import (
    adopt_groups,
    adopt_peaks,
    complete_people,
    group_peaks,
    join_doubles,
    share_peaks,
    take_peaks,
    trunk_diagonals,
)
from wholebody_mm.codecs.threads import pieces_of, run_pieces, usable_cores
from wholebody_mm.skeletons import Skeleton, get_skeleton

T = TypeVar('T')

# Limbs of one type that are kept, for each peak there is room for.
LIMBS_PER_PEAK = 4
# Number of counted keypoints at which completeness reaches half its limit.
# Noisy crowds: 94.5 whole AP with 10, 93.6 with 3, 90.5 by the mean alone.
HALF = 10

# Threads by default: the rest of decoding, half a millisecond, has one.
MOST_THREADS = 2
# Cells of maps, and pairs of peaks, from which threads are woken: it takes
# a tenth of a millisecond.
THREADED_CELLS, THREADED_PAIRS = 300_000, 5_000
# What a limb's field costs beside its pairs, in pairs.
FIELD_COST = 50

GROUPINGS = ('greedy', 'bipartite')
# What "maximise positives" makes of the thresholds: the released decoder's
# proportions (0.05 to 0.02, 0.05 to 0.01, 0.4 to 0.05) and its fraction.
POSITIVE_PEAKS, POSITIVE_LIMBS, POSITIVE_SCORE = 0.4, 0.2, 0.125
POSITIVE_FRACTION = 0.75


@dataclass(frozen=True)
class People:
    """N decoded people, best score first.

    Attributes:
        keypoints: (N, K, 2) float32 pixels of the network's input, 0 where
            not found.
        keypoint_scores: (N, K) float32 refined heights of the peaks, 0 to 1;
            0 exactly where not found.
        scores: (N,) float32, 0 to 1.
    """

    keypoints: np.ndarray
    keypoint_scores: np.ndarray
    scores: np.ndarray

    def __len__(self) -> int:
        return len(self.scores)


class Decoder(Protocol):
    """What finds people in maps."""

    def decode(self, heatmaps: np.ndarray, pafs: np.ndarray) -> People:
        """The people of one image; see :meth:`PAFDecoder.decode`."""


class PAFDecoder:
    """Finds the people in confidence maps and part affinity fields.

    Needs NumPy, numba and loky only. The same maps give the same people;
    what is not finite in the maps counts as 0.

    Args:
        skeleton: A skeleton or its name; K keypoints, L limbs.
        stride: Pixels of the input a cell of the fields.
        heatmap_stride: Pixels a cell of the confidence maps; it divides the
            stride. By default the same. Peaks are found on their grid, what
            follows is measured in cells of the fields.
        peak_threshold: Peaks are above it. Lower lets noise in (80.2
            instead of 81.4 whole-body AP at 0.05 on hard noise).
        weak_threshold: Peaks between this and ``peak_threshold`` make no
            people but complete them: a person takes the best of those that a
            limb joins to a keypoint it has. 0 switches it off, and so does
            a value above the other.
        max_peaks: Most peaks of one keypoint; the highest stay.
        limb_threshold: A sample of a limb's field passes above it.
        limb_fraction: Samples along a limb that must pass, 0 to 1.
        close_distance: Ends of a limb nearer than this, in cells, may lack a
            field.
        share_threshold: Limb score from which a person may take a keypoint
            that another holds; above 1 switches sharing off.
        adopt_distance: How far, as a fraction of the diagonal of the person's
            body, a lone peak may be from the keypoints next to it; 0
            switches adoption off.
        adopt_hops: Limbs from the lone peak's keypoint to those keypoints.
        double_distance: Two people become one if half of the keypoints that
            both have, and two at least, are nearer than this fraction of
            that diagonal; 0 switches it off. For networks that are not sure:
            where maps are clear it can only take people for one who are in
            the same place.
        min_keypoints: Keypoints a person needs, counted by
            :class:`~wholebody_mm.codecs.part_rules.PartRules` (each body
            point 1, each hand 1, the face 1, feet 0).
        min_part_fraction: A face or a hand with this fraction of its
            keypoints is a person by itself (close-ups), however few
            ``min_keypoints``; above 1 switches that off. It counts as one
            keypoint in the score, which ``min_score`` is asked of.
        part_threshold: A face or a hand goes if the mean score of all its
            keypoints, 0 where not found, is below: a few false points far
            from the truth cost more than a missing part. A dictionary gives
            each part its own; parts not named keep all they have.
        min_score: People below this score go.
        max_people: Most people; the best stay.
        part_limits: Part name to how many of its keypoints count, instead
            of the rule above.
        grouping: ``greedy`` joins all candidate limbs, best first.
            ``bipartite`` first keeps those of the best one-to-one matching
            of each type of limb, as the paper has it.
        enlarge: Look for peaks and along limbs in maps enlarged to the size
            of the input, as the paper and the released code do: slow, less
            exact, to compare with (:mod:`.enlarged`).
        sigma_scale: Factor of the skeleton's ``target_sigmas`` with which
            the maps were learnt. It places peaks on the border of the input.
        maximize_positives: Rather a false keypoint than a missed one, as the
            released decoder's option: ``peak_threshold`` and
            ``weak_threshold`` times 0.4, ``limb_threshold`` times 0.2,
            ``min_score`` times 0.125, ``limb_fraction`` at most 0.75, one
            keypoint less for a person, and feet count.
        threads: Threads for large inputs and crowds; by default 2, where
            the process may use as many cores. The people are the same.

    A person's score is the mean score of the keypoints found, times
    (c / (c + 10)) / (C / (C + 10)), with c keypoints counted as for
    ``min_keypoints`` and C those of a complete person: of two people found
    with equal confidence the more complete one ranks first. Neither shared
    keypoints nor weak ones that complete somebody change it.

    Raises:
        ValueError: If a threshold is out of its range, nobody can have
            ``min_keypoints``, or the one stride does not divide the other.
    """

    def __init__(
        self,
        skeleton: str | Skeleton = 'wholebody135',
        stride: int = 8,
        heatmap_stride: int | None = None,
        *,
        peak_threshold: float = 0.1,
        weak_threshold: float = 0.0,
        max_peaks: int = 128,
        limb_threshold: float = 0.05,
        limb_fraction: float = 0.95,
        close_distance: float = 0.5,
        share_threshold: float = 0.5,
        adopt_distance: float = 0.2,
        adopt_hops: int = 2,
        double_distance: float = 0.0,
        min_keypoints: int = 3,
        min_part_fraction: float = 0.5,
        part_threshold: float | dict[str, float] = 0.1,
        min_score: float = 0.05,
        max_people: int = 128,
        part_limits: dict[str, int] | None = None,
        grouping: str = 'greedy',
        enlarge: bool = False,
        sigma_scale: float = 1.0,
        maximize_positives: bool = False,
        threads: int | None = None,
    ) -> None:
        _check_numbers(
            peak_threshold=peak_threshold,
            weak_threshold=weak_threshold,
            limb_threshold=limb_threshold,
            limb_fraction=limb_fraction,
            close_distance=close_distance,
            share_threshold=share_threshold,
            adopt_distance=adopt_distance,
            double_distance=double_distance,
            min_part_fraction=min_part_fraction,
            min_score=min_score,
            sigma_scale=sigma_scale,
        )
        for name, values in (
            ('part_threshold', part_threshold),
            ('part_limits', part_limits or {}),
        ):
            if not isinstance(values, dict):
                values = {'': values}
            for part, value in values.items():
                _check_numbers(**{f'{name}[{part}]' if part else name: value})
        for name, value in (
            ('enlarge', enlarge),
            ('maximize_positives', maximize_positives),
        ):
            if not isinstance(value, bool):
                raise ValueError(f'{name}={value!r}: give true or false')
        if grouping not in GROUPINGS:
            raise ValueError(
                f'grouping={grouping!r}: give {" or ".join(GROUPINGS)}'
            )
        if not peak_threshold > 0:
            raise ValueError(f'peak_threshold={peak_threshold}: give above 0')
        if part_limits is not None and not isinstance(part_limits, dict):
            raise ValueError(
                f'part_limits={part_limits!r}: give a number for each part '
                f'that is named'
            )
        if weak_threshold < 0:
            raise ValueError(
                f'weak_threshold={weak_threshold}: give 0 (off) or more'
            )
        for name, value in (
            ('limb_threshold', limb_threshold),
            ('close_distance', close_distance),
        ):
            if value < 0:  # they are compared as squares
                raise ValueError(f'{name}={value}: give 0 or more')
        if not 0 <= limb_fraction <= 1:
            raise ValueError(f'limb_fraction={limb_fraction}: give 0 to 1')
        if threads is None:
            threads = min(MOST_THREADS, usable_cores())
        for name, value, least in (
            ('threads', threads, 1),
            ('stride', stride, 1),
            ('max_peaks', max_peaks, 1),
            ('max_people', max_people, 1),
            ('min_keypoints', min_keypoints, 1),
            ('adopt_hops', adopt_hops, 0),
        ):
            _check_numbers(**{name: value})
            if not float(value).is_integer() or value < least:
                raise ValueError(
                    f'{name}={value}: give a whole number, {least} or more'
                )
        self.skeleton = get_skeleton(skeleton)
        if maximize_positives:
            peak_threshold *= POSITIVE_PEAKS
            weak_threshold *= POSITIVE_PEAKS
            limb_threshold *= POSITIVE_LIMBS
            min_score *= POSITIVE_SCORE
            limb_fraction = min(limb_fraction, POSITIVE_FRACTION)
            min_keypoints = max(1, min_keypoints - 1)
            feet = dict(self.skeleton.part_sizes).get(FOOT)
            if feet:
                part_limits = {FOOT: feet, **(part_limits or {})}
        self.stride = int(stride)
        self.heatmap_stride = heatmap_stride_of(self.stride, heatmap_stride)
        self.peak_threshold = peak_threshold
        # nothing is between the two if this is not the lower one
        self.weak_threshold = min(weak_threshold, peak_threshold)
        self._completes = 0 < self.weak_threshold < peak_threshold
        self.max_peaks = int(max_peaks)
        self.limb_threshold = limb_threshold
        self.limb_fraction = limb_fraction
        self.close_distance = close_distance
        self.share_threshold = share_threshold
        self.adopt_distance = adopt_distance
        self.double_distance = double_distance
        self.min_keypoints = int(min_keypoints)
        self.min_part_fraction = min_part_fraction
        self.min_score = min_score
        self.max_people = int(max_people)
        self.grouping = grouping
        self.enlarge = enlarge
        # Python's own steps of the enlarged maps gain nothing from threads
        self.threads = 1 if enlarge else int(threads)
        self._find_peaks, self._score_limbs = find_peaks, score_limbs
        if enlarge:
            # needs OpenCV, which the rest does without
            from wholebody_mm.codecs import enlarged

            self._find_peaks = enlarged.peak_finder(self.heatmap_stride)
            self._score_limbs = enlarged.score_enlarged_limbs
        if not self.skeleton.num_limbs:
            raise ValueError(
                f'{self.skeleton.name} has no limbs, which join keypoints to '
                f'people'
            )
        self.rules = PartRules(self.skeleton, part_limits)
        alone = self.rules.has_fine and min_part_fraction <= 1
        if self.min_keypoints > self.rules.most and not alone:
            raise ValueError(
                f'{self.min_keypoints} keypoints for a person (min_keypoints)'
                f': {self.skeleton.name} has {self.rules.most} that count, '
                f'nobody could be found'
            )
        self.part_threshold = self.rules.thresholds(part_threshold)
        self._near = self.rules.near(int(adopt_hops))
        self._related = self.rules.related(int(adopt_hops))
        self._sigmas = sigmas_in_cells(
            self.skeleton, self.heatmap_stride, sigma_scale
        )

    def decode(self, heatmaps: np.ndarray, pafs: np.ndarray) -> People:
        """The people of one image.

        Args:
            heatmaps: (K, r h, r w) confidence maps, any float type; r is the
                ratio of the strides.
            pafs: (2 L, h, w) fields, x of limb l at 2 l and y at 2 l + 1.

        Raises:
            ValueError: If the shapes do not fit the skeleton or the strides.
        """
        with np.errstate(over='ignore'):  # too large is infinite, counts as 0
            heatmaps = np.ascontiguousarray(heatmaps, np.float32)
            pafs = np.ascontiguousarray(pafs, np.float32)
        k, limbs = self.skeleton.num_keypoints, self.skeleton.num_limbs
        r = self.stride // self.heatmap_stride
        if (
            pafs.ndim != 3
            or pafs.shape[0] != 2 * limbs
            or heatmaps.shape != (k, *(r * side for side in pafs.shape[1:]))
        ):
            fine, where = 'h, w', ''
            if r > 1:
                fine = f'{r} h, {r} w'
                where = (
                    f' with heatmap_stride={self.heatmap_stride} and '
                    f'stride={self.stride}'
                )
            raise ValueError(
                f'{self.skeleton.name} has maps of ({k}, {fine}) and '
                f'({2 * limbs}, h, w){where}, not {heatmaps.shape} and '
                f'{pafs.shape}'
            )
        threshold = least = np.float32(self.peak_threshold)
        if self._completes:
            least = np.float32(self.weak_threshold)
        cells, scores, counts = self.peaks(heatmaps, least)
        strong = counts
        if self._completes:
            strong = np.empty_like(counts)
            strong_first(heatmaps, cells, scores, counts, threshold, strong)
        cells = between_grids(cells, self.heatmap_stride, self.stride)
        slots, shared = self._group(pafs, cells, scores, counts, strong)
        return self._people(slots, shared, cells, scores)

    def peaks(
        self, heatmaps: np.ndarray, threshold: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The peaks of each confidence map, before they belong to anybody.

        Args:
            heatmaps: (K, r h, r w) float32, C-contiguous.
            threshold: Peaks are above it.

        Returns:
            (K, M, 2) float32 x, y in cells of these maps, (K, M) float32
            heights, and (K,) int32, how many of the M each map has. M is
            ``max_peaks``.
        """
        k = len(heatmaps)
        cells = np.zeros((k, self.max_peaks, 2), np.float32)
        scores = np.zeros((k, self.max_peaks), np.float32)
        counts = np.zeros(k, np.int32)

        def find(own: slice) -> None:
            self._find_peaks(
                heatmaps[own],
                self._sigmas[own],
                np.float32(threshold),
                cells[own],
                scores[own],
                counts[own],
            )

        self._run(find, heatmaps.size >= THREADED_CELLS, np.ones(k))
        return cells, scores, counts

    def _run(
        self, step: Callable[[slice], T], work: bool, costs: np.ndarray
    ) -> list[T]:
        """A step for all maps, in pieces by their costs if it is work."""
        if self.threads == 1 or not work:
            return [step(slice(0, len(costs)))]
        return run_pieces(step, pieces_of(costs, self.threads), self.threads)

    def _group(
        self,
        pafs: np.ndarray,
        cells: np.ndarray,
        scores: np.ndarray,
        counts: np.ndarray,
        strong: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        """Join the peaks to groups.

        Args:
            pafs: (2 L, h, w) fields.
            cells: (K, M, 2) peaks in cells.
            scores: (K, M) their heights.
            counts: (K,) peaks of each keypoint.
            strong: (K,) how many of them, the first, may make people.

        Returns:
            (N, K) int32 peaks of each group, -1 where there is none, and
            (N, K) bool where the peak is another person's as well, or too
            weak to say that there is somebody.
        """
        limbs = self.skeleton.limb_array
        room = LIMBS_PER_PEAK * self.max_peaks
        many = counts.astype(np.int64)
        pairs = many[limbs[:, 0]] * many[limbs[:, 1]]
        most = np.minimum(pairs, room)
        begin = np.cumsum(most) - most
        total = int(most.sum())
        limb = np.empty(total, np.int32)
        ends = np.empty((total, 2), np.int32)
        score = np.empty(total, np.float32)
        rank = np.empty(total, np.float32)

        def find(own: slice) -> slice:
            n = begin[own.start]
            found = self._score_limbs(
                pafs[2 * own.start : 2 * own.stop],
                limbs[own],
                cells,
                scores,
                counts,
                np.float32(self.stride),
                np.float32(self.limb_threshold),
                self.limb_fraction,
                np.float32(self.close_distance),
                room,
                limb[n:],
                ends[n:],
                score[n:],
                rank[n:],
            )
            limb[n : n + found] += own.start
            return slice(n, n + found)

        work = pairs.sum() >= THREADED_PAIRS
        found = self._run(find, work, pairs + FIELD_COST)
        limb, ends, score, rank = (
            np.concatenate([a[piece] for piece in found])
            for a in (limb, ends, score, rank)
        )
        order = best_first(rank)
        candidates = limb, ends, order
        if self._completes:
            first, second = limbs[limb].T
            makes = ends[:, 0] < strong[first]
            makes &= ends[:, 1] < strong[second]
            limb, ends, score, rank = (
                a[makes] for a in (limb, ends, score, rank)
            )
            order = best_first(rank)
            counts = strong
        if self.grouping == 'bipartite':
            matched = np.empty(len(rank), bool)
            match_limbs(limbs, counts, limb, ends, score, matched)
            order = order[matched[order]]
        first = np.cumsum(counts, dtype=np.int64) - counts
        slots = group_peaks(limbs, limb, ends, order, first, counts)
        alive = self.rules.count(slots >= 0) >= self.min_keypoints
        shared = np.zeros(slots.shape, bool)
        if self.share_threshold <= 1:
            living = slots[alive]
            share_peaks(
                limbs,
                self.rules.shareable,
                limb,
                ends,
                score,
                np.float32(self.share_threshold),
                living,
            )
            shared[alive] = living != slots[alive]
            slots[alive] = living
        size = trunk_diagonals(cells, self.rules.trunk, slots)
        reach = size * np.float32(self.adopt_distance)
        if self.adopt_distance > 0:
            adopt_groups(cells, self._related, reach, alive, slots)
        if self.double_distance > 0:
            near = np.float32(self.double_distance)
            join_doubles(cells, size, near, alive, slots, shared)
        if self.adopt_distance > 0:
            adopt_peaks(cells, counts, self._near, reach, alive, slots)
        if self._completes:
            before = slots >= 0
            alive |= self.rules.complete(before, self.min_part_fraction)
            complete_people(limbs, *candidates, alive, slots, self.max_peaks)
            shared |= (slots >= 0) & ~before
        return slots, shared

    def _people(
        self,
        slots: np.ndarray,
        shared: np.ndarray,
        cells: np.ndarray,
        scores: np.ndarray,
    ) -> People:
        """Drop weak parts and what is no person; rank the rest."""
        found = slots >= 0
        positions, keypoint_scores = take_peaks(cells, scores, slots)
        weak = self.rules.weak(keypoint_scores, self.part_threshold)
        found &= ~weak
        keypoint_scores[weak] = 0
        keep = self.rules.count(found) >= self.min_keypoints
        keep |= self.rules.complete(found, self.min_part_fraction)
        score = self._rank(keypoint_scores, found & ~shared)
        keep &= score >= self.min_score
        order = np.argsort(-score[keep], kind='stable')[: self.max_people]
        chosen = np.flatnonzero(keep)[order]
        pixels = to_pixels(positions[chosen], self.stride)
        pixels[~found[chosen]] = 0
        return People(pixels, keypoint_scores[chosen], score[chosen])

    def _rank(self, scores: np.ndarray, own: np.ndarray) -> np.ndarray:
        """(N,) float32 person scores of (N, K) scores, (N, K) own points."""
        mean = (scores * own).sum(axis=1) / np.maximum(own.sum(axis=1), 1)
        count, most = self.rules.count(own), self.rules.most
        completeness = count / (count + HALF) * (most + HALF) / most
        return (mean * completeness).astype(np.float32)


def _check_numbers(**options: object) -> None:
    """Raise ValueError for the first option that is no number."""
    for name, value in options.items():
        number = isinstance(value, Real) and not isinstance(value, bool)
        if not number or math.isnan(value):
            raise ValueError(f'{name}={value!r}: give a number')
