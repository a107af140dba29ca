"""What people are looked for in: images, folders, globs, videos, cameras."""

from __future__ import annotations

import glob
import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from wholebody_mm.inference.images import is_called, read_image

IMAGE_SUFFIXES = frozenset(
    ('.jpg', '.jpeg', '.jpe', '.jfif', '.png', '.bmp', '.webp')
    + ('.tif', '.tiff', '.jp2', '.ppm', '.pgm', '.pnm')
)
VIDEO_SUFFIXES = frozenset(
    ('.mp4', '.avi', '.mov', '.mkv', '.webm', '.m4v', '.mpg', '.mpeg')
    + ('.wmv', '.flv', '.gif', '.mts', '.m2ts', '.3gp', '.ogv', '.vob')
    + ('.asf',)
)
# Videos only if they, or a pattern with this ending, are named: in folders
# there is more that ends so, such as networks and program texts.
NAMED_VIDEO_SUFFIXES = VIDEO_SUFFIXES | {'.ts'}
_CAMERA = re.compile(r'(?:camera:|/dev/video)?(\d+)')
# What a frame of a video is called; see Frame.name.
_FRAME = re.compile(r'(.*)_\d{12}')
# Pixels above which an image file is read again for its picture, instead of
# being kept while it waits: some dozen may be under way at a time.
KEPT_PIXELS = 4_000_000
# Some files do not say how many frames a second they have.
DEFAULT_FPS = 25.0


class SourceError(ValueError):
    """A video or a camera that cannot be read; says what to do."""


@dataclass(frozen=True, eq=False)
class Frame:
    """An image on its way, or the reason why there is none.

    Attributes:
        source: Where it is from.
        number: Of the frame in a video or of a camera; None for an image.
        time: Seconds since the start of a video or camera.
        fps: Frames a second of the video or camera.
        image: (H, W, 3) uint8 BGR; None if it is read again when needed.
        error: Why there is no image; None if there is.
    """

    source: Source
    number: int | None = None
    time: float = 0.0
    fps: float = DEFAULT_FPS
    image: np.ndarray | None = None
    error: str | None = None

    @property
    def name(self) -> str:
        """Unique in a run, a relative path; what its files are called."""
        if self.number is None:
            return self.source.name
        # twelve digits, as tools that read OpenPose's files expect
        return f'{self.source.name}_{self.number:012d}'

    def pixels(self) -> np.ndarray:
        """The image, read again if it was too large to be kept."""
        if self.image is None:
            return read_image(self.source.path)
        return self.image

    def without_large_pixels(self) -> Frame:
        """The same, to be read again for a picture if it is a large file."""
        if (
            self.number is None
            and self.image is not None
            and self.image.shape[0] * self.image.shape[1] > KEPT_PIXELS
        ):
            return replace(self, image=None)
        return self


@dataclass(frozen=True)
class Source:
    """An image file, a video file or a camera.

    Attributes:
        kind: ``image``, ``video`` or ``camera``.
        path: The file, or the number of the camera.
        name: Unique in a run; a relative path without suffix.
    """

    kind: str
    path: str
    name: str

    @property
    def moves(self) -> bool:
        """Whether it has frames that follow each other."""
        return self.kind != 'image'

    def count(self) -> int | None:
        """How many frames it has, as far as it says."""
        if self.kind == 'image':
            return 1
        if self.kind == 'camera':
            return None
        capture = cv2.VideoCapture(self.path)
        try:
            count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        finally:
            capture.release()
        return count if count > 0 else None

    def frames(self, limit: int | None = None) -> Iterator[Frame]:
        """Its frames; what cannot be read is a frame with an error.

        Args:
            limit: Most frames of a video or camera.

        Raises:
            SourceError: If a camera cannot be opened.
        """
        if self.kind == 'image':
            try:
                yield Frame(self, image=read_image(self.path))
            except (ValueError, OSError, MemoryError) as error:
                yield Frame(self, error=str(error) or 'not enough memory')
            return
        try:
            yield from _captured(self, limit)
        except SourceError as error:
            if self.kind == 'camera':
                raise
            yield Frame(self, error=str(error))


def _open(source: Source) -> cv2.VideoCapture:
    """Open a video or a camera.

    Raises:
        SourceError: If that fails.
    """
    if source.kind == 'camera':
        capture = cv2.VideoCapture(int(source.path))
        if not capture.isOpened():
            capture.release()
            raise SourceError(
                f'camera {source.path} cannot be opened: none is connected '
                f'under this number, another program uses it, or you may not '
                f'read /dev/video{source.path} (group "video")'
            )
        return capture
    capture = cv2.VideoCapture(source.path)
    if not capture.isOpened():
        capture.release()
        raise SourceError(
            f'{source.path} cannot be opened as a video: it is damaged, or '
            f'in a format that this OpenCV does not read; convert it, for '
            f'example "ffmpeg -i {source.path} video.mp4"'
        )
    return capture


def _fps(capture: cv2.VideoCapture) -> float:
    """Frames a second of what was opened; 25 where it does not say."""
    fps = capture.get(cv2.CAP_PROP_FPS)
    return float(fps) if 0 < fps < 1000 else DEFAULT_FPS


