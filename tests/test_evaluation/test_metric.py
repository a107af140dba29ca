import json
import os
import pickle
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import torch
from mmpose.registry import METRICS
from support.drawn import truth, write_drawn

import wholebody_mm.evaluation.metric  # noqa: F401
from wholebody_mm.evaluation import evaluate_parts, people_to_results
from wholebody_mm.skeletons import COCO17, COCO_WHOLEBODY133, get_map
from wholebody_mm.skeletons import WHOLEBODY135 as UNION

TO_UNION = get_map(COCO_WHOLEBODY133, UNION)


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
    return write_drawn(tmp_path_factory.mktemp('drawn'), 5, people=(0, 3))


def build(path, **kwargs):
    return METRICS.build(
        dict(type='mmpose.WholeBodyPartMetric', ann_file=str(path), **kwargs)
    )


def samples(path, convert=TO_UNION, noise=0.0):
    """What the model hands to the metric: every image, also empty ones."""
    people = defaultdict(list)
    rng = np.random.default_rng(0)
    for image_id, points, v in truth(path):
        points = points + rng.normal(0, noise, points.shape)
        people[image_id].append((points, (v > 0) * rng.uniform(0.5, 1)))
    out = []
    for image in json.loads(path.read_text())['images']:
        found = people[image['id']]
        points = np.array([p for p, _ in found]).reshape(-1, 133, 2)
        scores = np.array([s for _, s in found]).reshape(-1, 133)
        points, scores = convert(points, scores)
        out.append(
            dict(
                img_id=image['id'],
                pred_instances=dict(
                    keypoints=points,
                    keypoint_scores=scores,
                    bbox_scores=scores.max(axis=1, initial=0),
                ),
            )
        )
    return out


def run(metric, predicted):
    metric.process(None, predicted)
    return metric.evaluate(size=len(predicted))


def test_people_of_the_union_skeleton_are_evaluated_as_133(drawn):
    metrics = run(build(drawn), samples(drawn))
    assert len(metrics) == 28
    # Only what the union cannot say is lost: nothing, with all wrists there.
    assert metrics['body/AP'] == pytest.approx(1.0)
    assert metrics['face/AP'] == pytest.approx(1.0)
    assert metrics['wholebody/AP'] == pytest.approx(1.0)
    assert metrics['hands/AP'] > 0.9


def test_all_values_are_returned_and_those_of_evaluate_parts(drawn):
    predicted = samples(drawn, noise=1.0)
    metrics = run(build(drawn), predicted)
    to_133 = get_map(UNION, COCO_WHOLEBODY133)
    results = []
    for sample in predicted:
        found = sample['pred_instances']
        results += people_to_results(
            sample['img_id'],
            *to_133(found['keypoints'], found['keypoint_scores']),
            found['bbox_scores'],
        )
    assert metrics == evaluate_parts(drawn, results)
    assert 0 < metrics['face/AP'] < 1


def test_people_can_be_ranked_by_their_expected_oks(drawn):
    predicted = samples(drawn, noise=1.0)
    for sample in predicted:
        sample['ori_shape'] = 480, 640
    metric = build(drawn, expected_oks=True)
    metric.process(None, predicted)
    to_133 = get_map(UNION, COCO_WHOLEBODY133)
    for sample, kept in zip(predicted, metric.results, strict=True):
        found = sample['pred_instances']
        assert kept['people'] == people_to_results(
            sample['img_id'],
            *to_133(found['keypoints'], found['keypoint_scores']),
            image_size=(640, 480),
        )
    assert 0 < metric.evaluate(size=len(predicted))['face/AP'] < 1


def test_a_body_skeleton_finds_bodies(drawn):
    convert = get_map(COCO_WHOLEBODY133, COCO17)
    metrics = run(build(drawn, skeleton='coco17'), samples(drawn, convert))
    assert metrics['body/AP'] == pytest.approx(1.0)
    assert metrics['face/AP'] == metrics['hands/AP'] == 0


def test_tensors_and_arrays_are_the_same(drawn):
    predicted = samples(drawn)
    as_tensors = [
        dict(
            img_id=sample['img_id'],
            pred_instances={
                key: torch.from_numpy(value)
                for key, value in sample['pred_instances'].items()
            },
        )
        for sample in predicted
    ]
    assert run(build(drawn), predicted) == run(build(drawn), as_tensors)


