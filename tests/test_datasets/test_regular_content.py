"""COCO files as annotation tools export them."""

import pytest

from wholebody_mm.datasets.regular_content import (
    AREA_OF_BOX,
    check_masks,
    check_named,
    check_order,
    content_to_evaluate,
    people_categories,
    refuse_listed_twice,
    regular_content,
    what_is_read,
)
from wholebody_mm.skeletons import COCO17, COCO_WHOLEBODY133


@pytest.fixture
def said(monkeypatch):
    """Lines of the log."""
    lines = []
    monkeypatch.setattr(
        'mmengine.logging.print_log', lambda line, *_: lines.append(line)
    )
    return lines


def file(*annotations, images=2, **more):
    """A content with images 1, 2, ..."""
    return dict(
        images=[
            dict(id=i, file_name=f'{i}.jpg') for i in range(1, images + 1)
        ],
        annotations=list(annotations),
        categories=[dict(id=0, name='Person')],
    ) | dict(more)


def somebody(**fields):
    """A person with two keypoints."""
    return dict(
        id=1,
        image_id=1,
        category_id=0,
        iscrowd=0,
        bbox=[10, 20, 30, 40],
        area=500,
        keypoints=[12, 22, 2, 30, 50, 1],
    ) | dict(fields)


def regular(annotation):
    return regular_content(file(annotation), 'f.json')['annotations'][0]


def test_what_is_regular_stays_the_object_it_is():
    content = file(somebody())
    result = regular_content(content, 'f.json')
    assert result['annotations'][0] is content['annotations'][0]
    assert result['images'][0] is content['images'][0]


def test_nulls_are_absent():
    result = regular_content(
        file(somebody(bbox=None, segmentation=None), categories=None), 'f'
    )
    assert result['categories'] == []
    assert result['annotations'][0].keys().isdisjoint({'bbox', 'segmentation'})


def test_ids_in_quotes_are_numbers():
    content = file(somebody(id='7', image_id='2', category_id=0.0))
    content['images'][1]['id'] = '2'
    result = regular_content(content, 'f.json')
    (person,) = result['annotations']
    assert (person['id'], person['image_id'], person['category_id']) == (
        (7, 2, 0)
    )
    assert result['images'][1]['id'] == 2
    # others stay: training does not need numbers
    content['images'][1]['id'] = 'frame_2'
    assert regular_content(content, 'f')['images'][1]['id'] == 'frame_2'


@pytest.mark.parametrize(
    ('content', 'what'),
    [
        (file(somebody(), somebody()), 'annotations'),
        (file(somebody(), somebody(id='1')), 'annotations'),
        (dict(file(), images=2 * [dict(id=3, file_name='x')]), 'images'),
    ],
)
def test_ids_that_are_there_twice_are_refused(content, what):
    # files that were joined: both images would get all annotations
    with pytest.raises(ValueError, match=f'f.json.*several {what}.*anew'):
        regular_content(content, 'f.json')


def test_ids_of_categories_in_quotes_are_numbers():
    content = file(somebody(), categories=[dict(id='0', name='worker')])
    content = regular_content(content, 'f.json')
    people = people_categories(
        content['categories'], content['annotations'], ['worker']
    )
    assert people == {0}


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


def test_annotations_without_an_id_get_one():
    one, two = somebody(), somebody(id=8)
    del one['id']
    ids = [
        a['id']
        for a in regular_content(file(one, two, dict(one)), 'f')['annotations']
    ]
    assert ids == [9, 8, 10]
    assert 'id' not in one  # the caller's stays as it is


def test_an_empty_list_of_keypoints_is_none():
    assert 'keypoints' not in regular(somebody(keypoints=[]))


def test_unlabelled_points_may_be_null():
    person = regular(somebody(keypoints=[None, None, 0, 1, 2, 2]))
    assert person['keypoints'] == [0, 0, 0, 1, 2, 2]
    with pytest.raises(ValueError, match='annotation 1: keypoint 2 is labell'):
        regular(somebody(keypoints=[0, 0, 0, 1, None, 2]))


