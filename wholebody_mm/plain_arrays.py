"""NumPy's arrays out of files, made here and not by NumPy's unpickling.

NumPy's own unpickling functions are not for files of strangers: the flags of
a dtype come from the file and are believed, so that a file can have its bytes
taken for pointers to objects. Here arrays are made from a dtype that was
checked and from as many bytes as it needs. For unpicklers that hand out
nothing else.
"""

from __future__ import annotations

import math
import pickle
import re
from collections.abc import Callable
from typing import Any

import numpy as np

# Stands for the class: only ever an argument of :func:`reconstruct`.
NDARRAY = 'numpy.ndarray'
# Booleans, numbers and strings; no objects, records or dates.
_DTYPE = re.compile(r'\?|[biufcSU][0-9]{1,9}')
_BYTE_ORDERS = ('<', '>', '|', '=')


class Refused(pickle.UnpicklingError):
    """What is asked for is not plain data."""


class Maker:
    """A function that a file may call and not change."""

    __slots__ = ('_make',)

    def __init__(self, make: Callable) -> None:
        self._make = make

    def __call__(self, *args: Any) -> Any:
        return self._make(*args)

    def __setstate__(self, state: Any) -> None:
        raise Refused('a change of one of its own functions')


class PlainDtype:
    """Stands for a dtype while a file is read."""

    __slots__ = ('dtype',)

    def __init__(self, name: str, *_: Any) -> None:
        if not isinstance(name, str) or not _DTYPE.fullmatch(name):
            raise Refused(f'arrays of dtype {name!r}')
        self.dtype = np.dtype(name)

    def __setstate__(self, state: tuple) -> None:
        # version, byte order, subarray, names, fields, and what NumPy knows
        order, parts = state[1], state[2:5]
        if order not in _BYTE_ORDERS or any(p is not None for p in parts):
            raise Refused(f'a dtype of the state {state!r:.80}')
        if order in '<>':
            self.dtype = self.dtype.newbyteorder(order)


class PlainArray(np.ndarray):
    """An array, filled while a file is read."""

    def __reduce__(self) -> tuple:
        # what is written again is NumPy's: no file asks for this class
        return np.array(self).__reduce__()

    def __reduce_ex__(self, protocol: int) -> tuple:
        return np.array(self).__reduce_ex__(protocol)

    def __setstate__(self, state: tuple) -> None:
        _, shape, dtype, fortran, data = state
        raw, dtype = _checked(shape, dtype, data)
        super().__setstate__((1, shape, dtype, bool(fortran), raw))


def _checked(
    shape: tuple[int, ...], dtype: Any, data: Any
) -> tuple[bytes, np.dtype]:
    """A copy of the bytes, and the dtype; ValueError if they do not fit."""
    if not isinstance(dtype, PlainDtype):
        raise Refused('an array without a dtype')
    if not isinstance(shape, tuple) or not all(
        type(n) is int and n >= 0 for n in shape
    ):
        raise ValueError(f'an array of shape {shape!r:.80}')
    if isinstance(data, str):  # Python 2's bytes, read as latin1
        data = data.encode('latin1')
    if not isinstance(data, bytes | bytearray):
        raise Refused('an array of Python objects')
    expected = math.prod(shape) * dtype.dtype.itemsize
    if not dtype.dtype.itemsize or len(data) != expected:
        raise ValueError(f'an array of {len(data)} instead of {expected} B')
    # A copy: NumPy keeps the bytes it is given, and arrays can be written.
    return bytes(bytearray(data)), dtype.dtype


def reconstruct(kind: Any, *_: Any) -> PlainArray:
    """What stands for NumPy's ``_reconstruct``: an empty array."""
    if kind != NDARRAY:
        raise Refused('another kind of array')
    return np.ndarray.__new__(PlainArray, (0,), np.uint8)


def frombuffer(
    data: Any, dtype: Any, shape: tuple[int, ...], order: str = 'C'
) -> np.ndarray:
    """What stands for NumPy's ``_frombuffer``."""
    array = reconstruct(NDARRAY)
    array.__setstate__((1, shape, dtype, order == 'F', data))
    return array


def scalar(dtype: Any, data: Any) -> np.generic:
    """What stands for NumPy's ``scalar``."""
    return frombuffer(data, dtype, ())[()]


def no_bytes() -> bytes:
    """What stands for b'' in such a file; ``bytes(n)`` is of any size."""
    return b''
