"""Counts of what is in a data set."""

import wholebody_mm.register  # noqa: F401

import numpy as np
import pytest
from mmpose.registry import DATASETS
from support.annotations import SIZE, crowd, person, write

from wholebody_mm.datasets.checking.content import content_of, image_files
from wholebody_mm.datasets.checking.image_files import Finding, look_at_all
from wholebody_mm.skeletons import COCO17, COCO_WHOLEBODY133


def counted(folder, annotations, images, kind='CocoWholeBodyPoseDataset'):
    dataset = DATASETS.build(
        dict(
            type=f'mmpose.{kind}',
            ann_file=str(write(folder, annotations, images)),
            data_prefix=dict(img=str(folder)),
        )
    )
    return content_of(dataset, look_at_all(list(image_files(dataset))))


def test_counts_are_exact(tmp_path):
    mask = np.zeros(SIZE[::-1], np.uint8)
    mask[20:60, 20:60] = 1
    two_hands_fewer = person(id=1, invalid=('lefthand', 'righthand'))
    other = person(id=2, bbox=[20.0, 30.0, 40.0, 100.0])
    other['keypoints'][:6] = [-1, 50, 2, 60, SIZE[1] + 1, 2]
    content = counted(
        tmp_path,
        [
            two_hands_fewer,
            other,
            person(id=3, image_id=2, visible=0),
            crowd(mask, id=4, image_id=3),
        ],
        images=4,
    )
    assert content.images == 4
    assert content.without_annotations == 1
    assert content.people == 2
    assert content.unlabelled_people == 1
    assert content.ignored_areas == 1
    # one of the two is only a pixel beside the border
    assert content.outside == 1
    assert content.first_outside == str(tmp_path / '1.png')
    # its box grows with the point below the image
    np.testing.assert_allclose(content.heights, [80, SIZE[1] + 1 - 30])
    np.testing.assert_array_equal(content.image_sizes, [SIZE[::-1]] * 2)
    assert content.shares() == dict(
        body=1, foot=1, face=1, lefthand=0.5, righthand=0.5
    )


def test_of_few_keypoints_each_has_its_share(tmp_path):
    visible = np.full(133, 2)
    visible[COCO_WHOLEBODY133.index('nose')] = 0
    people = [person(id=1), person(id=2, visible=visible)]
    shares = counted(tmp_path, people, 1, 'CocoPoseDataset').shares()
    assert set(shares) == {'body', *COCO17.keypoint_names}
    assert shares['body'] == shares['left_elbow'] == 1
    assert shares['nose'] == 0.5


def test_a_set_of_nobody(tmp_path):
    content = counted(tmp_path, [], 3)
    assert content.images == content.without_annotations == 3
    assert content.people == content.outside == 0
    assert set(content.shares().values()) == {0}


@pytest.mark.parametrize('size', [None, (100, 50)])
def test_sizes_that_the_file_does_not_say_are_those_of_the_images(
    tmp_path, size
):
    path = write(tmp_path, [person()])
    path.write_text(path.read_text().replace('"width"', '"w"'))
    dataset = DATASETS.build(
        dict(
            type='mmpose.CocoWholeBodyPoseDataset',
            ann_file=str(path),
            data_prefix=dict(img=str(tmp_path)),
        )
    )
    (file,) = image_files(dataset)
    assert file.annotated is None
    content = content_of(dataset, {file: Finding(size)})
    assert content.image_sizes.tolist() == [list(size or (0, 0))]
    # without a size nothing is known to be outside
    assert (content.outside > 0) is (size is not None)


def test_boxes_of_corners_are_counted(tmp_path):
    right = [120.0, 30.0, 60.0, 80.0]  # x, y, width, height
    corners = [120.0, 30.0, 180.0, 110.0]
    points = np.random.default_rng(0).uniform(0, 1, (133, 2))
    points = points * [60, 80] + [120, 30]
    unlabelled = person(id=3, image_id=2, visible=0, bbox=corners)
    del unlabelled['segmentation']
    content = counted(
        tmp_path,
        [
            person(points, id=1, bbox=right),
            person(points, id=2, image_id=2, bbox=corners),
            unlabelled,
            # cut off below, and it would be no box as corners
            person(points, id=4, image_id=3, bbox=[120.0, 90.0, 60.0, 200.0]),
        ],
        images=3,
    )
    assert content.boxes == 4
    assert content.beyond == 2
    assert content.first_beyond == str(tmp_path / '2.png')
    assert content.outside == 0


def test_masks_that_cannot_be_decoded_are_told(tmp_path):
    good = crowd(np.ones(SIZE[::-1], np.uint8), id=1)
    broken = dict(good, id=2, image_id=2)
    broken['segmentation'] = dict(size=[*SIZE[::-1]], counts=[5, 7])
    content = counted(tmp_path, [good, broken], images=2)
    (problem,) = content.broken_masks
    assert problem.startswith(f'{tmp_path / "2.png"}: this segmentation is')
