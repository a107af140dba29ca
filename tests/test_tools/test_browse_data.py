"""Pictures of what a config teaches."""

import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.drawn import write_drawn

from wholebody_mm.codecs.geometry import to_cells

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def main():
    return runpy.run_path(str(ROOT / 'tools/browse_data.py'))['main']


def test_people_are_drawn_where_they_are(main, tmp_path, monkeypatch):
    """Also with inputs that grow during training."""
    monkeypatch.setenv('WHOLEBODY_MM_ANN', str(write_drawn(tmp_path)))
    monkeypatch.setenv('WHOLEBODY_MM_IMAGES', str(tmp_path / 'img'))
    config = str(ROOT / 'configs/mix_and_match/paf_resnet.py')
    pictures, shown = [], []
    draw = main.__globals__['supervision_picture']

    def watched(*args):
        shown.append((*args[1:4], draw(*args)))
        return shown[-1][-1]

    monkeypatch.setitem(main.__globals__, 'supervision_picture', watched)
    for scales in ('((0,1.0),)', '((0,0.4),)'):
        out = tmp_path / f'pictures{len(pictures)}'
        options = f'model.data_preprocessor.input_scales={scales}'
        command = [config, '--out', str(out), '--number', '1']
        assert main([*command, '--cfg-options', options]) == 0
        (file,) = out.iterdir()
        pictures.append(cv2.imread(str(file)))
    assert (pictures[0] == pictures[1]).all()
    keypoints, visible, heatmaps, picture = shown[0]
    assert (pictures[0] == picture).all() and picture.std() > 10
    # each map has its maximum at someone's keypoint
    for k in np.flatnonzero((visible > 0).any(0)):
        y, x = np.unravel_index(heatmaps[k].argmax(), heatmaps[k].shape)
        cells = to_cells(keypoints[visible[:, k] > 0, k], 8)
        assert (abs(cells - [x, y]) <= 0.5).all(1).any()


def test_a_network_without_limbs_is_named(main, capsys):
    config = ROOT / 'configs/mix_and_match/heatmap_vgg.py'
    assert main([str(config), '--out', 'nowhere']) == 2
    assert 'heatmap_vgg.py is not taught limbs' in capsys.readouterr().err
