"""Preparations go on where they were interrupted, and spare other files."""

import json
import os
from contextlib import suppress

import pytest
from PIL import Image

from wholebody_mm.datasets.preparation.writing import (
    Skip,
    for_each,
    image_entry,
    refuse_inputs,
    split_names,
    states,
    write_splits,
)
from wholebody_mm.skeletons.labelled_sets import IBUG68


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


def test_what_was_made_of_a_changed_file_is_made_anew(tmp_path):
    """Also with the same size: a digit may be all that was corrected."""
    out = tmp_path / 'x.json'
    for name in 'abc':
        (tmp_path / name).write_text('1')
    stop_at = 'c'

    def make(key):
        if key == stop_at:
            raise Interrupted
        made.append(key)
        return dict(text=(tmp_path / key).read_text())

    def prepare():
        return for_each(
            'abc', make, out, 'some', files=lambda key: [tmp_path / key]
        )

    made = []
    with pytest.raises(Interrupted):
        prepare()
    (tmp_path / 'a').write_text('2')
    later = (tmp_path / 'a').stat().st_mtime_ns + 10**9
    os.utime(tmp_path / 'a', ns=(later, later))
    with pytest.raises(Interrupted):
        prepare()
    assert made == ['a', 'b', 'a']
    stop_at = None
    assert [m['text'] for m in prepare()] == ['2', '1', '1']
    assert made == ['a', 'b', 'a', 'c']


def test_states_tell_changes_and_survive_json(tmp_path):
    file, missing = tmp_path / 'a', tmp_path / 'b'
    file.write_text('1')
    before = states([file, missing])
    assert json.loads(json.dumps(before)) == before
    assert before == states([file, missing])
    file.write_text('12')
    assert states([file, missing])[str(file)] != before[str(file)]
    missing.write_text('')
    assert states([file, missing])[str(missing)] != before[str(missing)]


def test_few_pictures_are_divided_too(capfd):
    names = [f'{i}' for i in range(9)]
    kept, held_out = split_names(names, 0.05)
    assert len(kept) == 8 and len(held_out) == 1
    assert [len(part) for part in split_names(names[:2], 0.9)] == [1, 1]
    assert split_names(names, 0) == (names, [])
    assert split_names(names, 0.5, group=lambda name: 'one') == (names, [])
    assert 'all pictures belong together (one)' in capfd.readouterr().err


def test_a_link_to_the_input_is_refused_too(tmp_path):
    file, link = tmp_path / 'a.json', tmp_path / 'b.json'
    file.write_text('{}')
    link.symlink_to(file)
    refuse_inputs(tmp_path / 'c.json', [file])
    with pytest.raises(ValueError, match='b.json is read and would.*--out'):
        refuse_inputs(link, [file])


def split(out, val_share, description='here', inputs=()):
    def make(key):
        image = dict(file_name=key, width=9, height=9)
        return dict(image=image, annotations=[])

    return write_splits(
        'abcd',
        make,
        out,
        IBUG68,
        description,
        val_share,
        inputs=states(inputs),
    )


def test_no_input_is_written_over(tmp_path):
    for name in ('train.json', 'val.json'):
        file = tmp_path / name
        file.write_text('{"images": "mine"}')
        with pytest.raises(ValueError, match=f'{name} is read and would'):
            split(tmp_path, 0, inputs=[file])
        assert file.read_text() == '{"images": "mine"}'
        file.unlink()


@pytest.mark.parametrize('name', ['train.json', 'val.json'])
def test_only_a_prepared_file_is_written_over(tmp_path, name):
    split(tmp_path, 0.5)
    split(tmp_path, 0.5, 'another input')  # its own: prepared anew
    foreign = '{"info": {"description": "here"}, "images": ["mine"]}'
    (tmp_path / name).write_text(foreign)
    others = {f: f.read_bytes() for f in tmp_path.iterdir()}
    with pytest.raises(ValueError, match=f'{name} is there.*move it away'):
        split(tmp_path, 0.5)
    assert {f: f.read_bytes() for f in tmp_path.iterdir()} == others


@pytest.mark.parametrize(
    'foreign', ['{"info": {"description": "mine"}}', '{"images": []}', 'text']
)
def test_only_an_own_validation_file_is_deleted(tmp_path, foreign, capfd):
    assert split(tmp_path, 0.5)['val']['images'] == 2
    assert list(split(tmp_path, 0)) == ['train']
    for name in ('val.json', 'val_names.txt'):
        assert not (tmp_path / name).exists()
        (tmp_path / name).write_text(foreign)
    capfd.readouterr()
    split(tmp_path, 0)
    for name in ('val.json', 'val_names.txt'):
        assert (tmp_path / name).read_text() == foreign
    assert 'val.json stays as it is' in capfd.readouterr().err


def test_an_image_that_would_fill_the_memory_is_named(tmp_path, monkeypatch):
    """Pillow's warning is of another kind than its errors of files."""
    path = tmp_path / 'a.png'
    Image.new('L', (90, 90)).save(path)
    monkeypatch.setattr(Image, 'MAX_IMAGE_PIXELS', 1000)
    with pytest.raises(ValueError, match='a.png is no image that can be'):
        image_entry(path, tmp_path)
