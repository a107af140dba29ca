"""The command that counts peaks."""

import json
import runpy
from pathlib import Path

import pytest
from support.annotation_options import REFUSED, note_annotations
from support.drawn import write_drawn
from support.known_maps import HalfHeight

import wholebody_mm.inference.predictor as predictor_module

TOOL = Path(__file__).resolve().parents[2] / 'tools' / 'peak_errors.py'


def test_a_table_for_each_threshold(tmp_path, monkeypatch, capsys):
    path = write_drawn(tmp_path, images=2)
    network = HalfHeight(path)
    monkeypatch.setattr(
        predictor_module, 'load_network', lambda *args: network
    )
    out, weights = tmp_path / 'peaks.json', tmp_path / 'weights.onnx'
    weights.touch()
    command = ['peak_errors.py', str(weights), '--ann', str(path)]
    command += ['--img-dir', str(path.parent / 'img'), '--json', str(out)]
    command += ['--threshold', '0.2', '0.6']
    monkeypatch.setattr('sys.argv', command)
    with pytest.raises(SystemExit) as end:
        runpy.run_path(str(TOOL), run_name='__main__')
    assert end.value.code == 0
    printed = capsys.readouterr().out
    assert 'peaks above 0.2:' in printed and 'peaks above 0.6:' in printed
    values = json.loads(out.read_text())
    assert values['body/recall@0.2'] == 1 and values['body/recall@0.6'] == 0
    assert values['bound/body/AP@0.2'] > 0.9 and 'bound/body/AP@0.6' in values
    assert values['decoded/body/AP'] > 0.9
    assert 'each given to its person:' in printed


def test_what_is_asked_of_the_annotations(tmp_path, monkeypatch):
    path = write_drawn(tmp_path, images=1)
    monkeypatch.setattr(
        predictor_module, 'load_network', lambda *args: HalfHeight(path)
    )
    asked = note_annotations(
        monkeypatch, 'wholebody_mm.evaluation.stored_maps'
    )
    (tmp_path / 'w.onnx').touch()
    command = ['peak_errors.py', str(tmp_path / 'w.onnx'), '--img-dir', 'img']
    command += ['--ann', str(path), '--source', 'coco17']
    monkeypatch.setattr('sys.argv', [*command, '--categories', 'a', 'b'])
    with pytest.raises(ValueError, match=REFUSED):
        runpy.run_path(str(TOOL))['main']()
    (given,) = asked
    assert (given['source'], given['categories']) == ('coco17', ['a', 'b'])
