"""Cameras: the newest picture when it is asked for, and no older one."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator

import cv2
import numpy as np

from wholebody_mm.inference.videos import DEFAULT_FPS, SourceError

# Seconds for which a camera may give nothing, those after which it is opened
# anew, and those between two attempts.
PATIENCE, UNTIL_REOPENED, PAUSE = 5.0, 1.0, 0.1


def open_camera(number: str) -> cv2.VideoCapture:
    """Open a camera.

    Raises:
        SourceError: If that fails.
    """
    # by default a camera that stalls is waited for 10 seconds in one read
    os.environ.setdefault('OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT', '1')
    capture = cv2.VideoCapture(int(number))
    if not capture.isOpened():
        capture.release()
        allowed = f'you may not read /dev/video{number} (group "video")'
        if sys.platform == 'darwin':
            allowed = (
                'your terminal may not use it (System Settings, Privacy & '
                'Security, Camera; then repeat the command)'
            )
        elif sys.platform == 'win32':
            allowed = (
                'programs may not use it (Settings, Privacy & security, '
                'Camera)'
            )
        raise SourceError(
            f'camera {number} cannot be opened: none is connected under this '
            f'number, another program uses it, or {allowed}'
        )
    return capture


class CameraReader:
    """Reads a camera in a thread of its own, at the camera's speed.

    Who asks for a picture gets one that nobody had yet; those that came
    while nobody asked are dropped. A camera that gives nothing for a moment
    is waited for, and opened anew.

    Args:
        number: Of the camera.

    Attributes:
        fps: Frames a second, as the camera says.

    Raises:
        SourceError: If it cannot be opened.
    """

    def __init__(self, number: str) -> None:
        self._number = number
        self._capture = open_camera(number)
        fps = self._capture.get(cv2.CAP_PROP_FPS)
        self.fps = float(fps) if 0 < fps < 1000 else DEFAULT_FPS
        self._changed = threading.Condition()
        self._newest: tuple[float, np.ndarray] | None = None
        self._ended = self._stopped = False
        self._started = time.monotonic()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        """Seconds since it was opened and image, until it gives no more."""
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._newest is not None or self._ended
                )
                if self._newest is None:
                    return
                newest, self._newest = self._newest, None
            yield newest

    def close(self) -> None:
        """Stop reading."""
        self._stopped = True
        self._thread.join()

    def _work(self) -> None:
        seen = reopened = time.monotonic()
        try:
            while not self._stopped:
                image = self._read()
                now = time.monotonic()
                if image is not None:
                    seen = reopened = now
                    with self._changed:
                        self._newest = now - self._started, image
                        self._changed.notify_all()
                    continue
                time.sleep(PAUSE)
                if now - reopened > UNTIL_REOPENED:
                    # one read may have taken longer than that: not before
                    # the camera was opened anew and had its time again
                    if now - seen > PATIENCE and reopened > seen:
                        break
                    self._capture.release()
                    self._capture = cv2.VideoCapture(int(self._number))
                    reopened = time.monotonic()  # opening takes a while
        finally:
            self._capture.release()
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _read(self) -> np.ndarray | None:
        try:
            good, image = self._capture.read()
        except cv2.error:
            return None
        return image if good else None
