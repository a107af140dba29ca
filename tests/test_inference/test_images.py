"""Every kind of image becomes 8-bit BGR; what is none is named."""

import io
import pathlib

import cv2
import numpy as np
import pytest

from wholebody_mm.inference.images import BrokenImageError, as_bgr, read_image

COLOURS = np.zeros((6, 9, 3), np.uint8)
COLOURS[..., 0], COLOURS[:, 4:, 2] = 200, 90


def encoded(suffix, image):
    return cv2.imencode(suffix, image)[1].tobytes()


@pytest.mark.parametrize(
    ('image', 'expected'),
    [
        (COLOURS, COLOURS),
        (np.dstack([COLOURS, COLOURS[..., 0]]), COLOURS),  # BGRA
        (COLOURS.astype(np.uint16) * 257, COLOURS),
        (COLOURS[..., 0], np.full((6, 9, 3), 200, np.uint8)),
        (COLOURS[..., :1], np.full((6, 9, 3), 200, np.uint8)),
    ],
)
def test_arrays_and_png_files_of_every_depth(image, expected, tmp_path):
    np.testing.assert_array_equal(as_bgr(image), expected)
    path = tmp_path / 'image.png'
    path.write_bytes(encoded('.png', image))
    np.testing.assert_array_equal(as_bgr(path), expected)
    assert as_bgr(path).flags.c_contiguous


def test_photos_are_turned_upright(tmp_path):
    Image = pytest.importorskip('PIL.Image')
    exif = Image.Exif()
    exif[0x0112] = 6  # turned a quarter
    data = io.BytesIO()
    Image.fromarray(COLOURS[..., ::-1]).save(data, 'png', exif=exif.tobytes())
    image = Image.open(io.BytesIO(data.getvalue()))
    upright = np.rot90(COLOURS, -1)
    np.testing.assert_array_equal(as_bgr(image), upright)
    path = tmp_path / 'photo.jpg'
    large = np.kron(COLOURS, np.ones((16, 16, 1), np.uint8))
    Image.fromarray(large[..., ::-1]).save(path, exif=exif.tobytes())
    found = as_bgr(path)
    assert found.shape == (9 * 16, 6 * 16, 3)
    assert np.abs(found.astype(int) - np.rot90(large, -1)).mean() < 10


def test_16_bits_are_not_judged_by_their_values():
    """Else the frames of a dark film would change their brightness."""
    dark = np.full((2, 2), 255, np.uint16)
    assert not as_bgr(dark).any()
    assert (as_bgr(dark.astype(np.uint8)) == 255).all()


def test_16_bits_of_the_other_order():
    """As PIL reads big-endian TIFF files on most machines."""
    image = COLOURS.astype(np.uint16) * 257
    for order in '<>':
        swapped = image.astype(f'{order}u2')
        np.testing.assert_array_equal(as_bgr(swapped), COLOURS)
    Image = pytest.importorskip('PIL.Image')
    data = np.array([[0, 40000]], '>u2').tobytes()
    grey = Image.frombytes('I;16B', (2, 1), data)
    assert as_bgr(grey)[0, :, 0].tolist() == [0, 40000 >> 8]


def test_16_bit_grey_from_pil():
    Image = pytest.importorskip('PIL.Image')
    grey = np.array([[0, 40000]], np.uint16)
    found = as_bgr(Image.fromarray(grey))
    assert found[0, :, 0].tolist() == [0, 40000 >> 8]
    wide = np.array([[0, 200]], np.int32)  # 8 bits in mode "I"
    assert as_bgr(Image.fromarray(wide))[0, :, 0].tolist() == [0, 200]


@pytest.mark.parametrize('share', [0.0, 0.2, 0.9])
@pytest.mark.parametrize('suffix', ['.jpg', '.png'])
def test_damaged_files_are_named(share, suffix, tmp_path, photo):
    data = encoded(suffix, photo)
    path = tmp_path / f'cut{suffix}'
    path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(BrokenImageError, match=f'cut{suffix}.*download'):
        as_bgr(path)


