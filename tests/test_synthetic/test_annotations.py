"""Annotations say what can be seen, in COCO-WholeBody's format."""

from __future__ import annotations

import json

import numpy as np
import pytest

from wholebody_mm.datasets.wholebody_format import UNION_KEY
from wholebody_mm.skeletons import COCO_WHOLEBODY133, WHOLEBODY135
from wholebody_mm.synthetic.annotations import annotation_of, merged_text
from wholebody_mm.synthetic.keypoints import EXTRAS
from wholebody_mm.synthetic.renderer import BEHIND, Person

PARTS = COCO_WHOLEBODY133.parts


@pytest.fixture
def person() -> Person:
    """Someone seen from top to toe in an image of 100 x 80."""
    rng = np.random.default_rng(0)
    keypoints = rng.uniform((20, 10), (60, 70), (133, 2))
    mask = np.zeros((80, 100), bool)
    mask[8:74, 18:64] = True
    return Person(keypoints, np.full(133, 2, np.uint8), mask, 3000.0, 1.0)


def test_a_whole_person(person):
    a = annotation_of(person)
    assert a['bbox'] == [18, 8, 46, 66]
    assert a['area'] == 46 * 66
    assert a['num_keypoints'] == 17
    assert len(a['face_kpts']) == 68 * 3
    points = np.reshape(a['lefthand_kpts'], (21, 3))
    assert points[:, :2] == pytest.approx(
        person.keypoints[PARTS['lefthand']], abs=0.01
    )
    x, y, w, h = a['lefthand_box']
    assert (x, y) == pytest.approx(points[:, :2].min(0))
    assert (x + w, y + h) == pytest.approx(points[:, :2].max(0), abs=0.02)
    assert a['face_valid'] and a['foot_valid'] and a['righthand_valid']


def test_hidden_and_outside_points(person):
    person.visible[0], person.visible[1] = 0, 1
    a = annotation_of(person)
    assert a['keypoints'][:3] == [0, 0, 0]
    assert a['keypoints'][5] == 1 and a['keypoints'][3] > 0
    assert a['num_keypoints'] == 16


def test_a_hidden_hand_is_not_labelled(person):
    person.visible[PARTS['righthand']] = 1
    a = annotation_of(person)
    assert not a['righthand_valid']
    assert not any(a['righthand_kpts']) and a['righthand_box'] == [0.0] * 4
    assert a['lefthand_valid']


def test_a_face_turned_away_is_not_labelled(person):
    person.facing = -0.5
    a = annotation_of(person)
    assert not a['face_valid'] and not any(a['face_kpts'])
    assert a['num_keypoints'] == 17


def test_tiny_parts_are_not_labelled(person):
    where = PARTS['face']
    person.keypoints[where] = 30 + person.keypoints[where] / 30
    assert not annotation_of(person)['face_valid']


def test_someone_almost_hidden_has_a_box_only(person):
    person.mask[:] = False
    person.mask[10:14, 20:25] = True
    a = annotation_of(person)
    assert a['bbox'] == [20, 10, 5, 4]
    assert a['num_keypoints'] == 0 and not any(a['keypoints'])
    assert not a['face_valid'] and not a['foot_valid']
    person.mask[:] = False
    assert annotation_of(person) is None


def test_no_labelled_point_is_outside_of_the_image(person):
    height, width = person.mask.shape
    person.keypoints[0] = -0.4, height - 0.6
    person.keypoints[1] = width - 0.6, -0.4
    person.visible[:2] = 2
    body = np.reshape(annotation_of(person)['keypoints'], (-1, 3))
    assert body[:2].tolist() == [[0, height - 1, 2], [width - 1, 0, 2]]


