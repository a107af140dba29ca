"""What a run goes on from."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
from support.known_people import crowd

from wholebody_mm.inference.ledger import (
    Ledger,
    names_in_ledger,
    read_ledger,
    results_in_ledger,
)
from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.inference.sources import Frame, Source
from wholebody_mm.skeletons import COCO17

IMAGES = [Source('image', f'{c}.jpg', c) for c in 'ab']
CLIP = Source('video', 'clip.mp4', 'clip')


def people(number):
    points = crowd(number, (64, 48))
    scores = np.full(points.shape[:2], 0.5)
    return PeopleInImage.of(
        points, scores, np.full(number, 0.7), COCO17, (64, 48)
    )


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'new' / 'people.jsonl'


def test_people_come_back_as_they_were(path):
    ledger = Ledger(path, 'coco17', {})
    tracked = replace(people(3), ids=np.array([4, 2, 9]))
    ledger.add(Frame(IMAGES[0]), people(0))
    ledger.add(Frame(CLIP, 7, 0.28), tracked)
    ledger.close()
    none, three = read_ledger(path)
    assert (none.name, none.frame, len(none.people)) == ('a', None, 0)
    assert (three.source, three.frame, three.time) == ('clip.mp4', 7, 0.28)
    assert three.name == 'clip_000000000007'
    assert three.people.ids.tolist() == [4, 2, 9]
    assert three.people.image_size == (64, 48)
    np.testing.assert_allclose(
        three.people.keypoints, tracked.keypoints, atol=1e-4
    )
    np.testing.assert_allclose(three.people.boxes, tracked.boxes, atol=1e-4)
    assert none.people.ids is None


def test_finished_sources_are_not_done_again(path):
    ledger = Ledger(path, 'coco17', dict(height=1))
    ledger.add(Frame(IMAGES[0]), people(1))
    ledger.add(Frame(CLIP, 0), people(1))
    ledger.close()
    with path.open('a') as file:
        file.write('{"name": "b", "peop')  # killed while writing
    ledger = Ledger(path, 'coco17', dict(height=1))
    assert [ledger.is_done(s) for s in (*IMAGES, CLIP)] == [True, False, False]
    # the unfinished clip starts anew
    ledger.drop_unfinished([IMAGES[1], CLIP])
    for number in range(2):
        ledger.add(Frame(CLIP, number), people(2))
    ledger.finish(CLIP)
    ledger.finish(IMAGES[0])
    ledger.close()
    before = ['a', 'clip_000000000000', 'clip_000000000001']
    assert names(path) == before
    ledger = Ledger(path, 'coco17', dict(height=1))
    assert [ledger.is_done(s) for s in (*IMAGES, CLIP)] == [True, False, True]
    ledger.close()
    assert names(path) == before


def test_other_options_are_refused_unless_overwritten(path):
    Ledger(path, 'coco17', dict(height=1, scales=(1.0,))).close()
    with pytest.raises(ValueError, match='height: 1 there, 2 now.*overwrite'):
        Ledger(path, 'coco17', dict(height=2, scales=(1.0,)))
    Ledger(path, 'coco17', dict(height=1, scales=(1.0,))).close()
    ledger = Ledger(path, 'coco17', dict(height=2), overwrite=True)
    assert not any(ledger.is_done(s) for s in (*IMAGES, CLIP))
    ledger.close()
    assert json.loads(path.read_text())['settings'] == dict(height=2)


def test_another_file_of_the_same_name_is_not_done(path, monkeypatch):
    ledger = Ledger(path, 'coco17', {})
    ledger.add(Frame(Source('image', 'in/a.jpg', 'a')), people(1))
    ledger.add(Frame(Source('video', 'in/clip.mp4', 'clip'), 0), people(1))
    ledger.finish(Source('video', 'in/clip.mp4', 'clip'))
    ledger.close()
    ledger = Ledger(path, 'coco17', {})
    # whatever it is called now, and wherever the user stands
    assert ledger.is_done(Source('image', 'in/a.jpg', 'a_jpg'))
    started = os.getcwd()
    monkeypatch.chdir(path.parent)
    there = os.path.relpath(os.path.join(started, 'in', 'a.jpg'))
    assert ledger.is_done(Source('image', there, 'a'))
    for other in (
        Source('image', 'in/a.jpg', 'a'),
        Source('video', 'in/clip.mp4', 'clip'),
    ):
        with pytest.raises(ValueError, match='another (a|clip), .*overwrite'):
            ledger.is_done(other)
    assert not ledger.is_done(Source('image', 'in/b.jpg', 'b'))
    ledger.close()


def names(path):
    return [record.name for record in read_ledger(path)]


def begin(path, *clips):
    """A frame of each; none is finished."""
    ledger = Ledger(path, 'coco17', {})
    for clip in clips:
        ledger.add(Frame(clip, 0), people(1))
    ledger.close()


def test_frames_of_unfinished_videos_stay_until_they_are_redone(path):
    """Of a damaged one they are all that there will be."""
    other = Source('video', 'other.mp4', 'other')
    begin(path, CLIP, other)
    ledger = Ledger(path, 'coco17', {})
    ledger.drop_unfinished(IMAGES)
    assert names(path) == ['clip_000000000000', 'other_000000000000']
    assert not ledger.is_done(CLIP)
    # whatever it is called now
    ledger.drop_unfinished([*IMAGES, replace(CLIP, name='clip_mp4')])
    assert names(path) == ['other_000000000000']
    ledger.add(Frame(IMAGES[0]), people(1))
    ledger.close()
    assert names(path) == ['other_000000000000', 'a']


def test_another_file_of_the_name_of_an_unfinished_video(path):
    begin(path, CLIP)
    ledger = Ledger(path, 'coco17', {})
    other = Source('video', 'b/clip.mp4', 'clip')
    with pytest.raises(ValueError, match='another clip, .*overwrite'):
        ledger.is_done(other)
    # nothing of it once it is done again
    ledger.drop_unfinished([replace(CLIP, name='a/clip')])
    assert not ledger.is_done(other)
    ledger.close()


@pytest.mark.parametrize(
    ('again', 'stays'),
    [
        (CLIP, False),
        (Source('video', '/moved/clip.mp4', 'clip'), False),
        (Source('video', 'clip.mp4', 'clip_mp4'), False),
        (Source('video', 'other.mp4', 'other'), True),
        (IMAGES[0], True),
    ],
)
def test_unfinished_videos_of_earlier_versions(path, again, stays):
    """They did not note the file: the name tells, and the path as given."""
    begin(path, CLIP)
    header, line = map(json.loads, path.read_text().splitlines())
    del line['file']
    path.write_text(f'{json.dumps(header)}\n{json.dumps(line)}\n')
    ledger = Ledger(path, 'coco17', {})
    assert not ledger.is_done(again)
    ledger.drop_unfinished([again])
    ledger.close()
    assert names(path) == ['clip_000000000000'] * stays


@pytest.mark.parametrize('overwrite', [True, False])
def test_a_file_of_something_else_stays(path, overwrite):
    path.parent.mkdir()
    for data in (b'', b'hello\n', b'[1]\n', b'{"skeleton": 1}', b'\xff\xfe\0'):
        path.write_bytes(data)
        with pytest.raises(ValueError, match='people.jsonl is not .* move it'):
            Ledger(path, 'coco17', {}, overwrite)
        assert path.read_bytes() == data


def test_frames_of_a_camera_are_kept_however_it_ended(path):
    camera = Source('camera', '0', 'camera0-20260101-120000')
    ledger = Ledger(path, 'coco17', {})
    for number in range(3):
        ledger.add(Frame(camera, number), people(1))
        ledger.add(Frame(CLIP, number), people(2))
    ledger.close()  # neither was finished
    ledger = Ledger(path, 'coco17', {})
    ledger.drop_unfinished([camera, CLIP])
    ledger.close()
    assert names(path) == [f'{camera.name}_{i:012d}' for i in range(3)]


def test_one_run_at_a_time(path):
    first = Ledger(path, 'coco17', {})
    first.add(Frame(IMAGES[0]), people(1))
    for overwrite in (False, True):
        with pytest.raises(ValueError, match='another run is writing'):
            Ledger(path, 'coco17', {}, overwrite)
    first.add(Frame(IMAGES[1]), people(1))
    first.close()
    second = Ledger(path, 'coco17', {})
    assert all(second.is_done(image) for image in IMAGES)
    second.close()


def test_names_of_all_that_was_written(path):
    assert not list(names_in_ledger(path))
    ledger = Ledger(path, 'coco17', {})
    ledger.add(Frame(IMAGES[0]), people(1))
    ledger.add(Frame(CLIP, 7), people(1))
    ledger.close()
    assert set(names_in_ledger(path)) == {
        ('a', 'image'),
        ('clip_000000000007', 'frame'),
        ('clip', 'video'),
    }


def test_results_of_all_runs(path):
    """Also of one before that was started anew: it may have left files."""
    assert results_in_ledger(path) is None
    results = []
    for overwrite, new in (
        (False, ['pictures']),
        (False, ['pictures', 'csv']),
        (True, ['videos']),
    ):
        Ledger(path, 'coco17', {}, overwrite, new).close()
        results.append(results_in_ledger(path))
    assert results == [
        {'pictures'},
        {'pictures', 'csv'},
        {'pictures', 'csv', 'videos'},
    ]


TABLES = {'coco', 'csv', 'parquet'}


@pytest.mark.parametrize(
    ('write', 'kinds', 'frames', 'results'),
    [
        # "pictures" stood for two folders: the lines tell which it made
        (['pictures'], ['pictures', 'csv'], 'i', {'pictures', 'csv'}),
        (['pictures'], ['pictures'], 'v', {'videos'}),
        (['pictures'], ['pictures'], 'iv', {'pictures', 'videos'}),
        (['pictures'], ['pictures'], '', set()),
        # of a run before that one, which removed them
        (['openpose'], ['pictures', 'openpose'], 'iv', {'openpose'}),
        # the first versions did not tell of tables
        (['openpose', 'pictures'], None, 'i', {'openpose', 'pictures'}),
    ],
)
def test_results_of_earlier_versions(path, write, kinds, frames, results):
    """What may be the user's is not taken for theirs."""
    ledger = Ledger(path, 'coco17', dict(write=write))
    for frame in frames:
        frame = Frame(IMAGES[0]) if frame == 'i' else Frame(CLIP, 0)
        ledger.add(frame, people(1))
    ledger.close()
    header, *lines = path.read_text().splitlines()
    header = json.loads(header)
    del header['results']
    if kinds is None:
        results = results | TABLES
    else:
        header['kinds'] = kinds
    path.write_text('\n'.join([json.dumps(header), *lines, '']))
    assert results_in_ledger(path) == results
    Ledger(path, 'coco17', dict(write=write), results=['videos']).close()
    assert results_in_ledger(path) == results | {'videos'}


def test_a_damaged_line_takes_no_others_along(tmp_path):
    path = tmp_path / 'people.jsonl'
    ledger = Ledger(path, 'coco17', dict(height=1))
    for source in IMAGES:
        ledger.add(Frame(source), people(1))
    ledger.close()
    lines = path.read_text().splitlines(keepends=True)
    lines[1] = lines[1][:20] + '\n'
    path.write_text(''.join(lines))
    before = path.read_bytes()
    with pytest.raises(ValueError, match='people.jsonl: line 2 is damaged'):
        Ledger(path, 'coco17', dict(height=1))
    assert path.read_bytes() == before
