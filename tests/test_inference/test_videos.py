"""Frames of videos at their own times, and what is missing of them."""

import os
import struct
import sys

import cv2
import numpy as np
import pytest
from PIL import Image

from wholebody_mm.inference import videos
from wholebody_mm.inference.sources import Source, find_sources
from wholebody_mm.inference.videos import (
    SourceError,
    VideoReader,
    is_utf8,
    open_video,
)

SIZE = 64, 48
FPS = 30


def write_video(path, frames=60, fps=FPS, fourcc='mp4v'):
    code = cv2.VideoWriter_fourcc(*fourcc)
    writer = cv2.VideoWriter(str(path), code, fps, SIZE)
    assert writer.isOpened()
    for i in range(frames):
        writer.write(np.full((*SIZE[::-1], 3), 4 * i % 256, np.uint8))
    writer.release()
    return path


def set_length(path, seconds):
    """Write another duration into a Matroska file, as longer sound has."""
    data = bytearray(path.read_bytes())
    place = data.index(b'\x44\x89\x88') + 3
    data[place : place + 8] = struct.pack('>d', 1000 * seconds)
    path.write_bytes(data)


def set_times(path, times):
    """Write other times (seconds) of the frames into a Matroska file."""
    data = bytearray(path.read_bytes())
    place = data.index(b'\x1f\x43\xb6\x75')
    place = data.index(b'\xe7\x81\x00', place) + 3
    for moment in times:
        assert data[place] == 0xA3  # a block: its size, track, time
        more = 8 - data[place + 1].bit_length()
        start = place + 2 + more
        size = int.from_bytes(data[place + 1 : start], 'big')
        size &= (1 << 7 * (more + 1)) - 1
        assert data[start] == 0x81
        data[start + 1 : start + 3] = round(1000 * moment).to_bytes(2, 'big')
        place = start + size
    path.write_bytes(data)
    set_length(path, times[-1] + times[-1] - times[-2])


def read(path, limit=None):
    """The frames of a video, its error and its remark."""
    frames = list(Source('video', str(path), 'video').frames(limit))
    error = frames.pop().error if frames[-1].error else None
    assert not any(frame.remark for frame in frames[:-1])
    return frames, error, frames[-1].remark if frames else None


VARYING = [i / 30 for i in range(30)] + [1 + i / 5 for i in range(30)]


def test_frames_of_a_varying_rate_have_their_times(tmp_path):
    path = write_video(tmp_path / 'varying.mkv')
    set_times(path, VARYING)
    frames, error, remark = read(path)
    assert (error, remark) == (None, None)
    times = [frame.time for frame in frames]
    assert times == pytest.approx(VARYING, abs=0.002)
    assert frames[0].fps == pytest.approx(30, rel=0.01)


def set_rates(path, runs):
    """Let an MP4 show its frames longer or shorter.

    ``runs`` are numbers of frames, and by what their duration is multiplied.
    """
    data = bytearray(path.read_bytes())

    def number(box, offset, value=None):
        place = data.index(box) + offset
        if value is not None:
            struct.pack_into('>I', data, place, round(value))
        return struct.unpack_from('>I', data, place)[0]

    assert number(b'stts', 8) == 1  # one duration for all
    duration, media = number(b'stts', 16), number(b'mdhd', 16)
    ticks = [(count, round(factor * duration)) for count, factor in runs]
    seconds = sum(count * each for count, each in ticks) / media
    movie = number(b'mvhd', 16)
    number(b'mdhd', 20, seconds * media)
    for box, offset in ((b'mvhd', 20), (b'tkhd', 24), (b'elst', 12)):
        number(box, offset, seconds * movie)
    more = 8 * (len(runs) - 1)
    for box in (b'moov', b'trak', b'mdia', b'minf', b'stbl', b'stts'):
        number(box, -4, number(box, -4) + more)
    number(b'stts', 8, len(runs))
    start = data.index(b'stts') + 12
    data[start : start + 8] = b''.join(struct.pack('>II', *t) for t in ticks)
    path.write_bytes(data)


@pytest.mark.parametrize('name', ['a.mp4', 'a.mov'])
def test_an_mp4_whose_rate_is_told_by_its_first_frames(
    tmp_path, monkeypatch, name
):
    """As builds of OpenCV do: the number of frames is another matter."""
    path = write_video(tmp_path / name)
    set_rates(path, [(30, 1), (30, 6)])
    tell(monkeypatch, FPS)
    frames, error, remark = read(path)
    assert (error, remark) == (None, None)
    times = [frame.time for frame in frames]
    assert times == pytest.approx(VARYING, abs=0.002)


@pytest.mark.parametrize('seconds', [4, 1.99])
def test_sound_may_be_longer_than_the_pictures(tmp_path, seconds):
    path = write_video(tmp_path / 'sound.mkv')
    set_length(path, seconds)
    frames, error, remark = read(path)
    assert len(frames) == 60 and error is None
    if seconds == 4:
        assert 'pictures end at 2.0 of 4.0 s: its sound is longer' in remark
    else:
        assert remark is None
    assert read(path, limit=60)[1:] == (None, None)


