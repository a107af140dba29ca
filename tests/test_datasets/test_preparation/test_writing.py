"""Preparations go on where they were interrupted."""

from contextlib import suppress

import pytest
from PIL import Image

from wholebody_mm.datasets.preparation.writing import (
    Skip,
    for_each,
    image_entry,
)


class Interrupted(Exception):
    pass


def run(out, keys, missing=(), stop_at=None, **options):
    """What came out, and for which keys something was made."""
    made = []

    def make(key):
        if key == stop_at:
            raise Interrupted
        if key in missing:
            raise Skip('not there')
        made.append(key)
        return dict(name=key, **options)

    result = None
    with suppress(Interrupted):
        result = for_each(keys, make, out, 'some', options)
    return result, made


def test_what_was_made_is_not_made_again(tmp_path):
    out = tmp_path / 'x.json'
    result, made = run(out, 'abcd', stop_at='c', box=1)
    assert result is None and made == ['a', 'b']
    with (tmp_path / 'x.json.part').open('a') as file:
        file.write('{"key": "c", "ma')  # cut off
    result, made = run(out, 'abcd', box=1)
    assert made == ['c', 'd']
    assert [r['name'] for r in result] == list('abcd')


def test_what_was_not_there_is_looked_for_again(tmp_path):
    out = tmp_path / 'x.json'
    run(out, 'abc', missing='b', stop_at='c')
    result, made = run(out, 'abc')
    assert made == ['b', 'c'] and [r['name'] for r in result] == list('abc')


def test_other_options_start_anew(tmp_path):
    out = tmp_path / 'x.json'
    run(out, 'abc', stop_at='c', box=1)
    result, made = run(out, 'abc', box=2)
    assert made == list('abc') and {r['box'] for r in result} == {2}


def test_nothing_at_all_says_why(tmp_path):
    with pytest.raises(ValueError, match='all 2 are left out: 2 not there'):
        run(tmp_path / 'x.json', 'ab', missing='ab')


@pytest.mark.parametrize('orientation', [1, 3, 6])
def test_turned_images_are_left_out(tmp_path, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / 'a.jpg'
    Image.new('RGB', (40, 30)).save(path, exif=exif)
    if orientation == 1:
        entry = image_entry(path, tmp_path)
        assert entry == dict(file_name='a.jpg', width=40, height=30)
    else:
        with pytest.raises(Skip, match='turned'):
            image_entry(path, tmp_path)
