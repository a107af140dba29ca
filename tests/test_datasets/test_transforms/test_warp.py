import copy

import numpy as np
import pytest

from wholebody_mm.datasets.transforms.geometry import warp_points
from wholebody_mm.datasets.transforms.warp import WholeBodyRandomWarp
from wholebody_mm.skeletons import WHOLEBODY135

K = WHOLEBODY135.num_keypoints


def sample(people=2, size=(640, 480)):
    """People with points in known places; a picture that is black."""
    rng = np.random.default_rng(1)
    corner = rng.uniform(100, 200, (people, 1, 2))
    keypoints = corner + rng.uniform(0, 1, (people, K, 2)) * [60, 150]
    visible = np.full((people, K), 2.0)
    visible[:, 5] = 0
    keypoints[:, 5] = 0
    bbox = np.concatenate([corner[:, 0], corner[:, 0] + [60, 150]], 1)
    labelled = np.ones(K, bool)
    labelled[WHOLEBODY135.parts['lefthand']] = False
    return dict(
        img=np.zeros((size[1], size[0], 3), np.uint8),
        keypoints=keypoints.astype(np.float32),
        keypoints_visible=visible.astype(np.float32),
        bbox=bbox.astype(np.float32),
        person_boxes=bbox.astype(np.float32),
        ignore_regions=[
            ('lefthand', np.array([1.0, 2, 3, 4])),
            (None, np.array([5.0, 6, 7, 8])),
            ('face', np.array([5.0, 6, 7, 8])),
        ],
        labelled=labelled,
        negatives=True,
        skeleton=WHOLEBODY135,
    )


def paint(image, point, color):
    x, y = np.meshgrid(np.arange(image.shape[1]), np.arange(image.shape[0]))
    d2 = (x - point[0]) ** 2 + (y - point[1]) ** 2
    value = np.exp(-d2 / (2 * 8.0**2))[..., None] * np.array(color)
    np.maximum(image, value.astype(np.uint8), out=image)


def warp(results, seed=0, **kwargs):
    np.random.seed(seed)  # noqa: NPY002  as MMEngine does in each worker
    return WholeBodyRandomWarp(**kwargs).transform(results)


@pytest.mark.parametrize('flip_prob', [0.0, 1.0])
@pytest.mark.parametrize('seed', range(6))
def test_keypoints_follow_the_picture(seed, flip_prob):
    """A green blob is at the left wrist, a red one at the right wrist."""
    results = sample(1)
    left = WHOLEBODY135.index('left_wrist')
    right = WHOLEBODY135.index('right_wrist')
    results['keypoints'][0, left] = [120, 200]
    results['keypoints'][0, right] = [190, 230]
    paint(results['img'], (120, 200), (0, 255, 0))
    paint(results['img'], (190, 230), (0, 0, 255))
    out = warp(
        results, seed, input_size=(384, 256), flip_prob=flip_prob,
        scale=(0.6, 0.9), border=(0, 0, 0),
    )  # fmt: skip
    assert out['img'].shape == (256, 384, 3)
    assert out['flip'] is bool(flip_prob)
    if out['flip']:  # who was left is right in a mirror
        left, right = right, left
    for channel, keypoint in ((1, left), (2, right)):
        value = out['img'][..., channel].astype(float)
        y, x = np.indices(value.shape)
        centre = np.array([(x * value).sum(), (y * value).sum()])
        np.testing.assert_allclose(
            out['keypoints'][0, keypoint], centre / value.sum(), atol=0.3
        )


def test_the_matrix_moves_the_original_points():
    results = sample(2)
    before = results['keypoints'].copy()
    out = warp(results, 3, flip_prob=0.0)
    np.testing.assert_allclose(
        out['keypoints'][:, :5], warp_points(before, out['warp_mat'])[:, :5]
    )
    assert out['input_size'] == (480, 480)
    assert out['img_shape'] == (480, 480)


def test_size_is_relative_to_the_person():
    heights = []
    for seed in range(200):
        out = warp(sample(1), seed, rotation=0.0)
        heights.append(out['bbox'][0, 3] - out['bbox'][0, 1])
    # 0.6 * 480 * [1/3, 1.5]
    assert 96 <= min(heights) < 110
    assert 415 < max(heights) <= 432.01


