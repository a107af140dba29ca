"""Registered readers of COCO and COCO-WholeBody for bottom-up training."""

from __future__ import annotations

import wholebody_mm.compat  # noqa: F401  # spawned workers import this first

# isort: split

import os.path as osp
from collections import defaultdict
from collections.abc import Sequence
from copy import copy
from typing import Any

from mmengine.logging import print_log
from mmpose.datasets.datasets.base import BaseCocoStyleDataset
from mmpose.registry import DATASETS

from wholebody_mm.datasets.coco_annotations import (
    DOWNLOAD,
    ParsePoints,
    coco_points,
    read_annotation_file,
    wholebody_points,
)
from wholebody_mm.datasets.content_checks import (
    check_masks,
    check_named,
    check_order,
    refuse_listed_twice,
)
from wholebody_mm.datasets.image_record import image_record
from wholebody_mm.datasets.regular_content import (
    is_empty,
    keep_people,
    people_categories,
    what_is_read,
    with_keypoints,
)
from wholebody_mm.datasets.seeded_index import seeded
from wholebody_mm.skeletons import (
    COCO17,
    COCO_WHOLEBODY133,
    WHOLEBODY135,
    Skeleton,
    get_map,
    get_skeleton,
)

# what MMPose's data sets add to each record, for its transforms
METAINFO_OF_RECORDS = (
    'dataset_name',
    'upper_body_ids',
    'lower_body_ids',
    'flip_pairs',
    'dataset_keypoint_weights',
    'flip_indices',
    'skeleton_links',
)