def test_somebody_with_keypoints_is_no_crowd():
    assert regular(somebody(iscrowd=1))['iscrowd'] == 0
    unlabelled = somebody(iscrowd=1, keypoints=[0] * 6)
    assert regular(unlabelled)['iscrowd'] == 1


def test_a_flat_polygon_is_one_of_a_list():
    flat = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    assert regular(somebody(segmentation=flat))['segmentation'] == [flat]


@pytest.mark.parametrize(
    ('field', 'message'),
    [
        (dict(bbox=[1, 2, 3]), "annotation 1: 'bbox'"),
        (dict(bbox=['1', 2, 3, 4]), "annotation 1: 'bbox'"),
        (dict(segmentation=[[1, 2, 3, 4, 5, 6, 7]]), 'polygon'),
        (dict(segmentation=['a']), 'polygon'),
        (dict(keypoints=7), 'no list of x, y, v'),
        (dict(keypoints=['a', 1, 2]), 'not all numbers'),
        (dict(area='large'), "annotation 1: 'area' 'large' is no number"),
        (dict(area=[3]), "annotation 1: 'area'"),
        (dict(area='nan'), "annotation 1: 'area'"),
    ],
)
def test_what_cannot_be_understood_is_named(field, message):
    with pytest.raises(ValueError, match=f'f.json.*{message}'):
        regular(somebody(**field))


def test_areas_and_sides_of_images_in_quotes_are_numbers():
    assert regular(somebody(area='500.5'))['area'] == 500.5
    content = file(somebody())
    content['images'][0] |= dict(width='640', height=480)
    content['images'][1] |= dict(width=None)
    first, second = regular_content(content, 'f.json')['images']
    assert (first['width'], first['height']) == (640, 480)
    assert second is content['images'][1]
    content['images'][1]['width'] = '640 px'
    with pytest.raises(ValueError, match="f.json: image 2: 'width' '640 px'"):
        regular_content(content, 'f.json')


def test_masks_of_another_size_than_their_image_are_refused():
    image = dict(id=1, file_name='1.jpg', width=30, height=20)
    for good in (dict(size=[20, 30], counts=[600]), [[1, 2, 3, 4, 5, 6]]):
        check_masks(image, [somebody(segmentation=good), somebody()], 'f')
    for size in ([30, 20], None, 'x'):
        turned = [somebody(segmentation=dict(size=size, counts=[600]))]
        check_masks(dict(id=1, file_name='1.jpg'), turned, 'f')
        with pytest.raises(ValueError, match='f.json: annotation 1 .*1.jpg'):
            check_masks(image, turned, 'f.json')


def test_people_are_whoever_is_called_so_or_has_keypoints():
    categories = [
        dict(id=0, name='Person'),
        dict(id=1, name='worker', keypoints=['a']),
        dict(id=2, name='rider'),
        dict(id=3, name='car'),
    ]
    annotations = [somebody(category_id=2), dict(category_id=3)]
    assert people_categories(categories, annotations) == {0, 1, 2}
    assert people_categories(categories, annotations, ['worker']) == {1}
    with pytest.raises(ValueError, match='f.json has no category dog.*car'):
        people_categories(categories, annotations, ['dog'], 'f.json')


def evaluated(*annotations, **more):
    content = regular_content(file(*annotations), 'f.json')
    return content_to_evaluate(content, 'f.json', **more)['annotations']


def test_people_of_any_category_are_evaluated_as_one():
    car = dict(id=2, image_id=1, category_id=5, bbox=[0, 0, 9, 9])
    box = dict(id=3, image_id=1, category_id=0, bbox=[0, 0, 9, 9])
    first, second = evaluated(somebody(), car, box)
    assert first['category_id'] == second['category_id'] == 1
    assert first['num_keypoints'] == 2 and first['area'] == 500
    assert second['keypoints'] == [0] * 6 and second['num_keypoints'] == 0
    assert second['iscrowd'] == 0


