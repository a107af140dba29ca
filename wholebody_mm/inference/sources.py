"""What people are looked for in: images, folders, globs, videos, cameras."""

from __future__ import annotations

import glob
import hashlib
import os
import re
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePosixPath

import cv2
import numpy as np

from wholebody_mm.inference.cameras import CameraReader, open_camera
from wholebody_mm.inference.formats import printable
from wholebody_mm.inference.images import is_called, read_image
from wholebody_mm.inference.videos import (
    DEFAULT_FPS,
    SourceError,
    VideoReader,
    open_video,
)
from wholebody_mm.whole_files import is_part

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
# Photos that this project does not read; they are named where left out.
PHOTO_SUFFIXES = frozenset(('.heic', '.heif', '.avif'))
# Endings of other files that are told.
MOST_ENDINGS = 5
_ADDRESS = re.compile(r'[A-Za-z][A-Za-z0-9+.-]+://')
_CAMERA = re.compile(r'(?:camera:|/dev/video)?(\d+)')
# Bytes of the last part of a name: disks take 255, and what is written is
# called "_NAME_000000000012_keypoints.part.json" for a while.
MOST_NAME_BYTES = 210
# What a frame of a video is called; see Frame.name.
_FRAME = re.compile(r'(.*)_\d{12}')
# Pixels above which an image file is read again for its picture, instead of
# being kept while it waits: some dozen may be under way at a time.
KEPT_PIXELS = 4_000_000


@dataclass(frozen=True, eq=False)
class Frame:
    """An image on its way, or the reason why there is none.

    Attributes:
        source: Where it is from.
        number: Of the frame in a video or of a camera; None for an image.
        time: Seconds since the start of a video or camera.
        fps: Frames a second of the video or camera; of a video whose rate
            varies one at which it can be written.
        image: (H, W, 3) uint8 BGR; None if it is read again when needed.
        error: Why there is no image; None if there is.
        remark: What may be missing in a video, with its last frame.
    """

    source: Source
    number: int | None = None
    time: float = 0.0
    fps: float = DEFAULT_FPS
    image: np.ndarray | None = None
    error: str | None = None
    remark: str | None = None

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
        try:
            capture = open_video(self.path)
        except SourceError:
            return None
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
        if self.kind == 'camera':
            yield from _of_camera(self, limit)
            return
        try:
            yield from _of_video(self, limit)
        except SourceError as error:
            yield Frame(self, error=str(error))


def _of_video(source: Source, limit: int | None) -> Iterator[Frame]:
    """Frames of a video; the last one says what may be missing."""
    with closing(VideoReader(source.path)) as reader:
        last = None
        frames = enumerate(islice(reader, limit))
        try:
            for number, (moment, image) in frames:
                if last is not None:
                    yield last
                last = Frame(source, number, moment, reader.fps, image)
        except SourceError:  # at the frame after it
            if last is not None:
                yield last
            raise
        whole = limit is None or reader.count < limit
        if last is not None:
            yield replace(last, remark=reader.remark() if whole else None)
        error = reader.error() if whole else None
        if error is not None:
            yield Frame(source, reader.count, error=error)


def _of_camera(source: Source, limit: int | None) -> Iterator[Frame]:
    """Frames of a camera, each the newest one when it is asked for."""
    with closing(CameraReader(source.path)) as reader:
        number = 0
        for moment, image in islice(reader, limit):
            yield Frame(source, number, moment, reader.fps, image)
            number += 1
    if limit is None or number < limit:
        yield Frame(
            source,
            number,
            error=(
                f'camera {source.path} gave nothing after {number} frames: '
                f'it was unplugged, or another program took it'
            ),
        )


def check_cameras(sources: Iterable[Source]) -> None:
    """Open and close the cameras, before hours of other work.

    Raises:
        SourceError: If one cannot be opened.
    """
    for source in sources:
        if source.kind == 'camera':
            open_camera(source.path).release()


