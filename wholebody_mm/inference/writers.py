"""What a run leaves in its folder for each image and each frame."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from wholebody_mm.inference.formats import openpose_json, printable
from wholebody_mm.inference.people import PeopleInImage
from wholebody_mm.inference.sources import Frame
from wholebody_mm.inference.videos import is_utf8
from wholebody_mm.skeletons import Skeleton
from wholebody_mm.visualization.people_picture import draw_skeletons
from wholebody_mm.whole_files import part_of, replace_file, write_bytes

# What can be written, with what it is.
KINDS = {
    'pictures': 'images and videos with the people drawn on them',
    'openpose': "a JSON file per frame in OpenPose's format, all keypoints",
    'openpose-split': 'the same with body, face and hands in their own lists',
    'coco': 'results.json in the format of COCO-WholeBody results',
    'csv': 'people.csv, a row for each keypoint found',
    'parquet': 'people.parquet, the same',
}
# Folders that the first three make, and how their files end behind the name
# of the image, frame or video; the rest are single files.
ENDINGS = {
    'pictures': ('.jpg', '.png'),
    'videos': ('.mp4',),
    'openpose': ('_keypoints.json',),
    'openpose-split': ('_keypoints.json',),
}
JPEG_QUALITY = 95
# Of a side, that JPEG can store; larger pictures become PNG.
JPEG_PIXELS = 65_500
# The same of MPEG-4; larger videos are written smaller.
MPEG4_PIXELS = 8190
# Pictures that are repeated in a video while nothing new comes: ten minutes
# at 30 a second, and as many for each frame as a slow network needs.
MOST_STILLS = 18_000
STILLS_OF_A_FRAME = 1000
# OpenCV cuts odd sides, and opens no video of none.
LEAST_PIXELS = 2


class PictureError(OSError):
    """A picture that no file of its kind can hold."""


def is_of_one_file(error: OSError) -> bool:
    """Whether another file, or another name, could be written.

    A full disk or a folder that is read only ends a run; a name that is too
    long there, or that is a folder already, concerns nobody else.
    """
    one = errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG
    return isinstance(error, PictureError) or error.errno in one


class FrameWriter:
    """Writes pictures, videos and JSON files as frames come.

    Args:
        folder: Where everything goes, into the folders of
            :data:`ENDINGS`.
        kinds: Of :data:`KINDS`.
        skeleton: What people are drawn and written in.
        threshold: Least score of a keypoint that is drawn.
        draws: Make pictures even if none are written, for a window.
    """

    def __init__(
        self,
        folder: Path,
        kinds: Sequence[str],
        skeleton: Skeleton,
        threshold: float = 0.1,
        draws: bool = False,
    ) -> None:
        self.folder = folder
        self.kinds = frozenset(kinds)
        self.skeleton = skeleton
        self.threshold = threshold
        self.draws = draws or 'pictures' in self.kinds
        self._video: _Video | None = None

    def write(self, frame: Frame, people: PeopleInImage) -> np.ndarray | None:
        """Write a frame.

        Args:
            frame: With its image.
            people: In the network's skeleton.

        Returns:
            The picture, if pictures are made.
        """
        for kind in ('openpose', 'openpose-split'):
            if kind in self.kinds:
                self._write_json(kind, frame, people)
        if not self.draws:
            return None
        shown = people.to(self.skeleton)
        picture = draw_skeletons(
            frame.pixels(),
            shown.keypoints,
            shown.keypoint_scores,
            self.skeleton,
            shown.ids,
            self.threshold,
        )
        if 'pictures' in self.kinds:
            if frame.source.moves:
                self._add_to_video(frame, picture)
            else:
                fits = max(picture.shape[:2]) <= JPEG_PIXELS
                jpeg, png = ENDINGS['pictures']
                name = f'{frame.name}{jpeg if fits else png}'
                write_picture(self.folder / 'pictures' / name, picture)
        return picture

    def _write_json(
        self, kind: str, frame: Frame, people: PeopleInImage
    ) -> None:
        split = kind == 'openpose-split'
        if not split:
            people = people.to(self.skeleton)
        text = json.dumps(openpose_json(people, split))
        (ending,) = ENDINGS[kind]
        path = self.folder / kind / f'{frame.name}{ending}'
        write_bytes(path, text.encode())

    def _add_to_video(self, frame: Frame, picture: np.ndarray) -> None:
        if self._video is None:
            (ending,) = ENDINGS['videos']
            path = self.folder / 'videos' / f'{frame.source.name}{ending}'
            size = picture.shape[1], picture.shape[0]
            self._video = _Video(path, size, frame.fps)
        # A camera gives fewer frames than it could while the network is
        # busy, and a video's rate may vary; repeating them keeps the speed.
        self._video.add(picture, frame.time)

    def finish(self) -> None:
        """Complete the video, if one is being written."""
        video, self._video = self._video, None
        if video is not None:
            video.close()


class _Video:
    """An MP4 file that takes its name when it is complete.

    Args:
        path: The file.
        size: Width and height in pixels; what is too large for MPEG-4 is
            made smaller, and nothing is less than two pixels wide or high.
        fps: Frames a second; one that MPEG-4 cannot count is rounded.

    Raises:
        OSError: If OpenCV cannot write it.
    """

    def __init__(self, path: Path, size: tuple[int, int], fps: float) -> None:
        if not is_utf8(path):  # OpenCV would end the process
            raise OSError(
                f'{printable(os.path.abspath(path))}: OpenCV writes no '
                f'videos into folders whose names are not UTF-8. Name another '
                f'--out, or leave "pictures" out of --write'
            )
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path
        self._part = part_of(path)
        smaller = min(1.0, MPEG4_PIXELS / max(size))
        self._size = size = tuple(
            max(LEAST_PIXELS, round(s * smaller)) for s in size
        )
        self._frames = self._given = 0
        self._shortened = False
        self._last: np.ndarray | None = None
        fourcc = cv2.VideoWriter_fourcc(*'mp4v')
        # MPEG-4 counts in at most 65535 parts of a second: not every rate
        # of a phone's slow motion or a captured screen can be written.
        for rate in dict.fromkeys((fps, round(fps, 2), max(1.0, round(fps)))):
            self._fps = float(rate)
            self._writer = cv2.VideoWriter(
                os.path.abspath(self._part), fourcc, self._fps, size
            )
            if self._writer.isOpened():
                return
        raise OSError(
            f'{self._part} of {size[0]}x{size[1]} pixels and {fps:g} frames a '
            f'second cannot be written: this OpenCV has no MPEG-4 encoder, or '
            f'the folder cannot be written to. Leave "pictures" out of --write'
        )

    def add(self, picture: np.ndarray, time: float | None = None) -> None:
        """Append a picture; one of another size is resized.

        Args:
            picture: (H, W, 3) uint8 BGR.
            time: Seconds at which it is shown; until then the picture before
                it stays. By default it is the next frame.
        """
        if picture.shape[1::-1] != self._size:
            picture = cv2.resize(
                picture, self._size, interpolation=cv2.INTER_AREA
            )
        before = 0
        if time is not None:
            before = max(0, round(time * self._fps) - self._frames)
            # times are the file's own word, and may be made to fill the disk
            most = MOST_STILLS + STILLS_OF_A_FRAME * self._given
            if self._frames - self._given + before > most:
                before = max(0, most - self._frames + self._given)
                self._shortened = True
        shown = picture if self._last is None else self._last
        for _ in range(before):
            self._writer.write(shown)
        self._writer.write(picture)
        self._frames += before + 1
        self._given += 1
        self._last = picture

    def close(self) -> None:
        """Complete the file.

        Raises:
            OSError: If frames are missing, of which OpenCV says nothing.
        """
        self._writer.release()
        # whole, for the sake of colons: see open_video
        made = cv2.VideoCapture(os.path.abspath(self._part))
        frames = int(made.get(cv2.CAP_PROP_FRAME_COUNT))
        made.release()
        if frames < self._frames:
            self._part.unlink(missing_ok=True)
            raise OSError(
                f'{self._path} would have {frames} of {self._frames} frames: '
                f'the disk is full, or a file cannot be as large there. Make '
                f'room, or leave "pictures" out of --write, and repeat the '
                f'command, without --overwrite to go on'
            )
        replace_file(self._part, self._path)
        if self._shortened:
            print(
                f'{self._path}: pauses are shorter than in the recording, '
                f'which would have had more than {STILLS_OF_A_FRAME} pictures '
                f'for each of its frames',
                file=sys.stderr,
            )


def write_picture(
    path: Path, picture: np.ndarray, quality: int = JPEG_QUALITY
) -> None:
    """Write a BGR picture; a file that is there is complete.

    Not with OpenCV's own writer, which on Windows knows few letters of paths.

    Args:
        path: Its ending says in which format.
        picture: (H, W, 3) uint8.
        quality: Of JPEG, 0 to 100.

    Raises:
        PictureError: If the format cannot hold it.
        OSError: If the file cannot be written.
    """
    try:
        good, data = cv2.imencode(
            path.suffix, picture, [cv2.IMWRITE_JPEG_QUALITY, quality]
        )
    except cv2.error:
        good = False
    if not good:
        raise PictureError(
            f'a picture of {picture.shape[1]} x {picture.shape[0]} pixels '
            f'cannot be written into {path}'
        )
    write_bytes(path, data.tobytes())
