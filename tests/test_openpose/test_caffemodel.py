"""Files that are fine, cut off, foreign or made to hurt."""

import struct
import tracemalloc

import numpy as np
import pytest

from wholebody_mm.openpose.caffemodel import (
    CaffeModel,
    CaffeModelError,
    write_caffemodel,
)
from wholebody_mm.openpose.wire import bytes_field, varint

WEIGHT = np.arange(36, dtype=np.float32).reshape(4, 1, 3, 3)
BIAS = np.float32([0.5, -1, 2, 3])


@pytest.fixture
def good(tmp_path):
    path = tmp_path / 'good.caffemodel'
    write_caffemodel(
        path,
        'net',
        [
            ('conv', 'Convolution', ['image'], 'conv', [WEIGHT, BIAS]),
            ('relu', 'ReLU', ['conv'], 'conv', []),
            ('prelu', 'PReLU', ['conv'], 'conv', [BIAS]),
        ],
    )
    return path


def read(path, data=None):
    """Every layer's values; writes the data first, if given."""
    if data is not None:
        path.write_bytes(data)
    with CaffeModel(path) as file:
        return {
            name: [blob.array(blob.shape) for blob in blobs]
            for name, blobs in file.layers.items()
        }


def values(number, array):
    """A packed field of floats."""
    return bytes_field(number, np.asarray(array, '<f4').tobytes())


def layer(name, *blobs):
    """A layer of the current format."""
    parts = [bytes_field(1, name)] + [bytes_field(7, blob) for blob in blobs]
    return bytes_field(100, b''.join(parts))


def test_what_is_written_is_read(good):
    found = read(good)
    assert list(found) == ['conv', 'prelu']
    np.testing.assert_array_equal(found['conv'][0], WEIGHT)
    np.testing.assert_array_equal(found['conv'][1], BIAS)
    with CaffeModel(good) as file:
        assert file.name == 'net'
        assert file.layers['conv'][0].shape == (4, 1, 3, 3)


def test_a_blob_fits_its_shape_only(good):
    with CaffeModel(good) as file:
        weight, bias = file.layers['conv']
        assert weight.fits((4, 1, 3, 3))
        assert not weight.fits((1, 4, 3, 3))
        assert not weight.fits((6, 6))
        assert bias.fits((4,))
        assert bias.fits((1, 1, 1, 4))


def test_old_files(tmp_path):
    """Version 1 layers, four sizes, and values that are not packed."""
    sizes = b''.join(varint(n << 3) + varint(s) for n, s in ((1, 1), (4, 4)))
    single = b''.join(
        varint(5 << 3 | 5) + struct.pack('<f', value) for value in BIAS
    )
    data = bytes_field(
        2, bytes_field(4, 'old') + bytes_field(6, sizes + single)
    )
    data += bytes_field(
        2, bytes_field(4, 'packed') + bytes_field(6, sizes + values(5, BIAS))
    )
    found = read(tmp_path / 'old.caffemodel', data)
    for name in ('old', 'packed'):
        assert found[name][0].shape == (1, 1, 1, 4)
        np.testing.assert_array_equal(found[name][0].ravel(), BIAS)


def test_unknown_fields_are_passed_over(good, tmp_path):
    more = bytes_field(55, 'debug') + varint(9 << 3) + varint(1)
    found = read(tmp_path / 'more.caffemodel', more + good.read_bytes())
    assert list(found) == ['conv', 'prelu']


def test_every_cut_is_noticed(good, tmp_path):
    """A cut file is refused, or it ends exactly between two layers."""
    data = good.read_bytes()
    path = tmp_path / 'cut.caffemodel'
    accepted = []
    for size in range(len(data)):
        try:
            found = read(path, data[:size])
        except CaffeModelError as error:
            assert f'{size:,} bytes' in str(error)
            assert 'cut.caffemodel' in str(error)
        else:
            accepted.append(list(found))
    assert accepted == [['conv']] * 2  # before and after relu


def test_changed_bytes_are_refused_or_change_values_only(good, tmp_path):
    data = good.read_bytes()
    path = tmp_path / 'changed.caffemodel'
    rng = np.random.default_rng(0)
    refused = 0
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= int(rng.integers(1, 256))
        try:
            found = read(path, bytes(changed))
        except CaffeModelError:
            refused += 1
            continue
        for blobs in found.values():
            assert all(blob.dtype == np.float32 for blob in blobs)
    assert refused > 20


@pytest.mark.parametrize(
    ('data', 'message'),
    [
        (b'', r'\(0 bytes\).*empty'),
        (b'PK\x03\x04' + bytes(50), 'zip archive'),
        (b'\x80\x02}q\x00.', 'pickle'),
        (b'\x89HDF\r\n' + bytes(20), 'HDF5'),
        (b'<!DOCTYPE html><html></html>', 'web page'),
        (b'name: "net"\nlayer {\n}\n', 'network definition'),
        (b'version https://git-lfs.github.com/spec/v1\n', 'Git LFS'),
        (bytes(1000), 'field number 0 at byte 0'),
        (b'\xff' * 100, 'a number without an end'),
        (bytes_field(1, 'a net without layers'), 'no layers'),
        (layer('relu'), 'none of its 1 layers has weights'),
    ],
)
def test_foreign_files(tmp_path, data, message):
    path = tmp_path / 'foreign.caffemodel'
    with pytest.raises(CaffeModelError, match=message):
        read(path, data)


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError, match=r'none\.caffemodel does not'):
        CaffeModel(tmp_path / 'none.caffemodel')
    with pytest.raises(FileNotFoundError, match='is a folder'):
        CaffeModel(tmp_path)


@pytest.mark.parametrize(
    ('data', 'message'),
    [
        # claims of sizes that are not there
        (varint(100 << 3 | 2) + varint(2**62), 'claims 4,611,686,018'),
        (
            layer('a', bytes_field(7, bytes_field(1, varint(2**40) * 3))),
            'has shape .* and 0 values',
        ),
        (layer('a', *[values(5, [1])] * 9), 'more than 8 blobs'),
        (
            layer('a', bytes_field(7, bytes_field(1, varint(2) * 99))),
            '8 sizes',
        ),
        (layer('a', values(5, [1]) * 5), 'more than 4 pieces'),
        (layer('a', bytes_field(5, b'123')), 'no multiple of 4'),
        (layer('a', bytes_field(8, bytes(8))), 'double values'),
        (layer('a', values(5, [1])) * 2, "two layers are called 'a'"),
        (layer('x' * 2000, values(5, [1])), 'a name of 2,000 bytes'),
        (layer('') * 6000, 'more than 5,000 layers'),
        (varint(100 << 3 | 3), 'unknown wire type 3'),
    ],
)
def test_hostile_files(tmp_path, data, message):
    with pytest.raises(CaffeModelError, match=message):
        read(tmp_path / 'hostile.caffemodel', data)


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / 'large.caffemodel'
    big = np.zeros((64, 1024, 16), np.float32)
    write_caffemodel(path, 'net', [('a', 'Convolution', ['i'], 'a', [big])])
    tracemalloc.start()
    with CaffeModel(path) as file:
        assert file.layers['a'][0].shape == big.shape
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 500_000 < path.stat().st_size
