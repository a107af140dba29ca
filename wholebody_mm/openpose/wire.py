"""Protocol buffers' wire format, as much of it as a weights file needs.

https://protobuf.dev/programming-guides/encoding. Reading slices a buffer and
copies nothing, so what a file claims about itself costs no memory; every
length is checked against what is there.
"""

from __future__ import annotations

from collections.abc import Iterator

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_SIZES = {FIXED64: 8, FIXED32: 4}
_MOST_VARINT_BYTES = 10

Field = tuple[int, int, int | memoryview]


class WireError(ValueError):
    """Not this format, or cut off; says at which byte."""


def read_varint(data: memoryview, at: int) -> tuple[int, int]:
    """The varint at a byte, and the byte after it.

    Raises:
        WireError: If it does not end in time.
    """
    value = 0
    for i in range(_MOST_VARINT_BYTES):
        if at + i >= len(data):
            raise WireError(f'the data end within a number, at byte {at + i}')
        byte = data[at + i]
        value |= (byte & 0x7F) << (7 * i)
        if not byte & 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at + i + 1
    raise WireError(f'a number without an end at byte {at}')


def fields(data: memoryview) -> Iterator[Field]:
    """The fields of a message, in the order of the data.

    Args:
        data: Bytes of the message.

    Yields:
        Field number, wire type and value: a number for ``VARINT``, a slice
        of the data (no copy) for the others.

    Raises:
        WireError: At the first byte that cannot be.
    """
    at = 0
    while at < len(data):
        start = at
        key, at = read_varint(data, at)
        number, kind = key >> 3, key & 7
        if number == 0:
            raise WireError(f'field number 0 at byte {start}')
        if kind == VARINT:
            value, at = read_varint(data, at)
            yield number, kind, value
            continue
        if kind == BYTES:
            size, at = read_varint(data, at)
        elif kind in _SIZES:
            size = _SIZES[kind]
        else:
            raise WireError(f'unknown wire type {kind} at byte {start}')
        if size > len(data) - at:
            raise WireError(
                f'field {number} at byte {start} claims {size:,} bytes, '
                f'{len(data) - at:,} are left'
            )
        yield number, kind, data[at : at + size]
        at += size


def varint(value: int) -> bytes:
    """A number of at most 64 bits as a varint."""
    out = bytearray()
    while True:
        byte, value = value & 0x7F, value >> 7
        if not value:
            out.append(byte)
            return bytes(out)
        out.append(byte | 0x80)


def bytes_field(number: int, value: bytes | str) -> bytes:
    """A field that holds text, bytes or another message."""
    if isinstance(value, str):
        value = value.encode()
    return varint(number << 3 | BYTES) + varint(len(value)) + value
