import numpy as np
import pytest

from wholebody_mm.codecs.peaks import find_peaks, strong_first

SIGMA = 0.75


def peaks(m, threshold=0.1, room=16, sigma=SIGMA):
    """(n, 2) cells and (n,) scores of the peaks of one map."""
    cells = np.zeros((1, room, 2), np.float32)
    scores = np.zeros((1, room), np.float32)
    counts = np.zeros(1, np.int32)
    find_peaks(
        np.asarray(m, np.float32)[None],
        np.array([sigma], np.float32),
        np.float32(threshold),
        cells,
        scores,
        counts,
    )
    return cells[0, : counts[0]], scores[0, : counts[0]]


def gaussian(x, y, w=12, h=9, sigma=SIGMA):
    i, j = np.meshgrid(np.arange(w), np.arange(h))
    return np.exp(-((i - x) ** 2 + (j - y) ** 2) / (2 * sigma**2))


@pytest.mark.parametrize(
    'x, y', [(5.3, 4.4), (5.5, 4.5), (0.3, 4.1), (-0.4, 8.3), (11.4, -0.3)]
)
def test_a_gaussian_anywhere_comes_back_exactly(x, y):
    """Also in the cells at the border, and its height although the raw cell
    is far below it."""
    m = gaussian(x, y)
    assert m.max() < 0.95
    cells, scores = peaks(m)
    np.testing.assert_allclose(cells, [[x, y]], atol=2e-3)
    np.testing.assert_allclose(scores, [1.0], atol=5e-3)


@pytest.mark.parametrize(
    'region', [np.s_[3, 4:6], np.s_[3:5, 4:6], np.s_[0:2, 0:2], np.s_[:, :]]
)
def test_a_plateau_is_one_peak(region):
    m = np.zeros((9, 12))
    m[region] = 0.8
    assert len(peaks(m)[0]) == 1


def test_two_equal_cells_have_their_peak_between_them():
    m = np.zeros((9, 12))
    m[3, 4:6] = 0.8
    np.testing.assert_allclose(peaks(m)[0], [[4.5, 3]], atol=1e-6)


def test_peaks_under_the_threshold_are_none():
    m = 0.09 * gaussian(5, 4)
    assert len(peaks(m)[0]) == 0
    assert len(peaks(m, threshold=0.05)[0]) == 1


def test_of_too_many_the_highest_stay():
    m = np.zeros((9, 12))
    heights = np.linspace(0.2, 0.9, 12)
    spots = [(j, i) for j in (1, 4, 7) for i in (1, 4, 7, 10)]
    order = np.random.default_rng(0).permutation(12)
    for (j, i), height in zip(spots, heights[order], strict=True):
        m[j, i] = height
    _, scores = peaks(m, room=5)
    np.testing.assert_allclose(np.sort(scores), heights[-5:], rtol=1e-6)


def test_what_is_not_finite_counts_as_zero():
    for bad in (np.nan, np.inf, -np.inf):
        m, clean = gaussian(5.2, 4.1), gaussian(5.2, 4.1)
        for j, i in ((0, 0), (3, 5), (5, 6), (6, 8)):  # two beside it
            m[j, i], clean[j, i] = bad, 0
        for ours, theirs in zip(peaks(m), peaks(clean), strict=True):
            np.testing.assert_array_equal(ours, theirs)
        assert len(peaks(m)[0]) == 1


@pytest.mark.parametrize('shape', [(1, 1), (1, 6), (6, 1)])
def test_thin_maps(shape):
    m = np.zeros(shape)
    m[-1, -1] = 0.7
    cells, _ = peaks(m)
    assert len(cells) == 1
    assert abs(cells[0] - [shape[1] - 1, shape[0] - 1]).max() <= 0.5


def searched(m, threshold):
    """The cells (x, y) of all peaks, each compared with its neighbours."""
    m = np.where(np.isfinite(m), m, 0)
    framed = np.pad(m, 1, constant_values=-1)
    h, w = m.shape
    found = m > threshold
    for dj in (-1, 0, 1):
        for di in (-1, 0, 1):
            other = framed[1 + dj : 1 + dj + h, 1 + di : 1 + di + w]
            if (dj, di) < (0, 0):
                found &= m >= other
            elif (dj, di) > (0, 0):
                found &= m > other
    return [(i, j) for j, i in np.argwhere(found)]


@pytest.mark.parametrize('shape', [(9, 12), (30, 53), (8, 6), (1, 20), (7, 1)])
@pytest.mark.parametrize('digits', [1, 3])
def test_all_peaks_of_noise_in_reading_order(shape, digits):
    """With one digit most are plateaus; rows without any peak between."""
    rng = np.random.default_rng([*shape, digits])
    m = np.round(rng.uniform(-0.2, 0.9, shape), digits)
    m[rng.random(shape) < 0.05] = np.nan
    m[rng.random(shape) < 0.05] = np.inf
    m[rng.random(shape[0]) < 0.3] = 0.05
    expected = searched(m.astype(np.float32), np.float32(0.1))
    cells, _ = peaks(m, room=m.size)
    assert len(cells) == len(expected)
    assert abs(cells - np.reshape(expected, (-1, 2))).max(initial=0) <= 0.5


def test_low_neighbours_count_for_the_position_whatever_was_before():
    """Rows under the threshold, after a map that is full of values."""
    low, centre, lower = 0.04, 0.3, 0.02
    maps = np.full((2, 9, 12), 0.9, np.float32)
    maps[1] = 0
    maps[1, 3:6, 5] = low, centre, lower
    cells = np.zeros((2, 4, 2), np.float32)
    counts = np.zeros(2, np.int32)
    find_peaks(
        maps,
        np.full(2, SIGMA, np.float32),
        np.float32(0.1),
        cells,
        np.zeros((2, 4), np.float32),
        counts,
    )
    rise = np.log([centre / low, centre / lower])
    assert counts.tolist() == [1, 1]
    y = 4 + 0.5 * (rise[0] - rise[1]) / rise.sum()
    np.testing.assert_allclose(cells[1, 0], [5, y], atol=1e-5)


def test_strong_peaks_come_first_in_their_order():
    x = np.array([2.3, 7.6, 12.4, 17.0])
    value = np.array([0.1, 0.5, 0.2, 0.6])
    m = sum(
        v * gaussian(at, 4.2, w=20) for v, at in zip(value, x, strict=True)
    )
    heatmaps = np.stack([m, 0 * m]).astype(np.float32)
    cells = np.full((2, 5, 2), -1, np.float32)
    scores = np.full((2, 5), -1, np.float32)
    counts = np.zeros(2, np.int32)
    sigmas = np.full(2, SIGMA, np.float32)
    find_peaks(heatmaps, sigmas, np.float32(0.05), cells, scores, counts)
    assert counts.tolist() == [4, 0]
    strong = np.full(2, -1, np.int32)
    # the cell of the second has 0.5 exp(-(0.4^2 + 0.2^2) / (2 0.75^2)) = 0.42
    for threshold, first in ((0.43, 1), (0.4, 2), (0.05, 4), (0.9, 0)):
        strong_first(
            heatmaps, cells, scores, counts, np.float32(threshold), strong
        )
        assert strong.tolist() == [first, 0]
    order = [3, 1, 0, 2]
    np.testing.assert_allclose(cells[0, :4, 0], x[order], atol=0.05)
    np.testing.assert_allclose(scores[0, :4], value[order], atol=0.02)
    assert (cells[:, 4:] == -1).all() and (scores[1] == -1).all()
