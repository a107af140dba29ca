"""The frames of a video file, when each is shown, and what is missing."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from statistics import fmean, median_low

import cv2
import numpy as np

from wholebody_mm.inference.containers import Container, read_container
from wholebody_mm.inference.formats import printable
from wholebody_mm.inference.images import not_there

# Some files do not say how many frames a second they have.
DEFAULT_FPS = 25.0
# Frames whose times give the rate, and the highest that is believed.
MEASURED_FRAMES, MOST_MEASURED_FPS = 12, 300.0
# Seconds without a frame above which a time stamp is taken for damaged.
LONGEST_PAUSE = 600.0
# Where frames are missing, in shares of the usual distance of two; a video
# with many such places has a varying rate instead.
GAP, MOST_GAPS = 2.5, 0.05


class SourceError(ValueError):
    """A video or a camera that cannot be read; says what to do."""


def open_video(path: str) -> cv2.VideoCapture:
    """Open a video file.

    Raises:
        SourceError: If that fails.
    """
    if not is_utf8(path):  # OpenCV would end the process
        raise SourceError(
            f'{printable(os.path.abspath(path))}: OpenCV opens no videos '
            f'whose names or folders are not UTF-8; rename it'
        )
    if not os.path.isfile(path):
        raise SourceError(not_there('video', path))
    if _is_playlist(path):
        raise SourceError(
            f'{path} is a list of other files, which are not followed; name '
            f'those'
        )
    # whole: of a name like 12:30.mp4 FFmpeg takes what is before the colon
    # for a protocol
    capture = cv2.VideoCapture(os.path.abspath(path))
    if not capture.isOpened():
        capture.release()
        raise SourceError(
            f'{path} cannot be opened as a video: it is damaged, or in a '
            f'format that this OpenCV does not read; convert it, for example '
            f'"ffmpeg -i {path} video.mp4"'
        )
    return capture


def _is_playlist(path: str) -> bool:
    """Whether FFmpeg would open the files that this one names."""
    try:
        with open(path, 'rb') as file:
            start = file.read(512).lstrip(b'\xef\xbb\xbf \t\r\n')
    except OSError as error:
        raise SourceError(f'{path} cannot be read ({error})') from error
    return start.startswith((b'ffconcat', b'#EXTM3U', b'<?xml', b'<MPD'))


def is_utf8(path: str | os.PathLike) -> bool:
    """Whether OpenCV's readers and writers can be given a path, absolute."""
    try:
        os.path.abspath(path).encode('utf-8')
    except UnicodeEncodeError:
        return False
    return True


