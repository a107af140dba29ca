import numpy as np
import pytest
from support.annotations import crowd, person

from wholebody_mm.datasets.coco_annotations import (
    MASKED,
    OUTSIDE,
    coco_points,
    wholebody_points,
)
from wholebody_mm.datasets.image_record import image_record
from wholebody_mm.skeletons import (
    COCO17,
    COCO_WHOLEBODY133,
    WHOLEBODY135,
    get_map,
)

COCO = get_map(COCO17, WHOLEBODY135)
WHOLEBODY = get_map(COCO_WHOLEBODY133, WHOLEBODY135)
BOX = [20, 30, 60, 110]


def wholebody(*annotations):
    return image_record(list(annotations), wholebody_points, WHOLEBODY, 'f')


def parts_of(record):
    return [part for part, _ in record['ignore_regions']]


def test_a_complete_person_leaves_nothing_to_ignore():
    record = wholebody(person())
    assert record['keypoints'].shape == (1, 135, 2)
    assert record['keypoints'].dtype == np.float32
    assert record['bbox'].tolist() == [BOX]
    assert record['person_boxes'].tolist() == [BOX]
    assert record['id'] == [1]
    assert record['ignore_regions'] == []
    labelled = record['keypoints_visible'][0] > 0
    np.testing.assert_array_equal(labelled, WHOLEBODY.labelled)


def test_occluded_points_keep_their_visibility():
    visible = np.full(133, 2)
    visible[:5] = [0, 1, 2, 1, 0]
    record = wholebody(person(visible=visible))
    assert record['keypoints_visible'][0, :5].tolist() == [0, 1, 2, 1, 0]
    # One missing point of a labelled part is no region of its own.
    assert record['ignore_regions'] == []


@pytest.mark.parametrize('part', ['foot', 'face', 'lefthand', 'righthand'])
def test_an_unlabelled_part_is_ignored_in_the_persons_box(part):
    record = wholebody(person(invalid=(part,), bbox=[15, 25, 50, 90]))
    assert parts_of(record) == [part]
    assert record['ignore_regions'][0][1].tolist() == [15, 25, 65, 115]
    assert len(record['keypoints']) == 1


def test_an_unlabelled_part_with_a_box_is_ignored_there_only():
    record = wholebody(
        person(invalid=('lefthand',), lefthand_box=[30, 40, 10, 20])
    )
    ((part, shape),) = record['ignore_regions']
    assert part == 'lefthand'
    assert shape[0] < 30 < 40 < shape[2]
    assert shape[1] < 40 < 60 < shape[3]
    assert shape[2] - shape[0] < 20


def test_a_person_without_keypoints_is_ignored_by_its_segmentation():
    record = wholebody(person(visible=0), person(id=2))
    assert record['keypoints'].shape == (1, 135, 2)
    assert record['id'] == [2]
    assert record['person_boxes'].shape == (2, 4)
    ((part, polygons),) = record['ignore_regions']
    assert part is None
    assert polygons[0].tolist() == [[20, 30], [60, 30], [60, 110], [20, 110]]


def test_a_person_without_keypoints_and_segmentation_by_its_box():
    record = wholebody(person(visible=0, segmentation=None))
    ((part, box),) = record['ignore_regions']
    assert (part, box.tolist()) == (None, BOX)


def test_a_crowd_is_ignored_and_is_nobody():
    mask = np.zeros((160, 200), np.uint8)
    mask[10:30, 40:90] = 1
    record = wholebody(crowd(mask))
    assert record['keypoints'].shape == (0, 135, 2)
    assert record['person_boxes'].shape == (0, 4)
    ((part, rle),) = record['ignore_regions']
    assert part is None
    assert rle['size'] == [160, 200]


def test_coco_labels_bodies_and_says_nothing_of_hands():
    record = image_record([person()], coco_points, COCO, 'f')
    assert record['ignore_regions'] == []
    assert (record['keypoints_visible'][0, :17] == 2).all()
    assert (record['keypoints_visible'][0, 17:] == 0).all()


def test_no_people_have_the_shapes_of_none():
    record = wholebody()
    assert record['keypoints'].shape == (0, 135, 2)
    assert record['keypoints_visible'].shape == (0, 135)
    assert record['bbox'].shape == record['person_boxes'].shape == (0, 4)


def test_other_categories_are_passed_over():
    assert len(wholebody(dict(id=1, bbox=[0, 0, 9, 9]))['person_boxes']) == 0


