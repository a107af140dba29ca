"""tools/report.py from weights to a document."""

import json
import os
import runpy
from pathlib import Path

import wholebody_mm.register  # noqa: F401

import cv2
import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from support.drawn import write_drawn
from support.known_people import INFO, KnownPeople

from wholebody_mm import checkpoints
from wholebody_mm.inference.fixed_size import InputShape

ROOT = Path(__file__).parents[2]
STAGE = dict(blocks=1, width=4, hidden=4)


@pytest.fixture(scope='module')
def network(tmp_path_factory):
    """Untrained weights of a small network and its config."""
    folder = tmp_path_factory.mktemp('network')
    cfg = Config.fromfile(ROOT / 'configs/examples/overfit.py')
    cfg.model.backbone.update(width=0.05, reduction=(4,))
    cfg.model.head.update(
        in_channels=4, paf_stages=[STAGE], confidence_map_stages=[STAGE]
    )
    cfg.dump(folder / 'small.py')
    init_default_scope('mmpose')
    model = MODELS.build(cfg.model)
    checkpoints.save(folder / 'small.pth', model.state_dict())
    return f'{folder / "small.pth"}@{folder / "small.py"}'


@pytest.fixture(scope='module')
def tool():
    return runpy.run_path(str(ROOT / 'tools' / 'report.py'))


@pytest.fixture(scope='module')
def main(tool):
    return tool['main']


@pytest.fixture
def times(tmp_path):
    """A file of run times."""
    row = dict(name='people', network='one', people=1, median_ms=1.0)
    path = tmp_path / 'people.json'
    path.write_text(json.dumps(dict(results=[row])))
    return path


def test_a_whole_report(network, main, tmp_path, capsys):
    annotations = write_drawn(tmp_path, 2, size=(96, 96), people=(1, 1))
    image = next((tmp_path / 'img').iterdir())
    out = tmp_path / 'report'
    arguments = ['--out', str(out), '--network', f'one={network}']
    arguments += ['--network', f'two={network}', '--height', '96']
    arguments += ['--data', f'drawn={annotations}:{tmp_path / "img"}']
    assert main([*arguments, '--gallery', str(image), '--limit', '1']) == 0
    said = capsys.readouterr()
    assert 'report.html' in said.out
    assert said.err.count('one on drawn') == 2  # single and multi
    text = (out / 'report.md').read_text()
    assert '## Figure 5: one beside two' in text
    assert (out / 'gallery' / 'one-two' / f'1_{image.stem}.jpg').is_file()
    assert '| one | drawn | multi | 96 | 1 | 0.0 |' in text
    assert len(json.loads((out / 'results.json').read_text())['results']) == 4
    # what is known is not measured again
    assert main([*arguments, '--limit', '1']) == 0
    assert 'on drawn' not in capsys.readouterr().err


def test_a_file_of_one_size_is_tested_at_one_scale(
    tool, main, tmp_path, monkeypatch, capsys
):
    exported = KnownPeople(INFO)
    exported.shape = InputShape(1, INFO.height, 320)
    monkeypatch.setitem(
        tool['load'].__globals__, 'load_network', lambda *_, **__: exported
    )
    weights = tmp_path / 'net.onnx'
    weights.touch()
    annotations = write_drawn(tmp_path, 1, size=(96, 96), people=(1, 1))
    arguments = ['--out', str(tmp_path), '--network', f'one={weights}']
    arguments += ['--data', f'drawn={annotations}:{tmp_path / "img"}']
    assert main(arguments) == 0
    said = capsys.readouterr().err
    assert 'net.onnx has no multi-scale test: known takes inputs' in said
    text = (tmp_path / 'report.md').read_text()
    assert f'| one | drawn | single | {INFO.height} | 1 |' in text
    assert '| one | drawn | multi |' not in text
    # what no scale fits is an error
    assert main([*arguments, '--height', str(2 * INFO.height)]) == 2
    assert 'lower height' in capsys.readouterr().err


def test_clear_errors(main, tmp_path, capsys):
    for arguments, message in (
        (['--network', 'x'], 'give NAME=WEIGHTS'),
        (['--network', 'x=missing.pth'], 'no weights missing.pth'),
        (['--data', 'x=y'], 'give NAME=ANNOTATIONS'),
        (['--training', 'x'], 'give NAME=WORK_DIR'),
        (
            ['--training', 'x=nowhere'],
            'is it the work directory of a training',
        ),
    ):
        assert main([*arguments, '--out', str(tmp_path)]) == 2
        assert message in capsys.readouterr().err


