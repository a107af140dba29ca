"""The command that prepares any COCO-style file of hands."""

import json
import runpy
from pathlib import Path

import pytest
from support.sources import hand_points, picture

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def main():
    return runpy.run_path(str(ROOT / 'tools/data/prepare_hands.py'))['main']


@pytest.fixture
def hands(tmp_path):
    """A left hand and one that may be either."""
    picture(tmp_path / 'images/a.png')
    annotations = []
    for i in (1, 2):
        rows = [(x, y, 2) for x, y in hand_points(60 * i, 80)]
        annotations.append(
            dict(id=i, image_id=1, category_id=i, keypoints=sum(rows, ()))
        )
    content = dict(
        images=[dict(id=1, file_name='a.png', width=320, height=240)],
        annotations=annotations,
        categories=[dict(id=1, name='lefty'), dict(id=2, name='hand')],
    )
    (tmp_path / 'hands.json').write_text(json.dumps(content))
    return tmp_path


def test_it_says_what_it_wrote(main, hands, capsys):
    out = hands / 'made/train.json'
    command = [str(hands / 'hands.json'), '--images', str(hands / 'images')]
    command += ['--out', str(out), '--left', 'lefty', '--unknown', 'hand']
    assert main(command) == 0
    said = capsys.readouterr().out
    assert (
        f'{out}: 1 images, 1 people, 1 left hands, 0 right hands, 1 hands '
        f'ignored' in said
    )
    assert 'TwoHandsDataset' in said and 'mask_people.py' in said
    assert json.loads(out.read_text())['images'][0]['file_name'] == 'a.png'


def test_it_names_the_categories_of_the_file(main, hands, capsys):
    command = [str(hands / 'hands.json'), '--images', str(hands / 'images')]
    out = ['--out', str(hands / 'out.json')]
    assert main([*command, *out, '--right', 'righty']) == 2
    said = capsys.readouterr().err
    assert 'hands.json has no category righty' in said
    assert 'lefty, hand' in said


def test_the_guide_names_the_tool():
    text = (ROOT / 'docs/data.md').read_text()
    assert '### Hands of other sets' in text
    assert 'tools/data/prepare_hands.py' in text
