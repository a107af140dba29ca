"""Images that annotations do not fit are told, and missing ones at once."""

import json

import pytest
from support.drawn import write_drawn

from wholebody_mm.evaluation.annotated_images import (
    check_image_files,
    read_annotated_image,
)


@pytest.fixture
def drawn(tmp_path):
    path = write_drawn(tmp_path, 3, size=(96, 64))
    return tmp_path / 'img', json.loads(path.read_text())['images']


def test_an_image_as_it_was_annotated(drawn):
    folder, images = drawn
    check_image_files(folder, images)
    assert read_annotated_image(folder, images[0]).shape == (64, 96, 3)
    unknown = dict(file_name=images[0]['file_name'])  # nobody says its size
    assert read_annotated_image(str(folder), unknown).shape == (64, 96, 3)


@pytest.mark.parametrize(
    ('size', 'how'),
    [(dict(width=64, height=96), 'turned'), (dict(width=48), 'resized')],
)
def test_another_size(drawn, size, how):
    folder, images = drawn
    with pytest.raises(ValueError, match=f'96 x 64 pixels.* was {how}'):
        read_annotated_image(folder, images[0] | size)


def test_missing_files_are_counted(drawn):
    folder, images = drawn
    for image in images[1:]:
        (folder / image['file_name']).unlink()
    with pytest.raises(FileNotFoundError, match='one of 2 of 3') as error:
        check_image_files(folder, images)
    assert images[1]['file_name'] in str(error.value)
    with pytest.raises(FileNotFoundError, match=images[2]['file_name']):
        read_annotated_image(folder, images[2])
