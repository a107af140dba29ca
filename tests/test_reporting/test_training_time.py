"""The training's time out of its logs."""

import json
from types import SimpleNamespace

import wholebody_mm.register  # noqa: F401

import pytest
from mmengine.hooks import IterTimerHook
from mmengine.logging import MessageHub

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


def validation(number):
    return {'body/AP': 0.5, 'time': 0.1, 'step': number}


def test_the_line_after_a_validation_counts_as_the_one_before(tmp_path):
    rows = [step(50, 2.0), step(100, 2.0), validation(100)]
    log(tmp_path, '1', [*rows, step(150, 60.0), step(200, 1.0)])
    assert training_seconds(tmp_path) == 150 * 2 + 50 * 1


def test_every_line_whose_mean_has_the_evaluation_in_it(tmp_path):
    rows = [step(n, 2.0) for n in (20, 40, 60)]
    rows += [validation(60), step(80, 9.0), step(100, 9.0), step(120, 3.0)]
    log(tmp_path, '1', rows)
    config = tmp_path / '1' / 'vis_data' / 'config.py'
    config.write_text("log_processor = dict(type='x', window_size=50)\n")
    assert training_seconds(tmp_path) == 100 * 2 + 20 * 3
    # means over fewer steps than a line is for
    config.write_text('log_processor = dict(window_size=10)\n')
    assert training_seconds(tmp_path) == 60 * 2 + 40 * 9 + 20 * 3


def test_without_any_other_line_the_log_is_taken_as_it_is(tmp_path):
    log(tmp_path, '1', [validation(0), step(50, 2.0)])
    assert training_seconds(tmp_path) == 100


def test_the_timer_runs_on_after_a_validation(tmp_path):
    """Why lines are left out; if it no longer does, leave that out."""
    hub = MessageHub('timer')
    runner = SimpleNamespace(
        iter=0, max_iters=9, message_hub=hub, val_dataloader=[0]
    )
    timer = IterTimerHook()
    timer.before_train_epoch(runner)
    timer.before_val_epoch(runner)
    timer.after_val_iter(runner, 0)
    timer.t -= 100  # the evaluation
    timer.after_val_epoch(runner, {})
    timer.after_val(runner)
    timer.after_train_iter(runner, 0)
    assert hub.get_scalar('train/time').current() > 99


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
