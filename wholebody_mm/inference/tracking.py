"""Ids that stay with people from frame to frame."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import lru_cache

import numpy as np

from wholebody_mm.codecs.boxes import boxes_of_people
from wholebody_mm.codecs.part_rules import PartRules
from wholebody_mm.inference.one_euro import OneEuroFilter
from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.skeletons import Skeleton

# Intersection over union from which boxes alone say who is who.
LEAST_OVERLAP = 0.3
# Fewer keypoints in common say nothing about who is who.
LEAST_COMMON = 3
# Share of the way at the last speed that people are expected to go until
# they are seen again; they slow down and turn more often than they speed up.
DAMPING = 0.9
# Share of the way before that still counts in someone's speed after a move
# of so many seconds or more; a shorter one leaves a larger share.
KEPT, MOVE = 0.5, 0.04


@dataclass(eq=False)
class _Track:
    """Someone who was seen.

    Attributes:
        id: From 1.
        keypoints: (K, 2) where they were seen last, moved on since.
        found: (K,) bool keypoints seen then.
        box: (4,) x0, y0, x1, y1.
        seen: Time of the last sight.
        way: (2,) pixels they moved; what is long ago counts little.
        seconds: That this took, counted alike.
        smooth: Their filter.
    """

    id: int
    keypoints: np.ndarray
    found: np.ndarray
    box: np.ndarray
    seen: float
    way: np.ndarray = field(default_factory=lambda: np.zeros(2))
    seconds: float = MOVE / (1 - KEPT)  # as after standing for long
    smooth: OneEuroFilter = field(default_factory=OneEuroFilter)

    @property
    def size(self) -> float:
        """Square root of the area of their box, in pixels."""
        return _size(self.box)

    @property
    def speed(self) -> np.ndarray:
        """(2,) pixels a second."""
        return self.way / self.seconds


class Tracker:
    """Gives people ids by object keypoint similarity, and smooths them.

    People of a frame are matched with those of the frames before, moved on
    with their speed, the most similar first. Body and feet decide, as long as
    three of their keypoints are seen in both; faces and hands are too small
    to overlap from frame to frame when someone runs. Who is left is matched
    by the overlap of boxes: the first step of a sprint, few frames a second.

    Args:
        min_similarity: Object keypoint similarity below which two are not
            the same person, 0 to 1.
        memory: Seconds for which someone not seen is remembered.
        smooth: Filter the keypoints over time (one euro).
        min_cutoff: Of the filter in hertz; lower is steadier.
        beta: Of the filter, in hertz for each size of the person a second;
            higher lags less behind fast motion.
    """

    def __init__(
        self,
        min_similarity: float = 0.2,
        memory: float = 1.0,
        smooth: bool = True,
        min_cutoff: float = 1.0,
        beta: float = 5.0,
    ) -> None:
        if not 0 < min_similarity <= 1 or memory < 0:
            raise ValueError(
                f'similarity {min_similarity} is not in 0 to 1, or memory '
                f'{memory} negative'
            )
        self.min_similarity = min_similarity
        self.memory = memory
        self.smooth = smooth
        self._filter = dict(min_cutoff=min_cutoff, beta=beta)
        OneEuroFilter(**self._filter)  # refuses what does not fit
        self._tracks: list[_Track] = []
        self._next = 1
        self._last = -math.inf  # time of the last frame

    def __call__(self, people: PeopleInImage, time: float) -> PeopleInImage:
        """The people of the next frame with ids, smoothed.

        Args:
            people: Of the frame.
            time: Seconds, later than at the last call. Earlier by more than
                ``memory``, it is of another recording: all who were seen are
                forgotten. Earlier by less, it counts as that of the last.
        """
        if time < self._last - self.memory:
            self._tracks = []
        else:
            time = max(time, self._last)
        # who was there in the last frame, however long ago that is, and who
        # was hidden for a short time
        self._tracks = [
            t
            for t in self._tracks
            if t.seen >= self._last or time - t.seen <= self.memory
        ]
        self._last = time
        ids = np.zeros(len(people), np.int64)
        keypoints = people.keypoints.copy()
        matches = self._match(people, time)
        for i in range(len(people)):
            found = people.keypoint_scores[i] > 0
            track = matches.get(i)
            if track is None:
                track = _Track(
                    self._next,
                    people.keypoints[i],
                    found,
                    people.boxes[i],
                    time,
                    smooth=OneEuroFilter(**self._filter),
                )
                self._next += 1
                self._tracks.append(track)
            else:
                _move(track, people.keypoints[i], found, time)
            track.box = people.boxes[i]
            ids[i] = track.id
            if self.smooth:
                raw = np.where(found[:, None], people.keypoints[i], np.nan)
                smoothed = track.smooth(raw, time, track.size)
                keypoints[i] = np.where(found[:, None], smoothed, 0)
        boxes = people.boxes
        if self.smooth:
            boxes = _moved_boxes(people, keypoints)
        return replace(people, keypoints=keypoints, boxes=boxes, ids=ids)

    def _match(self, people: PeopleInImage, time: float) -> dict[int, _Track]:
        """Which person is which track, the most similar pair first."""
        if not len(people) or not self._tracks:
            return {}
        found = people.keypoint_scores > 0
        sizes = np.array([_size(box) for box in people.boxes])
        shape = len(people), len(self._tracks)
        similarity, overlap = np.zeros(shape), np.zeros(shape)
        for j, track in enumerate(self._tracks):
            shift = track.speed * (time - track.seen) * DAMPING
            similarity[:, j] = keypoint_similarity(
                people.keypoints,
                track.keypoints + shift,
                found & track.found,
                np.maximum(sizes, track.size),
                people.skeleton,
            )
            overlap[:, j] = _overlap(
                people.boxes, track.box + np.tile(shift, 2)
            )
        matches: dict[int, int] = {}
        _match_greedily(similarity, self.min_similarity, matches)
        _match_greedily(overlap, LEAST_OVERLAP, matches)
        return {i: self._tracks[j] for i, j in matches.items()}


def _moved_boxes(people: PeopleInImage, keypoints: np.ndarray) -> np.ndarray:
    """(N, 4) boxes of people whose keypoints have moved.

    Each side goes as far as that of the box around the keypoints: the boxes
    may be around more than these, for example hands that COCO does not have.
    """
    before, after = (
        boxes_of_people(points, people.keypoint_scores)
        for points in (people.keypoints, keypoints)
    )
    return people.boxes + (after - before)


def _match_greedily(
    values: np.ndarray, least: float, matches: dict[int, int]
) -> None:
    """Add pairs of unmatched rows and columns, the highest value first."""
    taken = set(matches.values())
    for flat in np.argsort(-values, axis=None, kind='stable'):
        i, j = divmod(int(flat), values.shape[1])
        if values[i, j] < least:
            break
        if i not in matches and j not in taken:
            matches[i] = j
            taken.add(j)


def _overlap(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """(...) intersections over union of (..., 4) boxes."""
    low = np.maximum(one[..., :2], other[..., :2])
    high = np.minimum(one[..., 2:], other[..., 2:])
    both = np.prod(np.maximum(high - low, 0), axis=-1)
    areas = (np.prod(b[..., 2:] - b[..., :2], axis=-1) for b in (one, other))
    either = sum(areas) - both
    return np.where(either > 0, both / np.where(either > 0, either, 1), 0)


def keypoint_similarity(
    one: np.ndarray,
    other: np.ndarray,
    common: np.ndarray,
    size: float | np.ndarray,
    skeleton: Skeleton,
) -> float | np.ndarray:
    """Object keypoint similarity of pairs of people, 0 to 1.

    Args:
        one: (..., K, 2) pixels.
        other: (..., K, 2) pixels.
        common: (..., K) bool keypoints of both.
        size: (...) square root of the person's area in pixels.
        skeleton: K keypoints.

    Returns:
        (...), as the arguments are broadcast; a number for one pair.
    """
    coarse = common & _coarse(skeleton)
    enough = coarse.sum(axis=-1, keepdims=True) >= LEAST_COMMON
    common = np.where(enough, coarse, common)
    # few of 135, where nobody's face or hands decide
    used = common.any(axis=tuple(range(common.ndim - 1)))
    common = common[..., used]
    # COCO's evaluation: twice the sigma of the annotators
    width = 2 * np.asarray(skeleton.oks_sigmas)[used]
    width = width * np.maximum(size, 1.0)[..., None]
    squares = np.square(one[..., used, :] - other[..., used, :]).sum(axis=-1)
    near = np.exp(-squares / (2 * width**2)).sum(axis=-1, where=common)
    number = common.sum(axis=-1)
    mean = near / np.maximum(number, 1)
    return np.where(number >= LEAST_COMMON, mean, 0.0)[()]


@lru_cache(maxsize=8)
def _coarse(skeleton: Skeleton) -> np.ndarray:
    """(K,) bool keypoints of the body and the feet."""
    return PartRules(skeleton).trunk


def _move(
    track: _Track, keypoints: np.ndarray, found: np.ndarray, time: float
) -> None:
    """Store where someone is now, and how fast."""
    common = found & track.found
    if common.any() and time > track.seen:
        shift = np.median(keypoints[common] - track.keypoints[common], axis=0)
        # Sums of ways and times, not a mean of speeds: of two frames whose
        # times are almost equal the speed is anything.
        step = time - track.seen
        kept = KEPT ** min(1, step / MOVE)
        track.way = kept * track.way + shift
        track.seconds = kept * track.seconds + step
    track.keypoints, track.found, track.seen = keypoints, found, time


def _size(box: np.ndarray) -> float:
    """Square root of the area of an x0, y0, x1, y1 box, at least a pixel."""
    return float(max(1.0, np.sqrt(np.prod(np.maximum(box[2:] - box[:2], 1)))))
