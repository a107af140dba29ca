"""Image files: what is wrong with them, and their size as they are loaded."""

import wholebody_mm.register  # noqa: F401

import numpy as np
import pytest
from PIL import ExifTags, Image

from wholebody_mm.datasets.checking import image_files
from wholebody_mm.datasets.checking.image_files import (
    BROKEN,
    MISSING,
    RESIZED,
    ImageFile,
    look_at,
    look_at_all,
)

SIZE = 40, 60  # height, width
PIXELS = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)


@pytest.fixture
def saved(tmp_path):
    """Saves the image under a name; returns its path."""

    def save(name: str, **options) -> str:
        Image.fromarray(PIXELS).save(tmp_path / name, **options)
        return str(tmp_path / name)

    return save


def turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = orientation
    return exif


def test_a_plain_photo_is_not_decoded(saved, monkeypatch):
    monkeypatch.setattr(image_files, 'read_image', None)
    path = saved('a.jpg')
    assert look_at(ImageFile(path, SIZE)) == (SIZE, '', '')
    assert look_at(ImageFile(path)).size == SIZE


@pytest.mark.parametrize('name', ['a.png', 'a.bmp', 'a.webp'])
def test_other_formats_are_loaded(saved, name):
    assert look_at(ImageFile(saved(name), SIZE)) == (SIZE, '', '')


def test_what_stands_behind_a_photo_does_not_matter(saved):
    path = saved('a.jpg')
    with open(path, 'ab') as file:
        file.write(b'a film')
    assert look_at(ImageFile(path, SIZE)) == (SIZE, '', '')


def test_a_missing_file(tmp_path):
    path = str(tmp_path / 'a.jpg')
    found = look_at(ImageFile(path, SIZE))
    assert found.size is None and found.kind == MISSING
    assert path in found.message


@pytest.mark.parametrize('share', [0.0, 0.3, 0.99])
@pytest.mark.parametrize('name', ['a.jpg', 'a.png'])
def test_a_truncated_file(saved, name, share):
    path = saved(name)
    with open(path, 'rb+') as file:
        file.truncate(int(share * file.seek(0, 2)))
    found = look_at(ImageFile(path, SIZE))
    assert found.size is None and found.kind == BROKEN
    assert path in found.message


def test_a_file_that_is_no_image(tmp_path):
    path = tmp_path / 'a.jpg'
    path.write_text('<html>404</html>')
    assert look_at(ImageFile(str(path))).kind == BROKEN


def test_another_size_than_annotated(saved):
    found = look_at(ImageFile(saved('a.jpg'), (80, 120)))
    assert found.size == SIZE and found.kind == RESIZED
    assert '60 x 40' in found.message and '120 x 80' in found.message


@pytest.mark.parametrize('name', ['a.jpg', 'a.png'])
def test_a_turned_photo_has_the_size_of_the_upright_one(saved, name):
    path = saved(name, exif=turned(6))
    assert look_at(ImageFile(path, SIZE[::-1])) == (SIZE[::-1], '', '')
    found = look_at(ImageFile(path, SIZE))
    assert found.kind == RESIZED and 'before it was turned' in found.message
    # by half a turn the sides stay as they are
    assert not look_at(ImageFile(saved(name, exif=turned(3)), SIZE)).kind


def test_files_of_remote_stores_are_left_alone():
    assert look_at(ImageFile('s3://photos/a.jpg', SIZE)) == (SIZE, '', '')


def test_many_files_at_once(saved, tmp_path):
    files = [ImageFile(saved(f'{i}.jpg')) for i in range(150)]
    gone = ImageFile(str(tmp_path / 'gone.jpg'))
    found = look_at_all([*files, gone])
    assert list(found) == [*files, gone]
    assert [f for f, finding in found.items() if finding.kind] == [gone]
    assert look_at_all([]) == {}