@DATASETS.register_module()
class CocoPoseDataset(BaseCocoStyleDataset):
    """COCO's people with 17 keypoints, one sample an image.

    People come in the skeleton that is trained, with what is labelled and
    what must be ignored beside them; the keys of a sample are in
    ``docs/architecture.md``. It uses what MMPose's own reader drops: crowd
    regions, people without keypoints and images without people.

    Args:
        ann_file: Annotation file, relative to ``data_root``.
        skeleton: The skeleton to convert people to.
        negatives: The absence of keypoints that this data set does not label
            may be learnt outside of people: COCO annotates all people (or
            marks a crowd), so nobody's hand is outside of all people.
        keep_images_without_people: Train on images without annotated people
            too, they teach where nobody is, and test on them. False where
            they are not annotated yet: whoever is found there would count
            as a false positive.
        categories: Names of the file's categories that are people; all else
            is left out. By default those called person and those with
            keypoints.
        metainfo: As in MMPose; by default that of ``skeleton``.
        data_mode: ``bottomup``, the only one.
        **kwargs: More arguments of MMPose's ``BaseCocoStyleDataset``, for
            example ``data_root``, ``data_prefix``, ``pipeline``,
            ``test_mode``, ``indices``.

    Raises:
        FileNotFoundError: If the annotations or the folder of images are
            missing; says what to download and where it goes.
        ValueError: If the annotations are broken; names file and annotation.
    """

    METAINFO: dict = WHOLEBODY135.metainfo()
    SOURCE: Skeleton = COCO17
    NEEDS_KEYPOINTS = True
    HOW_TO_GET: str = DOWNLOAD
    parse_points: ParsePoints = staticmethod(coco_points)

    def __init__(
        self,
        ann_file: str = '',
        skeleton: str | Skeleton = 'wholebody135',
        negatives: bool = True,
        keep_images_without_people: bool = True,
        categories: Sequence[str] | None = None,
        metainfo: dict | None = None,
        data_mode: str = 'bottomup',
        **kwargs: Any,
    ) -> None:
        if data_mode != 'bottomup':
            raise ValueError(
                f"{type(self).__name__} reads data_mode 'bottomup', not "
                f"{data_mode!r}; for 'topdown' take MMPose's CocoDataset or "
                f'CocoWholeBodyDataset'
            )
        self.skeleton = get_skeleton(skeleton)
        self.to_target = get_map(self.SOURCE, self.skeleton)
        self.negatives = negatives
        self.keep_images_without_people = keep_images_without_people
        self.categories = categories
        super().__init__(
            ann_file=ann_file,
            data_mode=data_mode,
            metainfo=metainfo or self.skeleton.metainfo(),
            **kwargs,
        )
        if self.metainfo['num_keypoints'] != self.skeleton.num_keypoints:
            raise ValueError(
                f'metainfo of {self.metainfo["num_keypoints"]} keypoints '
                f'for {self.skeleton}'
            )

    def load_data_list(self) -> list[dict]:
        """One record an image, ordered by image id."""
        images, annotations, categories = read_annotation_file(
            self.ann_file, self.HOW_TO_GET
        )
        folder = self.data_prefix.get('img', '')
        # A folder on a remote store is left to the loading transform.
        local = folder and '://' not in folder
        if local and not osp.isdir(folder):
            raise FileNotFoundError(
                f'no folder of images {osp.abspath(folder)} for '
                f'{self.ann_file}. {self.HOW_TO_GET}'
            )
        self._metainfo['CLASSES'] = categories
        everything = [a for group in annotations.values() for a in group]
        refuse_listed_twice(images, everything, self.ann_file)
        ours = people_categories(
            categories, everything, self.categories, self.ann_file
        )
        check_order(
            categories,
            ours & with_keypoints(everything),
            self.SOURCE,
            self.ann_file,
        )
        if self.categories is not None:
            if self.NEEDS_KEYPOINTS:
                check_named(
                    categories, everything, self.categories, self.ann_file
                )
            everything = keep_people(everything, ours)
            annotations = defaultdict(list)
            for annotation in everything:
                annotations[annotation['image_id']].append(annotation)
        known = any('keypoints' in a for a in everything)
        if self.NEEDS_KEYPOINTS and everything and not known:
            raise ValueError(
                f'{self.ann_file}: none of its {len(everything)} annotations '
                f'has keypoints; is it the file of another task? '
                f'{self.HOW_TO_GET}'
            )
        records = []
        # numbers first: ids that are names of files may be either
        for image in sorted(
            images, key=lambda i: (isinstance(i['id'], str), i['id'])
        ):
            people = annotations.get(image['id'], [])
            record = image_record(
                people,
                self.parse_points,
                self.to_target,
                self.ann_file,
                # of what a crowd is, no file without categories says
                ours if ours or categories else None,
            )
            check_masks(record['ignore_regions'], image, self.ann_file)
            # Also kept without the option: images of people that have no
            # keypoints, they still hold what is not to be learnt.
            if not self.keep_images_without_people and is_empty(record):
                continue
            record.update(
                img_id=image['id'],
                img_path=osp.join(folder, image['file_name']),
            )
            if image.get('width') and image.get('height'):
                record['annotated_size'] = image['height'], image['width']
            if self.test_mode:
                record['raw_ann_info'] = people
            records.append(record)
        if not records:
            raise ValueError(
                f'{self.ann_file} has no image with people, and '
                f'keep_images_without_people is False'
            )
        print_log(
            f'{self.ann_file}: {what_is_read(records, everything, ours)}',
            'current',
        )
        return records[:: self.sample_interval]

    def prepare_data(self, idx: int) -> Any:
        """Take a sample through the pipeline.

        Its randomness follows from the index alone where the sampler gives a
        :class:`SeededIndex`.
        """
        with seeded(idx):
            return super().prepare_data(idx)

    def get_data_info(self, idx: int) -> dict:
        """A record with what is the same for all images of the data set.

        Adds ``labelled`` (K,) bool, ``negatives`` and ``skeleton``, which
        the transforms ask for parts and flips.
        """
        # Past MMPose's, which copies every pair of the skeleton for every
        # sample: a fifth of the time that loading and warping one takes.
        record = super(BaseCocoStyleDataset, self).get_data_info(idx)
        record.update(
            {key: copy(self._metainfo[key]) for key in METAINFO_OF_RECORDS},
            labelled=self.to_target.labelled.copy(),
            negatives=self.negatives,
            skeleton=self.skeleton,
        )
        return record


@DATASETS.register_module()
class CocoWholeBodyPoseDataset(CocoPoseDataset):
    """COCO-WholeBody's people with 133 keypoints, one sample an image.

    As :class:`CocoPoseDataset`, and it uses the ``*_valid`` flags and boxes
    of face and hands: a part that is there but was not labelled is ignored,
    not taught to be absent.
    """

    SOURCE = COCO_WHOLEBODY133
    HOW_TO_GET = (
        f'{DOWNLOAD}. Rendered people: wholebody-mm synthesize, with '
        f'--benchmark val-basic what configs test on; see docs/synthetic.md'
    )
    parse_points = staticmethod(wholebody_points)
