"""The benchmark sets are fixed and can be checked."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from wholebody_mm.synthetic import benchmark
from wholebody_mm.synthetic.benchmark import (
    VAL,
    agreeing,
    fingerprint,
    published,
    settings_of,
    sha256_of_images,
    verdict,
)
from wholebody_mm.synthetic.generate import generate, render_image


def test_the_parts_are_as_published():
    assert set(VAL) == {'val-basic', 'val-crowd'}
    assert all(s.images == 500 for s in VAL.values())
    assert VAL['val-basic'].people == (1, 4)
    assert VAL['val-crowd'].people == (5, 15)
    with pytest.raises(ValueError, match='val-hard'):
        settings_of('val-hard')


def test_fingerprints_tell_labels_from_pictures(body, tmp_path):
    small = replace(VAL['val-basic'], images=2, width=64, height=64)
    for name in ('a', 'b'):
        generate(small, tmp_path / name, progress=False)
    before = sha256_of_images(tmp_path / 'a')
    assert before == sha256_of_images(tmp_path / 'b')
    picture = next((tmp_path / 'b' / 'images').iterdir())
    picture.write_bytes(picture.read_bytes() + b'x')
    assert before != sha256_of_images(tmp_path / 'b')


def labels_of(name: str, index: int) -> list[list[float]]:
    """The fingerprint of one image, rendered here."""
    _, record = render_image(VAL[name], index)
    people = [
        dict(annotation, image_id=record['id'])
        for annotation in record['annotations']
    ]
    return fingerprint(dict(images=[record], annotations=people))


@pytest.mark.parametrize('name', list(VAL))
def test_the_frozen_images_stay_as_they_are(body, name):
    """What changes this changes published figures: make a new part instead."""
    frozen = published(name)
    assert len(frozen) == VAL[name].images
    assert agreeing(labels_of(name, 7), frozen[7:8]).all()
    assert not agreeing(labels_of(name, 7), frozen[8:9]).any()


def test_rounding_agrees_and_other_labels_do_not():
    image = [[3, 200, 250.0, 120.0]]
    for almost in (
        [[3, 200, 250.1, 119.9]],
        # two points are hidden here and seen there
        [[3, 198, 251.2, 120.3]],
    ):
        assert agreeing(almost, image).all()
    for other in (
        [[3, 200, 250.0, 121.0]],
        [[2, 200, 250.0, 120.0]],
        [[3, 180, 250.0, 120.0]],
        [[3, 198, 270.0, 120.0]],
    ):
        assert not agreeing(other, image).any()
    assert agreeing([[0, 0, 0, 0]], [[0, 0, 0, 0]]).all()
    with pytest.raises(ValueError, match='2 images'):
        agreeing(image * 2, image)


def test_the_verdict_names_what_differs(body, tmp_path, monkeypatch):
    small = replace(VAL['val-basic'], images=2, width=64, height=64)
    monkeypatch.setitem(VAL, 'val-basic', small)
    generate(small, tmp_path / 'same', progress=False)
    content = json.loads((tmp_path / 'same/annotations.json').read_text())
    monkeypatch.setattr(benchmark, 'published', lambda _: fingerprint(content))
    passed, line = verdict('val-basic', tmp_path / 'same')
    assert passed and '2 of 2 images agree' in line
    generate(replace(small, seed=1), tmp_path / 'other', progress=False)
    passed, line = verdict('val-basic', tmp_path / 'other')
    assert not passed and 'NOT' in line
