import json

import numpy as np
import pytest
from support.annotations import person, write

from wholebody_mm.datasets.coco_annotations import (
    coco_points,
    person_box,
    read_annotation_file,
    wholebody_points,
)
from wholebody_mm.skeletons import COCO_WHOLEBODY133

PARTS = COCO_WHOLEBODY133.parts


def test_missing_file_names_the_folder_and_the_download_pages(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        read_annotation_file(str(tmp_path / 'annotations' / 'x.json'))
    message = str(caught.value)
    assert str(tmp_path / 'annotations') in message
    assert 'https://cocodataset.org/#download' in message
    assert 'https://github.com/jin-s13/COCO-WholeBody#download' in message


@pytest.mark.parametrize(
    'content', ['{"images": [', '[1, 2]', '{"images": []}', 'null']
)
def test_broken_file_is_named(tmp_path, content):
    path = tmp_path / 'broken.json'
    path.write_text(content)
    with pytest.raises(ValueError, match='broken.json is no COCO annotation'):
        read_annotation_file(str(path))


def test_file_without_images_is_named(tmp_path):
    path = write(tmp_path, [], images=0)
    with pytest.raises(ValueError, match='people.json has no images'):
        read_annotation_file(str(path))


def test_annotation_of_an_unknown_image_is_named(tmp_path):
    path = write(tmp_path, [person(id=5, image_id=9)])
    with pytest.raises(ValueError, match='annotation 5 is of image 9'):
        read_annotation_file(str(path))


def test_annotations_come_by_image(tmp_path):
    path = write(
        tmp_path,
        [person(id=1, image_id=2), person(id=2), person(id=3, image_id=2)],
        images=3,
    )
    images, by_image, categories = read_annotation_file(str(path))
    assert [image['id'] for image in images] == [1, 2, 3]
    assert [a['id'] for a in by_image[2]] == [1, 3]
    assert 3 not in by_image
    assert categories == [dict(id=1, name='person')]


def test_all_133_points_are_read_in_order():
    points = np.arange(266, dtype=float).reshape(133, 2) + 1
    rows, boxes = wholebody_points(person(points), 'f')
    np.testing.assert_allclose(rows[:, :2], points)
    assert (rows[:, 2] == 2).all()
    assert boxes == {}


@pytest.mark.parametrize('part', ['foot', 'face', 'lefthand', 'righthand'])
def test_a_part_that_is_not_valid_is_not_labelled(part):
    annotation = person()
    annotation[f'{part}_valid'] = False  # the numbers are still there
    rows, _ = wholebody_points(annotation, 'f')
    assert (rows[PARTS[part]] == 0).all()
    others = np.ones(133, bool)
    others[PARTS[part]] = False
    assert (rows[others, 2] == 2).all()


def test_boxes_of_parts_are_corners_and_empty_ones_are_dropped():
    rows, boxes = wholebody_points(
        person(face_box=[10, 20, 30, 40], lefthand_box=[5, 5, 0, 0]), 'f'
    )
    assert list(boxes) == ['face']
    assert boxes['face'].tolist() == [10, 20, 40, 60]


@pytest.mark.parametrize(
    ('parse', 'key', 'expected'),
    [(coco_points, 'keypoints', 51), (wholebody_points, 'face_kpts', 204)],
)
def test_wrong_number_of_keypoints(parse, key, expected):
    annotation = person(id=77)
    annotation[key] = annotation[key][:-3]
    with pytest.raises(ValueError) as caught:
        parse(annotation, 'train.json')
    for part in ('train.json', '77', key, str(expected), str(expected - 3)):
        assert part in str(caught.value)


def test_coco_file_read_as_wholebody_is_explained():
    annotation = person(foot_kpts=None)
    with pytest.raises(ValueError, match="has no 'foot_kpts'.*another data"):
        wholebody_points(annotation, 'f')


@pytest.mark.parametrize('number', [float('nan'), float('inf')])
def test_numbers_that_are_not_finite(number):
    annotation = json.loads(json.dumps(person(id=3)))
    annotation['keypoints'][4] = number
    with pytest.raises(ValueError, match='annotation 3.*not finite'):
        coco_points(annotation, 'f')


def test_a_box_holds_all_labelled_points():
    points = np.array([[5.0, 200, 2], [30, 40, 1], [999, 999, 0]])
    box = person_box(dict(bbox=[20, 30, 40, 80]), points)
    assert box.tolist() == [5, 30, 60, 200]
    assert person_box(dict(bbox=[1, 2, 0, 5]), points[2:]) is None
