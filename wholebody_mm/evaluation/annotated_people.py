"""Annotated people of a file, whatever their keypoints, to test people on."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from wholebody_mm.evaluation.annotated_images import check_image_files
from wholebody_mm.evaluation.part_ap import (
    VALUES,
    check_order_of,
    evaluate_parts,
    load_coco,
    part_metric_names,
)
from wholebody_mm.evaluation.results import people_to_results
from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.skeletons import (
    COCO_WHOLEBODY133,
    SKELETONS,
    Skeleton,
    get_map,
)


def add_annotation_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of commands that test on annotations: ``source`` and so on."""
    parser.add_argument(
        '--source',
        metavar='SKELETON',
        help="of the annotations, if they are not COCO's or the network's",
    )
    parser.add_argument(
        '--categories',
        nargs='+',
        metavar='NAME',
        help='those of the annotations that are people',
    )


def _keypoints_of(coco: Any) -> int | None:
    """Number of ``keypoints`` of a person of a ``COCO``; None of nobody's."""
    for person in coco.dataset['annotations']:
        if 'keypoints' in person:
            return len(person['keypoints']) // 3
    return None


class AnnotatedPeople:
    """What the people that a network finds are compared with.

    By parts, by COCO-WholeBody's protocol, or by the file's own keypoints
    (:class:`~wholebody_mm.evaluation.partial_metric.PartialPoseMetric`, which
    needs MMEngine and MMPose).

    Args:
        ann_file: A COCO file.
        skeleton: Of the people that a network finds.
        source: Skeleton of the file's ``keypoints``, if they are its own. By
            default those of COCO, or the network's where that has a skeleton
            of somebody's own and the file as many keypoints.
        categories: Names of the file's categories that are people.

    Attributes:
        coco: The loaded ``COCO``.
        ids: Ids of its images, in order.
        by_parts: Whether it is tested by parts.
        parts: What values are reported of: the parts that are labelled, or
            ``coco`` for the file's own keypoints.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be understood, has its keypoints in another
            order, or the skeleton does not have them.
    """

    def __init__(
        self,
        ann_file: str | Path,
        skeleton: Skeleton,
        source: str | Skeleton | None = None,
        categories: Sequence[str] | None = None,
    ) -> None:
        self._own = None
        if source is None:
            self.coco = load_coco(ann_file, categories=categories)
            own = SKELETONS.get(skeleton.name) != skeleton
            if own and _keypoints_of(self.coco) == skeleton.num_keypoints:
                source = skeleton
        if source is None:
            body = COCO_WHOLEBODY133.parts['body']
            if _keypoints_of(self.coco) not in (None, body.stop):
                raise ValueError(
                    f'{ann_file} has {_keypoints_of(self.coco)} keypoints a '
                    f"person, neither COCO's {body.stop} nor the "
                    f'{skeleton.num_keypoints} of {skeleton.name}: name '
                    f'their skeleton (--source)'
                )
            check_order_of(self.coco, COCO_WHOLEBODY133)
            get_map(skeleton, COCO_WHOLEBODY133)  # raises before the work
        else:
            from wholebody_mm.evaluation.partial_metric import (
                PartialPoseMetric,
            )

            self._own = PartialPoseMetric(
                str(ann_file), source, skeleton, categories
            )
            self.coco = self._own.coco
        self.by_parts = self._own is None
        self.ids = sorted(self.coco.getImgIds())
        self.parts = self.parts_in(self.ids)

    def parts_in(self, img_ids: Sequence[int]) -> tuple[str, ...]:
        """Those of ``parts`` that are labelled in some of the images."""
        names = self._names(img_ids)
        return tuple(dict.fromkeys(name.split('/')[0] for name in names))

    def _names(self, img_ids: Sequence[int]) -> list[str]:
        """Keys of the values of some of the images."""
        if self._own is None:
            return part_metric_names(self.coco, img_ids)
        return [f'{self._own.prefix}/{value}' for value in VALUES]

    def images(
        self, img_dir: str | Path, max_images: int | None = None
    ) -> list[dict]:
        """Images of the file, with their ``id`` and ``file_name``.

        Args:
            img_dir: Where they are.
            max_images: Only the first so many, by their ids.

        Raises:
            FileNotFoundError: If one is missing.
        """
        images = self.coco.loadImgs(self.ids[:max_images])
        check_image_files(img_dir, images)
        return images

    def results(self, found: Mapping[int, PeopleInImage]) -> list[dict]:
        """COCO-WholeBody results of the people of each image.

        Args:
            found: Image id to the people of the network's skeleton.
        """
        results: list[dict] = []
        for image_id, people in found.items():
            people = people.to(COCO_WHOLEBODY133)
            results += people_to_results(
                image_id,
                people.keypoints,
                people.keypoint_scores,
                image_size=people.image_size,
            )
        return results

    def metrics(self, found: Mapping[int, PeopleInImage]) -> dict[str, float]:
        """AP and AR on the images that people were looked for in.

        Args:
            found: Image id to the people of the network's skeleton.

        Returns:
            ``{part}/{AP,AR,AP50,AP75}``, 0 to 1; all are 0 if nobody was
            found.
        """
        if not any(len(people) for people in found.values()):
            # COCO's tools can load no results at all
            return dict.fromkeys(self._names(list(found)), 0.0)
        if self._own is None:
            return evaluate_parts(self.coco, self.results(found), list(found))
        return {
            f'{self._own.prefix}/{key}': value
            for key, value in self._own.evaluate_people(found).items()
        }