def find_sources(
    inputs: Sequence[str],
    leave_out: Iterable[Path] = (),
    results_among: Callable[[list[Path]], list[Path]] = lambda files: [],
) -> tuple[list[Source], Counter[str]]:
    """The images, videos and cameras that a command line names.

    Args:
        inputs: Files, folders (with all folders in them, also by links),
            patterns such as ``photos/*.jpg``, and cameras: ``camera:0``,
            ``/dev/video0`` or just ``0``.
        leave_out: Folders of results, whose files are not taken.
        results_among: Gives the folders of results of other runs that are
            known by the files below an input; what lies in them is left out
            unless they, or files in them, are named themselves.

    Returns:
        The sources, in the order of the inputs and by name within one,
        cameras last, for who ends one ends the run; and how many other files
        were left out, by the endings of their names.

    Raises:
        FileNotFoundError: If there is no such file.
        OSError: If a folder cannot be looked into.
        ValueError: If a folder or a pattern holds neither image nor video,
            there are only files to leave out, or an input is empty or a
            network address.
    """
    found: list[tuple[str, str, list[str]]] = []
    other: Counter[str] = Counter()
    results = {folder.resolve() for folder in leave_out}
    for text in inputs:
        if not text.strip():
            raise ValueError(
                'an input is empty; name a file, a folder or a camera (. is '
                'the current folder)'
            )
        path = Path(os.path.expanduser(text))
        camera = _camera_number(text)
        if camera and not path.is_file() and not path.is_dir():
            # a recording of its own each time
            now = time.strftime('%Y%m%d-%H%M%S')
            found.append(('camera', camera, [f'camera{camera}-{now}']))
        elif path.is_dir():
            below, _ = _divide(files_below(path), results)
            others = {folder.resolve() for folder in results_among(below)}
            below, theirs = _divide(below, others)
            files, skipped = _media(below)
            skipped.update(file.suffix.lower() for file in theirs)
            if not files:
                raise ValueError(
                    f'{text} holds neither image nor video{_but(skipped)}'
                )
            other += skipped
            found += [_entry(file, path) for file in files]
        elif path.is_file():
            if _divide([path], results)[1]:  # a shell has expanded a pattern
                other[path.suffix.lower()] += 1
            else:
                found.append(_entry(path, path.parent))
        elif _ADDRESS.match(text):
            raise ValueError(
                f'{text.partition("://")[0]}:// addresses are not read; '
                f'download the file, or record the stream, for example with '
                f'"ffmpeg -i ADDRESS -c copy -t 60 clip.mkv"'
            )
        elif glob.has_magic(str(path)):
            matches = sorted(glob.glob(str(path), recursive=True))
            files, skipped = _media(
                _divide([Path(match) for match in matches], results)[0],
                path.suffix.lower() in NAMED_VIDEO_SUFFIXES,
            )
            if not files:
                raise ValueError(f'nothing matches {text}{_but(skipped)}')
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
    # A file that several inputs name is done once, however they name it. Two
    # links to one file are two: annotations may have both names.
    unique: dict[tuple[str, str], tuple[str, list[str]]] = {}
    for kind, path, names in found:
        key = path
        if kind != 'camera':
            folder, name = os.path.split(path)
            key = os.path.join(os.path.realpath(folder), name)
        unique[kind, key] = path, names
    videos = [kind != 'image' for kind, _ in unique]
    names = _unique_names([names for _, names in unique.values()], videos)
    sources = [
        Source(kind, path, name)
        for (kind, _), (path, _), name in zip(
            unique, unique.values(), names, strict=True
        )
    ]
    return sources, other


def _camera_number(text: str) -> str | None:
    """The number of the camera that an input names, if it names one."""
    if text.startswith('/dev/'):  # udev's lasting names are links
        text = os.path.realpath(text)
    camera = _CAMERA.fullmatch(text)
    return camera and camera[1]


def files_below(folder: Path) -> list[Path]:
    """All files in a folder and those below it, each once.

    Folders that are linked to are looked at after those that lie there, so
    that what is found both ways has its own path; a link back to a folder
    above is no endless way.

    Raises:
        OSError: If a folder cannot be looked into.
    """
    files: list[Path] = []
    seen: set[str] = set()
    tops = [str(folder)]
    while tops:
        for where, folders, names in os.walk(tops.pop(0), onerror=_refuse):
            real = os.path.realpath(where)
            if real in seen:
                folders.clear()
                continue
            seen.add(real)
            links = (os.path.join(where, name) for name in sorted(folders))
            tops += [link for link in links if os.path.islink(link)]
            files += [Path(where, name) for name in names]
    return sorted(files)


def _refuse(error: OSError) -> None:
    raise OSError(
        f'{error.filename} cannot be looked into ({error.strerror}): change '
        f'its permissions, or name the other folders'
    ) from error


def _divide(
    paths: list[Path], folders: set[Path]
) -> tuple[list[Path], list[Path]]:
    """Paths outside of some folders, which are resolved, and those inside."""
    if not folders:
        return paths, []
    parts: tuple[list[Path], list[Path]] = [], []
    for path in paths:
        parts[not folders.isdisjoint(path.resolve().parents)].append(path)
    return parts


def _media(
    paths: list[Path], named: bool = False
) -> tuple[list[Path], Counter[str]]:
    """The images and videos among paths, and the endings of other files."""
    # a link to nothing is a file that cannot be read, and told of as one
    files = [p for p in paths if p.is_file() or os.path.islink(p)]
    files = [p for p in files if not p.is_dir()]
    videos = NAMED_VIDEO_SUFFIXES if named else VIDEO_SUFFIXES
    known = IMAGE_SUFFIXES | videos
    media = [path for path in files if is_called(path, known)]
    others = set(files) - set(media)
    return media, Counter(path.suffix.lower() for path in others)


def _but(others: Counter[str]) -> str:
    """What there is instead of images, behind a message."""
    return f' ({left_out(others)})' if others else ''


def left_out(others: Counter[str]) -> str:
    """Files that were left out, by ending, with what helps."""
    kinds = ', '.join(
        f'{count} {printable(ending) or "without ending"}'
        for ending, count in others.most_common(MOST_ENDINGS)
    )
    more = '' if len(others) <= MOST_ENDINGS else ', ...'
    text = (
        f'{others.total()} files left out: no image, no video, or a result '
        f'({kinds}{more})'
    )
    for ending in sorted(PHOTO_SUFFIXES & others.keys()):
        text += (
            f'; {ending} photos are not read: convert them, for example '
            f'"magick mogrify -format jpg *{ending}"'
        )
    return text


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
    return kind, str(file), [_shortened(name) for name in names]


def _shortened(name: str) -> str:
    """A name whose last part leaves room for what is written behind it."""
    folder, slash, last = name.rpartition('/')
    data = os.fsencode(last)
    if len(data) <= MOST_NAME_BYTES:
        return name
    digest = hashlib.sha256(data).hexdigest()[:12]
    start = data[: MOST_NAME_BYTES - len(digest) - 1].decode(errors='ignore')
    return f'{folder}{slash}{start}_{digest}'


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
        # a picture under such a name would be another's that is being written
        while names[i].casefold() in taken or is_part(Path(f'{names[i]}.jpg')):
            number += 1
            names[i] = f'{name}_{number}'
        taken.add(names[i].casefold())
    return names
