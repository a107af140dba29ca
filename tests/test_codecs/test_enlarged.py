import numpy as np
import pytest

from wholebody_mm.codecs import MapEncoder, PAFDecoder
from wholebody_mm.codecs.enlarged import enlarge
from wholebody_mm.codecs.geometry import to_pixels

SIZE = (848, 480)


@pytest.mark.parametrize('stride', [4, 8])
def test_what_is_in_a_map_stays_where_it_is(stride):
    """A slope over the cells' centres is the same slope over pixels."""
    x = to_pixels(np.arange(20), stride)
    pixels = enlarge(np.tile(x, (5, 1)), stride)
    assert pixels.shape == (5 * stride, 20 * stride)
    inside = slice(2 * stride, 18 * stride)
    expected = np.arange(20 * stride)[inside]
    np.testing.assert_allclose(
        pixels[2 * stride, inside], expected, atol=0.05 * stride
    )


def test_people_come_back_a_little_off(drawn, matched):
    """As the paper has it; sub-cell refinement is exact instead."""
    keypoints, visible = drawn(3, 4, overlap=0.1)
    maps = MapEncoder().encode(keypoints, visible, SIZE)
    people = PAFDecoder(enlarge=True).decode(*maps)
    assert len(people) == 4
    found = people.keypoints, people.keypoint_scores
    assert matched(keypoints, visible, *found, tolerance=4) > 0.95
    refined = PAFDecoder().decode(*maps)
    exact = refined.keypoints, refined.keypoint_scores
    assert matched(keypoints, visible, *exact, tolerance=0.1) > 0.95
    assert matched(keypoints, visible, *found, tolerance=0.1) < 0.5


def test_holes_stay_holes(drawn):
    keypoints, visible = drawn(3, 4, overlap=0.1)
    maps = MapEncoder().encode(keypoints, visible, SIZE)
    decoder = PAFDecoder(enlarge=True)
    before = (decoder.decode(*maps).keypoint_scores > 0).sum()
    for group in maps:
        group[:, 25:35, 30:76] = np.nan
        group[:, -3:, -3:] = np.inf
    people = decoder.decode(*maps)
    assert np.isfinite(people.keypoints).all()
    after = (people.keypoint_scores > 0).sum()
    assert 0.3 * before < after < before


def test_ones_have_no_peaks_to_speak_of():
    shape = (10, 12)
    decoder = PAFDecoder('coco17', enlarge=True)
    limbs = decoder.skeleton.num_limbs
    people = decoder.decode(
        np.ones((17, *shape)), np.ones((2 * limbs, *shape))
    )
    assert len(people) <= 1


_FILLS = dict(
    ones=lambda rng, shape: np.ones(shape),
    nan=lambda rng, shape: np.full(shape, np.nan),
    noise=lambda rng, shape: rng.standard_normal(shape),
    huge=lambda rng, shape: 1e38 * rng.standard_normal(shape),
)


@pytest.mark.parametrize('fields', _FILLS)
@pytest.mark.parametrize('maps', _FILLS)
def test_any_maps_give_a_bounded_result(maps, fields):
    rng = np.random.default_rng(0)
    decoder = PAFDecoder('coco17', enlarge=True, max_people=5)
    shape = 20, 30
    people = decoder.decode(
        _FILLS[maps](rng, (17, *shape)),
        _FILLS[fields](rng, (2 * decoder.skeleton.num_limbs, *shape)),
    )
    assert len(people) <= 5
    assert np.isfinite(people.keypoints).all()
    assert (people.keypoint_scores <= 1).all()
