"""Registered readers of data sets that label only some parts.

Their files are those that ``tools/data/prepare_*.py`` write: COCO's format,
``keypoints`` being those of the skeleton named.
"""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import numpy as np
from mmengine.logging import print_log
from mmpose.registry import DATASETS

from wholebody_mm.datasets.coco_annotations import keypoints_of
from wholebody_mm.datasets.people_boxes import are_tight
from wholebody_mm.datasets.readers import CocoPoseDataset
from wholebody_mm.skeletons import WHOLEBODY135, Skeleton, get_skeleton
from wholebody_mm.skeletons.labelled_sets import (
    COCO_FOOT23,
    HANDS42,
    IBUG68,
    MPII4,
    PANOPTIC127,
    RIGHT_HAND21,
)

_PREPARE = 'tools/data/{} writes it; docs/data.md says from what'
_HANDS = ('lefthand', 'righthand')
_WRISTS = ('left_wrist', 'right_wrist')
# Hand sets whose boxes are mostly the extents of the points have no people's
# boxes; a few may be so by chance.
_MOSTLY = 0.5


@DATASETS.register_module()
class PartialPoseDataset(CocoPoseDataset):
    """A COCO-style file whose ``keypoints`` are those of any skeleton.

    Args:
        source: The skeleton of the file; its map into ``skeleton`` says what
            is labelled.
        negatives: As of :class:`CocoPoseDataset`; off, since most such data
            sets do not annotate everyone.
        **kwargs: Those of :class:`CocoPoseDataset`.
    """

    HOW_TO_GET = 'docs/data.md says how to make it'

    def __init__(
        self,
        *args: Any,
        source: str | Skeleton,
        negatives: bool = False,
        **kwargs: Any,
    ) -> None:
        self.SOURCE = get_skeleton(source)
        self.parse_points = partial(keypoints_of, self.SOURCE)
        super().__init__(*args, negatives=negatives, **kwargs)
        taken = {i for group in self.to_target.sources for i in group}
        lost = [
            name
            for i, name in enumerate(self.SOURCE.keypoint_names)
            if i not in taken
        ]
        if lost:
            print_log(
                f'{self.ann_file}: {", ".join(lost)} of {self.SOURCE.name} '
                f'{"is" if len(lost) == 1 else "are"} not learnt: '
                f'{self.skeleton.name} has no keypoint of that name '
                f'(docs/skeletons.md)',
                'current',
                logging.WARNING,
            )

    def load_data_list(self) -> list[dict]:
        """One record an image; warns of hands with boxes of hands."""
        records = super().load_data_list()
        if not self._labels_hands_only():
            return records
        tight = [
            are_tight(r['bbox'], r['keypoints'], r['keypoints_visible'])
            for r in records
        ]
        number = sum(map(len, tight))
        of_hands = int(sum(map(np.sum, tight)))
        if of_hands > _MOSTLY * number:
            print_log(
                f'{self.ann_file}: the boxes of {of_hands} of {number} people '
                f'end where the points of their hands end. People are scaled '
                f'by their boxes, so that hands would be trained as large as '
                f'people, and unlabelled hands beside them would be taught '
                f'to be absent. tools/data/prepare_hands.py writes boxes of '
                f'people (docs/data.md, "Hands of other sets")',
                'current',
                logging.WARNING,
            )
        return records

    def _labels_hands_only(self) -> bool:
        """Whether hands are labelled and of the body the wrists at most."""
        names = np.array(self.skeleton.keypoint_names)
        hands = np.zeros(len(names), bool)
        for part in _HANDS:
            hands[self.skeleton.parts.get(part, slice(0))] = True
        labelled = self.to_target.labelled
        others = labelled & ~hands & ~np.isin(names, _WRISTS)
        return bool((labelled & hands).any() and not others.any())


class _SetDataset(PartialPoseDataset):
    """A data set whose skeleton and habits are known."""

    LABELS: Skeleton
    NEGATIVES = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs = dict(source=self.LABELS, negatives=self.NEGATIVES) | kwargs
        super().__init__(*args, **kwargs)


@DATASETS.register_module()
class CocoFootDataset(_SetDataset):
    """COCO's people whose feet OpenPose's authors annotated: 23 points."""

    LABELS, NEGATIVES = COCO_FOOT23, True
    HOW_TO_GET = _PREPARE.format('prepare_foot.py')


@DATASETS.register_module()
class MpiiBodyDataset(_SetDataset):
    """MPII: shoulders, upper neck and head top, near annotated people."""

    LABELS = MPII4
    HOW_TO_GET = _PREPARE.format('prepare_mpii.py')


@DATASETS.register_module()
class FaceLandmarkDataset(_SetDataset):
    """68 face points; nose, eyes and pupils follow from them."""

    LABELS = IBUG68
    HOW_TO_GET = _PREPARE.format('prepare_faces.py')


@DATASETS.register_module()
class RightHandDataset(_SetDataset):
    """21 points of one right hand; of the left one when it is mirrored."""

    LABELS = RIGHT_HAND21
    HOW_TO_GET = _PREPARE.format('prepare_hand_dome.py')


@DATASETS.register_module()
class TwoHandsDataset(_SetDataset):
    """21 points of each hand that is annotated."""

    LABELS = HANDS42
    HOW_TO_GET = _PREPARE.format(
        'prepare_hand_mpii.py (of other sets prepare_hands.py)'
    )


@DATASETS.register_module()
class PanopticBodyDataset(_SetDataset):
    """Whole bodies of the Panoptic Studio, where everyone is labelled."""

    LABELS, NEGATIVES = PANOPTIC127, True
    HOW_TO_GET = _PREPARE.format(
        'prepare_total_capture.py (or prepare_panoptic.py)'
    )


@DATASETS.register_module()
class NoPeopleDataset(_SetDataset):
    """Images without people: every channel learns that nobody is there.

    Annotations of other things than people may be there and do not matter.

    Raises:
        ValueError: If the file has annotations of people.
    """

    LABELS, NEGATIVES = WHOLEBODY135, True
    NEEDS_KEYPOINTS = False
    HOW_TO_GET = _PREPARE.format('prepare_no_people.py')

    def __init__(
        self, *args: Any, skeleton: str | Skeleton = 'wholebody135', **kwargs
    ) -> None:
        super().__init__(*args, source=skeleton, skeleton=skeleton, **kwargs)

    def load_data_list(self) -> list[dict]:
        """One record an image."""
        records = super().load_data_list()
        for record in records:
            if len(record['person_boxes']) or record['ignore_regions']:
                raise ValueError(
                    f'{self.ann_file}: image {record["img_id"]} has people; '
                    f'{self.HOW_TO_GET}'
                )
        return records
