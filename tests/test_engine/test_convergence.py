"""Curves of data sets, and what they say about P_d."""

import json
import runpy
from pathlib import Path

import cv2
import numpy as np
import pytest

from wholebody_mm.engine.convergence import (
    judge,
    read_curves,
    suggest,
    table,
)

ROOT = Path(__file__).resolve().parents[2]
STEPS = np.arange(1, 11) * 1000


def rising(pace, best=0.6):
    """Reaches 90 % of its best value at about `pace` iterations."""
    return best * (1 - np.exp(-2.3 * STEPS / pace))


CURVES = {
    'coco/body': rising(4000),
    'hand_mpii/hands': rising(4200),
    'panoptic/face': rising(3800),
    'face_frgc/face': rising(900),
    'face_ibug/face': rising(4000) * np.where(STEPS > 6000, 0.8, 1),
    'hand_dome/righthand': 0.5 * STEPS / STEPS[-1],
}


@pytest.fixture
def work_dir(tmp_path):
    """What two sittings of a run leave behind."""
    for sitting, part in (('1', STEPS[:6]), ('2', STEPS[5:])):
        folder = tmp_path / sitting / 'vis_data'
        folder.mkdir(parents=True)
        lines = [dict(loss=1.0, iter=5, step=5)]
        for step in part:
            i = int(step) // 1000 - 1
            values = {f'{n}/AR': c[i] for n, c in CURVES.items()}
            lines.append(values | {'coco/body/AP': 0.1, 'step': int(step)})
        text = '\n'.join(map(json.dumps, lines))
        (folder / 'scalars.json').write_text(text)
    return tmp_path


def test_curves_of_a_resumed_run_are_one(work_dir):
    curves = read_curves(work_dir)
    assert set(curves) == set(CURVES)
    for name, (steps, values) in curves.items():
        np.testing.assert_array_equal(steps, STEPS)
        np.testing.assert_allclose(values, CURVES[name])
    with pytest.raises(FileNotFoundError, match='work directory'):
        read_curves(work_dir / '1')


def test_verdicts(work_dir):
    verdicts = {v.name: v for v in judge(read_curves(work_dir))}
    advice = {name: v.advice for name, v in verdicts.items()}
    assert advice == {
        'coco/body': 'keep',
        'hand_mpii/hands': 'keep',
        'panoptic/face': 'keep',
        'face_frgc/face': 'lower',
        'face_ibug/face': 'lower',
        'hand_dome/righthand': 'raise',
    }
    assert 'over-fitted' in verdicts['face_ibug/face'].reason
    assert 'before the others' in verdicts['face_frgc/face'].reason


def test_suggested_probabilities(work_dir):
    old = dict(coco=0.8, face_frgc=0.1, hand_dome=0.05, no_people=0.05)
    new = suggest(judge(read_curves(work_dir)), old)
    assert sum(new.values()) == pytest.approx(1)
    assert new['face_frgc'] / new['coco'] == pytest.approx(0.1 / 0.8 / 2)
    assert new['hand_dome'] / new['coco'] == pytest.approx(0.05 / 0.8 * 2)
    assert new['no_people'] / new['coco'] == pytest.approx(0.05 / 0.8)


def test_few_values_say_nothing():
    assert judge({'a/face': (np.array([1, 2]), np.array([0.1, 0.2]))}) == []


def test_the_report(work_dir, capsys):
    main = runpy.run_path(str(ROOT / 'tools/convergence.py'))['main']
    config = work_dir / 'config.py'
    config.write_text(
        'train_dataloader = dict(batch_sampler=dict('
        'probabilities=dict(coco=0.9, face_frgc=0.1)))'
    )
    assert main([str(work_dir), '--config', str(config)]) == 0
    said = capsys.readouterr().out
    assert '| face_frgc/face | 0.6' in said and '| lower |' in said
    assert '| face_frgc | 0.1 | 0.05263 |' in said
    assert (work_dir / 'convergence.md').read_text() in said
    picture = cv2.imread(str(work_dir / 'convergence.png'))
    assert picture.shape[1] > 800 and picture.std() > 10
    assert main([str(work_dir / '1')]) == 2


@pytest.mark.parametrize(
    'text', ['x = 1', 'train_dataloader = dict(batch_size=2)']
)
def test_a_config_of_one_data_set_has_no_probabilities(text, work_dir, capsys):
    main = runpy.run_path(str(ROOT / 'tools/convergence.py'))['main']
    config = work_dir / 'config.py'
    config.write_text(text)
    assert main([str(work_dir), '--config', str(config)]) == 2
    said = capsys.readouterr().err
    assert 'config.py' in said and 'P_d is for multi-task configs' in said


def test_the_main_set_is_validated_without_its_name(tmp_path):
    folder = tmp_path / '1/vis_data'
    folder.mkdir(parents=True)
    lines = [{'body/AR': 0.1 * i, 'step': i * 1000} for i in (1, 2)]
    (folder / 'scalars.json').write_text('\n'.join(map(json.dumps, lines)))
    assert set(read_curves(tmp_path)) == {'body'}
    curves = read_curves(tmp_path, main='coco')
    assert set(curves) == {'coco/body'}
    assert 'needs 3 validations' in table(judge(curves), dict(coco=1.0))
    with pytest.raises(ValueError, match='AP75'):
        read_curves(tmp_path, 'AP75')


def test_a_set_that_is_validated_by_name_is_not_the_main_one(tmp_path):
    """As in configs/examples/mixed.py, where it is the first of two."""
    folder = tmp_path / '1/vis_data'
    folder.mkdir(parents=True)
    lines = [
        {'body/AR': 0.1 * i, 'mine/body/AR': 0.2 * i, 'step': i * 1000}
        for i in (1, 2, 3)
    ]
    (folder / 'scalars.json').write_text('\n'.join(map(json.dumps, lines)))
    with pytest.raises(ValueError, match='mine is validated under its name'):
        read_curves(tmp_path, main='mine')
    main = runpy.run_path(str(ROOT / 'tools/convergence.py'))['main']
    config = tmp_path / 'config.py'
    config.write_text(
        'train_dataloader = dict(batch_sampler=dict(\n'
        '    probabilities=dict(mine=0.4, coco=0.6)))\n'
        'val_cfg = dict(sources=dict(mine=dict()))\n'
    )
    assert main([str(tmp_path), '--config', str(config)]) == 0
    text = (tmp_path / 'convergence.md').read_text()
    assert 'mine/body' in text and 'coco/body' in text
