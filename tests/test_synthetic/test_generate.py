"""Data sets: deterministic, restartable, readable, perfect against itself."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from wholebody_mm.cli import main
from wholebody_mm.synthetic.generate import (
    CHUNK,
    Settings,
    generate,
    render_image,
)
from wholebody_mm.synthetic.renderer import SoftwareRenderer

pytestmark = pytest.mark.usefixtures('body')
COUNT = 2 * CHUNK + 1
SETTINGS = Settings(COUNT, seed=3, width=112, height=96, preset='body')


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(folder)): p.read_bytes()
        for p in sorted(folder.rglob('*'))
        if p.is_file()
    }


@pytest.fixture(scope='module')
def data_set(tmp_path_factory, body) -> Path:
    """A small data set rendered by one process."""
    folder = tmp_path_factory.mktemp('synthetic') / 'one'
    generate(SETTINGS, folder, workers=1, progress=False)
    return folder


def test_four_workers_make_the_same_bytes(data_set, tmp_path):
    generate(SETTINGS, tmp_path / 'four', workers=4, progress=False)
    one, four = files_of(data_set), files_of(tmp_path / 'four')
    assert len(one) == COUNT + 2
    assert one == four


class Interrupted(Exception):
    """Stands for a killed process."""


class Failing(SoftwareRenderer):
    """Renders a few images, then stops."""

    left = CHUNK + 3

    def render(self, scene, rng):
        Failing.left -= 1
        if Failing.left < 0:
            raise Interrupted
        return super().render(scene, rng)


def test_a_killed_run_goes_on(data_set, tmp_path):
    with pytest.raises(Interrupted):
        generate(SETTINGS, tmp_path, progress=False, renderer=Failing)
    assert not (tmp_path / 'annotations.json').exists()
    first = tmp_path / 'images' / f'{1:012d}.jpg'
    before = first.stat().st_mtime_ns
    generate(SETTINGS, tmp_path, progress=False)
    assert first.stat().st_mtime_ns == before
    assert files_of(tmp_path) == files_of(data_set)


def test_other_settings_need_another_folder(data_set, tmp_path):
    other = Settings(COUNT, seed=4, width=112, height=96, preset='body')
    with pytest.raises(ValueError, match='other settings'):
        generate(other, data_set, progress=False)
    (tmp_path / 'images').mkdir()
    (tmp_path / 'images' / 'mine.jpg').write_bytes(b'')
    with pytest.raises(ValueError, match='not rendered by this'):
        generate(SETTINGS, tmp_path, progress=False)


def test_seeds_make_different_images():
    a, _ = render_image(SETTINGS, 0)
    b, _ = render_image(SETTINGS, 1)
    again, _ = render_image(SETTINGS, 0)
    assert a == again != b


def test_the_truth_evaluates_to_one(data_set):
    pytest.importorskip('pycocotools')
    from wholebody_mm.evaluation.part_ap import evaluate_parts

    ann_file = data_set / 'annotations.json'
    content = json.loads(ann_file.read_text())
    results = [
        {
            **annotation,
            'score': 1.0,
            **{
                f'{part}_score': 1.0
                for part in (
                    'foot',
                    'face',
                    'lefthand',
                    'righthand',
                    'wholebody',
                )
            },
        }
        for annotation in content['annotations']
    ]
    scores = evaluate_parts(ann_file, results)
    parts = ('body', 'foot', 'face', 'hands', 'wholebody')
    assert {p: scores[f'{p}/AP'] for p in parts} == {
        p: pytest.approx(1.0) for p in parts
    }


def test_mmpose_loads_it_unchanged(data_set):
    pytest.importorskip('mmpose')
    import wholebody_mm.register  # noqa: F401

    from mmpose.datasets.datasets import CocoWholeBodyDataset

    found = CocoWholeBodyDataset(
        ann_file='annotations.json',
        data_root=str(data_set),
        data_prefix=dict(img='images/'),
        data_mode='topdown',
        pipeline=[],
    )
    content = json.loads((data_set / 'annotations.json').read_text())
    labelled = [a for a in content['annotations'] if a['num_keypoints']]
    assert len(found) >= len(labelled) > 10
    points = found[0]['keypoints']
    assert points.shape == (1, 133, 2) and np.isfinite(points).all()


def test_images_show_their_people(data_set):
    import cv2

    content = json.loads((data_set / 'annotations.json').read_text())
    for image in content['images']:
        picture = cv2.imread(str(data_set / 'images' / image['file_name']))
        assert picture.shape == (96, 112, 3)
        assert picture.std() > 3
    for a in content['annotations']:
        x, y, w, h = a['bbox']
        assert x >= 0 and y >= 0 and x + w <= 112 and y + h <= 96
        assert a['area'] <= w * h


def test_photos_as_backgrounds(tmp_path):
    import cv2

    with pytest.raises(FileNotFoundError, match='no such folder'):
        Settings(1, 0, backgrounds=str(tmp_path / 'none'))
    settings = Settings(
        8, 0, 64, 64, 'body', people=(0, 0), backgrounds=str(tmp_path)
    )
    with pytest.raises(FileNotFoundError, match='no images'):
        for i in range(8):
            render_image(settings, i)
    red = np.zeros((50, 70, 3), np.uint8)
    red[..., 2] = 200
    cv2.imwrite(str(tmp_path / 'red.png'), red)
    shares = []
    for i in range(8):
        data, _ = render_image(settings, i)
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), 1).astype(float)
        shares.append(picture[..., 2].mean() / (picture.mean() + 1))
    assert np.sum(np.array(shares) > 2) >= 3


def test_a_benchmark_has_its_own_settings(tmp_path, capsys):
    arguments = ['synthesize', '--benchmark', 'val-basic', '--seed', '0']
    assert main([*arguments, '--out', str(tmp_path / 'out')]) == 2
    assert '--seed: --benchmark val-basic has' in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


def test_the_command_renders_and_names_mistakes(tmp_path, capsys):
    out = tmp_path / 'set'
    arguments = ['synthesize', '--images', '2', '--out', str(out)]
    arguments += ['--size', '64x48', '--people', '1-2', '--workers', '1']
    assert main(arguments) == 0
    assert 'annotations.json: 2 images' in capsys.readouterr().out
    assert len(list((out / 'images').iterdir())) == 2
    wrong = [*arguments[:4], str(tmp_path / 'b'), '--preset', 'portrait']
    assert main(wrong) == 2
    assert 'portrait' in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main([*arguments, '--size', 'big'])