def test_crop_is_jittered_around_the_person():
    offsets = []
    for seed in range(200):
        out = warp(sample(1), seed, input_size=(400, 320))
        box = out['bbox'][0]
        offsets.append((box[:2] + box[2:]) / 2 - [199.5, 159.5])
    offsets = np.abs(offsets)
    assert (offsets.max(axis=0) > 35).all()
    assert offsets.max() <= 40.01


def test_an_input_can_be_kept_within_the_image():
    def borders(**options):
        """Of 40 crops: share beside the image, and where the person is."""
        shares, middles = [], []
        for seed in range(40):
            results = sample(1, size=(400, 400))
            results['img'][:] = 255
            out = warp(
                results, seed, input_size=(128, 128), rotation=0.0,
                scale=(0.4, 2.0), border=(0, 0, 0), **options,
            )  # fmt: skip
            shares.append((out['img'] < 128).mean())
            box = out['bbox'][0]
            middles.append((box[:2] + box[2:]) / 2)
        return np.array(shares), np.array(middles)

    shares, middles = borders(fill=True)
    assert shares.max() == 0
    assert (middles > 0).all()  # the person stays in sight
    assert (middles < 128).all()
    assert borders()[0].max() > 0.3


def test_an_image_of_another_shape_is_made_no_smaller_than_it_fits():
    for seed in range(20):
        results = sample(1, size=(640, 320))
        out = warp(
            results, seed, input_size=(128, 128), rotation=0.0,
            scale=(0.1, 0.1), flip_prob=0.0, fill=True,
        )  # fmt: skip
        corners = warp_points(
            np.array([[-0.5, -0.5], [639.5, 319.5]]), out['warp_mat']
        )
        np.testing.assert_allclose(
            corners, [[-0.5, 31.5], [127.5, 95.5]], atol=1e-3
        )


def test_rotation_stays_in_its_range():
    degrees = []
    for seed in range(200):
        matrix = warp(sample(1), seed, flip_prob=0.0)['warp_mat']
        degrees.append(np.degrees(np.arctan2(matrix[1, 0], matrix[0, 0])))
    assert -45.01 <= min(degrees) < -38
    assert 38 < max(degrees) <= 45.01


def test_absent_points_stay_absent_and_points_outside_stay_labelled():
    results = sample(1)
    out = warp(results, 2, input_size=(64, 64), scale=(9.0, 9.0))
    outside = (out['keypoints'] < 0) | (out['keypoints'] > 63)
    assert outside.any()
    visible = out['keypoints_visible'][0]
    assert (visible > 0).sum() == K - 1
    absent = np.flatnonzero(visible == 0)
    assert (out['keypoints'][0, absent] == 0).all()


def test_hidden_points_of_known_places_move_with_the_image():
    results = sample()
    results['keypoints_visible'][0, 5] = -1
    before = results['keypoints'][0, 5].copy()
    results = warp(results, flip_prob=0.0)
    np.testing.assert_allclose(
        results['keypoints'][0, 5],
        results['warp_mat'] @ [*before, 1],
        atol=1e-3,
    )
    assert results['keypoints_visible'][0, 5] == -1


def test_a_flip_swaps_sides_everywhere():
    results = sample(1)
    out = warp(results, 0, flip_prob=1.0)
    assert out['labelled'][WHOLEBODY135.parts['lefthand']].all()
    assert not out['labelled'][WHOLEBODY135.parts['righthand']].any()
    parts = [part for part, _ in out['ignore_regions']]
    assert parts == ['righthand', None, 'face']
    other = WHOLEBODY135.flip_indices[5]
    assert out['keypoints_visible'][0, other] == 0
    assert out['keypoints_visible'][0, 5] == 2
    assert np.linalg.det(out['warp_mat'][:, :2]) < 0


def test_images_of_nobody():
    for seed in range(20):
        out = warp(sample(0), seed, input_size=(96, 64))
        assert out['img'].shape == (64, 96, 3)
        assert out['keypoints'].shape == (0, K, 2)
        assert out['bbox'].shape == out['person_boxes'].shape == (0, 4)


def test_a_speck_does_not_set_the_scale():
    results = sample(1)
    results['bbox'][:] = [300, 300, 304, 306]
    scale = np.linalg.det(warp(results, 0)['warp_mat'][:, :2])
    assert abs(scale) < 10


