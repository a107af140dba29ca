import numpy as np
import pytest

from wholebody_mm.datasets.transforms.geometry import warp_points
from wholebody_mm.datasets.transforms.resize import TopLeftResize


@pytest.mark.parametrize('size', [(640, 427), (427, 640), (100, 60)])
def test_mmposes_way_back_undoes_the_matrix(size):
    image = np.full((size[1], size[0], 3), 200, np.uint8)
    out = TopLeftResize(height=480).transform(dict(img=image))
    h, w = out['img'].shape[:2]
    assert out['input_size'] == (w, h)
    assert out['img_shape'] == (h, w)
    points = np.random.default_rng(0).uniform(0, 60, (7, 2))
    moved = warp_points(points, out['warp_mat'])
    # As MMPose's BottomupPoseEstimator.add_pred_to_datasample has it.
    back = (
        moved / out['input_size'] * out['input_scale']
        + out['input_center']
        - 0.5 * out['input_scale']
    )
    np.testing.assert_allclose(back, points, atol=1e-3)


def test_the_picture_is_top_left_and_the_rest_is_border():
    image = np.full((50, 90, 3), 200, np.uint8)
    out = TopLeftResize(height=100, multiple=32, border=(1, 2, 3)).transform(
        dict(img=image)
    )
    assert out['img'].shape == (128, 192, 3)
    assert (out['img'][:100, :180] == 200).all()
    assert (out['img'][100:] == [1, 2, 3]).all()
    assert (out['img'][:, 180:] == [1, 2, 3]).all()


def test_the_image_is_made_at_the_largest_scale():
    image = np.zeros((60, 120, 3), np.uint8)
    resize = TopLeftResize(
        height=240, scales=(0.5, 1, 2), max_width=300, multiple=8
    )
    assert resize.transform(dict(img=image))['input_size'] == (600, 304)


def test_a_bright_point_comes_where_the_matrix_says():
    image = np.zeros((240, 320, 3), np.uint8)
    y, x = np.indices((240, 320))
    image[..., 0] = 255 * np.exp(-((x - 200) ** 2 + (y - 90) ** 2) / 200)
    for height in (96, 480):
        out = TopLeftResize(height=height, border=(0, 0, 0)).transform(
            dict(img=image)
        )
        value = out['img'][..., 0].astype(float)
        y, x = np.indices(value.shape)
        centre = np.array([(x * value).sum(), (y * value).sum()]) / value.sum()
        np.testing.assert_allclose(
            centre, warp_points(np.array([200, 90]), out['warp_mat']), atol=0.1
        )


@pytest.mark.parametrize(
    'bad', [dict(height=0), dict(scales=()), dict(scales=(0.0,))]
)
def test_arguments_out_of_range(bad):
    with pytest.raises(ValueError, match='TopLeftResize needs'):
        TopLeftResize(**bad)
