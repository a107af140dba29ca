import numpy as np
import pytest

from wholebody_mm.codecs.matching import match_limbs

LIMBS = np.array([[0, 1], [1, 2]], np.int32)


def kept(candidates, counts):
    """The (limb, start peak, end peak) that stay of those with a score."""
    table = np.array([c[:3] for c in candidates], np.int32)
    score = np.array([c[3] for c in candidates], np.float32)
    keep = np.ones(len(table), bool)
    match_limbs(
        LIMBS,
        np.array(counts, np.int32),
        table[:, 0].copy(),
        table[:, 1:].copy(),
        score,
        keep,
    )
    return [tuple(row) for row in table[keep].tolist()]


def test_the_sum_counts_and_not_the_best_limb():
    # Best first would take 0.9 and leave 0.1: 1.0 in all instead of 1.6.
    candidates = [(0, 0, 0, 0.9), (0, 0, 1, 0.8), (0, 1, 0, 0.8)]
    candidates.append((0, 1, 1, 0.1))
    assert kept(candidates, [2, 2, 0]) == [(0, 0, 1), (0, 1, 0)]


def test_each_type_is_matched_by_itself():
    candidates = [(0, 0, 0, 0.5), (0, 1, 0, 0.6), (1, 0, 0, 0.1)]
    assert kept(candidates, [2, 1, 1]) == [(0, 1, 0), (1, 0, 0)]


def test_what_is_no_candidate_is_not_made_one():
    assert kept([(0, 0, 1, 0.5), (0, 1, 1, 0.4)], [2, 2, 0]) == [(0, 0, 1)]


@pytest.mark.parametrize('shape', [(1, 7), (7, 1), (12, 9), (9, 12), (30, 30)])
def test_as_scipy_has_it(shape):
    optimize = pytest.importorskip('scipy.optimize')
    rng = np.random.default_rng(shape)
    n, m = shape
    for share in (0.1, 0.5, 1.0):
        scores = rng.uniform(0.05, 1, shape) * (rng.random(shape) < share)
        scores[0, 0] = 0.5  # at least one candidate
        candidates = [
            (0, a, b, scores[a, b])
            for a, b in zip(*scores.nonzero(), strict=True)
        ]
        found = kept(candidates, [n, m, 0])
        starts, ends = [a for _, a, _ in found], [b for _, _, b in found]
        assert len(set(starts)) == len(starts)
        assert len(set(ends)) == len(ends)
        best = scores[optimize.linear_sum_assignment(-scores)].sum()
        assert scores[starts, ends].sum() == pytest.approx(best, rel=1e-5)


def test_scores_beyond_any_field_are_matched_as_well():
    candidates = [(0, 0, 0, np.inf), (0, 1, 0, 1e38), (0, 1, 1, 0.5)]
    assert kept(candidates, [2, 2, 0]) == [(0, 0, 0), (0, 1, 1)]
