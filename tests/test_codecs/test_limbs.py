import numpy as np
import pytest

from wholebody_mm.codecs.limbs import best_first, score_limbs


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


def test_near_ends_without_a_field_between_them_score_lowest():
    """Although four of the five samples along the line would pass."""
    field = np.zeros((2, 12, 20))
    field[0, :, [3, 5]] = 0.8
    near = limbs_of(field, [[3.8, 4]], [[4.2, 4]], fraction=0.75)
    assert near == [(0, 0, 0.05)]


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
    # the sum of the samples along the line would be infinite
    for scale in (2e37, 1e38):
        assert limbs_of(rightwards * scale, [[3, 4]], [[15, 4]]) == []
    (found,) = limbs_of(rightwards * 1e14, [[3, 4]], [[15, 4]])
    assert found[:2] == (0, 0) and found[2] == pytest.approx(8e13)


def sampled(field, x, y):
    """The (2, h, w) field between its cells, at x and y."""
    h, w = field.shape[1:]
    x, y = np.clip(x, 0, w - 1), np.clip(y, 0, h - 1)
    i, j = np.minimum(int(x), w - 2), np.minimum(int(y), h - 2)
    x, y = x - i, y - j
    rows = field[:, j] * (1 - y) + field[:, j + 1] * y
    return rows[:, i] * (1 - x) + rows[:, i + 1] * x


def looked_along(field, start, end, threshold=0.05, fraction=0.95):
    """The score of one pair by the description of it, None if it fails."""
    way = np.subtract(end, start).astype(float)
    length = np.linalg.norm(way)
    way /= length
    if not sampled(field, *np.add(start, end) / 2) @ way > threshold:
        return None
    n = int((5 * 8 * length * abs(way).max()) ** 0.5 + 0.5)
    n = min(max(n, 5), 25)
    places = start + np.outer((np.arange(n) + 0.5) * length / n, way)
    values = np.array([sampled(field, *place) @ way for place in places])
    if (values <= threshold).sum() > int(n * (1 - fraction) + 1e-6):
        return None
    return values[values > threshold].mean()


@pytest.mark.parametrize('fraction', [0.95, 0.6])
@pytest.mark.parametrize('strength', [1, 0.15], ids=['strong', 'weak'])
@pytest.mark.parametrize(
    'low, high',
    [((-0.4, -0.4), (39.4, 15.4)), ((7, 3), (19, 9)), ((25, 8), (39.4, 15.4))],
    ids=['everywhere', 'in the middle', 'in a corner'],
)
def test_many_pairs_at_once_are_as_each_by_itself(
    low, high, strength, fraction
):
    """Only the part of the field between the peaks is looked at."""
    rng = np.random.default_rng(0)
    # Everywhere some way to the right, with holes that break some lines.
    field = np.stack(
        [rng.uniform(0.1, 1, (16, 40)), rng.uniform(-0.5, 0.5, (16, 40))]
    )
    field *= strength * (rng.random((16, 40)) < 0.9)
    starts = rng.uniform(low, high, (20, 2)).astype(np.float32)
    ends = rng.uniform(low, high, (24, 2)).astype(np.float32)
    # Peaks on whole cells are the edge of that part.
    starts[0], ends[0] = np.round(low), np.round(high)
    expected = {}
    for a, start in enumerate(starts):
        for b, end in enumerate(ends):
            score = looked_along(field, start, end, fraction=fraction)
            if score is not None:
                expected[a, b] = score
    found = limbs_of(field, starts, ends, fraction=fraction, room=480, close=0)
    assert (30 if strength == 1 else 3) < len(found) < 400
    assert [limb[:2] for limb in found] == sorted(expected)
    for a, b, score in found:
        assert score == pytest.approx(expected[a, b], abs=1e-3)


@pytest.mark.parametrize('shape', [(1, 30), (30, 1)])
def test_thin_fields(shape):
    field = np.zeros((2, *shape))
    field[0 if shape[0] == 1 else 1] = 0.7
    line = [[2, 0]], [[27, 0]]
    if shape[1] == 1:
        line = [[0, 2]], [[0, 27]]
    assert limbs_of(field, *line) == [(0, 0, 0.7)]


def test_limbs_without_peaks_of_an_end_are_none(rightwards):
    assert limbs_of(rightwards, [[3, 4]], np.zeros((0, 2))) == []
    assert limbs_of(rightwards, np.zeros((0, 2)), [[3, 4]]) == []


def test_the_order_of_joining_is_stable():
    rng = np.random.default_rng(0)
    rank = -np.round(rng.uniform(0, 2, 500), 1).astype(np.float32)
    rank[:3] = -np.inf, 1.5, 0.0
    expected = np.argsort(rank, kind='stable')
    np.testing.assert_array_equal(best_first(rank), expected)
    assert len(best_first(rank[:0])) == 0
