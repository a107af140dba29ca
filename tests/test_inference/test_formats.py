"""OpenPose's JSON as its documentation lays it out."""

import json
from dataclasses import replace

import numpy as np
import pytest
from support.known_people import crowd

from wholebody_mm.inference import PeopleInImage
from wholebody_mm.inference.formats import (
    COLUMNS,
    keypoint_rows,
    openpose_json,
)
from wholebody_mm.skeletons import BODY25, WHOLEBODY135

KEYS = [
    'person_id',
    'pose_keypoints_2d',
    'face_keypoints_2d',
    'hand_left_keypoints_2d',
    'hand_right_keypoints_2d',
    'pose_keypoints_3d',
    'face_keypoints_3d',
    'hand_left_keypoints_3d',
    'hand_right_keypoints_3d',
]


@pytest.fixture
def people():
    """Two whole people; the second has no right hand and no left hip."""
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(0, 400, (2, 135, 2))
    scores = rng.uniform(0.2, 1, (2, 135))
    scores[1, WHOLEBODY135.parts['righthand']] = 0
    scores[1, WHOLEBODY135.index('left_hip')] = 0
    return PeopleInImage.of(
        keypoints, scores, [0.9, 0.5], 'wholebody135', (400, 400)
    )


def triplets(person, key):
    return np.reshape(person[key], (-1, 3))


def test_all_keypoints_in_one_list(people):
    frame = json.loads(json.dumps(openpose_json(people)))
    assert frame['version'] == 1.3
    assert [list(person) for person in frame['people']] == [KEYS, KEYS]
    for i, person in enumerate(frame['people']):
        assert person['person_id'] == [-1]
        assert len(person['pose_keypoints_2d']) == 405
        table = triplets(person, 'pose_keypoints_2d')
        found = people.keypoint_scores[i] > 0
        np.testing.assert_allclose(
            table[found, :2], people.keypoints[i, found], atol=1e-4
        )
        assert not table[~found].any()
        assert all(person[key] == [] for key in KEYS[2:])


def test_body_face_and_hands_apart(people):
    frame = openpose_json(people, split=True)
    first, second = frame['people']
    lengths = [len(first[key]) for key in KEYS[1:5]]
    assert lengths == [25 * 3, 70 * 3, 21 * 3, 21 * 3]
    pose = triplets(first, 'pose_keypoints_2d')
    union = people.keypoints[0]
    # the published order: 0 nose, 1 neck, 4 right wrist, 8 middle of hips,
    # 19 left big toe, 24 right heel
    for index, name in [
        (0, 'nose'),
        (4, 'right_wrist'),
        (7, 'left_wrist'),
        (19, 'left_big_toe'),
        (24, 'right_heel'),
    ]:
        expected = union[WHOLEBODY135.index(name)]
        np.testing.assert_allclose(pose[index, :2], expected, atol=1e-4)
    hips = [WHOLEBODY135.index(f'{s}_hip') for s in ('left', 'right')]
    np.testing.assert_allclose(
        pose[8, :2], union[hips].mean(axis=0), atol=1e-3
    )
    face = triplets(first, 'face_keypoints_2d')
    np.testing.assert_allclose(
        face[:, :2], union[WHOLEBODY135.parts['face']], atol=1e-4
    )
    hand = triplets(first, 'hand_right_keypoints_2d')
    np.testing.assert_allclose(
        hand[0, :2], union[WHOLEBODY135.index('right_wrist')], atol=1e-4
    )
    np.testing.assert_allclose(
        hand[1:, :2], union[WHOLEBODY135.parts['righthand']], atol=1e-4
    )
    # no finger, no hand; no hip, no middle between hips
    assert not any(second['hand_right_keypoints_2d'])
    assert any(second['hand_left_keypoints_2d'])
    middle = BODY25.index('mid_hip')
    assert not triplets(second, 'pose_keypoints_2d')[middle].any()


def test_nobody_and_ids(people):
    assert openpose_json(people[:0]) == {'version': 1.3, 'people': []}
    assert openpose_json(people[:0], split=True)['people'] == []
    tracked = replace(people, ids=np.array([7, 3]))
    frame = openpose_json(tracked, split=True)
    assert [p['person_id'] for p in frame['people']] == [[7], [3]]


def test_a_body_alone_has_no_face_and_no_hands(people):
    person = openpose_json(people.to('coco17'), split=True)['people'][0]
    assert len(person['pose_keypoints_2d']) == 75
    assert person['face_keypoints_2d'] == []


def test_rows_are_the_keypoints_found(people):
    rows = list(keypoint_rows('a', 'a.jpg', None, people))
    assert len(rows) == (people.keypoint_scores > 0).sum()
    row = dict(zip(COLUMNS, rows[0], strict=True))
    assert row['keypoint'] == 'nose' and row['person'] == 0
    assert row['id'] is None and row['frame'] is None
    assert row['x'] == pytest.approx(people.keypoints[0, 0, 0], abs=1e-3)


def test_hands_without_any_body_point_still_split():
    one = np.zeros((1, crowd(1, (9, 9)).shape[1] + 118, 2))
    scores = np.zeros((1, 135))
    scores[0, WHOLEBODY135.parts['lefthand']] = 0.5
    people = PeopleInImage.of(one, scores, [0.5], 'wholebody135', (9, 9))
    person = openpose_json(people, split=True)['people'][0]
    hand = triplets(person, 'hand_left_keypoints_2d')
    assert (hand[1:, 2] == 0.5).all() and hand[0, 2] == 0
