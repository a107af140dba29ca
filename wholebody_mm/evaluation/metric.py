"""The registered metric: AP and AR of each part."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.evaluator import BaseMetric
from mmengine.logging import MMLogger
from mmpose.registry import METRICS

from wholebody_mm.evaluation.part_ap import (
    evaluate_parts,
    load_wholebody,
    part_metric_names,
)
from wholebody_mm.evaluation.report import metrics_table
from wholebody_mm.evaluation.results import as_numpy, people_to_results
from wholebody_mm.skeletons import (
    COCO_WHOLEBODY133,
    Skeleton,
    get_map,
    get_skeleton,
)


@METRICS.register_module()
class WholeBodyPartMetric(BaseMetric):
    """COCO-WholeBody's AP and AR of body, feet, face, hands and all.

    Unlike MMPose's ``CocoWholeBodyMetric`` it returns every value, ranks each
    part by the part's own score, and evaluates on the images it was given.
    Logged and returned keys are ``{part}/{AP,AR,AP50,AP75}``, 0 to 1.

    Args:
        ann_file: COCO-WholeBody or COCO keypoints annotations.
        skeleton: Skeleton of the predictions.
        outfile_prefix: If given, predictions are also written to
            ``{outfile_prefix}.keypoints.json``.
        expected_oks: Rank people and parts by the OKS that can be expected of
            them (:func:`people_to_results`) instead of by ``bbox_scores``:
            for networks that see an image at once.
        collect_device: How processes exchange results: ``gpu`` through their
            messages, with or without GPUs; ``cpu`` through files in a folder
            that all of them have to see.
        prefix: Put before every key, none by default.
        categories: Names of the file's categories that are people; by
            default those called person and those with keypoints.
    """

    def __init__(
        self,
        ann_file: str,
        skeleton: str | Skeleton = 'wholebody135',
        outfile_prefix: str | None = None,
        expected_oks: bool = False,
        collect_device: str = 'gpu',
        prefix: str | None = None,
        categories: Sequence[str] | None = None,
    ) -> None:
        super().__init__(collect_device=collect_device, prefix=prefix)
        self.ann_file = ann_file
        self.coco = load_wholebody(ann_file, categories)
        self.skeleton = get_skeleton(skeleton)
        self.to_wholebody = get_map(self.skeleton, COCO_WHOLEBODY133)
        self.outfile_prefix = outfile_prefix
        self.expected_oks = expected_oks

    def reported_names(self, img_ids: Sequence[int] | None) -> list[str]:
        """Names of the values of some images, or of all without any."""
        return part_metric_names(self.coco, img_ids)

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Keep the people predicted in each image of a batch.

        Args:
            data_batch: Not used.
            data_samples: Each with ``img_id`` and ``pred_instances``:
                ``keypoints`` (N, K, 2) image pixels, ``keypoint_scores``
                (N, K) and, if given, ``bbox_scores`` (N,) of the people;
                for ``expected_oks`` also ``ori_shape``, height and width.

        Raises:
            ValueError: If the predictions are not of ``skeleton``.
        """
        for sample in data_samples:
            found = sample['pred_instances']
            keypoints = as_numpy(found['keypoints'])
            scores = as_numpy(found['keypoint_scores'])
            ranks: dict[str, Any] = {}
            if self.expected_oks:
                height, width = sample['ori_shape'][:2]
                ranks['image_size'] = width, height
            elif 'bbox_scores' in found:
                ranks['person_scores'] = as_numpy(found['bbox_scores'])
            results: list[dict] = []
            if len(keypoints):
                results = people_to_results(
                    sample['img_id'],
                    *self.to_wholebody(keypoints, scores),
                    **ranks,
                )
            self.results.append(
                dict(img_id=int(sample['img_id']), people=results)
            )

    def compute_metrics(self, results: list[dict]) -> dict[str, float]:
        """Evaluate what all processes found and print a table.

        Args:
            results: One ``dict(img_id, people)`` for each image.
        """
        logger = MMLogger.get_current_instance()
        # An image seen twice would count its people as false positives.
        by_image = {image['img_id']: image['people'] for image in results}
        people = [person for found in by_image.values() for person in found]
        if self.outfile_prefix is not None:
            path = Path(f'{self.outfile_prefix}.keypoints.json')
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(people))
            logger.info(f'wrote {len(people)} people to {path}')
        if not people:
            logger.warning(
                f'no people found in {len(by_image)} images: every value is 0'
            )
        try:
            metrics = evaluate_parts(self.coco, people, list(by_image))
        except ValueError as error:
            raise ValueError(f'{self.ann_file}: {error}') from error
        logger.info(
            f'{len(people)} people found in {len(by_image)} images\n'
            + metrics_table(metrics)
        )
        return metrics
