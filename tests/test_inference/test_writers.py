"""Files of a run."""

import cv2
import numpy as np
import pytest

from wholebody_mm.inference.writers import _Video, remove_earlier


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
    (tmp_path / 'v.part.mp4').mkdir()
    with pytest.raises(OSError, match='64x48 pixels and 25 frames'):
        _Video(tmp_path / 'v.mp4', (64, 48), 25.0)


def test_only_files_of_the_names_are_removed(tmp_path):
    kept = [tmp_path / 'pictures/b.jpg', tmp_path / 'c.jpg']
    gone = [
        tmp_path / 'pictures/a.jpg',
        tmp_path / 'videos/a.mp4',
        tmp_path / 'openpose/d/a_keypoints.json',
    ]
    for file in (*kept, *gone):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()
    remove_earlier(tmp_path, ['a', 'd/a', '../c', 'nothing'])
    assert all(file.exists() for file in kept)
    assert not any(file.exists() for file in gone)