class VideoReader:
    """Reads a video; after the last frame it says what is missing.

    Args:
        path: The file.

    Attributes:
        fps: Frames a second at which its frames can be written with the
            right distances; of a varying rate a high one.
        count: Frames read.

    Raises:
        SourceError: If it cannot be opened.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.count = 0
        self._capture = open_video(path)
        self._container = _container(path)
        rate = float(self._capture.get(cv2.CAP_PROP_FPS))
        self._promised = int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT))
        # Where the container does not count them, the number of frames was
        # made of this, a wrong rate included.
        known = rate > 0 and self._promised > 0
        self._length = self._promised / rate if known else None
        # The times of a stored number of frames do not follow from a rate,
        # which may be that of the first frames.
        end = self._length
        if self._container.counts_frames:
            end = self._container.shown
        self._latest = math.inf if end is None else end + 1
        self.fps = _rate(rate, _measured_rate(path))
        self._time = 0.0
        self._gaps: list[tuple[float, float]] = []

    def __iter__(self) -> Iterator[tuple[float, np.ndarray]]:
        """Seconds since the first frame, and the image, of each frame."""
        first = 0.0
        while True:
            try:
                good, image = self._capture.read()
            except cv2.error as error:
                raise SourceError(
                    f'{self.path}: frame {self.count + 1} cannot be read '
                    f'({error.err})'
                ) from error
            if not good:
                return
            shown = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
            if not self.count:
                first = shown
            else:
                self._move_to(shown - first)
            self.count += 1
            yield self._time, image

    def _move_to(self, shown: float) -> None:
        """Take a frame's time; the next regular one where it has none."""
        last = min(self._time + LONGEST_PAUSE, self._latest)
        if not self._time < shown <= last:
            shown = self._time + 1 / self.fps
        if shown - self._time > GAP / self.fps:
            self._gaps.append((self._time, shown))
        self._time = shown

    def close(self) -> None:
        """Close the file."""
        self._capture.release()

    def error(self) -> str | None:
        """What is missing for certain; None if nothing is."""
        least = 0.95 * self._promised - 2
        container = self._container
        if not self.count:
            broken = True
        elif container.counts_frames:
            lacks = self.count < self._promised
            broken = (container.cut_off and lacks) or self.count < least
            if self._is_trimmed(container):  # it holds more than is shown
                broken = self._ends_before(container.shown)
            elif container.counts_dropped and not container.cut_off:
                broken = broken and self._ends_before(self._length or math.inf)
        else:  # only an index may be cut off, behind the last frame
            whole = self._length is not None and self._end >= self._length
            broken = container.cut_off and not whole
        if not broken:
            return None
        of = ''
        if container.counts_frames or not self.count:
            of = f' of {self._promised}'
        return (
            f'{self.path} ends after {self.count}{of} frames; it is cut off '
            f'or damaged'
        )

    def remark(self) -> str | None:
        """What may be missing, if there is no :meth:`error`."""
        if not self.count or self.error():
            return None
        remarks = []
        end = self._end
        length = self._length or 0
        counted = self._container.counts_frames
        if not counted and self._ends_before(length):
            remarks.append(
                f'its pictures end at {end:.1f} of {length:.1f} s: its sound '
                f'is longer, it starts late, or it is cut off'
            )
        if 0 < len(self._gaps) <= MOST_GAPS * self.count:
            start, stop = max(self._gaps, key=lambda gap: gap[1] - gap[0])
            more = len(self._gaps) - 1
            remarks.append(
                f'frames are missing from {start:.2f} to {stop:.2f} s'
                f'{f" and in {more} shorter places" if more else ""}: it is '
                f'damaged there, or its frame rate varies'
            )
        return '; '.join(remarks) or None

    @property
    def _end(self) -> float:
        """Seconds until the end of the last frame, or a little more."""
        return self._time + 1.5 / self.fps

    def _ends_before(self, length: float) -> bool:
        """Whether clearly less than so many seconds are there."""
        return self._end < 0.95 * length - 2 / self.fps

    def _is_trimmed(self, container: Container) -> bool:
        """Whether it is whole, and holds frames that are not to be shown."""
        if container.cut_off or None in (container.shown, self._length):
            return False
        return container.shown < 0.98 * self._length


def _container(path: str) -> Container:
    """What a file that was opened says of itself, as far as it can be read."""
    try:
        return read_container(path)
    except OSError:
        return Container()


def _measured_rate(path: str) -> float | None:
    """Frames a second of the first ones, by their times."""
    capture = open_video(path)
    times = []
    try:
        while len(times) < MEASURED_FRAMES and capture.grab():
            times.append(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000)
    finally:
        capture.release()
    steps = [step for step in np.diff(times).tolist() if step > 0]
    if not steps:
        return None
    usual = median_low(steps)  # one of them
    # times in whole milliseconds: their mean is better than one of them
    rate = 1 / fmean(s for s in steps if abs(s - usual) <= 0.2 * usual)
    return rate if rate <= MOST_MEASURED_FPS else None


def _rate(told: float, measured: float | None) -> float:
    """Of the rates that a file tells and has, one that fits.

    The higher one: a picture can be shown for two frames, but not two in
    one. 1000 is what files with times in milliseconds tell.
    """
    told = told if 0 < told < 1000 else 0.0
    if measured is None or (told and abs(measured - told) <= 0.1 * told):
        return told or DEFAULT_FPS
    return max(told, round(measured, 2))