@pytest.mark.parametrize('box', [None, [0, 0, 0, 0]])
def test_boxes_and_areas_are_those_of_the_keypoints(box):
    (person,) = evaluated(somebody(bbox=box, area=0))
    assert person['bbox'] == [12, 22, 18, 28]
    assert person['area'] == AREA_OF_BOX * 18 * 28


def test_boxes_are_those_of_every_part():
    face = [50.0, 60.0, 2, 70.0, 90.0, 2] + [0, 0, 0] * 66
    (person,) = evaluated(
        somebody(keypoints=[0] * 6, face_kpts=face, bbox=None, area=None)
    )
    assert person['bbox'] == [50, 60, 20, 30] and person['area'] > 0


@pytest.mark.parametrize(
    'keypoints', [[12, 22, 2, 0, 0, 0], [12, 22, 2, 12, 90, 2]]
)
def test_a_point_or_a_line_has_an_area(keypoints):
    # of none, the similarity of any detection would be 0
    (person,) = evaluated(somebody(keypoints=keypoints, bbox=None, area=0))
    assert person['area'] > 0 and min(person['bbox'][2:]) == 1


@pytest.mark.parametrize(
    'outline',
    [
        [[10, 20, 40, 20, 40, 60, 10, 60]],
        dict(size=[70, 50], counts=[10 * 70 + 20, 40, *[30, 40] * 29, 710]),
    ],
)
def test_who_is_only_outlined_has_its_box(outline):
    first, second = evaluated(
        somebody(),
        dict(id=2, image_id=1, category_id=0, iscrowd=1, segmentation=outline),
    )
    x, y, w, h = second['bbox']
    assert (x, y) == (10, 20) and 29 < w <= 31 and 39 < h <= 41


def test_what_does_not_count_stays():
    # whatever category people have
    region = dict(
        id=2, image_id=1, category_id=1, iscrowd=1, bbox=[0, 0, 9, 9],
        area=81, made_by='mask_people',
    )  # fmt: skip
    assert len(evaluated(somebody(), region)) == 2


@pytest.mark.parametrize('ids', [('a', 'b'), (-5, 3), (2**70, 1), (0, 1)])
def test_ids_that_the_evaluation_cannot_hold_become_numbers(ids):
    people = evaluated(*(somebody(id=i) for i in ids))
    assert [person['id'] for person in people] == [1, 2]


def test_parts_of_which_nothing_is_labelled():
    for empty in ([], None):
        found = regular(somebody(face_kpts=empty))
        assert found['face_kpts'] == [0] * 204
    nulls = [5, 6, 2, None, None, 0] + [0] * 198
    assert regular(somebody(face_kpts=nulls))['face_kpts'][3:6] == [0, 0, 0]
    nulls[5] = 2
    with pytest.raises(ValueError, match="'face_kpts', or v = 0"):
        regular(somebody(face_kpts=nulls))


def test_what_cannot_be_evaluated_is_named():
    content = file(somebody(image_id='a'))
    content['images'][0]['id'] = 'a'
    with pytest.raises(ValueError, match="f.json.*'a' is no whole number"):
        content_to_evaluate(regular_content(content, 'f.json'), 'f.json')
    with pytest.raises(ValueError, match='annotation 1 has 6 numbers.*51'):
        evaluated(somebody(), num_keypoints=17)


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


def test_what_is_left_out_is_said():
    records = [dict(keypoints=[1, 2], ignore_regions=[3])]
    others = [dict(category_id=9), dict(category_id=9), somebody()]
    assert what_is_read(records, others, frozenset({0})) == (
        '1 images, 2 people with keypoints, 1 regions to ignore; left out, '
        'for they are no people: 2 of category 9'
    )
    records += 3 * [dict(keypoints=[], ignore_regions=[])]
    records[1] = dict(records[1], same_people=2, ignore_regions=[4])
    assert what_is_read(records, [], frozenset({0})).startswith(
        '4 images, 2 people with keypoints, 2 regions to ignore, 2 boxes of '
        'people who are labelled elsewhere left out, 2 images without '
        'anybody (if'
    )
