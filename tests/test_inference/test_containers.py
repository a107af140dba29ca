"""Outermost elements of video files."""

import pytest

from wholebody_mm.inference.containers import read_container


def box(kind, size, content=b''):
    return size.to_bytes(4, 'big') + kind + content.ljust(size - 8, b'\0')


def large_box(kind, size):
    head = (1).to_bytes(4, 'big') + kind + size.to_bytes(8, 'big')
    return head.ljust(size, b'\0')


START = box(b'ftyp', 16)
MOVIE = START + large_box(b'mdat', 100) + box(b'moov', 40)
EBML = b'\x1a\x45\xdf\xa3\x84' + 4 * b'\0' + b'\x18\x53\x80\x67'


@pytest.mark.parametrize(
    ('data', 'counts', 'cut'),
    [
        (MOVIE, True, False),
        (MOVIE[:-1], True, True),
        (MOVIE[:60], True, True),
        (MOVIE + box(b'free', 50)[:20], True, False),  # nothing of the film
        (MOVIE + b'\0' * 20, True, False),
        (MOVIE + b'\xff' * 20, True, False),  # what cameras append
        (MOVIE + box(b'moof', 30) + box(b'mdat', 30), False, False),
        (MOVIE + box(b'moof', 30) + box(b'mdat', 30)[:-1], False, True),
        (b'RIFF\x0c\0\0\0AVI ' + 8 * b'\0', True, False),
        (b'RIFF\x0c\0\0\0AVI ' + 7 * b'\0', True, True),
        (b'RIFF\x0c\0\0\0WAVE', False, False),
        (EBML + b'\x84' + 4 * b'\0', False, False),
        (EBML + b'\x84' + 3 * b'\0', False, True),
        (EBML + b'\x40\x05' + 4 * b'\0', False, True),
        (EBML + b'\xff' + 3 * b'\0', False, False),  # open, as streamed
        (EBML[:-2], False, False),
        (b'', False, False),
        (b'GIF89a', False, False),
    ],
)
def test_counts_and_cuts(tmp_path, data, counts, cut):
    path = tmp_path / 'video'
    path.write_bytes(data)
    found = read_container(path)
    assert (found.counts_frames, found.cut_off) == (counts, cut)
    assert found.counts_dropped == (counts and data.startswith(b'RIFF'))
    assert found.shown is None
