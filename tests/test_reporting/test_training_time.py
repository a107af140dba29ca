"""The training's time out of its logs."""

import json

import pytest

from wholebody_mm.reporting.document import markdown, sections
from wholebody_mm.reporting.measure import Results
from wholebody_mm.reporting.training_time import (
    training_ratio,
    training_seconds,
)


def log(folder, run, rows):
    path = folder / run / 'vis_data' / 'scalars.json'
    path.parent.mkdir(parents=True)
    path.write_text('\n'.join(map(json.dumps, rows)) + '\n')


def step(number, time):
    return dict(lr=1e-4, loss=1.0, time=time, step=number)


def test_resumed_runs_add_up_and_validations_do_not_count(tmp_path):
    log(tmp_path, '20260102', [step(80, 1.0), step(120, 3.0)])
    log(
        tmp_path,
        '20260101',
        [step(50, 2.0), {'body/AP': 0.5, 'time': 9.0, 'step': 50}]
        + [step(100, 2.0)],
    )
    # 100 steps of 2 s; the resumed run's steps 51 to 80 were done before
    assert training_seconds(tmp_path) == 100 * 2 + 20 * 3
    with pytest.raises(
        FileNotFoundError, match='is it the work directory of a'
    ):
        training_seconds(tmp_path / '20260101')


def test_the_ratio_wants_all_networks(tmp_path):
    seconds = dict(deep_wholebody=60.0, deep_body_foot=50.0)
    assert training_ratio(seconds) is None
    seconds |= {'openpose/face': 40.0, 'openpose/hand': 30.0}
    assert training_ratio(seconds) == 0.5
    results = Results(tmp_path / 'results.json')
    for training, cell in ((seconds, '0.50'), ({}, '')):
        text = markdown(sections(results, training=training))
        (row,) = (x for x in text.splitlines() if 'Training time' in x)
        assert row.endswith(f'| about 1/2 | {cell} |')