def test_people_without_the_key_keypoints_are_ignored_not_absent():
    """COCO's instance annotations of the same image."""
    other = dict(person(keypoints=None), category_id=1, id=7)
    dog = dict(person(keypoints=None), category_id=18, id=8)
    record = image_record(
        [person(), other, dog], coco_points, COCO, 'f', frozenset({1})
    )
    assert record['id'] == [1]
    assert len(record['person_boxes']) == 2
    assert None in parts_of(record)


def test_a_person_known_by_the_segmentation_alone_is_ignored():
    record = wholebody(person(visible=0, bbox=None))
    assert parts_of(record) == [None]


def test_crowds_are_strangers_and_what_lies_beside_people_is_not():
    mask = np.zeros((160, 200), np.uint8)
    mask[:50] = 1
    outside = dict(crowd(mask), made_by='outside')
    found = dict(crowd(mask), made_by='mask_people')
    for others, strangers in (
        ([], 0),
        ([outside], 0),
        ([crowd(mask)], 1),
        ([outside, found], 1),
    ):
        assert wholebody(person(), *others)['strangers'] == strangers


def test_an_empty_box_is_none():
    record = wholebody(dict(person(bbox=[]), area=None))
    assert record['bbox'].shape == (1, 4)


def test_crowds_of_other_things_are_nobodys_place():
    books = dict(crowd(np.ones((120, 160), np.uint8)), category_id=84)
    books.pop('keypoints', None)
    made = dict(books, made_by='somebody_else')

    def regions(*annotations, people=frozenset({1})):
        record = image_record(
            list(annotations), wholebody_points, WHOLEBODY, 'f', people
        )
        return len(record['ignore_regions']), record['strangers']

    assert regions(books, made) == (0, 0)
    assert regions(dict(books, category_id=1)) == (1, 1)
    # what lies outside of an image that was cut belongs to no category
    assert regions(dict(books, made_by=OUTSIDE)) == (1, 0)
    # so do people whom an instance segmentation found
    assert regions(dict(books, made_by=MASKED)) == (1, 1)
    # a file without categories tells no kinds of crowds apart
    assert regions(books, people=None) == (1, 1)
    # one whose categories are none of people does
    assert regions(books, people=frozenset()) == (0, 0)


def both_categories(*others):
    """A labelled worker, and boxes of people without keypoints."""
    boxes = [
        dict(id=2 + i, category_id=category, bbox=box)
        for i, (category, box) in enumerate(others)
    ]
    worker = dict(person(), category_id=5)
    return image_record(
        [*boxes, worker], coco_points, COCO, 'f', frozenset({1, 5})
    )


def test_a_box_of_another_category_is_the_same_person():
    """A detector's boxes beside skeletons hide nothing that is labelled."""
    record = both_categories((1, [21, 30, 40, 78]))
    assert record['id'] == [1]
    assert record['ignore_regions'] == []
    assert record['person_boxes'].tolist() == [BOX]
    assert record['same_people'] == 1


@pytest.mark.parametrize(
    'other',
    [
        (5, [20, 30, 40, 80]),  # as in COCO, somebody else
        (1, [32, 30, 40, 80]),  # overlaps by half
    ],
)
def test_boxes_of_other_people_stay(other):
    record = both_categories(other)
    assert parts_of(record) == [None]
    assert len(record['person_boxes']) == 2
    assert record['same_people'] == 0


def test_one_box_a_person_is_the_same_the_best():
    record = both_categories((1, [22, 30, 40, 80]), (1, [20, 30, 40, 79]))
    assert record['same_people'] == 1
    ((part, box),) = record['ignore_regions']
    assert (part, box.tolist()) == (None, [22, 30, 62, 110])


@pytest.mark.parametrize('bbox', [None, [30, 40, 20, 20]])
def test_a_whole_bodys_box_over_a_few_points_is_the_same_person(bbox):
    rows = np.zeros((17, 3))
    rows[[0, 5, 6]] = [40, 40, 2], [30, 60, 2], [50, 60, 2]
    bust = dict(id=1, category_id=5, keypoints=rows.reshape(-1).tolist())
    if bbox:
        bust['bbox'] = bbox
    boxes = [
        dict(id=2, category_id=1, bbox=[20, 30, 40, 130]),
        dict(id=3, category_id=1, bbox=[90, 30, 40, 130]),
    ]
    mob = dict(boxes[0], id=4, iscrowd=1)
    people = frozenset({1, 5})
    record = image_record([*boxes, bust], coco_points, COCO, 'f', people)
    assert record['same_people'] == 1
    ((part, box),) = record['ignore_regions']
    assert (part, box.tolist()) == (None, [90, 30, 130, 160])
    assert record['bbox'].tolist() == [[30, 40, 50, 60]]
    # a crowd is nobody's
    record = image_record([mob, bust], coco_points, COCO, 'f', people)
    assert parts_of(record) == [None]


