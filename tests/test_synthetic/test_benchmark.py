"""The benchmark sets are fixed and can be checked."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from wholebody_mm.datasets.wholebody_format import PART_KEYS
from wholebody_mm.synthetic.benchmark import VAL, checksums, settings_of
from wholebody_mm.synthetic.generate import generate, render_image


def test_the_parts_are_as_published():
    assert set(VAL) == {'val-basic', 'val-crowd'}
    assert all(s.images == 500 for s in VAL.values())
    assert VAL['val-basic'].people == (1, 4)
    assert VAL['val-crowd'].people == (5, 15)
    with pytest.raises(ValueError, match='val-hard'):
        settings_of('val-hard')


def test_checksums_tell_labels_from_pictures(body, tmp_path):
    small = replace(VAL['val-basic'], images=2, width=64, height=64)
    for name in ('a', 'b'):
        generate(small, tmp_path / name, progress=False)
    generate(replace(small, seed=1), tmp_path / 'c', progress=False)
    a, b, c = (checksums(tmp_path / name) for name in 'abc')
    assert a == b
    assert a['labels'] != c['labels'] and a['images'] != c['images']
    picture = next((tmp_path / 'b' / 'images').iterdir())
    picture.write_bytes(picture.read_bytes() + b'x')
    changed = checksums(tmp_path / 'b')
    assert changed['labels'] == a['labels']
    assert changed['images'] != a['images']


@pytest.mark.parametrize(
    ('name', 'digest'),
    [('val-basic', '222cc4503988b9f6'), ('val-crowd', '0c5674cc718b7a8b')],
)
def test_the_frozen_images_stay_as_they_are(body, name, digest):
    """What changes this changes published figures: make a new part instead."""
    _, record = render_image(VAL[name], 7)
    points = [
        round(v * 2)
        for annotation in record['annotations']
        for key in PART_KEYS.values()
        for v in annotation[key]
    ]
    assert hashlib.sha256(repr(points).encode()).hexdigest()[:16] == digest
