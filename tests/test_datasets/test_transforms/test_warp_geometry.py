import numpy as np
import pytest

from wholebody_mm.datasets.transforms.geometry import (
    box_corners,
    centred_warp,
    enlarged,
    inverse,
    top_left_warp,
    warp_boxes,
    warp_image,
    warp_points,
)


def blob(size, centre, sigma):
    x, y = np.meshgrid(np.arange(size[0]), np.arange(size[1]))
    d2 = (x - centre[0]) ** 2 + (y - centre[1]) ** 2
    value = 255 * np.exp(-d2 / (2 * sigma**2))
    return np.repeat(value[..., None], 3, 2).astype(np.uint8)


def centroid(image):
    value = image[..., 0].astype(float)
    y, x = np.indices(value.shape)
    return np.array([(x * value).sum(), (y * value).sum()]) / value.sum()


@pytest.mark.parametrize('flip', [False, True])
@pytest.mark.parametrize('degrees', [0.0, 31.0, -90.0])
@pytest.mark.parametrize('scale', [0.13, 0.37, 0.8, 2.3])
def test_points_move_with_the_picture(scale, degrees, flip):
    sigma = 3 / min(scale, 1)
    point = np.array([371.0, 243.0])
    image = blob((640, 480), point, sigma)
    matrix = centred_warp(
        np.array([355.0, 250.0]), scale, degrees, (240, 200), (6, -3), flip
    )
    warped = warp_image(image, matrix, (240, 200), (0, 0, 0))
    assert warped.shape == (200, 240, 3)
    np.testing.assert_allclose(
        centroid(warped), warp_points(point, matrix), atol=0.1
    )


def test_the_centre_comes_to_the_middle_and_the_shift_moves_the_window():
    centre = np.array([31.0, 77.0])
    matrix = centred_warp(centre, 0.5, 20, (101, 61))
    np.testing.assert_allclose(warp_points(centre, matrix), [50, 30])
    matrix = centred_warp(centre, 0.5, 20, (101, 61), shift=(10, -5))
    np.testing.assert_allclose(warp_points(centre, matrix), [40, 35])


def test_rotation_is_clockwise_as_seen():
    matrix = centred_warp(np.zeros(2), 1, 90, (101, 101))
    above = warp_points(np.array([0.0, -10]), matrix)
    np.testing.assert_allclose(above, [60, 50], atol=1e-4)  # now to the right


def test_a_mirrored_window_is_the_mirror_of_the_window():
    image = np.random.default_rng(0).integers(
        0, 256, (60, 80, 3), dtype=np.uint8
    )
    args = (np.array([40.0, 30.0]), 1.0, 0.0, (41, 31))
    plain = warp_image(image, centred_warp(*args), (41, 31))
    mirrored = warp_image(image, centred_warp(*args, flip=True), (41, 31))
    np.testing.assert_array_equal(mirrored, plain[:, ::-1])


def test_shrinking_averages_instead_of_skipping():
    # Lines one pixel wide, every fourth: skipping would show or lose them.
    image = np.zeros((480, 480, 3), np.uint8)
    image[:, ::4] = 255
    matrix = centred_warp(np.array([239.5, 239.5]), 0.125, 0, (60, 60))
    small = warp_image(image, matrix, (60, 60), (0, 0, 0))
    inside = small[5:-5, 5:-5].astype(float)
    assert inside.mean() == pytest.approx(255 / 4, abs=2)
    assert inside.std() < 6


@pytest.mark.parametrize('size', [(640, 427), (427, 640), (33, 500)])
def test_top_left(size):
    matrix, input_size, content = top_left_warp(size, 480, 16)
    assert content[1] == 480
    assert content[0] == pytest.approx(size[0] * 480 / size[1], abs=0.5)
    assert all(side % 16 == 0 for side in input_size)
    padding = np.array(input_size) - content
    assert ((padding >= 0) & (padding < 16)).all()
    # The corners of the picture are the corners of the content.
    ends = warp_points(np.array([[-0.5, -0.5], np.array(size) - 0.5]), matrix)
    np.testing.assert_allclose(
        ends, [[-0.5, -0.5], np.array(content) - 0.5], atol=1e-3
    )


def test_top_left_with_a_largest_width():
    _, input_size, content = top_left_warp((2000, 500), 480, 16, 848)
    assert content == (848, 212)
    assert input_size == (848, 224)


def test_inverse_undoes():
    matrix = centred_warp(np.array([3.0, 4.0]), 0.3, 25, (48, 32), flip=True)
    points = np.random.default_rng(0).uniform(0, 100, (5, 2))
    back = warp_points(warp_points(points, matrix), inverse(matrix))
    np.testing.assert_allclose(back, points, atol=1e-3)


def test_boxes():
    boxes = np.array([[0.0, 0, 10, 20]])
    turned = warp_boxes(boxes, centred_warp(np.zeros(2), 2, 90, (1, 1)))
    np.testing.assert_allclose(turned, [[-40, 0, 0, 20]], atol=1e-4)
    np.testing.assert_allclose(enlarged(boxes, 1), [[-10, -20, 20, 40]])
    assert box_corners(boxes)[0].tolist() == [
        [0, 0],
        [10, 0],
        [10, 20],
        [0, 20],
    ]


def test_nobody():
    matrix = centred_warp(np.zeros(2), 2, 30, (9, 9))
    assert warp_points(np.zeros((0, 135, 2)), matrix).shape == (0, 135, 2)
    assert warp_boxes(np.zeros((0, 4)), matrix).shape == (0, 4)
    assert enlarged(np.zeros((0, 4)), 1).shape == (0, 4)