def test_nobody_found_is_zero_with_a_warning(drawn, monkeypatch):
    from mmengine.logging import MMLogger

    warned = []
    logger = MMLogger.get_current_instance()
    monkeypatch.setattr(logger, 'warning', warned.append)
    empty = samples(drawn)
    for sample in empty:
        sample['pred_instances'] = dict(
            keypoints=np.zeros((0, 135, 2)), keypoint_scores=np.zeros((0, 135))
        )
    metrics = run(build(drawn), empty)
    assert len(metrics) == 28
    assert set(metrics.values()) == {0.0}
    assert any('no people found' in str(text) for text in warned)


def test_nan_is_a_point_that_was_not_found(drawn):
    predicted = samples(drawn)
    for sample in predicted:
        sample['pred_instances']['keypoints'][:, 0] = np.nan
    metrics = run(build(drawn), predicted)
    assert 0 < metrics['body/AP'] < 1
    assert metrics['face/AP'] == pytest.approx(1.0)


def test_only_the_images_seen_count(drawn):
    some = [s for s in samples(drawn) if len(s['pred_instances']['keypoints'])]
    assert run(build(drawn), some[:1])['body/AP'] == pytest.approx(1.0)


def test_an_image_seen_twice_counts_once(drawn):
    predicted = samples(drawn)
    metrics = run(build(drawn), predicted + predicted)
    assert metrics['wholebody/AP'] == pytest.approx(1.0)


def test_predictions_are_written(drawn, tmp_path):
    prefix = tmp_path / 'out' / 'pred'
    metrics = run(build(drawn, outfile_prefix=str(prefix)), samples(drawn))
    written = json.loads((tmp_path / 'out/pred.keypoints.json').read_text())
    assert evaluate_parts(drawn, written) == metrics


def test_a_prefix_goes_before_the_keys(drawn):
    metrics = run(build(drawn, prefix='coco'), samples(drawn))
    assert 'coco/wholebody/AP' in metrics


def test_clear_errors(drawn, tmp_path):
    with pytest.raises(FileNotFoundError, match='missing.json'):
        build(tmp_path / 'missing.json')
    with pytest.raises(ValueError, match='wholebody135.*135'):
        run(build(drawn), samples(drawn, get_map(COCO_WHOLEBODY133, COCO17)))
    wrong = samples(drawn)
    wrong[0]['img_id'] = 4711
    with pytest.raises(ValueError, match='annotations.json: image 4711'):
        run(build(drawn), wrong)


@pytest.mark.slow
def test_processes_evaluate_together(drawn, tmp_path):
    predicted = samples(drawn, noise=1.0)
    (tmp_path / 'samples.pkl').write_bytes(pickle.dumps(predicted))
    script = Path(__file__).parents[1] / 'support' / 'metric_process.py'
    command = [
        sys.executable, '-m', 'torch.distributed.run', '--standalone',
        '--nproc_per_node=2', str(script), str(drawn),
        str(tmp_path / 'samples.pkl'), str(tmp_path / 'metrics.json'),
    ]  # fmt: skip
    root = str(Path(__file__).parents[2])
    env = os.environ | dict(PYTHONPATH=root, OMP_NUM_THREADS='1')
    subprocess.run(command, check=True, env=env, timeout=300)
    together = json.loads((tmp_path / 'metrics.json').read_text())
    assert together == run(build(drawn), predicted)


def test_people_may_be_any_category_and_known_by_a_box(drawn, tmp_path):
    content = json.loads(drawn.read_text())
    for annotation in content['annotations']:
        annotation['category_id'] = 0
    content['categories'] = [dict(id=0, name='worker')]
    image = content['images'][0]['id']
    content['annotations'].append(
        dict(id=10**6, image_id=image, category_id=0, bbox=[0, 0, 9, 9])
    )
    path = tmp_path / 'tool.json'
    path.write_text(json.dumps(content))
    metrics = run(build(path), samples(drawn))
    assert metrics['body/AP'] == metrics['wholebody/AP'] == 1.0


def test_other_keypoints_than_peoples_are_refused(tmp_path):
    person = dict(id=1, image_id=1, category_id=1, keypoints=[1, 1, 2] * 5)
    path = tmp_path / 'five.json'
    images = [dict(id=1, file_name='a.jpg')]
    path.write_text(json.dumps(dict(images=images, annotations=[person])))
    with pytest.raises(ValueError, match='five.json.*PartialPoseMetric'):
        build(path)
