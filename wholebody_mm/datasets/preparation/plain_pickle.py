"""Python pickles that hold plain data, read without running anything of them.

Unpickling calls whatever a file names, so a downloaded pickle is a program
(https://docs.python.org/3/library/pickle.html#restricting-globals). Here a
file can name only what containers, numbers, strings and NumPy arrays are made
of; anything else is refused.

NumPy's own unpickling functions are not handed out either: the flags of a
dtype come from the file and are believed, so that a file can have its bytes
taken for pointers to objects. Arrays are made here, from a dtype that was
checked and from as many bytes as it needs.

What this does not protect from is a file made to fill the memory.
"""

from __future__ import annotations

import math
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

# Names by which Python 2 and 3, NumPy before and from 2 call the same.
_BUILTINS = ('__builtin__', 'builtins')
_NUMPY_CORE = ('numpy.core', 'numpy._core')
# Stands for the class: only ever an argument of _reconstruct.
_NDARRAY = 'numpy.ndarray'
# Booleans, numbers and strings; no objects, records or dates.
_DTYPE = re.compile(r'\?|[biufcSU][0-9]{1,9}')
_BYTE_ORDERS = ('<', '>', '|', '=')


class PlainPickleError(ValueError):
    """A file that is no pickle, broken, or more than plain data."""


class _Refused(pickle.UnpicklingError):
    """What is asked for is not plain data."""


class _Maker:
    """A function that a file may call and not change."""

    __slots__ = ('_make',)

    def __init__(self, make: Callable) -> None:
        self._make = make

    def __call__(self, *args: Any) -> Any:
        return self._make(*args)

    def __setstate__(self, state: Any) -> None:
        raise _Refused('a change of one of its own functions')


class _Dtype:
    """Stands for a dtype while a file is read."""

    __slots__ = ('dtype',)

    def __init__(self, name: str, *_: Any) -> None:
        if not isinstance(name, str) or not _DTYPE.fullmatch(name):
            raise _Refused(f'arrays of dtype {name!r}')
        self.dtype = np.dtype(name)

    def __setstate__(self, state: tuple) -> None:
        # version, byte order, subarray, names, fields, and what NumPy knows
        order, parts = state[1], state[2:5]
        if order not in _BYTE_ORDERS or any(p is not None for p in parts):
            raise _Refused(f'a dtype of the state {state!r:.80}')
        if order in '<>':
            self.dtype = self.dtype.newbyteorder(order)


class _Array(np.ndarray):
    """An array, filled while a file is read."""

    def __setstate__(self, state: tuple) -> None:
        _, shape, dtype, fortran, data = state
        raw, dtype = _checked(shape, dtype, data)
        super().__setstate__((1, shape, dtype, bool(fortran), raw))


def _checked(
    shape: tuple[int, ...], dtype: Any, data: Any
) -> tuple[bytes, np.dtype]:
    """A copy of the bytes, and the dtype; ValueError if they do not fit."""
    if not isinstance(dtype, _Dtype):
        raise _Refused('an array without a dtype')
    if not isinstance(shape, tuple) or not all(
        type(n) is int and n >= 0 for n in shape
    ):
        raise ValueError(f'an array of shape {shape!r:.80}')
    if isinstance(data, str):  # Python 2's bytes, read as latin1
        data = data.encode('latin1')
    if not isinstance(data, bytes | bytearray):
        raise _Refused('an array of Python objects')
    expected = math.prod(shape) * dtype.dtype.itemsize
    if not dtype.dtype.itemsize or len(data) != expected:
        raise ValueError(f'an array of {len(data)} instead of {expected} B')
    # A copy: NumPy keeps the bytes it is given, and arrays can be written.
    return bytes(bytearray(data)), dtype.dtype


def _reconstruct(kind: Any, *_: Any) -> _Array:
    if kind != _NDARRAY:
        raise _Refused('another kind of array')
    return np.ndarray.__new__(_Array, (0,), np.uint8)


def _frombuffer(
    data: Any, dtype: Any, shape: tuple[int, ...], order: str = 'C'
) -> np.ndarray:
    array = _reconstruct(_NDARRAY)
    array.__setstate__((1, shape, dtype, order == 'F', data))
    return array


def _scalar(dtype: Any, data: Any) -> np.generic:
    return _frombuffer(data, dtype, ())[()]


def _encode(text: str, encoding: str = 'latin1') -> bytes:
    """The bytes that Python 3 writes as text for Python 2."""
    if encoding != 'latin1':
        raise _Refused(f'the encoding {encoding!r:.80}')
    return str.encode(text, 'latin1')


def _no_bytes() -> bytes:
    """What stands for b'' in such a file; ``bytes(n)`` is of any size."""
    return b''


def _known() -> dict[tuple[str, str], Any]:
    """(module, name) to what a file gets for it."""
    known: dict[tuple[str, str], Any] = {
        ('numpy', 'ndarray'): _NDARRAY,
        ('numpy', 'dtype'): _Maker(_Dtype),
        ('_codecs', 'encode'): _Maker(_encode),
        ('collections', 'OrderedDict'): _Maker(dict),
    }
    for module in _BUILTINS:
        for kind in (set, frozenset, complex):
            known[module, kind.__name__] = _Maker(kind)
        known[module, 'bytes'] = _Maker(_no_bytes)
    for module in _NUMPY_CORE:
        known[f'{module}.multiarray', '_reconstruct'] = _Maker(_reconstruct)
        known[f'{module}.multiarray', 'scalar'] = _Maker(_scalar)
        known[f'{module}.numeric', '_frombuffer'] = _Maker(_frombuffer)
    return known


class _PlainUnpickler(pickle.Unpickler):
    """Hands out nothing but :func:`_known`."""

    def __init__(self, file: BinaryIO) -> None:
        # latin1 maps every byte: Python 2's strings may be raw data
        super().__init__(file, encoding='latin1')
        self._plain = _known()

    def find_class(self, module: str, name: str) -> Any:
        try:
            return self._plain[module, name]
        except KeyError:
            raise _Refused(f'{module}.{name}') from None


def read_plain_pickle(path: Path, what: str) -> Any:
    """The content of a pickle of Python 2 or 3 that a user downloaded.

    Args:
        path: The file.
        what: What it should be, for messages.

    Returns:
        Containers, numbers, strings, bytes, None and NumPy arrays. Strings of
        Python 2 are read as latin1.

    Raises:
        FileNotFoundError: If it is not there; says what it should be.
        PlainPickleError: If it is no pickle, broken, or asks for anything
            but plain data; names that.
    """
    if not path.is_file():
        raise FileNotFoundError(f'no {what}: {path} (see docs/data.md)')
    with path.open('rb') as file:
        try:
            return _PlainUnpickler(file).load()
        except _Refused as error:
            raise PlainPickleError(
                f'{path} is refused as {what}: it asks for {error}, which '
                f'plain data do not need and which could run code here. '
                f'Nothing of it was run; take the file of its owners.'
            ) from error
        # A broken or forged file can raise anything.
        except Exception as error:
            raise PlainPickleError(
                f'{path} cannot be read as {what} ({error!r:.200}); is the '
                f'download complete?'
            ) from error
