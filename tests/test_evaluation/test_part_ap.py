import contextlib
import io
import json

import numpy as np
import pytest
from support.drawn import truth, write_drawn

from wholebody_mm.evaluation import evaluate_parts, people_to_results
from wholebody_mm.evaluation.keypoint_errors import keypoint_errors
from wholebody_mm.skeletons import COCO_WHOLEBODY133

PARTS = ('body', 'foot', 'face', 'lefthand', 'righthand', 'wholebody')
VALUES = ('AP', 'AR', 'AP50', 'AP75')


@pytest.fixture(scope='module')
def drawn(tmp_path_factory):
    return write_drawn(tmp_path_factory.mktemp('drawn'), 8)


def noisy(path, pixels, seed=0):
    """The annotations as results, moved by noise; every score differs."""
    rng = np.random.default_rng(seed)
    results = []
    for image_id, points, v in truth(path):
        points = points + rng.normal(0, pixels, points.shape)
        scores = np.where(v > 0, rng.uniform(0.2, 1, v.shape), 0)
        results += people_to_results(image_id, points[None], scores[None])
    return results


def test_ground_truth_against_itself_is_perfect(drawn):
    metrics = evaluate_parts(drawn, noisy(drawn, 0))
    expected = {f'{part}/{v}' for part in (*PARTS, 'hands') for v in VALUES}
    assert set(metrics) == expected
    assert all(value == pytest.approx(1.0) for value in metrics.values())


def test_real_ground_truth_against_itself_is_perfect(real_data):
    path = real_data / 'mini' / 'coco' / 'test_coco_wholebody.json'
    metrics = evaluate_parts(path, noisy(path, 0))
    assert len(metrics) == 28
    assert all(value == pytest.approx(1.0) for value in metrics.values())


def test_values_are_those_of_xtcocotools(drawn):
    from xtcocotools.coco import COCO
    from xtcocotools.cocoeval import COCOeval

    results = noisy(drawn, 1.5)
    metrics = evaluate_parts(drawn, results)
    sigmas = np.array(COCO_WHOLEBODY133.oks_sigmas)
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO(str(drawn))
        found = coco.loadRes([dict(r) for r in results])
        for part in PARTS:
            where = COCO_WHOLEBODY133.parts.get(part, slice(None))
            direct = COCOeval(coco, found, f'keypoints_{part}', sigmas[where])
            direct.evaluate()
            direct.accumulate()
            direct.summarize()
            for value, place in zip(VALUES, (0, 5, 1, 2), strict=True):
                assert metrics[f'{part}/{value}'] == direct.stats[place]
    assert 0.05 < metrics['face/AP'] < 0.95  # a case that tells something
    for value in VALUES:
        both = metrics[f'lefthand/{value}'], metrics[f'righthand/{value}']
        assert metrics[f'hands/{value}'] == pytest.approx(np.mean(both))


def test_a_part_is_ranked_by_its_own_score(drawn):
    """A wrong hand of a well found body must not rank first."""
    hand = COCO_WHOLEBODY133.parts['lefthand']
    results = []
    for image_id, points, v in truth(drawn):
        scores = np.where(v > 0, 0.9, 0.0)
        results += people_to_results(
            image_id, points[None], scores[None], [0.5]
        )
        points = points.copy()
        points[hand] += 80  # the same again, with a bad hand, unsure of it
        scores[hand] *= 0.1
        results += people_to_results(
            image_id, points[None], scores[None], [0.9]
        )
    ranked = evaluate_parts(drawn, results)['lefthand/AP']
    for result in results:
        result['lefthand_score'] = result['score']
    by_person = evaluate_parts(drawn, results)['lefthand/AP']
    assert ranked > 0.95
    assert by_person < 0.7


def test_a_lost_part_counts_for_that_part_only(drawn):
    face = COCO_WHOLEBODY133.parts['face']
    results = []
    for image_id, points, v in truth(drawn):
        v = v.copy()
        v[face] = 0
        results += people_to_results(image_id, points[None], v[None])
    metrics = evaluate_parts(drawn, results)
    assert metrics['face/AP'] == 0
    assert metrics['body/AP'] == metrics['hands/AP'] == pytest.approx(1.0)
    assert metrics['wholebody/AP'] < 0.9


def test_nothing_found_is_zero(drawn):
    metrics = evaluate_parts(drawn, [])
    assert len(metrics) == 28
    assert set(metrics.values()) == {0.0}


