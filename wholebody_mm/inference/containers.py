"""What a video file's container says of itself, which OpenCV does not tell.

OpenCV's number of frames is stored in some containers; in others it is the
length of the longest stream times a guessed rate, which longer sound, a
varying rate or a late start make wrong.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import IO

# Boxes with which MP4 and QuickTime files begin.
_FIRST_BOXES = (b'ftyp', b'moov', b'mdat', b'free', b'skip', b'wide', b'pnot')
# Those that hold the frames and what is known of them.
_NEEDED_BOXES = (b'mdat', b'moov', b'moof')
_EBML, _SEGMENT = b'\x1a\x45\xdf\xa3', b'\x18\x53\x80\x67'


@dataclass(frozen=True)
class Container:
    """What a container says.

    Attributes:
        counts_frames: Whether it stores how many frames there are.
        cut_off: Whether the file ends before the container does.
        shown: Seconds that are shown, if it says so: fewer than it holds
            where a phone or an editor trimmed it without a new encoding.
        counts_dropped: Whether frames that a recorder dropped are among
            those that are counted, as empty ones.
    """

    counts_frames: bool = False
    cut_off: bool = False
    shown: float | None = None
    counts_dropped: bool = False


def read_container(path: str | Path) -> Container:
    """Look at the outermost elements of MP4, QuickTime, AVI and Matroska.

    Others say neither.

    Raises:
        OSError: If the file cannot be read.
    """
    size = os.path.getsize(path)
    with open(path, 'rb') as file:
        start = file.read(12)
        if start[4:8] in _FIRST_BOXES:
            return _mp4(file, size)
        if start[:4] == b'RIFF' and start[8:12] == b'AVI ':
            length = int.from_bytes(start[4:8], 'little')
            return Container(True, length + 8 > size, counts_dropped=True)
        if start[:4] == _EBML:
            return Container(False, _is_matroska_cut_off(file, size))
    return Container()


def _mp4(file: IO[bytes], size: int) -> Container:
    place, fragments, shown = 0, False, None
    while place + 8 <= size:
        file.seek(place)
        header = file.read(16)
        length, kind = int.from_bytes(header[:4], 'big'), header[4:8]
        if length == 1:
            length = int.from_bytes(header[8:16], 'big')
        # what some cameras append is no box; a length of 0 is "to the end"
        if length < 8 or not all(32 <= c < 127 or c == 0xA9 for c in kind):
            break
        # such files are written piece by piece, without a number
        fragments |= kind == b'moof'
        if place + length > size:
            return Container(not fragments, kind in _NEEDED_BOXES, shown)
        if kind == b'moov':
            file.seek(place + 8)
            shown = _movie_length(file.read(8 + 4 + 28))
        place += length
    return Container(not fragments, shown=shown)


def _movie_length(start: bytes) -> float | None:
    """Seconds by the movie header (mvhd), the first box of the moov box."""
    if len(start) < 40 or start[4:8] != b'mvhd':
        return None
    # times of creation and change, ticks a second, ticks
    if start[8] == 1:
        units, length = struct.unpack_from('>IQ', start, 28)
    else:
        units, length = struct.unpack_from('>II', start, 20)
    unknown = length in (0, 2**32 - 1, 2**64 - 1)
    return None if unknown or not units else length / units


def _is_matroska_cut_off(file: IO[bytes], size: int) -> bool:
    """Whether the only large element, the segment, ends behind the file."""
    file.seek(len(_EBML))
    length = _number(file)
    if length is None:
        return False
    file.seek(length, os.SEEK_CUR)
    if file.read(4) != _SEGMENT:
        return False
    length = _number(file)
    return length is not None and file.tell() + length > size


def _number(file: IO[bytes]) -> int | None:
    """A length of EBML; None if it is open, as in what was streamed."""
    first = file.read(1)
    if not first or not first[0]:
        return None
    more = 8 - first[0].bit_length()
    ones = (1 << 7 * (more + 1)) - 1
    value = int.from_bytes(first + file.read(more), 'big') & ones
    return None if value == ones else value
