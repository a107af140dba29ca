"""What AP does not tell: which keypoints are found, and whose they become.

AP falls as much for a wrist that was not seen as for one that was given to
the wrong person. Here keypoints are matched with the truth one kind at a
time, whoever they belong to, and people are looked at afterwards.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from wholebody_mm.datasets.wholebody_format import annotated_people
from wholebody_mm.evaluation.part_ap import (
    images_of,
    load_wholebody,
)
from wholebody_mm.skeletons import COCO_WHOLEBODY133

# A keypoint is found where its own similarity, exp(-d^2 / (2 area k^2)) with
# k twice COCO-WholeBody's sigma, is at least this.
SIMILARITY = 0.5
# Fewer body points of someone say nothing about whose they are.
POINTS_OF_A_PERSON = 4
# One point alone may be a slip; two make a piece of a person.
POINTS_OF_A_PIECE = 2
# Limits between sizes of people, square roots of areas in pixels: networks
# that look at one scale find some sizes and miss others.
SIZES = (64, 128, 256)
SIZE_NAMES = tuple(
    f'{low}-{high}'
    for low, high in zip((0, *SIZES), (*SIZES, 'up'), strict=True)
)
# What matching tells of each part, whoever its keypoints belong to.
MATCHING = ('recall', 'precision', 'distance', 'relative_distance')
# visibility 2, and less
SIGHTS = ('visible', 'hidden')


def reach_of_keypoints() -> np.ndarray:
    """(133,) how far each is found, over the square root of the area."""
    sigmas = np.asarray(COCO_WHOLEBODY133.oks_sigmas)
    return 2 * sigmas * np.sqrt(-2 * np.log(SIMILARITY))


def match_points(
    true: np.ndarray, given: np.ndarray, reach: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One to one, as many as possible within reach, then the nearest.

    Args:
        true: (N, 2) pixels.
        given: (M, 2) pixels.
        reach: (N,) pixels.

    Returns:
        Indices of the pairs in both, and their distances in pixels.
    """
    away = np.linalg.norm(true[:, None] - given[None], axis=2)
    near = away / reach[:, None]
    # one pair more is worth any distance
    rows, columns = linear_sum_assignment(np.where(near <= 1, near - 1e3, 0.0))
    hit = near[rows, columns] <= 1
    rows, columns = rows[hit], columns[hit]
    return rows, columns, away[rows, columns]


def keypoint_errors(
    annotations: str | Path | Any,
    results: Iterable[Mapping],
    img_ids: Sequence[int] | None = None,
) -> dict[str, float]:
    """Recall, precision and distance of each part's keypoints; split people.

    In each image and for each of the 133 keypoints, those of all people found
    are matched one to one with those of all annotated people: as many as
    possible within reach (:data:`SIMILARITY`), then the nearest. A keypoint
    without a partner is false, unless it lies in the box of someone whom the
    annotators did not give this keypoint, or of a crowd.

    Args:
        annotations: A COCO-WholeBody annotation file or a loaded ``COCO``.
        results: What :func:`people_to_results` makes, or a file of
            ``wholebody-mm infer --write coco``, as dictionaries.
        img_ids: Images to look at; all of the file by default. Images
            without results count as missed.

    Returns:
        For each part that is labelled ``{part}/recall`` (share of labelled
        keypoints that were found), ``{part}/precision`` (share of found
        keypoints that are right), ``{part}/distance`` (mean pixels between
        those and the truth) and ``{part}/relative_distance`` (the same over
        the square root of the person's area). The recall again of visible
        and of hidden keypoints, ``{part}/recall/{visible,hidden}`` (NaN of
        parts without any visibility of 2: in the faces and hands of
        COCO-WholeBody that number does not tell what is hidden), and of
        people by the square root of their area (:data:`SIZES`),
        ``{part}/recall/0-64`` and so on. ``{part}/oks``: the mean over
        annotated people of the OKS of the part in the result where it is
        largest, and ``{part}/oks_error`` its standard error, which says how
        far a mean of few people can be trusted. ``people/split``: of the
        annotated people with 4 body points found, the share whose points went
        to several, at least 2 points each. ``people/merged``: of the people
        found with 4 right body points, the share that has at least 2 points
        each of several. A value that nothing stands for is NaN.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a result is of an image that is not in the file, or
            does not say of which, or a file has the keypoints in another
            order. A part that a result lacks was not found.
    """
    if isinstance(annotations, str | Path):
        annotations = load_wholebody(annotations)
    results = list(results)
    by_image: dict[int, list[Mapping]] = {}
    for number, result in enumerate(results):
        if 'image_id' not in result:
            raise ValueError(f'result {number} has no image_id')
        by_image.setdefault(result['image_id'], []).append(result)
    count = _Count()
    for image_id in images_of(annotations, results, img_ids):
        truth = annotations.loadAnns(annotations.getAnnIds(imgIds=[image_id]))
        count.add(truth, by_image.get(image_id, []))
    return count.metrics()


