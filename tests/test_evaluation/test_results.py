import json

import numpy as np
import pytest

from wholebody_mm.evaluation import people_to_results
from wholebody_mm.skeletons import COCO_WHOLEBODY133

PARTS = COCO_WHOLEBODY133.parts


def people(n=2):
    rng = np.random.default_rng(0)
    return rng.uniform(10, 90, (n, 133, 2)), rng.uniform(0.1, 1, (n, 133))


def test_points_are_written_part_by_part():
    keypoints, scores = people()
    results = people_to_results(12, keypoints, scores, [0.5, 0.25])
    assert [r['score'] for r in results] == [0.5, 0.25]
    assert all(r['image_id'] == 12 for r in results)
    assert all(r['category_id'] == 1 for r in results)
    rows = np.reshape(results[1]['lefthand_kpts'], (21, 3))
    np.testing.assert_allclose(rows[:, :2], keypoints[1, PARTS['lefthand']])
    np.testing.assert_allclose(rows[:, 2], scores[1, PARTS['lefthand']])
    json.dumps(results)


def test_parts_have_scores_of_their_own_and_lost_points_lower_them():
    keypoints, scores = people(1)
    scores[:] = 0.8
    scores[0, PARTS['face']] = 0
    scores[0, PARTS['foot']] = [0.8, 0, 0, 0, 0, 0.4]
    (result,) = people_to_results(1, keypoints, scores, [0.9])
    assert result['lefthand_score'] == pytest.approx(0.8)
    assert result['foot_score'] == pytest.approx(0.2)
    assert result['face_score'] == 0
    assert result['wholebody_score'] == pytest.approx(0.9)


@pytest.mark.parametrize('lost', ['zero', 'negative', 'nan', 'nan score'])
def test_absent_points_are_written_as_zeros(lost):
    keypoints, scores = people(1)
    if lost == 'nan':
        keypoints[0, 3, 0] = np.nan
    else:
        value = {'zero': 0, 'negative': -1, 'nan score': np.nan}[lost]
        scores[0, 3] = value
    (result,) = people_to_results(1, keypoints, scores)
    assert result['keypoints'][9:12] == [0, 0, 0]
    assert result['keypoints'][0] > 0
    assert np.isfinite(result['score'])


def test_without_person_scores_the_found_points_decide():
    keypoints, scores = people(1)
    scores[:] = 0
    scores[0, :4] = 0.6
    (result,) = people_to_results(1, keypoints, scores)
    assert result['score'] == pytest.approx(0.6)


def test_nobody():
    assert (
        people_to_results(1, np.zeros((0, 133, 2)), np.zeros((0, 133))) == []
    )
    assert people_to_results(1, np.zeros(0), np.zeros(0)) == []


def test_people_of_another_skeleton():
    with pytest.raises(ValueError, match='image 9.*133.*135'):
        people_to_results(9, np.zeros((2, 135, 2)), np.zeros((2, 135)))
    with pytest.raises(ValueError, match='3 scores of 2 people'):
        people_to_results(9, *people(2), np.ones(3))