def test_the_whole_image_can_set_the_scale():
    out = warp(
        sample(1), 0, relative_to='image', input_size=(320, 320),
        scale=(1, 1), rotation=0.0, shift=0.0, flip_prob=0.0,
    )  # fmt: skip
    corners = np.array([[-0.5, -0.5], [639.5, 479.5]])
    np.testing.assert_allclose(
        warp_points(corners, out['warp_mat']),
        [[-0.5, 39.5], [319.5, 279.5]],
        atol=1e-3,
    )


def test_a_seed_repeats_the_warp():
    first = warp(sample(2), 7)['warp_mat']
    np.testing.assert_array_equal(first, warp(sample(2), 7)['warp_mat'])
    assert not np.allclose(first, warp(sample(2), 8)['warp_mat'])


@pytest.mark.parametrize(
    'bad', [dict(scale=(0, 1)), dict(flip_prob=2), dict(relative_to='x')]
)
def test_arguments_out_of_range(bad):
    with pytest.raises(ValueError):
        WholeBodyRandomWarp(**bad)


@pytest.mark.parametrize(
    ('centre_on', 'scale', 'names', 'share'),
    [
        ('hand', (2.5, 4.0), ('left_wrist', 'right_wrist'), 0.95),
        ('hand', (1.4, 1.9), ('left_wrist', 'right_wrist'), 0.5),
        ('hand', (0.5, 1.2), ('left_wrist', 'right_wrist'), 0.0),
        ('face', (2.5, 4.0), ('nose',), 0.95),
        ('wholebody', (2.5, 4.0), ('nose',), 0.475),
        ('extremities', (2.5, 4.0), ('left_ankle', 'right_ankle'), 0.317),
        ('joints', (2.5, 4.0), ('left_knee', 'right_knee'), 0.2375),
        ('joints', (2.5, 4.0), ('nose', 'left_wrist', 'right_wrist'), 0.0),
        (None, (2.5, 4.0), ('nose', 'left_wrist', 'right_wrist'), 0.0),
    ],
)
def test_large_people_are_centred_on_what_the_data_set_is_for(
    centre_on, scale, names, share
):
    points = [WHOLEBODY135.index(name) for name in names]
    hits, tries = 0, 200
    for seed in range(tries):
        results = warp(
            sample(1),
            seed,
            input_size=(65, 65),
            scale=scale,
            shift=0.0,
            centre_on=centre_on,
        )
        off = np.abs(results['keypoints'][0, points] - 32).max(axis=1)
        if results['flip']:  # the named points are the other side's now
            order = WHOLEBODY135.flip_indices[points]
            off = np.abs(results['keypoints'][0, order] - 32).max(axis=1)
        hits += off.min() < 0.1
    assert abs(hits / tries - share) < 0.12


@pytest.mark.parametrize('nose', ['not labelled', 'beyond the image'])
def test_a_centre_that_nobody_has_is_an_error_or_the_person(nose):
    with pytest.raises(ValueError, match='centre_on'):
        WholeBodyRandomWarp(centre_on='elbow')
    results = sample(1)
    if nose == 'not labelled':
        results['keypoints_visible'][:, WHOLEBODY135.index('nose')] = 0
    else:
        results['keypoints'][:, WHOLEBODY135.index('nose')] = -9, 20
    middle = (results['bbox'][0, :2] + results['bbox'][0, 2:]) / 2
    results = warp(
        results, scale=(3, 3), rotation=0.0, shift=0.0, flip_prob=0.0,
        centre_on='face',
    )  # fmt: skip
    moved = warp_points(middle[None], results['warp_mat'])[0]
    assert np.allclose(moved, 239.5, atol=0.1)


@pytest.mark.parametrize(('labels', 'found'), [(4, 1.0), (3, 1.0), (1, 0.0)])
def test_sets_of_few_keypoints_set_the_scale_too(labels, found):
    """MPII has four: its people come to the middle as those of COCO do."""
    share = []
    for seed in range(20):
        results = sample(1)
        results['labelled'][:] = False
        results['labelled'][:4] = True
        results['keypoints_visible'][:, labels:] = 0
        out = warp(results, seed, input_size=(256, 256), shift=0, rotation=0)
        low, high = out['bbox'][0, :2], out['bbox'][0, 2:]
        share.append(np.allclose((low + high) / 2, 127.5, atol=1))
    assert np.mean(share) == found


