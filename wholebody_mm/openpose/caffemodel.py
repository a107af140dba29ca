"""``.caffemodel`` files: layers by name, blobs as arrays.

Reads what Caffe's ``NetParameter`` has of weights, by a schema of our own
(field numbers below), the older ``V1LayerParameter`` included. The file is
mapped, not read: only blobs that are asked for, with the shape they are
expected to have, are copied.
"""

from __future__ import annotations

import contextlib
import math
import mmap
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import BinaryIO

import numpy as np

from wholebody_mm.openpose.wire import (
    BYTES,
    FIXED32,
    VARINT,
    WireError,
    bytes_field,
    fields,
    read_varint,
    varint,
)

# NetParameter
_NET_NAME, _NET_V1_LAYER, _NET_LAYER = 1, 2, 100
# LayerParameter: name, type, bottom, top, blobs
_NAME, _TYPE, _BOTTOM, _TOP, _BLOBS = 1, 2, 3, 4, 7
# V1LayerParameter: name, blobs
_V1_NAME, _V1_BLOBS = 4, 6
# BlobProto: num, channels, height, width of old files; data, shape, doubles
_OLD_SHAPE, _DATA, _SHAPE, _DOUBLES = (1, 2, 3, 4), 5, 7, 8
_DIM = 1  # BlobShape
# The largest released network has some 300 layers of at most two blobs.
_MOST_LAYERS, _MOST_BLOBS, _MOST_DIMS, _MOST_PIECES = 5000, 8, 8, 4
_MOST_NAME_BYTES = 1000

_HINTS = (
    (b'PK', 'it is a zip archive, as .pth checkpoints are'),
    (b'\x80', 'it is a Python pickle'),
    (b'\x89HDF', 'it is HDF5; Caffe writes that with snapshot_format HDF5'),
    (b'<', 'it is a web page: the download went wrong'),
    (b'layer', 'it is a network definition (.prototxt), without weights'),
    (b'name:', 'it is a network definition (.prototxt), without weights'),
    (b'input', 'it is a network definition (.prototxt), without weights'),
    (b'version https://git-lfs', 'it is a Git LFS pointer, not the file'),
)


class CaffeModelError(ValueError):
    """A file that is no .caffemodel, or not the one that was named."""


@dataclass(frozen=True)
class Blob:
    """One array of a layer, still in the file.

    Attributes:
        shape: Its sizes as the file states them; old files always state
            four.
        pieces: Slices of the file with little-endian float32 values.
    """

    shape: tuple[int, ...]
    pieces: tuple[memoryview, ...]

    @property
    def size(self) -> int:
        """Values that the file holds for it."""
        return sum(len(piece) for piece in self.pieces) // 4

    def fits(self, shape: Sequence[int]) -> bool:
        """Whether it is an array of this shape; leading ones do not count."""
        return self.size == math.prod(shape) and _trimmed(
            self.shape
        ) == _trimmed(shape)

    def array(self, shape: Sequence[int]) -> np.ndarray:
        """A copy as float32 of a shape that it fits."""
        pieces = [np.frombuffer(piece, '<f4') for piece in self.pieces]
        values = np.concatenate(pieces) if pieces else np.empty(0, '<f4')
        return values.astype(np.float32, copy=True).reshape(tuple(shape))


def _trimmed(shape: Sequence[int]) -> tuple[int, ...]:
    """A shape without leading ones: 1 x 1 x 1 x 64 is 64."""
    shape = tuple(shape)
    while shape[:1] == (1,):
        shape = shape[1:]
    return shape


