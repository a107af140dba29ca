"""tools/check_data.py: what it prints, and how it ends."""

import runpy
from pathlib import Path

import pytest
from support.annotations import person, write

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def main():
    return runpy.run_path(str(ROOT / 'tools/check_data.py'))['main']


@pytest.fixture
def config(tmp_path, monkeypatch):
    """A config that trains and tests on the images that it is given."""
    people = [person(id=i, image_id=i) for i in (1, 2)]
    monkeypatch.setenv('WHOLEBODY_MM_ANN', str(write(tmp_path, people, 3)))
    monkeypatch.setenv('WHOLEBODY_MM_IMAGES', str(tmp_path))
    return str(ROOT / 'configs/examples/overfit.py')


def test_good_data(main, config, capsys):
    assert main([config]) == 0
    lines = capsys.readouterr().out.splitlines()
    # not always the first: MMEngine names the variables a config asks for
    heading = 'train, val, test: CocoWholeBodyPoseDataset'
    assert any(line.startswith(heading) for line in lines)
    rows = {line.rsplit(maxsplit=1)[0].strip(): line for line in lines if line}
    assert rows['images'].endswith(' 3')
    assert rows['without annotations, taken as empty'].endswith(' 1')
    assert rows['people with keypoints'].endswith(' 2')
    assert 'No problems' in lines


def test_problems(main, config, tmp_path, capsys):
    for name in '12':
        (tmp_path / f'{name}.png').unlink()
    assert main([config]) == 1
    said = capsys.readouterr().out
    assert 'Problem: 2 image files that are not there' in said
    assert '1.png' in said and '2.png' in said


def test_tests_resize_as_the_options_say(main, config, capsys):
    """People 80 pixels high in images of 160."""
    options = ['--cfg-options', 'model.test_cfg.scales=(2.0,1.0)']
    assert main([config, *options, 'model.test_cfg.height=160']) == 0
    said = capsys.readouterr().out
    (row,) = (r for r in said.splitlines() if 'scale 2 of the test' in r)
    assert row.split()[-3:] == ['160'] * 3


def test_a_wrong_config(main, tmp_path, capsys):
    assert main([str(tmp_path / 'none.py')]) == 2
    assert 'none.py' in capsys.readouterr().err
    file = tmp_path / 'empty.py'
    file.write_text('model = dict()')
    assert main([str(file)]) == 2
    assert 'names no data set' in capsys.readouterr().err
