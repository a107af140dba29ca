"""The newest picture of a camera, and patience with it."""

import threading
import time
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

import wholebody_mm.inference.cameras as module
from wholebody_mm.inference.cameras import CameraReader
from wholebody_mm.inference.sources import Source, check_cameras
from wholebody_mm.inference.videos import SourceError


@pytest.fixture
def camera(monkeypatch):
    """A camera that gives numbered pictures.

    ``script`` has a picture's number or None for each read; after it the
    camera gives nothing. ``anew`` is its script when it is opened anew.
    """
    state = SimpleNamespace(script=[], anew=[], opened=0, reads=0)

    class Camera:
        def __init__(self, index):
            assert index == 0
            state.opened += 1
            if state.opened > 1 and state.anew:
                state.script, state.anew = state.anew, []

        def isOpened(self):
            return True

        def get(self, what):
            return 10.0

        def read(self):
            time.sleep(0.005)
            state.reads += 1
            number = state.script.pop(0) if state.script else None
            if number == 'stall':
                time.sleep(2 * module.PATIENCE)
                number = None
            if number is None:
                return False, None
            return True, np.full((2, 2, 3), number % 256, np.uint8)

        def release(self):
            pass

    opencv = SimpleNamespace(VideoCapture=Camera, error=cv2.error)
    opencv.CAP_PROP_FPS = cv2.CAP_PROP_FPS
    monkeypatch.setattr(module, 'cv2', opencv)
    monkeypatch.setattr(module, 'PATIENCE', 0.6)
    monkeypatch.setattr(module, 'UNTIL_REOPENED', 0.2)
    monkeypatch.setattr(module, 'PAUSE', 0.01)
    return state


def until(condition):
    for _ in range(500):
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError('it does not come to pass')


def test_what_nobody_asked_for_is_dropped(camera):
    camera.script = [1, 2, 3, 4]
    reader = CameraReader('0')
    until(lambda: camera.reads > 4)
    ((first, image),) = list(reader)
    assert image[0, 0, 0] == 4 and first >= 0
    reader.close()


def test_a_moment_without_pictures_ends_nothing(camera):
    camera.script, camera.anew = [1, None, None], [2]
    pictures = iter(reader := CameraReader('0'))
    assert next(pictures)[1][0, 0, 0] == 1
    assert next(pictures)[1][0, 0, 0] == 2
    assert next(pictures, None) is None  # until the patience ends
    reader.close()


def test_a_read_that_takes_longer_than_the_patience(camera, monkeypatch):
    """As of a USB camera that stalls: it is opened anew all the same."""
    camera.script, camera.anew = [1, 'stall'], [None, 2]
    monkeypatch.setattr(module, 'UNTIL_REOPENED', 1.0)  # a stall takes 1.2
    pictures = iter(reader := CameraReader('0'))
    assert next(pictures)[1][0, 0, 0] == 1
    assert next(pictures)[1][0, 0, 0] == 2
    assert camera.opened == 2
    reader.close()


def test_frames_have_numbers_without_gaps(camera):
    before = threading.active_count()
    camera.script = list(range(10_000))
    frames = Source('camera', '0', 'camera0').frames(limit=3)
    numbers = []
    for frame in frames:
        numbers.append(frame.number)
        reads = camera.reads
        until(lambda reads=reads: camera.reads > reads + 1)
    assert numbers == [0, 1, 2]
    assert threading.active_count() == before  # its thread has ended


def test_cameras_are_checked_before_the_work(monkeypatch, camera):
    check_cameras([Source('image', 'a.jpg', 'a')])
    assert camera.opened == 0
    check_cameras([Source('camera', '0', 'camera0')])
    assert camera.opened == 1
    monkeypatch.undo()
    with pytest.raises(SourceError, match='camera 97 cannot be opened'):
        check_cameras([Source('camera', '97', 'camera97')])