def test_figures_of_old_weights_are_not_shown(network, main, tmp_path, capsys):
    annotations = write_drawn(tmp_path, 1, size=(96, 96), people=(1, 1))
    weights, _, config = network.partition('@')
    own = tmp_path / 'own.pth'
    own.write_bytes(Path(weights).read_bytes())
    arguments = ['--out', str(tmp_path / 'report'), '--height', '96']
    arguments += ['--network', f'one={own}@{config}', '--data']
    arguments += [f'drawn={annotations}:{tmp_path / "img"}', '--scales']
    assert main([*arguments, 'single']) == 0
    os.utime(own, (1, 1))  # trained on
    assert main([*arguments, 'multi']) == 0
    assert 'left out, of other weights: one | drawn | single' in (
        capsys.readouterr().err
    )
    text = (tmp_path / 'report' / 'report.md').read_text()
    assert '| one | drawn | multi |' in text
    assert '| one | drawn | single |' not in text


def test_exported_weights_bring_their_network(tool, tmp_path):
    name = 'deep_wholebody'
    configs = {}
    for suffix in ('.onnx', '.xml', '.pth', '.safetensors'):
        weights = tmp_path / f'net{suffix}'
        weights.touch()
        args = tool['parse_args'](['--network', f'{name}={weights}'])
        configs[suffix] = tool['networks_of'](args)[name].args[1]
    built = f'wholebody_mm::{name}.py'
    assert configs == {
        '.onnx': None, '.xml': None, '.pth': built, '.safetensors': built
    }  # fmt: skip


def test_weights_that_nothing_here_runs_are_told_first(main, tmp_path, capsys):
    for suffix, config, message in (
        ('.ts', '', 'weights end in'),
        ('.onnx', '@own.py', 'leave @own.py out'),
    ):
        weights = tmp_path / f'net{suffix}'
        weights.touch()
        arguments = ['--network', f'x={weights}{config}']
        assert main([*arguments, '--out', str(tmp_path)]) == 2
        assert message in capsys.readouterr().err


def test_pictures_are_looked_for_before_the_hours(
    network, main, times, tmp_path, capsys
):
    annotations = write_drawn(tmp_path, 1, size=(96, 96), people=(1, 1))
    picture, broken = tmp_path / 'picture.png', tmp_path / 'broken.png'
    cv2.imwrite(str(picture), np.zeros((9, 9, 3), np.uint8))
    broken.write_text('no picture')
    other = tmp_path / 'encode.json'
    other.write_text(json.dumps(dict(results=[dict(name='encode')])))
    arguments = ['--out', str(tmp_path / 'out'), '--data']
    arguments += [f'drawn={annotations}:{tmp_path / "img"}']
    networks = ['--network', f'one={network}']
    for more, message in (
        (['--times', times, '--times-picture', 'a.png'], 'no a.png'),
        (['--times-picture', picture], 'give both'),
        (['--times', other], 'is not of wholebody-mm benchmark people'),
        (['--gallery', picture, tmp_path / 'b.png'], 'b.png'),
        (['--gallery', picture, broken], 'broken.png'),
    ):
        assert main([*arguments, *networks, *map(str, more)]) == 2
        said = capsys.readouterr().err
        assert message in said and 'one on drawn' not in said
    assert main([*arguments, '--gallery', str(picture)]) == 2
    assert 'give --network' in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()


def test_a_picture_that_is_in_the_report_stays_there(main, times, tmp_path):
    out = tmp_path / 'out'
    out.mkdir()
    (out / 'figure_4.png').write_bytes(b'drawn')
    arguments = ['--out', str(out), '--times', str(times), '--times-picture']
    assert main([*arguments, str(out / 'figure_4.png')]) == 0
    assert (out / 'figure_4.png').read_bytes() == b'drawn'
    assert '](figure_4.png)' in (out / 'report.md').read_text()
    (tmp_path / 'new.png').write_bytes(b'again')
    assert main([*arguments, str(tmp_path / 'new.png')]) == 0
    assert (out / 'figure_4.png').read_bytes() == b'again'


def test_a_config_that_was_edited_is_measured_again(tool, network, tmp_path):
    weights, _, config = network.partition('@')
    own = tmp_path / 'own.py'
    own.write_text(Path(config).read_text())
    before = tool['stamp'](Path(weights), str(own))
    assert tool['stamp'](Path(weights), str(own)) == before
    own.write_text(own.read_text() + '\nmodel["test_cfg"] = dict(height=96)\n')
    assert tool['stamp'](Path(weights), str(own)) != before
