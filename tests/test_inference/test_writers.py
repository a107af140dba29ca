"""Files of a run."""

import os
import signal
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from wholebody_mm.inference import writers
from wholebody_mm.inference.videos import is_utf8
from wholebody_mm.inference.writers import MPEG4_PIXELS, _Video
from wholebody_mm.whole_files import part_of


@pytest.mark.parametrize('fps', [66.6667, 239.9512, 0.2, 29.97])
def test_videos_of_any_frame_rate(tmp_path, fps):
    """MPEG-4 refuses those with more than 65535 parts of a second."""
    path = tmp_path / 'v.mp4'
    video = _Video(path, (64, 48), fps)
    for _ in range(3):
        video.add(np.zeros((48, 64, 3), np.uint8))
    video.close()
    capture = cv2.VideoCapture(str(path))
    assert int(capture.get(cv2.CAP_PROP_FRAME_COUNT)) == 3
    assert capture.get(cv2.CAP_PROP_FPS) == pytest.approx(fps, rel=0.01)


def test_videos_larger_than_mpeg4_are_made_smaller(tmp_path):
    path = tmp_path / 'v.mp4'
    video = _Video(path, (9000, 100), 25.0)
    for _ in range(2):
        video.add(np.zeros((100, 9000, 3), np.uint8))
    video.close()
    good, image = cv2.VideoCapture(str(path)).read()
    assert good and image.shape[1] == MPEG4_PIXELS
    assert image.shape[0] in (90, 91)


@pytest.mark.parametrize('size', [(1, 40), (40, 1), (1, 1), (100_000, 3)])
def test_videos_of_a_single_row_or_column(tmp_path, size):
    """As spacers of old web pages are; they must not end the run."""
    path = tmp_path / 'v.mp4'
    video = _Video(path, size, 25.0)
    for _ in range(3):
        video.add(np.zeros((*size[::-1], 3), np.uint8))
    video.close()
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 3
    assert capture.read()[0]


@pytest.mark.skipif(os.name == 'nt', reason='Windows has no such names')
def test_a_folder_that_is_called_like_an_address(tmp_path, monkeypatch):
    """FFmpeg takes what is before a colon for a protocol."""
    monkeypatch.chdir(tmp_path)
    path = Path('run-14:30') / 'v.mp4'
    video = _Video(path, (64, 48), 25.0)
    video.add(np.zeros((48, 64, 3), np.uint8))
    video.close()
    assert path.is_file()


def test_pictures_are_shown_at_their_times(tmp_path):
    """Ten a second, then one a second."""
    path = tmp_path / 'v.mp4'
    video = _Video(path, (64, 48), 10.0)
    for i, time in enumerate([0, 0.1, 0.2, 1.2, 2.2]):
        video.add(np.full((48, 64, 3), 50 * i, np.uint8), time)
    video.close()
    capture = cv2.VideoCapture(str(path))
    shown = []
    while (read := capture.read())[0]:
        shown.append(round(read[1].mean() / 50))
    assert shown == [0, 1] + [2] * 10 + [3] * 10 + [4]


@pytest.mark.skipif(sys.platform != 'linux', reason='names are bytes there')
def test_a_folder_that_is_not_utf8(tmp_path, monkeypatch):
    """OpenCV would end the process."""
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b'/caf\xe9'))
    with pytest.raises(OSError, match='Name another --out'):
        _Video(folder / 'v.mp4', (64, 48), 25.0)
    folder.mkdir()
    monkeypatch.chdir(folder)
    assert not is_utf8('v.mp4')
    with pytest.raises(OSError, match='caf.* Name another --out'):
        _Video(Path('v.mp4'), (64, 48), 25.0)


def test_a_video_that_cannot_be_written(tmp_path):
    part_of(tmp_path / 'v.mp4').mkdir()
    with pytest.raises(OSError, match='64x48 pixels and 25 frames'):
        _Video(tmp_path / 'v.mp4', (64, 48), 25.0)


@pytest.mark.skipif(not hasattr(signal, 'SIGXFSZ'), reason='not on Windows')
def test_a_video_that_finds_no_room(tmp_path):
    """OpenCV drops the frames and says nothing."""
    import resource

    rng = np.random.default_rng(0)
    video = _Video(tmp_path / 'v.mp4', (160, 120), 25.0)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        for _ in range(20):
            video.add(rng.integers(0, 255, (120, 160, 3), dtype=np.uint8))
        with pytest.raises(OSError, match='of 20 frames: the disk is full'):
            video.close()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert not list(tmp_path.iterdir())


def test_times_that_would_fill_the_disk(tmp_path, monkeypatch, capsys):
    """A file says of its frames what it likes."""
    monkeypatch.setattr(writers, 'MOST_STILLS', 20)
    monkeypatch.setattr(writers, 'STILLS_OF_A_FRAME', 3)
    path = tmp_path / 'v.mp4'
    video = _Video(path, (64, 48), 10.0)
    for i in range(3):
        video.add(np.full((48, 64, 3), 80 * i, np.uint8), time=60.0 * i)
    video.close()
    capture = cv2.VideoCapture(str(path))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == 3 + 20 + 2 * 3
    assert 'v.mp4: pauses are shorter' in capsys.readouterr().err