class _Count:
    """What was seen so far, over images."""

    def __init__(self) -> None:
        k = COCO_WHOLEBODY133.num_keypoints
        # of each size and sight
        self.labelled = np.zeros((len(SIZE_NAMES), len(SIGHTS), k))
        self.found = np.zeros_like(self.labelled)
        self.false = np.zeros(k)
        self.pixels = np.zeros(k)
        self.relative = np.zeros(k)
        # of each part, the people's best
        self.oks: dict[str, list[float]] = {
            part: [] for part in COCO_WHOLEBODY133.parts
        }
        self.split: list[bool] = []
        self.merged: list[bool] = []
        self.reach = reach_of_keypoints()
        self.body = COCO_WHOLEBODY133.parts['body']

    def add(self, truth: list[dict], results: list[Mapping]) -> None:
        """Count one image."""
        crowds = [a for a in truth if a.get('iscrowd')]
        people = [a for a in truth if not a.get('iscrowd')]
        at, v = annotated_people(people)
        to, score = annotated_people(results)
        scale = np.sqrt([max(float(a['area']), 1.0) for a in people])
        size = np.digitize(scale, SIZES)
        hidden = (v < 2).astype(int)
        owner = np.full(v.shape, -1)  # which result has a true keypoint
        # (results, K): whose word there is none against
        excused = np.zeros(score.shape, bool)
        for crowd in crowds:
            excused |= _inside(to, crowd['bbox'])
        for person, seen in zip(people, v, strict=True):
            excused |= _inside(to, person['bbox']) & (seen <= 0)
        for k in range(v.shape[1]):
            true, given = (
                np.flatnonzero(v[:, k] > 0),
                np.flatnonzero(score[:, k] > 0),
            )
            np.add.at(self.labelled[:, :, k], (size[true], hidden[true, k]), 1)
            right = np.zeros(len(given), bool)
            if len(true) and len(given):
                rows, columns, away = match_points(
                    at[true, k], to[given, k], self.reach[k] * scale[true]
                )
                right[columns] = True
                owner[true[rows], k] = given[columns]
                hits = true[rows]
                np.add.at(
                    self.found[:, :, k], (size[hits], hidden[hits, k]), 1
                )
                self.pixels[k] += away.sum()
                self.relative[k] += (away / scale[hits]).sum()
            self.false[k] += (~right & ~excused[given, k]).sum()
        self._whose(owner[:, self.body], len(score))
        for i, labels in enumerate(v > 0):
            away = np.linalg.norm(to - at[i], axis=2)  # (results, K)
            similar = SIMILARITY ** ((away / (self.reach * scale[i])) ** 2)
            similar *= score > 0
            for part, where in COCO_WHOLEBODY133.parts.items():
                if labels[where].any():
                    of_results = similar[:, where][:, labels[where]].mean(1)
                    self.oks[part].append(float(of_results.max(initial=0)))

    def _whose(self, owner: np.ndarray, num_results: int) -> None:
        """Count people whose body points (N, 17) went to several results."""
        shares = np.zeros((len(owner), num_results), int)
        for row, of in zip(shares, owner, strict=True):
            np.add.at(row, of[of >= 0], 1)
        for points, several in ((shares, self.split), (shares.T, self.merged)):
            pieces = (points >= POINTS_OF_A_PIECE).sum(axis=1)
            enough = points.sum(axis=1) >= POINTS_OF_A_PERSON
            several += (pieces[enough] > 1).tolist()

    def metrics(self) -> dict[str, float]:
        """The values of all images."""
        metrics = {}
        for part, where in COCO_WHOLEBODY133.parts.items():
            labelled, found, false, pixels, relative = (
                float(values[..., where].sum())
                for values in (
                    self.labelled,
                    self.found,
                    self.false,
                    self.pixels,
                    self.relative,
                )
            )
            if not labelled:
                continue
            metrics[f'{part}/recall'] = found / labelled
            metrics[f'{part}/precision'] = _ratio(found, found + false)
            metrics[f'{part}/distance'] = _ratio(pixels, found)
            metrics[f'{part}/relative_distance'] = _ratio(relative, found)
            oks = np.array(self.oks[part])
            metrics[f'{part}/oks'] = float(oks.mean())
            error = math.nan  # of one person
            if len(oks) > 1:
                error = float(oks.std(ddof=1)) / math.sqrt(len(oks))
            metrics[f'{part}/oks_error'] = error
            told = self.labelled[:, 0, where].any()  # a visibility of 2
            for axis, names in ((0, SIZE_NAMES), (1, SIGHTS)):
                for i, name in enumerate(names):
                    found, labelled = (
                        float(v.take(i, axis)[..., where].sum())
                        for v in (self.found, self.labelled)
                    )
                    if names is SIGHTS and not told:
                        labelled = 0.0
                    metrics[f'{part}/recall/{name}'] = _ratio(found, labelled)
        metrics['people/split'] = _ratio(sum(self.split), len(self.split))
        metrics['people/merged'] = _ratio(sum(self.merged), len(self.merged))
        return metrics