def test_merging_numbers_everyone(person):
    a = annotation_of(person)
    images = [
        dict(id=i, file_name=f'{i}.jpg', annotations=[a] * (i % 3))
        for i in range(1, 5)
    ]
    content = json.loads(''.join(merged_text(lambda: iter(images), 'test')))
    assert [x['image_id'] for x in content['annotations']] == [1, 2, 2, 4]
    assert [x['id'] for x in content['annotations']] == [1, 2, 3, 4]
    assert 'annotations' not in content['images'][0]
    assert content['categories'][0]['name'] == 'person'


def union_points(person) -> dict[str, list[float]]:
    rows = np.reshape(annotation_of(person)[UNION_KEY], (135, 3))
    return dict(zip(WHOLEBODY135.keypoint_names, rows.tolist(), strict=True))


def test_the_union_skeleton_knows_more(person):
    assert UNION_KEY not in annotation_of(person)  # another's renderer
    person.extras = np.array([[5.0, 6], [7, 8], [9, 10], [-3, 12]])
    ankle = COCO_WHOLEBODY133.index('left_ankle')
    person.keypoints[ankle], person.visible[ankle] = (30.0, 200.0), 0
    knee = COCO_WHOLEBODY133.index('left_knee')
    person.keypoints[knee], person.visible[knee] = BEHIND, 0
    person.visible[PARTS['righthand']] = 1
    rows = union_points(person)
    for name, place in zip(EXTRAS, person.extras, strict=True):
        assert rows[name] == [*place, 1]
    assert rows['left_ankle'] == [30, 200, 1]  # outside, but known
    assert rows['left_knee'] == [0, 0, 0]
    assert rows['nose'][2] == 2
    thumb = COCO_WHOLEBODY133.parts['righthand'].start + 1
    name = COCO_WHOLEBODY133.keypoint_names[thumb]
    assert rows[name][2] == 0  # hidden, yet its place is told
    assert rows[name][:2] == pytest.approx(person.keypoints[thumb], abs=0.06)
    person.facing = -0.5
    rows = union_points(person)
    assert rows['left_pupil'][2] == 0 and rows['head_top'][2] == 1


def test_a_hidden_head_is_not_taught(person):
    person.extras = np.array([[5.0, 6], [7, 8], [9, 10], [-3, 12]])
    head = ['nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear']
    head += ['left_shoulder', 'right_shoulder']
    for name in head:
        person.visible[COCO_WHOLEBODY133.index(name)] = 1
    rows = union_points(person)
    assert rows['upper_neck'] == [5, 6, 0]
    assert rows['head_top'] == [7, 8, 0]
    person.extras[1, 1] = -8
    assert union_points(person)['head_top'] == [7, -8, 1]  # outside is known
    person.extras[1, 1] = 8
    person.visible[COCO_WHOLEBODY133.index('right_shoulder')] = 2
    rows = union_points(person)
    assert rows['upper_neck'] == [5, 6, 1] and rows['head_top'] == [7, 8, 0]


def test_hidden_points_far_from_seen_ones_are_not_labelled(person):
    """Someone behind a wall that leaves the head and one hip free."""
    names = COCO_WHOLEBODY133.keypoint_names
    legs = [
        i
        for i, name in enumerate(names[:23])
        if any(k in name for k in ('hip', 'knee', 'ankle', 'toe', 'heel'))
    ]
    person.visible[legs] = 1
    person.visible[names.index('left_hip')] = 2
    person.extras = np.full((4, 2), 30.0)
    a = annotation_of(person)
    v = dict(
        zip(
            names[:23],
            a['keypoints'][2::3] + a['foot_kpts'][2::3],
            strict=True,
        )
    )
    assert v['left_hip'] == 2
    assert v['right_hip'] == v['left_knee'] == 1  # beside the seen hip
    assert v['right_knee'] == v['left_ankle'] == 0
    assert v['left_heel'] == 0
    assert not a['foot_valid']
    assert a['num_keypoints'] == 14
    assert a['lefthand_valid']
    rows = union_points(person)
    assert rows['left_ankle'][2] == 0 and rows['left_knee'][2] == 1
    assert rows['left_ankle'][:2] != [0, 0]
