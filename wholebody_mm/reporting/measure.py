"""Networks on data sets, and the results kept in a file."""

from __future__ import annotations

import copy
import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from wholebody_mm.datasets.as_wholebody import as_wholebody
from wholebody_mm.datasets.coco_annotations import keypoints_of
from wholebody_mm.evaluation import evaluate_parts, people_to_results
from wholebody_mm.evaluation.annotated_images import (
    check_image_files,
    read_annotated_image,
)
from wholebody_mm.evaluation.part_ap import HANDS, load_coco, load_wholebody
from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.skeletons import COCO_WHOLEBODY133, Skeleton, get_map
from wholebody_mm.skeletons.labelled_sets import (
    HANDS42,
    IBUG68,
    RIGHT_HAND21,
)
from wholebody_mm.whole_files import read_json, write_json

# Of the paper, section 4.1: 480 pixels, several scales are 960, 720, 480 and
# 240. Here a network has its own height unless another is asked for.
HEIGHT = 480
SCALES = dict(single=(1.0,), multi=(2.0, 1.5, 1.0, 0.5))
# Skeletons of the files of tools/data/prepare_*.py.
SOURCES = dict(
    face_frgc=IBUG68,
    face_multipie=IBUG68,
    face_ibug=IBUG68,
    hand_dome=RIGHT_HAND21,
    hand_mpii=HANDS42,
)

FindPeople = Callable[[np.ndarray], PeopleInImage]

# Annotations and images: cut behind .json, else at the first colon that is
# not the one of a Windows drive at the start, as in C:\sets\ann.
_PLACES = re.compile(
    r'(.*?\.json|(?:[a-z]:(?=[\\/]))?+[^:]*):(.*)', re.IGNORECASE | re.DOTALL
)


@dataclass(frozen=True)
class Dataset:
    """Images with annotations in COCO-WholeBody's (or COCO's) format.

    Attributes:
        name: As the tables call it, or any other.
        ann_file: The annotations.
        images: The folder of the images.
    """

    name: str
    ann_file: Path
    images: Path

    @classmethod
    def parse(cls, text: str) -> Dataset:
        """From ``NAME=ANNOTATIONS:IMAGES``; either may be on a drive, ``C:``.

        Raises:
            ValueError: If it is not of that form.
            FileNotFoundError: If one of them does not exist.
        """
        name, _, places = text.partition('=')
        match = _PLACES.fullmatch(places)
        ann_file, images = match.groups() if match else ('', '')
        if not (name and ann_file and images):
            raise ValueError(
                f'--data {text}: give NAME=ANNOTATIONS.json:FOLDER'
            )
        for place in (ann_file, images):
            if not Path(place).exists():
                raise FileNotFoundError(f'--data {name}: no {place}')
        return cls(name, Path(ann_file), Path(images))


def measure(
    find: FindPeople, dataset: Dataset, limit: int | None = None
) -> dict[str, float]:
    """A network's metrics on a data set.

    Args:
        find: Image (h, w, 3) BGR to people.
        dataset: The data set.
        limit: Only the first so many images.

    Returns:
        ``{part}/{AP,AR,AP50,AP75}``, 0 to 1, of the parts that the network's
        skeleton has, and ``images``, how many. Empty if it has none of those
        that the data set labels, which the first image tells. No whole body
        where the data set does not label all of its parts.

    Raises:
        FileNotFoundError: If an image is missing.
        ValueError: If one cannot be read, or is of another size than its
            annotations.
    """
    truth = load_truth(dataset)
    ids = sorted(truth.getImgIds())[:limit]
    # without people: which parts are labelled
    metrics = with_either_hand(evaluate_parts(truth, [], ids))
    if any(f'{p}/AP' not in metrics for p in COCO_WHOLEBODY133.part_names):
        metrics = {
            key: value
            for key, value in metrics.items()
            if not key.startswith('wholebody/')
        }
    results: list[dict] = []
    images = truth.loadImgs(ids)
    check_image_files(dataset.images, images)  # before the hours
    for number, info in enumerate(images):
        people = find(read_annotated_image(dataset.images, info))
        if not number:
            known = of_skeleton(metrics, people.skeleton)
            if metrics and not known:
                return {}
            to_wholebody = get_map(people.skeleton, COCO_WHOLEBODY133)
        if len(people):
            points = to_wholebody(people.keypoints, people.keypoint_scores)
            results += people_to_results(info['id'], *points, people.scores)
    if ids:
        found = with_either_hand(evaluate_parts(truth, results, ids))
        metrics = {key: found[key] for key in known}
    return metrics | dict(images=len(ids))


def of_skeleton(
    metrics: Mapping[str, float], skeleton: Skeleton
) -> dict[str, float]:
    """Metrics of the parts of which a skeleton has keypoints.

    A part that a network cannot find says nothing about it; nor does a whole
    body that lacks one, or both hands of a network that knows one.

    Args:
        metrics: ``{part}/{value}`` to the value.
        skeleton: The network's.
    """
    names = COCO_WHOLEBODY133.keypoint_names
    lacking = {
        part
        for part, where in COCO_WHOLEBODY133.parts.items()
        if {*names[where]}.isdisjoint(skeleton.keypoint_names)
    }
    if any(f'{hand}/AP' in metrics for hand in lacking & {*HANDS}):
        lacking.add('hands')
    if lacking:
        lacking.add('wholebody')
    return {
        key: value
        for key, value in metrics.items()
        if key.partition('/')[0] not in lacking
    }


