"""Python pickles that hold plain data, read without running anything of them.

Unpickling calls whatever a file names, so a downloaded pickle is a program
(https://docs.python.org/3/library/pickle.html#restricting-globals). Here a
file can name only what containers, numbers, strings and NumPy arrays are made
of; anything else is refused.

What this does not protect from is a file made to fill the memory.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any, BinaryIO

from wholebody_mm.plain_arrays import (
    NDARRAY,
    Maker,
    PlainDtype,
    Refused,
    frombuffer,
    no_bytes,
    reconstruct,
    scalar,
)

# Names by which Python 2 and 3, NumPy before and from 2 call the same.
_BUILTINS = ('__builtin__', 'builtins')
_NUMPY_CORE = ('numpy.core', 'numpy._core')


class PlainPickleError(ValueError):
    """A file that is no pickle, broken, or more than plain data."""


def _encode(text: str, encoding: str = 'latin1') -> bytes:
    """The bytes that Python 3 writes as text for Python 2."""
    if encoding != 'latin1':
        raise Refused(f'the encoding {encoding!r:.80}')
    return str.encode(text, 'latin1')


def _known() -> dict[tuple[str, str], Any]:
    """(module, name) to what a file gets for it."""
    known: dict[tuple[str, str], Any] = {
        ('numpy', 'ndarray'): NDARRAY,
        ('numpy', 'dtype'): Maker(PlainDtype),
        ('_codecs', 'encode'): Maker(_encode),
        ('collections', 'OrderedDict'): Maker(dict),
    }
    for module in _BUILTINS:
        for kind in (set, frozenset, complex):
            known[module, kind.__name__] = Maker(kind)
        known[module, 'bytes'] = Maker(no_bytes)
    for module in _NUMPY_CORE:
        known[f'{module}.multiarray', '_reconstruct'] = Maker(reconstruct)
        known[f'{module}.multiarray', 'scalar'] = Maker(scalar)
        known[f'{module}.numeric', '_frombuffer'] = Maker(frombuffer)
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
            raise Refused(f'{module}.{name}') from None


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
        except Refused as error:
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