def test_nobody_is_drawn_outside_of_the_image():
    """Rendered people end at the image, and so does what is drawn of them."""
    results = sample(1, size=(400, 400))
    foot, knee = (WHOLEBODY135.index(f'left_{n}') for n in ('ankle', 'knee'))
    results['keypoints'][0, foot] = [200, 480]
    results['keypoints'][0, knee] = [200, 400]  # on the border
    results['bbox'] = np.float32([[100, 100, 300, 500]])
    out = warp(
        results, input_size=(512, 512), scale=(0.5, 0.5), shift=0, flip_prob=0
    )
    # the border in which the ankle would lie is part of the input
    place = warp_points(np.float32([[200, 480]]), out['warp_mat'])[0]
    assert (place > 0).all() and (place < 512).all()
    assert (out['keypoints'][0, foot] < 0).all()
    assert (out['keypoints'][0, knee] > 0).all()
    # known all the same: its absence is learnt
    assert out['keypoints_visible'][0, foot] > 0


def test_people_beyond_the_image_are_looked_at_where_they_are_in_it():
    """Of rendered people the whole box is known, most of it may be outside."""
    results = sample(1)
    results['bbox'] = np.float32([[-800, 100, 40, 400]])
    for seed in range(20):
        out = warp(copy.deepcopy(results), seed, rotation=0.0, shift=0.0)
        # the middle of the input lies on the visible piece of the box
        inverse = np.linalg.inv(np.vstack([out['warp_mat'], [0, 0, 1]]))
        x, y, _ = inverse @ [239.5, 239.5, 1]
        assert x == pytest.approx((40 - 0.5) / 2, abs=1)
        assert y == pytest.approx(250, abs=1)


@pytest.mark.parametrize(
    ('options', 'height'),
    [({}, 400), (dict(whole_boxes=True), 1600), (dict(fill=True), 1600)],
)
def test_the_height_of_a_box_that_reaches_beyond_the_image(options, height):
    """As of a hand that fills a picture: its box is nine times as large."""
    results = sample(1)
    results['img'] = results['img'][:400]
    results['bbox'] = np.float32([[-600, -600, 1000, 1000]])
    results['bbox'][0, [1, 3]] -= 0.5  # edges of pixels
    plain = dict(rotation=0.0, shift=0.0, flip_prob=0.0, scale=(2, 2))
    out = warp(results, 0, **plain, **options)
    scale = out['warp_mat'][0, 0]
    if 'fill' in options:  # no smaller than the image fits
        assert scale == pytest.approx(480 / 640)
    else:
        assert scale == pytest.approx(2 * 0.6 * 480 / height, rel=0.01)


@pytest.mark.parametrize(
    'moved',
    [dict(flip=False), dict(warp_mat=np.eye(2, 3)), dict(ori_shape=(9, 9))],
)
def test_what_another_transform_has_moved_is_refused(moved):
    with pytest.raises(ValueError, match='let this warp do all of it'):
        warp({**sample(), **moved})
    warp({**sample(), 'ori_shape': (480, 640)})


def test_records_of_mmposes_data_sets():
    """They know what a mirror swaps, nothing of regions and parts."""
    own = ('img', 'keypoints', 'keypoints_visible', 'bbox')
    full = sample()
    plain = {key: full[key] for key in own}
    plain['flip_indices'] = list(WHOLEBODY135.flip_indices)
    full['labelled'][:] = True
    options = dict(flip_prob=1.0, seed=4)
    one, other = warp(full, **options), warp(copy.deepcopy(plain), **options)
    for key in own:
        np.testing.assert_array_equal(one[key], other[key])
    assert 'ignore_regions' not in other
    del plain['flip_indices']
    with pytest.raises(ValueError, match='skeleton or flip_indices'):
        warp(copy.deepcopy(plain), flip_prob=1.0)
    with pytest.raises(ValueError, match='which keypoint is a'):
        warp(plain, centre_on='hand', scale=(3, 3), flip_prob=0.0)
