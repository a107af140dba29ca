import cv2
import numpy as np
import pytest

from wholebody_mm.datasets.transforms.load import LoadImageFile


def test_an_image_comes_as_bgr_with_its_shape(tmp_path):
    path = tmp_path / 'a.png'
    image = np.zeros((20, 30, 3), np.uint8)
    image[..., 0] = 255
    cv2.imwrite(str(path), image)
    out = LoadImageFile().transform(dict(img_path=str(path)))
    np.testing.assert_array_equal(out['img'], image)
    assert out['img_shape'] == out['ori_shape'] == (20, 30)


def test_an_array_is_taken_as_it_is():
    image = np.zeros((20, 30, 3), np.uint8)
    out = LoadImageFile().transform(dict(img=image))
    assert out['ori_shape'] == (20, 30)


def test_a_missing_image_is_named(tmp_path):
    path = str(tmp_path / 'val2017' / 'x.jpg')
    with pytest.raises(FileNotFoundError) as caught:
        LoadImageFile().transform(dict(img_path=path))
    assert path in str(caught.value)
    assert str(tmp_path / 'val2017?') in str(caught.value)


@pytest.mark.parametrize('content', [b'', b'<html>404</html>'])
def test_a_file_that_is_no_image_is_named(tmp_path, content):
    path = tmp_path / 'x.jpg'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='x.jpg is no image'):
        LoadImageFile().transform(dict(img_path=str(path)))


def test_a_file_that_is_cut_off_is_named(tmp_path):
    """Half of it would be grey, and be learnt as nobody."""
    path = tmp_path / 'x.jpg'
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    cv2.imwrite(str(path), noise)
    LoadImageFile().transform(dict(img_path=str(path)))
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ValueError, match='x.jpg is cut off'):
        LoadImageFile().transform(dict(img_path=str(path)))