def _inside(points: np.ndarray, box: Sequence[float]) -> np.ndarray:
    """Which (N, K, 2) points lie in a box x, y, width, height."""
    x, y, w, h = box
    return ((points >= [x, y]) & (points <= [x + w, y + h])).all(axis=-1)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else float('nan')


def matching_rows(
    metrics: Mapping[str, float], title: str = 'part'
) -> list[str]:
    """Header and a row for each part, of :data:`MATCHING`."""
    rows = [
        f'{title:<10}{"recall":>8}{"precision":>11}{"pixels":>8}{"of size":>9}'
    ]
    for part in _parts_in(metrics):
        a, b, c, d = (metrics[f'{part}/{name}'] for name in MATCHING)
        rows.append(
            f'{part:<10}{100 * a:8.1f}{100 * b:11.1f}{c:8.1f}{100 * d:8.1f}%'
        )
    return rows


def _parts_in(metrics: Mapping[str, float]) -> list[str]:
    """The parts that are labelled."""
    return [
        p for p in COCO_WHOLEBODY133.part_names if f'{p}/recall' in metrics
    ]


def errors_table(metrics: Mapping[str, float]) -> str:
    """A table, one row a part; shares in per cent, distances in pixels."""
    lines = matching_rows(metrics)
    for i, part in enumerate(_parts_in(metrics), start=1):
        oks, error = (
            metrics[f'{part}/{name}'] for name in ('oks', 'oks_error')
        )
        lines[i] += f'{100 * oks:9.1f} ± {100 * error:.1f}'
    lines[0] += f'{"best OKS":>15}'
    lines.append(
        f'people split into several: {100 * metrics["people/split"]:.1f}%, '
        f'merged from several: {100 * metrics["people/merged"]:.1f}%'
    )
    names = (*SIGHTS, *SIZE_NAMES)
    lines.append('')
    lines.append(
        f'{"recall of":<10}' + ''.join(f'{name:>9}' for name in names)
    )
    for part in _parts_in(metrics):
        values = (metrics[f'{part}/recall/{name}'] for name in names)
        lines.append(
            f'{part:<10}' + ''.join(f'{100 * v:9.1f}' for v in values)
        )
    lines.append('(sizes: square root of the area in pixels)')
    return '\n'.join(lines)
