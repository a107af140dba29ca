"""What a COCO file may not have."""

import pytest
from support.contents import file, somebody

from wholebody_mm.datasets.content_checks import (
    check_masks,
    check_named,
    check_order,
    refuse_listed_twice,
)
from wholebody_mm.skeletons import COCO17, COCO_WHOLEBODY133


def test_nobody_of_the_categories_that_were_named():
    categories = [dict(id=0, name='worker'), dict(id=1, name='person')]
    box = dict(id=2, image_id=1, category_id=1, bbox=[0, 0, 9, 9])
    found = [somebody(), box, dict(box, category_id=7)]
    check_named(categories, found, ['worker'], 'f.json')
    check_named(categories, [], ['person'], 'f.json')
    with pytest.raises(ValueError) as error:
        check_named(categories, found, ['person'], 'f.json')
    assert str(error.value).startswith(
        'f.json has no keypoints of person, which categories=[...] names; '
        'its annotations are of worker (1 of 1 with keypoints), person (0 of '
        '1 with keypoints), id 7 (0 of 1 with keypoints).'
    )


def test_an_image_of_several_ids_is_refused():
    content = file(somebody(), somebody(id=2, image_id=2), images=3)
    images, annotations = content['images'], content['annotations']
    images[1]['file_name'] = 'other/1.jpg'  # another image
    refuse_listed_twice(images, annotations, 'f.json')
    images[1]['file_name'] = '1.jpg'
    with pytest.raises(ValueError, match='f.json lists 1.jpg as image 1 and '):
        refuse_listed_twice(images, annotations, 'f.json')
    # in each of them the other is marked
    regions = [
        dict(image_id=i, iscrowd=1, made_by='mask_people') for i in (1, 2)
    ]
    refuse_listed_twice(images, [*annotations, *regions], 'f.json')


def test_images_without_a_name_are_not_one_file():
    images = [dict(id=1, file_name=None), dict(id=2, file_name=None)]
    refuse_listed_twice([*images, dict(id=3), dict(id=4)], [], 'f.json')


def test_masks_of_another_size_than_their_image_are_refused():
    image = dict(id=1, file_name='1.jpg', width=30, height=20)
    for good in (dict(size=[20, 30], counts=[600]), [[1, 2, 3, 4, 5, 6]]):
        check_masks([(None, good)], image, 'f')
    for size in ([30, 20], None, 'x'):
        turned = [('face', dict(size=size, counts=[600]))]
        check_masks(turned, dict(id=1, file_name='1.jpg'), 'f')
        with pytest.raises(ValueError, match='f.json: .*mask of image 1.jpg'):
            check_masks(turned, image, 'f.json')


def test_another_order_of_keypoints_is_refused():
    names = list(COCO17.keypoint_names)
    category = dict(id=1, name='person', keypoints=names)
    check_order([category], frozenset({1}), COCO17, 'f.json')
    category['keypoints'] = names[::-1]
    check_order([category], frozenset(), COCO17, 'f.json')  # no people
    with pytest.raises(ValueError, match='f.json lists.*right_ankle.*order'):
        check_order([category], frozenset({1}), COCO17, 'f.json')


@pytest.mark.parametrize('spelled', [str.upper, str.title, str])
@pytest.mark.parametrize('joined', [' ', '-', '', '_'])
def test_names_are_compared_however_they_are_spelled(spelled, joined, said):
    names = [
        spelled(name.replace('_', joined)) for name in COCO17.keypoint_names
    ]
    category = dict(id=1, name='worker', keypoints=names)
    check_order([category], frozenset({1}), COCO17, 'f.json')
    assert not said
    category['keypoints'] = names[::-1]
    with pytest.raises(ValueError, match='f.json lists the keypoints'):
        check_order([category], frozenset({1}), COCO17, 'f.json')


def test_other_names_are_read_in_order_and_said(said):
    category = dict(id=1, name='worker', keypoints=['1', 'kopf'])
    check_order([category], frozenset({1}), COCO17, 'f.json')
    check_order([category], frozenset(), COCO17, 'f.json')  # no people
    (line,) = said
    assert '2 of 17: 1 as nose, kopf as left_eye. ' in line


def test_one_name_of_its_own_hides_no_other_order(said):
    names = list(COCO17.keypoint_names)
    names[0] = 'muzzle'
    category = dict(id=1, name='worker', keypoints=names)
    check_order([category], frozenset({1}), COCO17, 'f.json')
    assert len(said) == 1
    names[5:7] = names[6], names[5]
    with pytest.raises(ValueError, match='f.json.*right_shoulder, left_sho'):
        check_order([category], frozenset({1}), COCO17, 'f.json')


def test_names_may_be_counted_from_one(said):
    face = COCO_WHOLEBODY133.parts['face']
    names = list(COCO_WHOLEBODY133.keypoint_names)
    names[face] = [f'Face {i}' for i in range(1, 69)]
    category = dict(id=1, name='worker', keypoints=names)
    check_order([category], frozenset({1}), COCO_WHOLEBODY133, 'f.json')
    assert len(said) == 1