class CaffeModel:
    """The weights of a .caffemodel file.

    A context manager: blobs are slices of the mapped file and end with it.

    Args:
        path: The file.

    Attributes:
        name: Of the network, as the file states it.
        layers: Name to blobs, of the layers that have any.

    Raises:
        FileNotFoundError: If there is no such file.
        CaffeModelError: If it is cut off or something else.
    """

    def __init__(self, path: str | PathLike) -> None:
        self.path = Path(path).expanduser()
        if not self.path.is_file():
            what = 'is a folder' if self.path.is_dir() else 'does not exist'
            raise FileNotFoundError(f'{self.path} {what}; give a .caffemodel')
        self.name = ''
        self.layers: dict[str, list[Blob]] = {}
        self._file: BinaryIO = self.path.open('rb')
        self._map: mmap.mmap | None = None
        self._view: memoryview | None = None
        try:
            self._read()
        except WireError as error:
            message = self._message(error)
            self.close()
            raise CaffeModelError(message) from None
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> CaffeModel:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; blobs cannot be read any more."""
        for blobs in self.layers.values():
            for blob in blobs:
                for piece in blob.pieces:
                    piece.release()
        self.layers = {}
        if self._view is not None:
            self._view.release()
        if self._map is not None:
            # slices that a traceback holds go with it
            with contextlib.suppress(BufferError):
                self._map.close()
        self._file.close()

    def _message(self, error: WireError) -> str:
        size = self.path.stat().st_size
        head = bytes(self._view[:64]) if self._view is not None else b''
        text = f'{self.path} ({size:,} bytes) is no whole .caffemodel: {error}'
        for start, hint in _HINTS:
            if head.lstrip().startswith(start):
                return f'{text}; {hint}.'
        if self.layers:
            last = next(reversed(self.layers))
            text += f' (after layer {last!r}, number {len(self.layers)})'
        return f'{text}. Copy or download it again and compare its size.'

    def _read(self) -> None:
        if self.path.stat().st_size == 0:
            raise WireError('it is empty')
        self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        self._view = memoryview(self._map)
        count = 0
        for number, kind, value in fields(self._view):
            if number == _NET_NAME and kind == BYTES:
                self.name = _text(value)
            elif number in (_NET_LAYER, _NET_V1_LAYER) and kind == BYTES:
                count += 1
                if count > _MOST_LAYERS:
                    raise WireError(f'more than {_MOST_LAYERS:,} layers')
                self._read_layer(value, number == _NET_V1_LAYER)
        if not self.layers:
            raise WireError(
                f'none of its {count} layers has weights'
                if count
                else 'it has no layers'
            )

    def _read_layer(self, data: memoryview, old: bool) -> None:
        name_field = _V1_NAME if old else _NAME
        blobs_field = _V1_BLOBS if old else _BLOBS
        name, blobs = '', []
        for number, kind, value in fields(data):
            if number == name_field and kind == BYTES:
                name = _text(value)
            elif number == blobs_field and kind == BYTES:
                if len(blobs) == _MOST_BLOBS:
                    raise WireError(
                        f'layer {name!r} has more than {_MOST_BLOBS} blobs'
                    )
                blobs.append(_blob(value, name))
        if not blobs:
            return
        if name in self.layers:
            raise WireError(f'two layers are called {name!r}')
        self.layers[name] = blobs


def _text(value: memoryview) -> str:
    if len(value) > _MOST_NAME_BYTES:
        raise WireError(f'a name of {len(value):,} bytes')
    return bytes(value).decode('utf-8', 'replace')


def _blob(data: memoryview, layer: str) -> Blob:
    shape: tuple[int, ...] = ()
    old = dict.fromkeys(_OLD_SHAPE, 1)
    has_old, pieces, single = False, [], bytearray()
    for number, kind, value in fields(data):
        if number == _DATA and kind == BYTES:
            if len(value) % 4:
                raise WireError(
                    f'the values of layer {layer!r} are {len(value):,} bytes, '
                    f'no multiple of 4'
                )
            if len(pieces) == _MOST_PIECES:
                raise WireError(
                    f'a blob of layer {layer!r} is in more than '
                    f'{_MOST_PIECES} pieces'
                )
            pieces.append(value)
        elif number == _DATA and kind == FIXED32:
            single += value  # a writer that does not pack
        elif number == _SHAPE and kind == BYTES:
            shape = _dimensions(value, layer)
        elif number in old and kind == VARINT:
            old[number], has_old = value, True
        elif number == _DOUBLES:
            raise WireError(f'layer {layer!r} has double values, not float')
    if single:
        pieces.append(memoryview(bytes(single)))
    if not shape and has_old:
        shape = tuple(old.values())
    blob = Blob(shape, tuple(pieces))
    if math.prod(blob.shape) != blob.size:
        raise WireError(
            f'a blob of layer {layer!r} has shape {blob.shape} and '
            f'{blob.size:,} values'
        )
    return blob


def _dimensions(data: memoryview, layer: str) -> tuple[int, ...]:
    dims: list[int] = []
    for number, kind, value in fields(data):
        if number != _DIM:
            continue
        if kind == VARINT:
            dims.append(value)
        elif kind == BYTES:
            at = 0
            while at < len(value):
                if len(dims) > _MOST_DIMS:
                    break
                dim, at = read_varint(value, at)
                dims.append(dim)
        if len(dims) > _MOST_DIMS:
            raise WireError(
                f'a blob of layer {layer!r} has more than {_MOST_DIMS} sizes'
            )
    return tuple(dims)


def write_caffemodel(
    path: str | PathLike,
    name: str,
    layers: Iterable[
        tuple[str, str, Sequence[str], str, Sequence[np.ndarray]]
    ],
) -> None:
    """Write a .caffemodel.

    Args:
        path: Where to.
        name: Of the network.
        layers: ``(name, type, bottoms, top, blobs)`` each; blobs are float32
            arrays.
    """
    with Path(path).open('wb') as file:
        file.write(bytes_field(_NET_NAME, name))
        for layer, kind, bottoms, top, blobs in layers:
            parts = [bytes_field(_NAME, layer), bytes_field(_TYPE, kind)]
            parts += [bytes_field(_BOTTOM, bottom) for bottom in bottoms]
            parts.append(bytes_field(_TOP, top))
            for blob in blobs:
                dims = b''.join(varint(int(side)) for side in blob.shape)
                values = np.ascontiguousarray(blob, '<f4').tobytes()
                content = bytes_field(_DATA, values)
                content += bytes_field(_SHAPE, bytes_field(_DIM, dims))
                parts.append(bytes_field(_BLOBS, content))
            file.write(bytes_field(_NET_LAYER, b''.join(parts)))
