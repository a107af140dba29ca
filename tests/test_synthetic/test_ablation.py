"""Ablations: one ingredient is gone, everything else is as it was."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from wholebody_mm.cli import main
from wholebody_mm.synthetic import materials as m
from wholebody_mm.synthetic.ablation import INGREDIENTS
from wholebody_mm.synthetic.generate import Settings, generate
from wholebody_mm.synthetic.renderer import SoftwareRenderer
from wholebody_mm.synthetic.scenes import Scene, sample_scene

pytestmark = pytest.mark.usefixtures('body')
SIZE = 128


def scene_of(index: int, *without: str, preset: str = 'body') -> Scene:
    return sample_scene(
        np.random.default_rng([5, index]),
        preset,
        SIZE,
        SIZE,
        people=(1, 1),
        without=without,
    )


def rendered(index: int, *without: str, preset: str = 'body'):
    """(H, W, 3) image as float, its only person, what is drawn next."""
    scene = scene_of(index, *without, preset=preset)
    rng = np.random.default_rng(index)
    image, people = SoftwareRenderer().render(scene, rng)
    return image.astype(np.float64), people[0], rng.integers(1 << 30)


@pytest.mark.parametrize('name', INGREDIENTS)
def test_all_else_stays(name):
    changed = 0
    for index in range(5):
        everything, person, after = rendered(index)
        image, same, after_too = rendered(index, name)
        assert np.array_equal(person.keypoints, same.keypoints)
        assert after == after_too  # the compression, for one
        if name in ('lighting', 'camera'):
            assert np.array_equal(person.visible, same.visible)
            assert np.array_equal(person.mask, same.mask)
        changed += not np.array_equal(everything, image)
        full, less = scene_of(index), scene_of(index, name)
        assert (full.exposure, full.contrast) == (less.exposure, less.contrast)
    assert changed >= 3


@pytest.mark.parametrize('name', INGREDIENTS)
def test_what_is_worn_and_held_stays(name):
    """Every surface that is left is one of those that were there."""

    def surfaces(index: int, *without: str) -> list[tuple[bytes, bytes]]:
        return [
            (s.vertices.tobytes(), s.pieces[0].material.tobytes())
            for s in scene_of(index, *without).surfaces
        ]

    less = 0
    for index in range(12):
        full, some = surfaces(index), surfaces(index, name)
        less += len(full) - len(some)
        if name == 'clothing':
            # the same number in the same order, other vertices
            assert len(full) == len(some)
            kept = [a == b for a, b in zip(full, some, strict=True)]
            assert not all(kept) and kept[0]
            assert [a[1] for a in full] == [a[1] for a in some]
        elif name == 'hair':  # the skin of a beard is another
            assert {*some[1:]} <= {*full} and some[0][0] == full[0][0]
        else:
            assert {*some} <= {*full}
    assert (less > 0) == (name in ('hair', 'surroundings'))


def test_a_beard_is_hair():
    beards = [scene_of(i).figures[0].look['skin'] for i in range(20)]
    assert max(row[m.EXTRA + 1] for row in beards) > 0
    for index in range(20):
        row = scene_of(index, 'hair').figures[0].look['skin']
        assert row[m.EXTRA + 1] == 0


def test_clothes_on_the_skin_are_as_wide_as_the_body():
    clothed, painted = [], []
    for index in range(10):
        clothed.append(rendered(index)[1].mask.sum())
        painted.append(rendered(index, 'clothing')[1].mask.sum())
        before = scene_of(index).figures[0].look['garments']
        after = scene_of(index, 'clothing').figures[0].look['garments']
        for one, other in zip(before, after, strict=True):
            assert (other.smooth, other.sag) == (0, 0)
            assert np.abs(other.offset).max() < 0.015
            # what lies above another garment still does
            for two, fourth in zip(before, after, strict=True):
                above = one.offset > two.offset + 1e-6
                assert (other.offset > fourth.offset)[above].all()
    assert 0.75 * sum(clothed) < sum(painted) < 0.97 * sum(clothed)


def test_heads_without_hair_are_smaller():
    hairy = bald = 0
    for index in range(12):
        figure = scene_of(index).figures[0]
        if figure.look['style'] == 'bald' and 'hat' not in figure.look['worn']:
            continue
        hairy += rendered(index, preset='face')[1].mask.sum()
        bald += rendered(index, 'hair', preset='face')[1].mask.sum()
    assert bald < 0.99 * hairy


def test_one_colour_behind_people():
    def largest(index: int, *without: str) -> float:
        """Share of the most frequent colour of what is around the person."""
        # what the camera adds is no part of the scene
        image, person, _ = rendered(index, 'camera', *without)
        wide = cv2.dilate(person.mask.astype(np.uint8), np.ones((5, 5)))
        _, counts = np.unique(
            image[wide == 0].reshape(-1, 3), axis=0, return_counts=True
        )
        return counts.max() / counts.sum()

    # the rest is what they hold, sit on, and what stands before them
    plain = [largest(index, 'surroundings') for index in range(5)]
    assert np.median(plain) > 0.95 and min(plain) > 0.3
    assert np.median([largest(index) for index in range(5)]) < 0.2


def test_light_from_all_sides_alike():
    scene = scene_of(0, 'lighting')
    assert not scene.lights.sun_colour.any()
    assert not scene.lights.fill_colour.any()
    assert np.ptp(scene.lights.sky) == 0
    assert np.array_equal(scene.lights.sky, scene.lights.ground)
    # people are about as bright as before
    usual, even = [], []
    for index in range(20):
        image, person, _ = rendered(index, 'camera')
        usual.append(image[person.mask].mean())
        image, person, _ = rendered(index, 'camera', 'lighting')
        even.append(image[person.mask].mean())
    assert np.mean(even) == pytest.approx(np.mean(usual), rel=0.1)


def test_a_camera_without_faults_adds_no_noise():
    def grain(image):
        return np.abs(image - cv2.medianBlur(image.astype(np.uint8), 3)).mean()

    noisy = sum(grain(rendered(i, 'surroundings')[0]) for i in range(8))
    clean = sum(
        grain(rendered(i, 'surroundings', 'camera')[0]) for i in range(8)
    )
    assert clean < 0.6 * noisy


def test_the_command_leaves_out_what_is_named(tmp_path, capsys):
    command = ['synthesize', '--images', '2', '--size', '64', '--workers', '1']
    command += ['--preset', 'body', '--people', '1-2']
    assert main([*command, '--out', str(tmp_path / 'all')]) == 0
    bare = [*command, '--without', 'lighting', '--without', 'camera', '--out']
    assert main([*bare, str(tmp_path / 'bare')]) == 0
    settings = json.loads((tmp_path / 'bare/settings.json').read_text())
    assert settings['without'] == ['camera', 'lighting']

    def read(folder: str) -> tuple[list, bytes]:
        records = json.loads(
            (tmp_path / folder / 'annotations.json').read_text()
        )
        points = [a['keypoints'] for a in records['annotations']]
        return points, (
            tmp_path / folder / f'images/{1:012d}.jpg'
        ).read_bytes()

    assert read('all')[0] == read('bare')[0]
    assert read('all')[1] != read('bare')[1]
    # in another order it is the same data set
    again = [*command, '--without', 'camera', 'lighting', 'camera', '--out']
    assert main([*again, str(tmp_path / 'bare')]) == 0
    assert Settings(1, 0, without=['hair', 'camera']) == Settings(
        1, 0, without=('camera', 'hair', 'camera')
    )
    assert Settings(1, 0, without='hair').without == ('hair',)
    capsys.readouterr()
    wrong = [*command, '--without', 'shoes', '--out', str(tmp_path / 'x')]
    assert main(wrong) == 2
    error = capsys.readouterr().err
    assert "'shoes'" in error and 'clothing, hair, surroundings' in error
    assert not (tmp_path / 'x').exists()


def test_folders_of_before_go_on(tmp_path):
    settings = Settings(2, 0, 64, 64, 'body', people=(1, 1))
    path: Path = tmp_path / 'settings.json'
    generate(settings, tmp_path, progress=False)
    old = json.loads(path.read_text())
    del old['without']
    path.write_text(json.dumps(old))
    generate(settings, tmp_path, progress=False)
    with pytest.raises(ValueError, match='other settings'):
        generate(
            Settings(2, 0, 64, 64, 'body', people=(1, 1), without=('hair',)),
            tmp_path,
            progress=False,
        )