def test_photos_of_phones_are_whole(tmp_path, photo):
    """A thumbnail in a segment before the picture, a film behind it."""
    data, small = encoded('.jpg', photo), encoded('.jpg', COLOURS)
    length = (len(small) + 2).to_bytes(2, 'big')
    photo_with = data[:2] + b'\xff\xe1' + length + small + data[2:]
    film = b'film\xff\xda and no end'
    path = tmp_path / 'phone.jpg'
    path.write_bytes(photo_with + film)
    np.testing.assert_array_equal(
        as_bgr(path),
        cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR),
    )
    path.write_bytes(photo_with[:-400])
    with pytest.raises(BrokenImageError, match='cut off'):
        as_bgr(path)


def test_what_is_no_image_is_refused(tmp_path):
    path = tmp_path / 'letter.jpg'
    path.write_text('Dear reader')
    with pytest.raises(BrokenImageError, match='letter.jpg'):
        as_bgr(path)
    with pytest.raises(FileNotFoundError, match='nowhere.png'):
        as_bgr(pathlib.Path('nowhere.png'))
    for array in (np.zeros((4, 4)), np.zeros((2, 2, 2), np.uint8)):
        with pytest.raises(ValueError, match='an image of'):
            as_bgr(array)
    with pytest.raises(ValueError, match='at least one pixel'):
        as_bgr(np.zeros((0, 4, 3), np.uint8))
    with pytest.raises(TypeError, match='not a int'):
        as_bgr(3)


def test_a_name_that_begins_like_a_home(tmp_path, monkeypatch):
    cv2.imwrite(str(tmp_path / 'a.png'), np.zeros((4, 5, 3), np.uint8))
    (tmp_path / 'a.png').rename(tmp_path / '~IMG_1.png')
    monkeypatch.chdir(tmp_path)
    assert as_bgr('~IMG_1.png').shape == (4, 5, 3)


def test_more_pixels_than_a_service_wants(tmp_path, run_python):
    """OpenCV reads the limit when it is imported."""
    path = tmp_path / 'huge.png'
    path.write_bytes(cv2.imencode('.png', np.zeros((99, 99), np.uint8))[1])
    said = run_python(
        'import os\n'
        'os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = "1000"\n'
        'from wholebody_mm.inference.images import read_image\n'
        'try:\n'
        f'    read_image({str(path)!r})\n'
        'except ValueError as error:\n'
        '    print(error)\n'
    )
    assert 'OPENCV_IO_MAX_IMAGE_PIXELS allows; set it' in said


@pytest.mark.parametrize('told', [None, '1000'])
@pytest.mark.parametrize('module', ['inference', 'cli'])
def test_a_limit_without_a_word_of_the_user(
    told, module, run_python, monkeypatch
):
    """Before OpenCV is there, which reads it then."""
    import wholebody_mm

    monkeypatch.delenv('OPENCV_IO_MAX_IMAGE_PIXELS', raising=False)
    if told:
        monkeypatch.setenv('OPENCV_IO_MAX_IMAGE_PIXELS', told)
    said = run_python(
        'import os, sys\n'
        'import wholebody_mm\n'
        'print("cv2" in sys.modules)\n'
        f'import wholebody_mm.{module}\n'
        'print(os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"])\n'
    )
    assert said.split() == ['False', told or str(wholebody_mm.MOST_PIXELS)]


@pytest.mark.parametrize('where', ['is_file', 'fromfile'])
def test_a_file_that_may_not_be_read(where, tmp_path, monkeypatch):
    path = tmp_path / 'a.png'
    cv2.imwrite(str(path), np.zeros((4, 5, 3), np.uint8))

    def refuse(*_):
        raise PermissionError(13, 'Permission denied', 'somewhere')

    # permissions do not hold for root, as whom tests may run
    target = pathlib.Path if where == 'is_file' else np
    monkeypatch.setattr(target, where, refuse)
    message = r'a.png cannot be read \(Permission denied\)'
    with pytest.raises(BrokenImageError, match=message):
        read_image(path)


def test_a_file_that_vanishes_before_it_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(pathlib.Path, 'is_file', lambda self: True)
    with pytest.raises(FileNotFoundError, match='no image .*a.png'):
        read_image(tmp_path / 'a.png')
