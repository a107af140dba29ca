import json

import numpy as np
import pytest

from wholebody_mm.evaluation import people_to_results
from wholebody_mm.evaluation.results import LOCATION_ERROR
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


def expected(keypoints, scores, size=(512, 512)):
    (result,) = people_to_results(1, keypoints, scores, image_size=size)
    return result


def test_large_and_complete_people_rank_first():
    keypoints, scores = people(1)
    near, far = expected(4 * keypoints, scores), expected(keypoints, scores)
    for part in ('', 'wholebody_', 'foot_', 'face_', 'lefthand_'):
        assert 0 < far[f'{part}score'] < near[f'{part}score'] < 1
    # eyes tell how far away somebody is, hips hardly
    loss = {p: 1 - far[f'{p}score'] / near[f'{p}score'] for p in ('', 'face_')}
    assert loss['face_'] > 1.5 * loss['']
    # in an image of twice the size a person of that size is as far away
    again = expected(2 * keypoints, scores, (1024, 1024))
    assert again['score'] == pytest.approx(far['score'], rel=0.01)
    scores[0, :9] = 0
    assert expected(keypoints, scores)['score'] < 0.7 * far['score']


def test_the_expected_similarity_is_its_mean():
    """Against many points that are off by normally distributed distances."""
    keypoints, scores = people(1)
    scores[:] = 1
    rng = np.random.default_rng(1)
    area = 0.5 * np.ptp(keypoints[0], axis=0).prod()
    off = rng.normal(0, LOCATION_ERROR * 512, (100_000, 2))
    distance2 = (off**2).sum(axis=1)
    sigmas = np.array(COCO_WHOLEBODY133.oks_sigmas)[PARTS['foot']]
    similarity = [
        np.exp(-distance2 / (2 * area * (2 * s) ** 2)).mean() for s in sigmas
    ]
    assert expected(keypoints, scores)['foot_score'] == pytest.approx(
        np.mean(similarity), rel=0.01
    )


def test_nearly_nobody_can_be_ranked():
    keypoints, scores = people(1)
    scores[:] = 0
    assert expected(keypoints, scores)['score'] == 0
    scores[0, 0] = 1
    assert 0 < expected(keypoints, scores)['score'] < 0.01


def test_people_have_one_rank_only():
    with pytest.raises(ValueError, match='one of the two'):
        people_to_results(1, *people(1), [1.0], image_size=(9, 9))


def test_nobody():
    assert people_to_results(1, *people(0), image_size=(9, 9)) == []
    assert (
        people_to_results(1, np.zeros((0, 133, 2)), np.zeros((0, 133))) == []
    )
    assert people_to_results(1, np.zeros(0), np.zeros(0)) == []


def test_people_of_another_skeleton():
    with pytest.raises(ValueError, match='image 9.*133.*135'):
        people_to_results(9, np.zeros((2, 135, 2)), np.zeros((2, 135)))
    with pytest.raises(ValueError, match='3 scores of 2 people'):
        people_to_results(9, *people(2), np.ones(3))
