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
    record = wholebody(person(invalid=(part,)))
    assert parts_of(record) == [part]
    assert record['ignore_regions'][0][1].tolist() == BOX
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
    assert regions(books, people=frozenset()) == (1, 1)
