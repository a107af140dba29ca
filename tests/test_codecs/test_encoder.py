import numpy as np
import pytest

from wholebody_mm.codecs import MapEncoder
from wholebody_mm.codecs.geometry import to_pixels
from wholebody_mm.skeletons import COCO17, WHOLEBODY135

SIZE = (96, 64)


def encode(points, stride=8, skeleton=COCO17, visible=None):
    """Maps of people given as {keypoint name: (x, y)}."""
    keypoints = np.zeros((len(points), skeleton.num_keypoints, 2))
    given = np.zeros(keypoints.shape[:2])
    for n, person in enumerate(points):
        for name, xy in person.items():
            keypoints[n, skeleton.index(name)] = xy
            given[n, skeleton.index(name)] = 1
    visible = given if visible is None else visible
    return MapEncoder(skeleton, stride).encode(keypoints, visible, SIZE)


def grid(stride):
    """x and y in pixels of every cell."""
    x = to_pixels(np.arange(SIZE[0] // stride), stride)
    y = to_pixels(np.arange(SIZE[1] // stride), stride)
    return np.meshgrid(x, y)


@pytest.mark.parametrize('stride', [1, 4, 8])
@pytest.mark.parametrize('name', ['nose', 'left_thumb1'])
def test_a_gaussian_of_the_skeletons_sigma_ends_at_one_percent(stride, name):
    k = WHOLEBODY135.index(name)
    heatmaps, _ = encode([{name: (40.3, 22.8)}], stride, WHOLEBODY135)
    x, y = grid(stride)
    d2 = (x - 40.3) ** 2 + (y - 22.8) ** 2
    expected = np.exp(-d2 / (2 * WHOLEBODY135.target_sigmas[k] ** 2))
    clear = abs(expected - 0.01) > 1e-5
    expected[expected < 0.01] = 0
    np.testing.assert_allclose(heatmaps[k][clear], expected[clear], atol=1e-5)
    assert not np.delete(heatmaps, k, axis=0).any()


def test_overlapping_people_take_the_maximum_in_confidence_maps():
    a, b = {'nose': (40, 30)}, {'nose': (50, 32)}
    both = encode([a, b])[0]
    np.testing.assert_array_equal(
        both, np.maximum(encode([a])[0], encode([b])[0])
    )


@pytest.mark.parametrize('stride', [4, 8])
def test_a_field_is_the_unit_vector_one_cell_to_each_side(stride):
    a, b = np.array([20.0, 12.0]), np.array([72.0, 44.0])
    limb = COCO17.limbs.index(
        (COCO17.index('left_elbow'), COCO17.index('left_wrist'))
    )
    _, pafs = encode([{'left_elbow': a, 'left_wrist': b}], stride)
    x, y = grid(stride)
    unit = (b - a) / np.linalg.norm(b - a)
    across = abs((x - a[0]) * unit[1] - (y - a[1]) * unit[0]) / stride
    inside = (x > 20 - stride) & (x < 72 + stride)
    inside &= (y > 12 - stride) & (y < 44 + stride)
    on = inside & (across < 0.99)
    off = ~inside | (across > 1.01)
    field = pafs[2 * limb : 2 * limb + 2]
    np.testing.assert_allclose(field[:, on], unit[:, None].repeat(on.sum(), 1))
    assert not field[:, off].any()
    others = np.delete(pafs, [2 * limb, 2 * limb + 1], axis=0)
    assert not others.any()


def test_crossing_limbs_are_averaged():
    limb = COCO17.limbs.index(
        (COCO17.index('left_elbow'), COCO17.index('left_wrist'))
    )
    right = {'left_elbow': (12, 28), 'left_wrist': (84, 28)}
    down = {'left_elbow': (44, 4), 'left_wrist': (44, 60)}
    field = encode([right, down])[1][2 * limb : 2 * limb + 2]
    np.testing.assert_allclose(field[:, 3, 5], [0.5, 0.5], atol=1e-6)
    np.testing.assert_allclose(field[:, 3, 9], [1, 0], atol=1e-6)
    np.testing.assert_allclose(field[:, 6, 5], [0, 1], atol=1e-6)


def test_targets_follow_a_flipped_image(drawn):
    keypoints, visible = drawn(1, 4)
    size = (848, 480)
    encoder = MapEncoder(WHOLEBODY135, 8)
    heatmaps, pafs = encoder.encode(keypoints, visible, size)
    flip = WHOLEBODY135.flip_indices
    mirrored = keypoints[:, flip]
    mirrored[..., 0] = size[0] - 1 - mirrored[..., 0]
    flipped, flipped_pafs = encoder.encode(mirrored, visible[:, flip], size)
    np.testing.assert_allclose(flipped[flip, :, ::-1], heatmaps, atol=1e-3)
    where, signs = WHOLEBODY135.limb_flips
    for limb in np.flatnonzero(where >= 0):
        back = flipped_pafs[2 * where[limb] : 2 * where[limb] + 2, :, ::-1]
        back = back * np.array([-signs[limb], signs[limb]])[:, None, None]
        wrong = abs(back - pafs[2 * limb : 2 * limb + 2]).max(axis=0) > 1e-3
        # A cell exactly on the field's edge may fall either way.
        assert wrong.mean() < 1e-3


def test_what_is_not_drawn():
    """Unlabelled, not finite, outside, coincident: no map, no crash."""
    nothing = encode([])
    assert nothing[0].shape == (17, 8, 12) and not nothing[0].any()
    assert nothing[1].shape == (2 * COCO17.num_limbs, 8, 12)
    assert not nothing[1].any()
    shoulder, elbow = {'left_shoulder': (30, 30)}, 'left_elbow'
    alone = encode([shoulder])
    for bad in ((np.nan, 5), (np.inf, 5), (-1e30, 5), (200, 5), (5, -0.6)):
        maps = encode([{**shoulder, elbow: bad}])
        np.testing.assert_array_equal(maps[0], alone[0])
        np.testing.assert_array_equal(maps[1], alone[1])
    same = encode([{**shoulder, elbow: (30, 30)}])
    assert same[0][COCO17.index(elbow)].max() > 0.8
    assert not same[1].any()


def test_occluded_points_are_drawn_and_unlabelled_nan_is_not():
    keypoints = np.full((2, 17, 2), np.nan, np.float32)
    keypoints[1, 0] = 40, 30
    visible = np.zeros((2, 17))
    visible[1, 0] = 1
    heatmaps, _ = MapEncoder(COCO17, 8).encode(keypoints, visible, SIZE)
    assert heatmaps[0].max() > 0.8 and np.isfinite(heatmaps).all()


def test_drawing_into_given_arrays_leaves_nothing_of_before():
    encoder = MapEncoder(COCO17, 8)
    keypoints = np.random.default_rng(0).uniform(0, 60, (3, 17, 2))
    expected = encoder.encode(keypoints, None, SIZE)
    out = tuple(np.full_like(m, np.nan) for m in expected)
    encoder.encode(keypoints, None, SIZE, out)
    for ours, theirs in zip(out, expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    with pytest.raises(ValueError, match='out holds float64'):
        encoder.encode(
            keypoints, None, SIZE, tuple(m.astype(float) for m in out)
        )


def test_wrong_shapes_are_named():
    encoder = MapEncoder(COCO17, 8)
    with pytest.raises(ValueError, match=r'\(N, 17, 2\), not \(1, 16, 2\)'):
        encoder.encode(np.zeros((1, 16, 2)), None, SIZE)
    with pytest.raises(ValueError, match='2 people'):
        encoder.encode(np.zeros((2, 17, 2)), np.ones((1, 17)), SIZE)


def test_visibilities_of_mmposes_converter():
    """(N, K, 2): a weight stands behind each."""
    encoder = MapEncoder('coco17')
    people = np.random.default_rng(0).uniform(10, 90, (2, 17, 2))
    visible = np.ones((2, 17), np.float32)
    visible[1, 3:] = 0
    pairs = np.stack([visible, np.ones_like(visible)], axis=-1)
    plain = encoder.encode(people, visible, (96, 96))
    for ours, theirs in zip(
        encoder.encode(people, pairs, (96, 96)), plain, strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.filterwarnings('error')
def test_gaussians_between_the_cells_are_told():
    """Those of ViT or Swin without a neck: strides of 16 and 32."""
    MapEncoder(WHOLEBODY135, 8)
    with pytest.warns(UserWarning, match='low and inexact.*heatmap_stride'):
        narrow = MapEncoder(COCO17, 16)
    with pytest.raises(ValueError, match='would vanish.*heatmap_stride'):
        MapEncoder(COCO17, 32)
    MapEncoder(COCO17, 32, heatmap_stride=8)
    x, y = to_pixels(np.array([0.5, 0.5]), 16)
    point = np.tile([x, y], (1, 17, 1))
    assert (narrow.encode(point, None, SIZE)[0].max(axis=(1, 2)) > 0.01).all()
