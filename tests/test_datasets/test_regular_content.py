"""COCO files as annotation tools export them."""

import pytest
from support.contents import file, somebody

from wholebody_mm.datasets.regular_content import (
    AREA_OF_BOX,
    content_to_evaluate,
    people_categories,
    regular_content,
    what_is_read,
)


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


@pytest.mark.parametrize('keypoints', [None, []])
def test_a_body_without_labels_does_not_hide_a_labelled_face(keypoints):
    face = [5, 6, 2] + [0] * 3 * 67

    def body(number=17, **fields):
        person = somebody(face_kpts=face, keypoints=keypoints, **fields)
        other = somebody(id=2, keypoints=[1, 2, 2] * number)
        content = regular_content(file(person, other), 'f.json')
        return content['annotations'][0].get('keypoints')

    assert body() == body(face_valid=True) == [0] * 51
    assert body(face_valid=False) is None
    # where people have keypoints of another kind it would be a wrong one
    assert body(21) is None
    face[2] = 0
    assert body() is None


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
        (dict(area='inf'), "annotation 1: 'area'"),
    ],
)
def test_what_cannot_be_understood_is_named(field, message):
    with pytest.raises(ValueError, match=f'f.json.*{message}'):
        regular(somebody(**field))


def test_areas_and_sides_of_images_in_quotes_are_numbers():
    assert regular(somebody(area='500.5'))['area'] == 500.5
    for missing in ('', 'nan', float('nan')):
        assert 'area' not in regular(somebody(area=missing))
    content = file(somebody())
    content['images'][0] |= dict(width='640', height=480)
    content['images'][1] |= dict(width=None)
    first, second = regular_content(content, 'f.json')['images']
    assert (first['width'], first['height']) == (640, 480)
    assert second is content['images'][1]
    content['images'][1]['width'] = '640 px'
    with pytest.raises(ValueError, match="f.json: image 2: 'width' '640 px'"):
        regular_content(content, 'f.json')


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
