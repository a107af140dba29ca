"""The command that prepares sets of faces."""

import json
import runpy
from pathlib import Path

import numpy as np
import pytest
from support.sources import face_points, picture, write_pts

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def main():
    return runpy.run_path(str(ROOT / 'tools/data/prepare_faces.py'))['main']


@pytest.mark.parametrize('first_pixel', [0, 1])
def test_points_of_either_count(main, tmp_path, first_pixel):
    write_pts(tmp_path / 'faces/a.pts', face_points(), first_pixel)
    picture(tmp_path / 'faces/a.png')
    command = ['face_ibug', str(tmp_path / 'faces'), '--out', str(tmp_path)]
    assert main(command + ['--zero-based'] * (first_pixel == 0)) == 0
    content = json.loads((tmp_path / 'train.json').read_text())
    (face,) = (a for a in content['annotations'] if not a['iscrowd'])
    # the 68 points come first
    rows = np.reshape(face['keypoints'], (-1, 3))[:68, :2]
    np.testing.assert_allclose(rows, face_points(), atol=0.01)


def test_options_of_pts_files_are_refused_with_a_coco_file(
    main, tmp_path, capsys
):
    file = tmp_path / '300w.json'
    file.touch()
    command = ['face_ibug', str(file), '--images', str(tmp_path)]
    for option in (['--zero-based'], ['--subject', '^[0-9]+']):
        assert main([*command, '--out', str(tmp_path / 'out'), *option]) == 2
        assert 'are for .pts files' in capsys.readouterr().err
    assert not (tmp_path / 'out').exists()