@pytest.mark.parametrize('name', ['a.mkv', 'a.mov', 'a.avi'])
@pytest.mark.parametrize('share', [0.9, 0.6])
def test_cut_files_are_broken(tmp_path, name, share):
    """Also where few of the frames are missing."""
    path = write_video(tmp_path / name, 120, fourcc='MJPG')
    assert read(path)[1:] == (None, None)
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])
    frames, error, _ = read(path)
    assert len(frames) < 120
    assert f'{name} ' in error
    assert 'damaged' in error


def drop_frames(path, numbers):
    """Make frames of an AVI empty, as captures that cannot keep up do."""
    data = path.read_bytes()
    start = place = data.index(b'movi') + 4
    chunks = index = b''
    number = 0
    while data[place : place + 4] == b'00dc':
        (size,) = struct.unpack_from('<I', data, place + 4)
        frame = data[place + 8 : place + 8 + size + size % 2]
        place += 8 + len(frame)
        if number in numbers:
            size, frame = 0, b''
        number += 1
        index += b'00dc' + struct.pack('<3I', 16, 4 + len(chunks), size)
        chunks += b'00dc' + struct.pack('<I', size) + frame
    rest = data[8 : start - 8] + struct.pack('<I', 4 + len(chunks)) + b'movi'
    rest += chunks + b'idx1' + struct.pack('<I', len(index)) + index
    path.write_bytes(b'RIFF' + struct.pack('<I', len(rest)) + rest)


