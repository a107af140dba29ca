"""AP of keypoints that are somebody's own."""

import json

import wholebody_mm.register  # noqa: F401

import numpy as np
import pytest
import torch
from mmpose.registry import METRICS
from support.skeletons import BUST

from wholebody_mm.skeletons import COCO17, WHOLEBODY135, Skeleton, get_map

POINTS = np.array(
    [
        [[50, 20], [70, 60], [30, 60]],
        [[150, 30], [175, 70], [125, 75]],
    ],
    float,
)


@pytest.fixture
def path(tmp_path):
    """Two people in image 3 of a tool that counts categories from 0."""
    people = [
        dict(
            id=i,
            image_id=3,
            category_id=0,
            keypoints=np.insert(points, 2, 2, axis=1).reshape(-1).tolist(),
        )
        for i, points in enumerate(POINTS)
    ]
    box = dict(id=9, image_id=3, category_id=0, bbox=[0, 0, 5, 5])
    car = dict(id=10, image_id=3, category_id=1, bbox=[0, 0, 5, 5])
    content = dict(
        images=[dict(id=3, file_name='a.jpg'), dict(id=4, file_name='b.jpg')],
        annotations=[*people, box, car],
        categories=[dict(id=0, name='worker'), dict(id=1, name='car')],
    )
    file = tmp_path / 'own.json'
    file.write_text(json.dumps(content))
    return file


def evaluate(path, points, skeleton=None, as_array=np.asarray, **options):
    metric = METRICS.build(
        dict(
            type='mmpose.PartialPoseMetric',
            ann_file=str(path),
            source=BUST,
            skeleton=skeleton,
            **options,
        )
    )
    points = np.asarray(points, float).reshape(-1, *np.shape(points)[-2:])
    found = dict(
        keypoints=as_array(points),
        keypoint_scores=as_array(np.full(points.shape[:2], 0.8)),
        bbox_scores=as_array(np.linspace(0.9, 0.7, len(points))),
    )
    empty = {key: value[:0] for key, value in found.items()}
    samples = [
        dict(img_id=3, pred_instances=found),
        dict(img_id=4, pred_instances=empty),
    ]
    metric.process(None, samples)
    return metric.evaluate(size=2)


@pytest.mark.parametrize('as_array', [np.asarray, torch.as_tensor])
def test_the_truth_is_perfect_whatever_people_are_called(path, as_array):
    metrics = evaluate(path, POINTS, as_array=as_array)
    assert metrics == {
        f'coco/{value}': 1.0 for value in ('AP', 'AR', 'AP50', 'AP75')
    }


def test_one_of_two_people(path):
    metrics = evaluate(path, POINTS[:1])
    assert metrics['coco/AR'] == 0.5
    assert metrics['coco/AP'] == pytest.approx(0.5, abs=0.01)


def test_nobody_found_is_zero(path):
    assert set(evaluate(path, np.zeros((0, 3, 2))).values()) == {0.0}


def test_the_sigmas_are_those_of_the_files_skeleton(path):
    # areas are half of the keypoints' boxes
    off = POINTS + [3.0, 0.0]
    area = 0.5 * np.prod(np.ptp(POINTS, axis=1), axis=1)
    k = 2 * np.array(BUST.oks_sigmas)
    similarity = np.exp(-9 / (2 * area[:, None] * k**2)).mean(axis=1)
    thresholds = np.linspace(0.5, 0.95, 10)
    recall = np.mean([(s >= thresholds).mean() for s in similarity])
    assert 0 < recall < 1
    assert evaluate(path, off)['coco/AR'] == pytest.approx(recall)


def test_people_of_a_larger_skeleton_are_tested_on_the_files_keypoints(path):
    points, _ = get_map(BUST, WHOLEBODY135)(POINTS, np.ones((2, 3)))
    assert evaluate(path, points, WHOLEBODY135)['coco/AP'] == 1.0


def test_keypoints_that_are_not_predicted_are_named_and_left_out(path):
    nose = Skeleton(
        name='nose_and_tail',
        keypoint_names=('nose', 'tail'),
        part_sizes=(('body', 2),),
        flip_pairs=(),
        limbs=((0, 1),),
        oks_sigmas=(0.03,) * 2,
        target_sigmas=(7.0,) * 2,
        colors=((0, 0, 0),) * 2,
    )
    points = np.repeat(POINTS[:, :1], 2, axis=1)
    with pytest.warns(UserWarning, match='nose_and_tail has no left_shoulder'):
        assert evaluate(path, points, nose)['coco/AP'] == 1.0


def test_files_of_others_are_refused(path, tmp_path):
    with pytest.raises(ValueError, match='own.json.*9 numbers.*not 51'):
        METRICS.build(
            dict(
                type='mmpose.PartialPoseMetric',
                ann_file=str(path),
                source=COCO17,
            )
        )
    content = json.loads(path.read_text())
    content['annotations'] = content['annotations'][2:]
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match='own.json has nobody'):
        evaluate(path, POINTS)