def load_truth(dataset: Dataset) -> Any:
    """A loaded ``COCO`` of a data set.

    Files that ``tools/data/prepare_*.py`` wrote for faces and hands have the
    keypoints of their own skeleton; they are converted.

    Raises:
        ValueError: If a file is no COCO annotation file, or its people have
            other keypoints, or these in another order.
    """
    source = SOURCES.get(dataset.name)
    content = read_json(dataset.ann_file)
    if not isinstance(content, dict):
        raise ValueError(
            f'{dataset.ann_file} is no COCO annotation file, but a '
            f'{type(content).__name__}; are those results?'
        )
    people = content.get('annotations') or [{}]
    if source is None or 'face_kpts' in people[0]:
        return load_wholebody(dataset.ann_file)
    parse = partial(keypoints_of, source)
    converted = as_wholebody(content, source, parse, str(dataset.ann_file))
    with TemporaryDirectory() as folder:
        path = Path(folder) / dataset.ann_file.name
        path.write_text(json.dumps(converted))
        return load_coco(path)


def with_either_hand(metrics: dict[str, float]) -> dict[str, float]:
    """``hands`` where only one hand of everyone is labelled: that hand."""
    metrics = dict(metrics)
    for value in ('AP', 'AR', 'AP50', 'AP75'):
        known = [
            metrics[f'{hand}/{value}']
            for hand in HANDS
            if f'{hand}/{value}' in metrics
        ]
        if known:
            metrics.setdefault(f'hands/{value}', float(np.mean(known)))
    return metrics


class Results:
    """What was measured, by network, data set and scales.

    Kept in a JSON file that is written after every measurement, so that a
    long report can be stopped and goes on where it was.

    Args:
        path: The file; read if it is there.

    Raises:
        ValueError: If the file is something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: dict[str, dict[str, float]] = {}
        if path.is_file():
            try:
                self.values = json.loads(path.read_text())['results']
            except (ValueError, KeyError, TypeError) as error:
                raise ValueError(
                    f'{path} holds no results of a report ({error!r}); '
                    f'remove it'
                ) from error

    @staticmethod
    def key(network: str, dataset: str, scales: str) -> str:
        """How a measurement is called in the file."""
        return f'{network} | {dataset} | {scales}'

    def get(
        self, network: str, dataset: str, scales: str
    ) -> dict[str, float] | None:
        """Metrics, or None if that was not measured."""
        return self.values.get(self.key(network, dataset, scales))

    def put(
        self, network: str, dataset: str, scales: str, metrics: dict
    ) -> None:
        """Keep metrics and write the file."""
        self.values[self.key(network, dataset, scales)] = metrics
        # whole or not at all: hours of measurements are in the old file
        write_json(self.path, dict(results=self.values), indent=2)

    def of_weights(self, stamps: Mapping[str, str]) -> Results:
        """Without what was measured of other weights of these networks.

        A row of a table has several measurements: old and new ones side by
        side would be of no network at all. The file keeps them. What is left
        out is said on standard error.

        Args:
            stamps: As :func:`measure_all`'s.
        """
        kept = copy.copy(self)
        kept.values = {}
        for key, metrics in self.values.items():
            network = key.partition(' | ')[0]
            stamp = metrics.get('stamp', '')
            if network in stamps and not stamp.startswith(
                f'{stamps[network]}, '
            ):
                print(f'left out, of other weights: {key}', file=sys.stderr)
            else:
                kept.values[key] = metrics
        return kept

    def measured(self) -> list[tuple[str, str, str]]:
        """Network, data set and scales of everything measured."""
        return [tuple(key.split(' | ')) for key in self.values]


def measure_all(
    networks: dict[str, Callable[[str], FindPeople | None]],
    datasets: list[Dataset],
    scales: tuple[str, ...],
    results: Results,
    limit: int | None = None,
    stamps: dict[str, str] | None = None,
) -> None:
    """Measure what is not measured yet.

    A measurement of other weights, another annotation file, or of fewer or
    more images, is made again. Beside the metrics stands ``height``, that of
    the network's input at scale 1 in pixels, where the network tells it.

    Args:
        networks: Name to a function that loads it for ``single`` or
            ``multi`` scales; None where it has no such test.
        datasets: The data sets.
        scales: Which of both.
        results: Is added to.
        limit: Images of each data set.
        stamps: Name of a network to what tells its weights from others.
    """
    for name, load in networks.items():
        for which in scales:
            find = None
            for dataset in datasets:
                known = results.get(name, dataset.name, which) or {}
                stamp = (
                    f'{(stamps or {}).get(name, "")}, {dataset.ann_file} '
                    f'{dataset.ann_file.stat().st_mtime_ns}, '
                    f'{dataset.images}, limit {limit}'
                )
                if known.get('stamp') == stamp:
                    continue
                find = find or load(which)
                if find is None:
                    break
                print(f'{name} on {dataset.name}, {which}', file=sys.stderr)
                metrics = measure(find, dataset, limit)
                if not metrics:
                    print(
                        f'{name} is left out on {dataset.name}: it has no '
                        f'part that is labelled there',
                        file=sys.stderr,
                    )
                    continue
                if tested := getattr(find, 'scales', None):
                    metrics['height'] = round(find.height / max(tested))
                metrics['stamp'] = stamp
                results.put(name, dataset.name, which, metrics)
