"""Other data sets in COCO-WholeBody's format, for its metric."""

import json

import numpy as np
from support.sources import face_points, hand_points

from wholebody_mm.datasets.as_wholebody import as_wholebody, labelled_parts
from wholebody_mm.datasets.coco_annotations import keypoints_of
from wholebody_mm.datasets.preparation.writing import person
from wholebody_mm.datasets.wholebody_format import PART_KEYS, VALID_KEYS
from wholebody_mm.evaluation.part_ap import evaluate_parts
from wholebody_mm.evaluation.results import people_to_results
from wholebody_mm.skeletons import (
    COCO_WHOLEBODY133,
    WHOLEBODY135,
    get_map,
)
from wholebody_mm.skeletons.labelled_sets import (
    HANDS42,
    IBUG68,
    MPII4,
    PANOPTIC127,
    RIGHT_HAND21,
)


def test_parts_that_a_data_set_can_test():
    assert labelled_parts(IBUG68) == ['face']
    assert labelled_parts(RIGHT_HAND21) == ['righthand']
    assert labelled_parts(HANDS42) == ['lefthand', 'righthand']
    assert labelled_parts(MPII4) == []
    assert labelled_parts(PANOPTIC127) == [
        'body', 'face', 'lefthand', 'righthand',
    ]  # fmt: skip


def write(tmp_path, skeleton, points):
    """A file of one person, converted."""
    box = [*points.min(0), *points.max(0)]
    annotation = person(skeleton, points, np.full(len(points), 2), box)
    content = dict(
        images=[dict(id=7, file_name='a.png', width=320, height=240)],
        annotations=[dict(annotation, id=1, image_id=7)],
    )
    converted = as_wholebody(
        content, skeleton, lambda a, f: keypoints_of(skeleton, a, f), 'a.json'
    )
    file = tmp_path / 'a.json'
    file.write_text(json.dumps(converted))
    return file, converted['annotations'][0]


def test_only_what_is_annotated_is_tested(tmp_path):
    _, face = write(tmp_path, IBUG68, face_points())
    points = np.reshape(face[PART_KEYS['face']], (-1, 3))
    np.testing.assert_allclose(points[:, :2], face_points(), atol=0.01)
    assert face[VALID_KEYS['face']] and not face[VALID_KEYS['foot']]
    assert not any(face['keypoints'])  # nose and eyes are derived only


def test_a_network_that_is_right_gets_all_of_it(tmp_path):
    points = np.concatenate([[[99, 99]], hand_points(99, 99)[1:]])
    file, _ = write(tmp_path, RIGHT_HAND21, points)
    found = get_map(RIGHT_HAND21, WHOLEBODY135)(
        points[None], np.ones((1, 21), np.float32)
    )
    for shift, expected in ((0, 1.0), (80, 0.0)):
        keypoints, scores = get_map(WHOLEBODY135, COCO_WHOLEBODY133)(
            found[0] + shift, found[1]
        )
        results = people_to_results(7, keypoints, scores)
        metrics = evaluate_parts(file, results)
        assert metrics['righthand/AR'] == expected
        assert 'face/AR' not in metrics