def test_some_images_only(drawn):
    results = noisy(drawn, 0)
    first = [r for r in results if r['image_id'] == 1]
    assert evaluate_parts(drawn, first, [1])['body/AP'] == pytest.approx(1.0)
    assert evaluate_parts(drawn, first)['body/AP'] < 0.5


def test_coco_files_have_bodies_only(drawn, tmp_path):
    content = json.loads(drawn.read_text())
    keep = {'id', 'image_id', 'category_id', 'iscrowd', 'area', 'bbox'}
    keep |= {'keypoints', 'num_keypoints', 'segmentation'}
    content['annotations'] = [
        {key: a[key] for key in keep} for a in content['annotations']
    ]
    path = tmp_path / 'coco.json'
    path.write_text(json.dumps(content))
    metrics = evaluate_parts(path, noisy(drawn, 0))
    assert set(metrics) == {f'body/{value}' for value in VALUES}
    assert metrics['body/AP'] == pytest.approx(1.0)


def test_a_part_that_nobody_has_is_left_out(drawn, tmp_path):
    content = json.loads(drawn.read_text())
    for annotation in content['annotations']:
        annotation['lefthand_kpts'] = [0] * 63
        annotation['lefthand_valid'] = False
    path = tmp_path / 'no_left_hands.json'
    path.write_text(json.dumps(content))
    metrics = evaluate_parts(path, noisy(drawn, 0))
    assert 'lefthand/AP' not in metrics
    assert 'hands/AP' not in metrics
    assert metrics['righthand/AP'] == pytest.approx(1.0)


def test_own_keypoints_are_refused(drawn, tmp_path):
    content = json.loads(drawn.read_text())
    for annotation in content['annotations']:
        annotation['keypoints'] = annotation['keypoints'][:18]
    path = tmp_path / 'own.json'
    path.write_text(json.dumps(content))
    for evaluate in (evaluate_parts, keypoint_errors):
        with pytest.raises(ValueError, match='own.json.*18 numbers.*Partial'):
            evaluate(path, noisy(drawn, 0))


def test_an_image_of_several_ids_is_refused(drawn, tmp_path):
    content = json.loads(drawn.read_text())
    content['images'][1]['file_name'] = content['images'][0]['file_name']
    path = tmp_path / 'twice.json'
    path.write_text(json.dumps(content))
    with pytest.raises(ValueError, match='twice.json lists .* 1 and 2.*one'):
        evaluate_parts(path, noisy(drawn, 0))


def test_the_callers_results_stay_as_they_are(drawn):
    results = noisy(drawn, 0)
    before = json.dumps(results)
    evaluate_parts(drawn, results)
    assert json.dumps(results) == before


def test_images_that_the_file_does_not_have(drawn):
    results = noisy(drawn, 0)
    results[0]['image_id'] = 999
    with pytest.raises(ValueError, match='image 999.*another data set'):
        evaluate_parts(drawn, results)


@pytest.mark.parametrize('category', [1, 7])
def test_people_of_any_category(drawn, tmp_path, category):
    """Results may name the category of the file, or COCO's."""
    content = json.loads(drawn.read_text())
    for annotation in content['annotations']:
        annotation['category_id'] = 7
    content['categories'] = [dict(id=7, name='person')]
    path = tmp_path / 'category_7.json'
    path.write_text(json.dumps(content))
    results = [r | dict(category_id=category) for r in noisy(drawn, 0)]
    metrics = evaluate_parts(path, results)
    assert metrics['wholebody/AP'] == pytest.approx(1.0)
    assert results[0]['category_id'] == category


def test_files_that_are_none(tmp_path):
    with pytest.raises(FileNotFoundError, match='x.json'):
        evaluate_parts(tmp_path / 'x.json', [])
    for content in ('{', '[]', '{"annotations": 3}'):
        (tmp_path / 'y.json').write_text(content)
        with pytest.raises(ValueError, match='y.json is no COCO'):
            evaluate_parts(tmp_path / 'y.json', [])


def test_keypoints_in_another_order(drawn, tmp_path):
    content = json.loads(drawn.read_text())
    names = list(COCO_WHOLEBODY133.keypoint_names[:17])
    (category,) = content['categories']
    path = tmp_path / 'order.json'
    for listed in (names, names[::-1]):
        category['keypoints'] = listed
        path.write_text(json.dumps(content))
        if listed == names:
            assert evaluate_parts(path, [])['body/AP'] == 0
            continue
        with pytest.raises(ValueError, match='Give the skeleton the order'):
            evaluate_parts(path, [])
        with pytest.raises(ValueError, match='Give the skeleton the order'):
            keypoint_errors(path, [])
