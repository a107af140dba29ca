"""The registered metric of data sets that label keypoints of their own."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger
from mmpose.registry import METRICS

from wholebody_mm.datasets.regular_content import PERSON
from wholebody_mm.evaluation.part_ap import (
    STATS,
    coco_tools,
    images_of,
    load_coco,
)
from wholebody_mm.evaluation.results import as_numpy
from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.skeletons import Skeleton, get_map, get_skeleton


@METRICS.register_module()
class PartialPoseMetric(BaseMetric):
    """COCO's AP and AR of the keypoints that a data set labels.

    The counterpart of ``PartialPoseDataset``: people of any skeleton are
    tested on the keypoints of the file, with its skeleton's ``oks_sigmas``.
    Unlike MMPose's ``CocoMetric`` it reads files as training does
    (:func:`regular_content`): people may be any category, and areas or boxes
    may be missing. Logged and returned keys are ``coco/{AP,AR,AP50,AP75}``.

    Args:
        ann_file: A COCO-style file.
        source: Skeleton of the file's ``keypoints``.
        skeleton: Skeleton of the predictions; by default ``source``.
        categories: Names of the file's categories that are people.
        collect_device: How processes exchange results: ``gpu`` through their
            messages, with or without GPUs; ``cpu`` through files in a folder
            that all of them have to see.
        prefix: Put before every key, ``coco`` by default.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If the file cannot be understood, has its keypoints in
            another order than ``source``, or nobody with keypoints that are
            predicted. Those that are not are left out, with a warning.
    """

    default_prefix = 'coco'

    def __init__(
        self,
        ann_file: str,
        source: str | Skeleton,
        skeleton: str | Skeleton | None = None,
        categories: Sequence[str] | None = None,
        collect_device: str = 'gpu',
        prefix: str | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.ann_file = ann_file
        self.source = get_skeleton(source)
        self.skeleton = get_skeleton(skeleton or source)
        self.to_source = get_map(self.skeleton, self.source)
        unknown = [
            name
            for name, found in zip(
                self.source.keypoint_names,
                self.to_source.labelled,
                strict=True,
            )
            if not found
        ]
        if unknown:
            # they would count as not found, however good the network is
            warnings.warn(
                f'{ann_file}: {self.skeleton.name} has no '
                f'{", ".join(unknown)}; AP is of the other keypoints',
                stacklevel=2,
            )
        self.tested = np.flatnonzero(self.to_source.labelled)
        self.coco = load_coco(
            ann_file, self.source.num_keypoints, categories, self.source
        )
        labelled = 0
        for person in self.coco.dataset['annotations']:
            rows = np.reshape(person['keypoints'], (-1, 3))[self.tested]
            person['keypoints'] = rows.reshape(-1).tolist()
            person['num_keypoints'] = int((rows[:, 2] > 0).sum())
            labelled += person['num_keypoints']
        if not labelled:
            raise ValueError(
                f'{ann_file} has nobody with a labelled keypoint to test on'
            )

    def reported_names(self, img_ids: Sequence[int] | None) -> list[str]:
        """Names of the values, the same whatever the images."""
        return list(STATS)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the people predicted in each image of a batch.

        Args:
            data_batch: Not used.
            data_samples: Each with ``img_id`` and ``pred_instances``:
                ``keypoints`` (N, K, 2) image pixels, ``keypoint_scores``
                (N, K) and, if given, ``bbox_scores`` (N,) of the people.
        """
        for sample in data_samples:
            found = sample['pred_instances']
            ranks = None
            if 'bbox_scores' in found:
                ranks = as_numpy(found['bbox_scores'])
            people = self._rows(
                int(sample['img_id']),
                as_numpy(found['keypoints']),
                as_numpy(found['keypoint_scores']),
                ranks,
            )
            self.results.append(
                dict(img_id=int(sample['img_id']), people=people)
            )

    def _rows(
        self,
        image_id: int,
        points: np.ndarray,
        scores: np.ndarray,
        ranks: np.ndarray | None,
    ) -> list[dict]:
        """COCO's results of the tested keypoints of an image's people."""
        if not len(points):
            return []
        points, scores = self.to_source(points, scores)
        if ranks is None:
            ranks = scores.mean(axis=1)
        rows = np.concatenate([points, scores[..., None]], axis=-1)
        return [
            dict(
                image_id=image_id,
                category_id=PERSON,
                keypoints=np.nan_to_num(row[self.tested])
                .astype(float)
                .reshape(-1)
                .tolist(),
                score=float(rank),
            )
            for row, rank in zip(rows, ranks, strict=True)
        ]

    def evaluate_people(
        self, found: Mapping[int, PeopleInImage]
    ) -> dict[str, float]:
        """The values without a runner or a log.

        Args:
            found: Image id to its people, of ``skeleton``.

        Raises:
            ValueError: If an image is not in the file.
        """
        people = [
            row
            for image_id, those in found.items()
            for row in self._rows(
                image_id, those.keypoints, those.keypoint_scores, those.scores
            )
        ]
        return self._evaluate(people, list(found))

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Evaluate what all processes found.

        Args:
            results: One ``dict(img_id, people)`` for each image.

        Raises:
            ValueError: If an image is not in the file.
        """
        # An image seen twice would count its people as false positives.
        by_image = {image['img_id']: image['people'] for image in results}
        people = [person for found in by_image.values() for person in found]
        metrics = self._evaluate(people, list(by_image))
        MMLogger.get_current_instance().info(
            f'{len(people)} people found in {len(by_image)} images'
        )
        return metrics

    def _evaluate(
        self, people: list[dict], img_ids: list[int]
    ) -> dict[str, float]:
        """COCO's evaluation of results on some images."""
        try:
            img_ids = images_of(self.coco, people, img_ids)
        except ValueError as error:
            raise ValueError(f'{self.ann_file}: {error}') from error
        sigmas = np.array(self.source.oks_sigmas)[self.tested]
        with contextlib.redirect_stdout(io.StringIO()):
            evaluation = coco_tools()[1](
                self.coco, self.coco.loadRes(people), 'keypoints', sigmas
            )
            evaluation.params.imgIds = img_ids
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        # -1 is COCOeval's word for nothing to evaluate.
        return {
            value: max(0.0, float(evaluation.stats[place]))
            for value, place in STATS.items()
        }
