"""Pickles of plain data are read; nothing of any other is run."""

import contextlib
import os
import pickle
from collections import OrderedDict, defaultdict
from pathlib import Path

import numpy as np
import pytest

from wholebody_mm.datasets.preparation.plain_pickle import (
    PlainPickleError,
    read_plain_pickle,
)

PLAIN = dict(
    numbers=[1, -(2**70), 2.5, True, None, 1 + 2j],
    text=['a', 'ü', b'\x00\xff', b''],
    sets=[{1, 2}, frozenset({3})],
    ordered=OrderedDict(b=1, a=2),
    arrays=[
        np.arange(6, dtype='<f8').reshape(2, 3),
        np.asfortranarray(np.arange(6, dtype='>i4').reshape(2, 3)),
        np.zeros((0, 3), np.float32),
        np.array([True, False]),
        np.array(['ab', 'c']),
        np.arange(4096.0),
    ],
    scalars=[np.float64(3.5), np.int16(-2), np.bool_(True), np.str_('x')],
)


def write(tmp_path: Path, content: bytes) -> Path:
    path = tmp_path / 'some.pkl'
    path.write_bytes(content)
    return path


def read(tmp_path: Path, content: bytes):
    return read_plain_pickle(write(tmp_path, content), 'sample')


@pytest.mark.parametrize('protocol', range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize('core', [b'numpy._core', b'numpy.core'])
def test_plain_data_come_back_as_pickle_reads_them(tmp_path, protocol, core):
    content = pickle.dumps(PLAIN, protocol=protocol)
    if protocol < 4:  # NumPy's module before and from version 2
        content = content.replace(b'numpy._core', core)
    found = read(tmp_path, content)
    for name in ('numbers', 'text', 'sets', 'ordered', 'scalars'):
        assert found[name] == PLAIN[name]
    pairs = zip(found['arrays'], PLAIN['arrays'], strict=True)
    for array, expected in pairs:
        assert isinstance(array, np.ndarray)
        # NumPy's own unpickling makes the bytes native too
        assert array.dtype == expected.dtype.newbyteorder('=')
        np.testing.assert_array_equal(array, expected)
    pairs = zip(found['scalars'], PLAIN['scalars'], strict=True)
    assert all(type(value) is type(expected) for value, expected in pairs)


def test_python_2s_strings_hold_raw_bytes(tmp_path):
    """Protocol 2 as Python 2 writes it: strings of bytes, old modules."""
    data = np.array([1.5, -2e-7]).tobytes()
    content = (
        b'\x80\x02}('
        b'U\x01tcnumpy.core.multiarray\n_reconstruct\n'
        b'cnumpy\nndarray\nK\x00\x85U\x01b\x87R('
        b'K\x01K\x02\x85cnumpy\ndtype\nU\x02f8K\x00K\x01\x87R('
        b'K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb'
        b'\x89U' + bytes([len(data)]) + data + b'tb'
        b'U\x01sc__builtin__\nset\n](K\x01K\x02e\x85R'
        b'U\x01n\x8a\x05\x00\x00\x00\x00\x01u.'
    )
    found = read(tmp_path, content)
    assert found['t'].tolist() == [1.5, -2e-7]
    assert found['s'] == {1, 2} and found['n'] == 2**32
    found['t'][0] = 7  # and it is ours to write
    assert found['t'].tolist() == [7, -2e-7]


class Runs:
    """Pickled as a call."""

    def __init__(self, function, *args) -> None:
        self.call = function, args

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize(
    'function, named',
    [
        (os.system, 'system'),
        (os.mkdir, 'mkdir'),
        (eval, 'builtins.eval|__builtin__.eval'),
        (getattr, 'getattr'),
        (__import__, '__import__|builtins'),
        (np.load, 'load'),
        (np.frombuffer, 'frombuffer'),
        (Path, 'pathlib'),
        (defaultdict, 'collections.defaultdict'),
    ],
)
@pytest.mark.parametrize('protocol', [0, 2, 4])
def test_whatever_could_run_is_refused_by_name(
    tmp_path, function, named, protocol
):
    target = tmp_path / 'made'
    shell = f'mkdir {target}' if function is os.system else str(target)
    content = pickle.dumps(
        dict(a=1, b=[np.eye(2), Runs(function, shell)]), protocol=protocol
    )
    with pytest.raises(PlainPickleError, match=named) as error:
        read(tmp_path, content)
    assert 'some.pkl' in str(error.value) and 'refused' in str(error.value)
    assert not target.exists()


def test_names_with_dots_lead_nowhere(tmp_path):
    content = b'\x80\x04\x8c\x05numpy\x8c\x0edtype.__init__\x93)R.'
    with pytest.raises(PlainPickleError, match='numpy.dtype.__init__'):
        read(tmp_path, content)


RECONSTRUCT = b'cnumpy.core.multiarray\n_reconstruct\n'
EMPTY = RECONSTRUCT + b'cnumpy\nndarray\nK\x00\x85U\x01b\x87R'
DTYPE = b'cnumpy\ndtype\nU\x02%sK\x00K\x01\x87R'
STATE = b'(K\x03U\x01<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb'
F8 = DTYPE % b'f8' + STATE


def protocol2(*pieces: bytes) -> bytes:
    return b'\x80\x02' + b''.join(pieces) + b'.'


@pytest.mark.parametrize(
    'content, named',
    [
        # pointers that a file makes up
        (protocol2(EMPTY, b'(K\x01K\x01\x85', DTYPE % b'O8', STATE,
                   b'\x89U\x08AAAAAAAAtb'), 'O8'),
        (protocol2(b'cnumpy.core.multiarray\nscalar\n',
                   DTYPE % b'O8', b'U\x08AAAAAAAA\x86R'), 'O8'),
        # records, whose offsets a file could make up
        (protocol2(DTYPE % b'V8', STATE), 'V8'),
        (protocol2(DTYPE % b'f8', b'(K\x03U\x01<NU\x01a\x85}tb'), 'dtype'),
        # more than there is
        (protocol2(EMPTY, b'(K\x01K\x09\x85', F8, b'\x89U\x08AAAAAAAAtb'),
         '72'),
        (protocol2(EMPTY, b'(K\x01J\xff\xff\xff\xff\x85', F8,
                   b'\x89U\x00tb'), 'shape'),
        (protocol2(EMPTY, b'(K\x01K\x01\x85', F8, b'\x89]tb'), 'objects'),
        (protocol2(EMPTY, b'(K\x01K\x01\x85U\x02f8\x89U\x08AAAAAAAAtb'),
         'dtype'),
        # another class of arrays, NumPy's class itself, other encodings
        (protocol2(RECONSTRUCT, b'U\x01xK\x00\x85U\x01b\x87R'), 'kind'),
        (protocol2(b'cnumpy\nndarray\nK\x05\x85R'), 'callable'),
        (protocol2(b'c_codecs\nencode\nU\x01aU\x05rot13\x86R'), 'rot13'),
        (protocol2(b'c__builtin__\nbytes\nJ\xff\xff\xff\x7f\x85R'), 'bytes'),
        # a function that is given another body, or attributes
        (protocol2(RECONSTRUCT, b'}U\x05_makec__builtin__\nset\nsb'),
         'own functions'),
        (protocol2(RECONSTRUCT, b'N}U\x05_makec__builtin__\nset\ns\x86b'),
         'own functions'),
        # a class made from it, objects kept elsewhere, out-of-band buffers
        (protocol2(b'cnumpy\ndtype\nU\x02f8\x85\x81'), 'NEWOBJ'),
        (protocol2(b'U\x01aQ'), 'persistent'),
        (b'\x80\x05\x97.', 'buffer'),
        (protocol2(b'\x82\x01'), 'extension'),
    ],
)  # fmt: skip
def test_forged_files_are_refused(tmp_path, content, named):
    with pytest.raises(PlainPickleError, match=named):
        read(tmp_path, content)


def test_a_refused_file_changes_nothing_for_the_next(tmp_path):
    for piece in (b'}U\x05_makec__builtin__\nset\nsb', b'N\x85b'):
        with pytest.raises(PlainPickleError):
            read(tmp_path, protocol2(RECONSTRUCT, piece))
    assert read(tmp_path, pickle.dumps(np.eye(2))).tolist() == [[1, 0], [0, 1]]


def test_broken_files_are_named(tmp_path):
    whole = pickle.dumps(PLAIN, protocol=2)
    for cut in (0, 1, 40, len(whole) // 2, len(whole) - 1):
        with pytest.raises(PlainPickleError, match='some.pkl.*complete'):
            read(tmp_path, whole[:cut])
    with pytest.raises(PlainPickleError, match='complete'):
        read(tmp_path, b'<html><body>404 Not Found</body></html>')
    with pytest.raises(FileNotFoundError, match='no sample.*docs/data.md'):
        read_plain_pickle(tmp_path / 'none.pkl', 'sample')


def test_every_byte_of_a_file_can_be_wrong(tmp_path):
    """Damage gives data or the one error, never another."""
    whole = pickle.dumps([np.eye(2), {1: 'a'}, np.float32(1)], protocol=2)
    rng = np.random.default_rng(0)
    for _ in range(1500):
        content = bytearray(whole)
        # not into the four bytes of a memo number: it makes a table as large
        content[rng.integers(2, len(content))] = rng.choice(
            [b for b in range(256) if b != ord('r')]
        )
        with contextlib.suppress(PlainPickleError):
            read(tmp_path, bytes(content))