def _captured(source: Source, limit: int | None) -> Iterator[Frame]:
    """Frames of a video or a camera."""
    capture = _open(source)
    try:
        fps = _fps(capture)
        promised = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        started = time.monotonic()
        number = 0
        while limit is None or number < limit:
            good, image = capture.read()
            if not good:
                break
            if source.kind == 'camera':
                moment = time.monotonic() - started
            else:
                moment = number / fps
            yield Frame(source, number, moment, fps, image)
            number += 1
    finally:
        capture.release()
    if limit is not None and number >= limit:
        return
    if source.kind == 'camera':
        yield Frame(
            source,
            number,
            error=(
                f'camera {source.path} gave nothing after {number} frames: '
                f'it was unplugged, or another program took it'
            ),
        )
        return
    # headers estimate: only a clear lack is worth a word
    if number == 0 or number < 0.95 * promised - 2:
        yield Frame(
            source,
            number,
            error=(
                f'{source.path} ends after {number} of {promised} frames; '
                f'it is cut off or damaged'
            ),
        )


def find_sources(
    inputs: Sequence[str], leave_out: Iterable[Path] = ()
) -> tuple[list[Source], int]:
    """The images, videos and cameras that a command line names.

    Args:
        inputs: Files, folders (with all folders in them), patterns such as
            ``photos/*.jpg``, and cameras: ``camera:0``, ``/dev/video0`` or
            just ``0``.
        leave_out: Folders of results, whose files are not taken.

    Returns:
        The sources, in the order of the inputs and by name within one,
        cameras last, for who ends one ends the run; and how many other files
        were left out.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a folder or a pattern holds neither image nor video,
            or there are only files to leave out.
    """
    found: list[tuple[str, str, list[str]]] = []
    other = 0
    results = {folder.resolve() for folder in leave_out}

    def is_result(path: Path) -> bool:
        return not results.isdisjoint(path.resolve().parents)

    def inputs_of(paths: list[Path]) -> list[Path]:
        return [p for p in paths if not results or not is_result(p)]

    for text in inputs:
        path = Path(text).expanduser()
        camera = _CAMERA.fullmatch(text)
        if camera and not path.is_file() and not path.is_dir():
            number = camera[1]
            # a recording of its own each time
            now = time.strftime('%Y%m%d-%H%M%S')
            found.append(('camera', number, [f'camera{number}-{now}']))
        elif path.is_dir():
            files, skipped = _media(inputs_of(sorted(path.rglob('*'))))
            if not files:
                raise ValueError(f'{text} holds neither image nor video')
            other += skipped
            found += [_entry(file, path) for file in files]
        elif path.is_file():
            if is_result(path):  # a shell has expanded a pattern
                other += 1
            else:
                found.append(_entry(path, path.parent))
        elif glob.has_magic(str(path)):
            matches = sorted(glob.glob(str(path), recursive=True))
            files, skipped = _media(
                inputs_of([Path(match) for match in matches]),
                path.suffix.lower() in NAMED_VIDEO_SUFFIXES,
            )
            if not files:
                raise ValueError(f'nothing matches {text}')
            other += skipped
            found += [_entry(file, file.parent) for file in files]
        else:
            raise FileNotFoundError(f'no file, folder or camera {text}')
    if not found:
        raise ValueError(
            'there is no input but results of an earlier run; name another '
            '--out'
        )
    found.sort(key=lambda entry: entry[0] == 'camera')
    # a file that several inputs name is done once
    unique = list({(kind, path): names for kind, path, names in found}.items())
    videos = [kind != 'image' for (kind, _), _ in unique]
    names = _unique_names([names for _, names in unique], videos)
    sources = [
        Source(kind, path, name)
        for ((kind, path), _), name in zip(unique, names, strict=True)
    ]
    return sources, other


def _media(paths: list[Path], named: bool = False) -> tuple[list[Path], int]:
    """The images and videos among paths, and how many other files."""
    files = [path for path in paths if path.is_file()]
    videos = NAMED_VIDEO_SUFFIXES if named else VIDEO_SUFFIXES
    known = IMAGE_SUFFIXES | videos
    media = [path for path in files if is_called(path, known)]
    return media, len(files) - len(media)


def _entry(file: Path, folder: Path) -> tuple[str, str, list[str]]:
    """Kind, path and names to choose from, shortest first."""
    moves = file.suffix.lower() in NAMED_VIDEO_SUFFIXES
    kind = 'video' if moves else 'image'
    inside = PurePosixPath(file.relative_to(folder).as_posix())
    with_suffix = f'{inside.with_suffix("")}_{inside.suffix.lstrip(".")}'
    above = file.resolve().parent.name
    names = [
        str(inside.with_suffix('')),
        with_suffix,
        f'{above}/{with_suffix}' if above else with_suffix,
    ]
    return kind, str(file), names


def _unique_names(choices: list[list[str]], videos: list[bool]) -> list[str]:
    """For each the shortest name that no other has, then a numbered one.

    Letters' case does not tell names apart, as it does not on the disks of
    macOS and Windows. No image is called as a frame of a video.
    """
    names = [options[0] for options in choices]

    def is_frame(name: str) -> bool:
        """Whether a video's frame may have this name."""
        frame = _FRAME.fullmatch(name.casefold())
        return frame is not None and frame[1] in moving

    for level in range(1, max(map(len, choices), default=0)):
        counts = Counter(name.casefold() for name in names)
        moving = {
            name.casefold()
            for name, video in zip(names, videos, strict=True)
            if video
        }
        for i, options in enumerate(choices):
            clash = counts[names[i].casefold()] > 1 or is_frame(names[i])
            if clash and level < len(options):
                names[i] = options[level]
    taken: set[str] = set()
    for i, name in enumerate(names):
        number = 1
        while names[i].casefold() in taken:
            number += 1
            names[i] = f'{name}_{number}'
        taken.add(names[i].casefold())
    return names
