"""Files of a run."""

import signal

import cv2
import numpy as np
import pytest

from wholebody_mm.inference.writers import _Video
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