@pytest.mark.parametrize('dropped', [range(40, 52), range(1, 120, 2)])
def test_dropped_frames_are_no_damage(tmp_path, dropped):
    """They are counted; a file that is cut is told all the same."""
    path = write_video(tmp_path / 'a.avi', 120, fourcc='MJPG')
    drop_frames(path, dropped)
    frames, error, _ = read(path)
    assert error is None
    kept = [i / FPS for i in range(120) if i not in dropped]
    assert [f.time for f in frames] == pytest.approx(kept, abs=0.002)
    path.write_bytes(path.read_bytes()[: 2 * path.stat().st_size // 3])
    assert 'cut off or damaged' in read(path)[1]
    # cut and put in order by a tool: only the times say so
    drop_frames(write_video(path, 120, fourcc='MJPG'), range(80, 120))
    assert 'cut off or damaged' in read(path)[1]


def test_an_index_that_is_cut_off_is_not_missed(tmp_path):
    path = write_video(tmp_path / 'a.mkv', 120, fourcc='MJPG')
    path.write_bytes(path.read_bytes()[:-20])
    frames, *problems = read(path)
    assert len(frames) == 120 and problems == [None, None]


def test_places_without_frames_are_told(tmp_path):
    """Times go on after damage; frames count what could be read."""
    path = write_video(tmp_path / 'hole.mkv')
    times = [i / 30 + (i >= 20) * 0.5 for i in range(60)]
    set_times(path, times)
    frames, error, remark = read(path)
    assert error is None and 'missing from 0.63 to 1.17 s' in remark
    assert [f.number for f in frames] == list(range(60))
    assert [f.time for f in frames] == pytest.approx(times, abs=0.002)


def test_times_that_make_no_sense_are_replaced(tmp_path):
    path = write_video(tmp_path / 'odd.mkv', 40)
    times = [i / 30 for i in range(40)]
    odd = times.copy()
    odd[20], odd[30] = 0.1, 29.0
    set_times(path, odd)
    frames, error, _ = read(path)
    assert error is None
    found = [f.time for f in frames]
    assert found == pytest.approx(times, abs=0.005)
    assert (np.diff(found) > 0).all()


def tell(monkeypatch, fps):
    """Let OpenCV tell another rate of every video."""
    capture = cv2.VideoCapture

    class Tells:
        def __init__(self, path):
            self._capture = capture(path)

        def get(self, what):
            told = what == cv2.CAP_PROP_FPS
            return float(fps) if told else self._capture.get(what)

        def __getattr__(self, name):
            return getattr(self._capture, name)

    monkeypatch.setattr(cv2, 'VideoCapture', Tells)


def test_the_rate_where_the_file_tells_none(tmp_path, monkeypatch):
    """Times in milliseconds are not 1000 frames a second."""
    path = write_video(tmp_path / 'a.mkv', fps=20)
    tell(monkeypatch, 1000)
    reader = VideoReader(str(path))
    assert reader.fps == pytest.approx(20, rel=0.01)
    reader.close()


@pytest.mark.skipif(sys.platform != 'linux', reason='names are bytes there')
def test_a_name_that_is_not_utf8_is_a_broken_source(tmp_path):
    """OpenCV ends the process."""
    path = write_video(tmp_path / 'a.mp4')
    other = os.fsencode(tmp_path) + b'/caf\xe9.mp4'
    os.rename(path, other)
    ((source,), _) = find_sources([str(tmp_path)])
    assert source.count() is None
    (frame,) = source.frames()
    assert 'not UTF-8; rename it' in frame.error
    frame.error.encode()


@pytest.mark.skipif(sys.platform != 'linux', reason='names are bytes there')
def test_a_folder_that_is_not_utf8(tmp_path, monkeypatch):
    """OpenCV gets the whole path of a file there."""
    folder = os.fsencode(tmp_path) + b'/caf\xe9'
    os.mkdir(folder)
    write_video(tmp_path / 'a.mp4').rename(os.fsdecode(folder + b'/a.mp4'))
    monkeypatch.chdir(os.fsdecode(folder))
    assert not is_utf8('a.mp4')  # else OpenCV would end the tests
    (frame,) = Source('video', 'a.mp4', 'a').frames()
    assert 'not UTF-8; rename it' in frame.error
    frame.error.encode()


def test_a_video_that_is_gone(tmp_path):
    (frame,) = Source('video', str(tmp_path / 'a.mp4'), 'a').frames()
    assert 'no video' in frame.error and 'a.mp4' in frame.error


def trim(path, start, seconds):
    """Show a part of an MP4 only, as phones trim: frames stay in the file."""
    data = bytearray(path.read_bytes())

    def put(box, offset, value):
        place = data.index(box) + 4 + offset
        struct.pack_into('>I', data, place, value)

    movie, media = (
        struct.unpack_from('>I', data, data.index(box) + 16)[0]
        for box in (b'mvhd', b'mdhd')
    )
    put(b'mvhd', 16, round(movie * seconds))
    put(b'tkhd', 20, round(movie * seconds))
    put(b'elst', 8, round(movie * seconds))
    put(b'elst', 12, round(media * start))
    path.write_bytes(data)


def test_trimmed_files_are_whole(tmp_path):
    path = write_video(tmp_path / 'a.mp4', 90)
    trim(path, 1, 1.5)
    frames, error, _ = read(path)
    assert len(frames) == 45 and error is None
    # cut off as well
    data = path.read_bytes()
    damaged = bytearray(data)
    place = data.index(b'mdat') + 4
    half = (data.index(b'moov') - place) // 2
    damaged[place + half : data.index(b'moov') - 4] = bytes(
        data.index(b'moov') - 4 - place - half
    )
    path.write_bytes(damaged)
    frames, error, _ = read(path)
    assert len(frames) < 40 and 'cut off or damaged' in error


def test_an_animation_of_few_uneven_frames(tmp_path):
    frames = [Image.new('RGB', SIZE, (60 * i, 0, 0)) for i in range(3)]
    path = tmp_path / 'a.gif'
    frames[0].save(
        path, save_all=True, append_images=frames[1:], duration=[100, 500, 100]
    )
    found, error, _ = read(path)
    assert error is None
    assert [round(frame.time, 1) for frame in found] == [0.0, 0.1, 0.6]


@pytest.mark.skipif(os.name == 'nt', reason='Windows has no such names')
def test_a_name_like_an_address(tmp_path, monkeypatch):
    write_video(tmp_path / 'a.mp4', 10).rename(tmp_path / '12:30.mp4')
    monkeypatch.chdir(tmp_path)
    frames, error, _ = read('12:30.mp4')
    assert len(frames) == 10 and error is None


def test_a_frame_that_opencv_fails_at_is_a_broken_source(
    tmp_path, monkeypatch
):
    path = write_video(tmp_path / 'a.mp4', 10)

    class Failing:
        def __init__(self, capture):
            self.capture, self.left = capture, 3

        def __getattr__(self, name):
            return getattr(self.capture, name)

        def read(self):
            self.left -= 1
            if not self.left:
                raise cv2.error('no memory')
            return self.capture.read()

    monkeypatch.setattr(
        videos, 'open_video', lambda p: Failing(cv2.VideoCapture(p))
    )
    frames, error, _ = read(path)
    assert 'a.mp4: frame 3 cannot be read' in error
    assert [frame.number for frame in frames] == [0, 1]


@pytest.mark.parametrize(
    'text',
    ['ffconcat version 1.0\nfile other.mp4\n', '\n#EXTM3U\nother.mp4\n'],
)
def test_a_list_of_other_files_is_not_followed(tmp_path, text):
    path = tmp_path / 'clip.mp4'
    path.write_text(text)
    with pytest.raises(SourceError, match='list of other files'):
        open_video(str(path))


def test_a_video_that_may_not_be_read_is_one_broken_video(
    tmp_path, monkeypatch
):
    path = tmp_path / 'clip.mp4'
    path.touch()

    def refused(*args, **kwargs):
        raise PermissionError(13, 'Permission denied')

    monkeypatch.setattr('builtins.open', refused)
    with pytest.raises(SourceError, match='clip.mp4 cannot be read'):
        open_video(str(path))
