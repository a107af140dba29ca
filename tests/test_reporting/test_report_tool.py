"""tools/report.py from weights to a document."""

import json
import runpy
from pathlib import Path

import wholebody_mm.register  # noqa: F401

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from support.drawn import write_drawn

from wholebody_mm import checkpoints

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
def main():
    return runpy.run_path(str(ROOT / 'tools' / 'report.py'))['main']


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
    assert '| one | drawn | multi | 1 | 0.0 |' in text
    assert len(json.loads((out / 'results.json').read_text())['results']) == 4
    # what is known is not measured again
    assert main([*arguments, '--limit', '1']) == 0
    assert 'on drawn' not in capsys.readouterr().err


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
