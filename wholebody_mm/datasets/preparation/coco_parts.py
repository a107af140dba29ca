"""What the paper takes from COCO besides its people: feet, and nobody."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from pathlib import Path

import numpy as np

from wholebody_mm.datasets.coco_annotations import read_annotation_file
from wholebody_mm.datasets.preparation.writing import (
    PERSON,
    PREPARED_BY,
    refuse_out,
    write_annotations,
)
from wholebody_mm.skeletons import WHOLEBODY135
from wholebody_mm.skeletons.labelled_sets import COCO_FOOT23
from wholebody_mm.whole_files import write_json

# Of a person's 6 foot points so many have to be labelled for an image to be
# of use.
LEAST_FOOT_POINTS = 2
_FOOT_FILE = (
    'The foot annotations are person_keypoints_train2017_foot_v1.json, see '
    '"OpenPose foot" in docs/data.md'
)
_PEOPLE_FILE = (
    'instances_train2017.json says which images have people, image_info '
    'files do not; see docs/data.md'
)


def prepare_foot(ann_file: Path, out: Path) -> dict[str, int]:
    """Keep the images in which someone's feet are labelled.

    Everyone in them is kept: who has no foot points has the feet ignored.

    Args:
        ann_file: ``person_keypoints_train2017_foot_v1.json``.
        out: The file to write.

    Returns:
        Counts of images and people, and of people with feet.

    Raises:
        FileNotFoundError: If the file is not there.
        ValueError: If it is no COCO file, it or something else would be
            written over, or its people have no 23 keypoints.
    """
    refuse_out(out, [ann_file])
    images, by_image, _ = read_annotation_file(str(ann_file), _FOOT_FILE)
    feet = COCO_FOOT23.parts['foot']
    with_feet: dict[int, int] = defaultdict(int)
    for annotation in chain.from_iterable(by_image.values()):
        numbers = annotation.get('keypoints', [])
        if len(numbers) != 3 * COCO_FOOT23.num_keypoints:
            raise ValueError(
                f'{ann_file}: annotation {annotation.get("id")} has '
                f'{len(numbers) // 3} keypoints, expected 23 (17 of COCO and '
                f'6 of the feet)'
            )
        visible = np.array(numbers[2::3])[feet]
        if (visible > 0).sum() >= LEAST_FOOT_POINTS:
            with_feet[annotation['image_id']] += 1
    kept = [image for image in images if image['id'] in with_feet]
    if not kept:
        raise ValueError(f'{ann_file}: nobody has foot points')
    annotations = [a for image in kept for a in by_image[image['id']]]
    category = dict(
        id=PERSON,
        name='person',
        keypoints=list(COCO_FOOT23.keypoint_names),
        skeleton=[],
    )
    write_json(
        out,
        dict(
            info=dict(description=str(ann_file), prepared_by=PREPARED_BY),
            images=kept,
            annotations=annotations,
            categories=[category],
        ),
    )
    return dict(
        images=len(kept),
        people=sum(not a.get('iscrowd', 0) for a in annotations),
        with_feet=sum(with_feet.values()),
    )


def prepare_no_people(ann_files: list[Path], out: Path) -> dict[str, int]:
    """List the images in which no person and no crowd is annotated.

    Args:
        ann_files: COCO's ``instances_train2017.json`` (its other files list
            the same images, but ``person_keypoints`` ones alone will do too).
        out: The file to write.

    Returns:
        Counts of images and people (none).

    Raises:
        FileNotFoundError: If a file is not there.
        ValueError: If a file is no COCO file, would be written over, or does
            not annotate people.
    """
    refuse_out(out, ann_files)
    images: dict[int, dict] = {}
    occupied: set[int] = set()
    for file in ann_files:
        listed, by_image, categories = read_annotation_file(
            str(file), _PEOPLE_FILE
        )
        people = {
            category.get('id')
            for category in categories
            if category.get('name') == 'person'
        }
        if not people:
            raise ValueError(
                f'{file} has no category person: that an image has none there '
                f'says nothing'
            )
        images.update((image['id'], image) for image in listed)
        occupied |= {
            annotation['image_id']
            for annotation in chain.from_iterable(by_image.values())
            if annotation.get('category_id') in people
        }
    records = [
        dict(image=image, annotations=[])
        for image in images.values()
        if image['id'] not in occupied
    ]
    return write_annotations(
        out,
        records,
        WHOLEBODY135.keypoint_names,
        ', '.join(map(str, ann_files)),
    )