def test_a_second_box_tells_where_a_person_ends():
    """All that is known is labelled, the rest of the skeleton is not."""
    rows = np.tile([40.0, 50, 2], (17, 1))
    rows[:2, :2] = [30, 40], [50, 60]
    bust = dict(id=1, category_id=5, keypoints=rows.reshape(-1).tolist())
    whole = dict(id=2, category_id=1, bbox=[20, 30, 40, 130])
    people = frozenset({1, 5})
    record = image_record([whole, bust], coco_points, COCO, 'f', people)
    assert record['ignore_regions'] == []
    assert record['person_boxes'].tolist() == [[20, 30, 60, 160]]


UPPER = np.array([[40, 20], [30, 40], [50, 40], [20, 70], [60, 70]])
UPPER_POINTS = [0, 5, 6, 9, 10]  # nose, shoulders, wrists


def upper_body(bbox, lacking=True):
    """Someone of whom the upper body is labelled, or all is on it."""
    rows = np.zeros((17, 3))
    if not lacking:
        rows[:] = 40, 50, 2
    rows[UPPER_POINTS] = np.c_[UPPER, np.full(5, 2)]
    rows = rows.reshape(-1).tolist()
    half = dict(id=1, category_id=1, bbox=bbox, keypoints=rows)
    return image_record([half], coco_points, COCO, 'f')


@pytest.mark.parametrize('bbox', [[20.4, 19.5, 40, 50], [20, 20, 0, 0], []])
def test_who_is_labelled_in_part_may_reach_beyond_a_tight_box(bbox):
    """CVAT's box of a skeleton is that of its labelled points."""
    record = upper_body(bbox)
    x0, y0, x1, y1 = record['bbox'][0]
    assert y1 - y0 < 52  # what the scale follows from
    for around in (record['ignore_boxes'], record['person_boxes']):
        ((left, top, right, bottom),) = around
        # legs as long as the box is high, whichever way they are
        assert bottom > y1 + 50 and top < y0 - 50
        assert left < x0 - 50 and right > x1 + 50


def test_a_box_of_the_person_says_where_the_person_ends():
    for bbox in ([18, 18, 44, 100], [20, 20, 40, 55]):
        record = upper_body(bbox)
        for key in ('ignore_boxes', 'person_boxes'):
            np.testing.assert_array_equal(record[key], record['bbox'])


def test_of_whom_all_is_labelled_nothing_is_beyond_the_box():
    record = upper_body([20, 20, 40, 50], lacking=False)
    for key in ('ignore_boxes', 'person_boxes'):
        np.testing.assert_array_equal(record[key], record['bbox'])


def test_of_a_nose_alone_the_rest_may_be_anywhere():
    rows = [0] * 51
    rows[:3] = 40, 40, 2
    nose = dict(id=1, category_id=1, keypoints=rows)
    record = image_record([nose], coco_points, COCO, 'f')
    assert record['ignore_boxes'][0, 3] > 1e4


def test_a_part_that_is_missing_may_be_beyond_a_tight_box():
    """The box is ignored; the weights see to the rest."""
    points = np.random.default_rng(0).uniform(0, 1, (133, 2)) * [30, 70]
    record = wholebody(person(points + [25, 35], invalid=('foot',), bbox=None))
    ((part, region),) = record['ignore_regions']
    assert part == 'foot'
    assert region.tolist() == record['bbox'][0].tolist()
    assert record['ignore_boxes'][0, 3] > region[3] + 70


def test_a_hidden_point_of_known_place_is_not_missing():
    """As rendered people have: nothing of them is anywhere else."""

    def parse(annotation, name):
        rows, boxes = coco_points(annotation, name)
        rows[16, 2] = -1
        return rows, boxes

    record = image_record([person(bbox=None)], parse, COCO, 'f')
    np.testing.assert_array_equal(record['ignore_boxes'], record['bbox'])
