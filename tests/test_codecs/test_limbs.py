import numpy as np
import pytest

from wholebody_mm.codecs.limbs import score_limbs


def limbs_of(pafs, starts, ends, *, fraction=0.95, close=0.5, room=64):
    """The limbs (start, end, score) between peaks of two keypoints."""
    most = max(len(starts), len(ends))
    cells = np.zeros((2, most, 2), np.float32)
    cells[0, : len(starts)], cells[1, : len(ends)] = starts, ends
    counts = np.array([len(starts), len(ends)], np.int32)
    limb, pair = np.empty(room, np.int32), np.empty((room, 2), np.int32)
    score, rank = np.empty(room, np.float32), np.empty(room, np.float32)
    n = score_limbs(
        np.ascontiguousarray(pafs, np.float32),
        np.array([[0, 1]], np.int32),
        cells,
        np.full((2, most), 0.8, np.float32),
        counts,
        np.float32(8),
        np.float32(0.05),
        fraction,
        np.float32(close),
        room,
        limb,
        pair,
        score,
        rank,
    )
    np.testing.assert_allclose(rank[:n], -(score[:n] + 0.16), rtol=1e-5)
    return [(*pair[q], round(float(score[q]), 3)) for q in range(n)]


@pytest.fixture
def rightwards():
    """A field that points right with strength 0.8 on the rows 2 to 6."""
    pafs = np.zeros((2, 12, 20))
    pafs[0, 2:7] = 0.8
    return pafs


def test_a_limb_is_along_the_field_and_not_against_or_across(rightwards):
    assert limbs_of(rightwards, [[3, 4]], [[15, 4]]) == [(0, 0, 0.8)]
    assert limbs_of(rightwards, [[15, 4]], [[3, 4]]) == []
    assert limbs_of(rightwards, [[3, 3]], [[3, 6]]) == []
    aslant = limbs_of(rightwards, [[3, 3]], [[6, 6]])
    assert aslant == [(0, 0, round(0.8 / 2**0.5, 3))]


def test_a_gap_in_the_field_breaks_a_limb(rightwards):
    rightwards[:, :, 5:7] = 0
    assert limbs_of(rightwards, [[3, 4]], [[15, 4]]) == []
    lenient = limbs_of(rightwards, [[3, 4]], [[15, 4]], fraction=0.7)
    assert [pair[:2] for pair in lenient] == [(0, 0)]


def test_ends_that_coincide_pass_with_the_lowest_score():
    nothing = np.zeros((2, 12, 20))
    assert limbs_of(nothing, [[3, 4]], [[3, 4]]) == [(0, 0, 0.05)]
    assert limbs_of(nothing, [[3, 4]], [[3.4, 4]]) == [(0, 0, 0.05)]
    assert limbs_of(nothing, [[3, 4]], [[3.6, 4]]) == []


def test_of_too_many_limbs_the_best_stay(rightwards):
    ends = [[12, 3 + q] for q in range(4)]
    scored = limbs_of(rightwards, [[3, 3]], ends)
    assert len(scored) == 4
    best = sorted(scored, key=lambda limb: -limb[2])[:2]
    assert limbs_of(rightwards, [[3, 3]], ends, room=2) == best


@pytest.mark.parametrize('bad', [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_counts_as_zero(rightwards, bad):
    spoilt, clean = rightwards.copy(), rightwards.copy()
    # Beside the line, so that a sample is between good cells and bad ones.
    spoilt[:, 5, 6:12], clean[:, 5, 6:12] = bad, 0
    line = [[3, 4.3]], [[15, 4.3]]
    expected = limbs_of(clean, *line)
    assert expected[0][2] < 0.8
    assert limbs_of(spoilt, *line) == expected


def test_huge_values_give_no_infinite_score(rightwards):
    found = limbs_of(rightwards * 1e38, [[3, 4]], [[15, 4]])
    assert all(np.isfinite(limb[2]) for limb in found)
