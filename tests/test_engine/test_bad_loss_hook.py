"""Training stops at a loss that is no number."""

from types import SimpleNamespace

import wholebody_mm.register  # noqa: F401

import numpy as np
import pytest
import torch
from mmengine.hooks import CheckpointHook
from mmpose.registry import HOOKS


def test_it_stops_and_says_where():
    hook = HOOKS.build(dict(type='BadLossHook', interval=10, patience=0))
    runner = SimpleNamespace(iter=19, work_dir='runs/a', max_iters=99)
    good = dict(loss=torch.tensor(1.0))
    hook.after_train_iter(runner, 19, None, good)
    bad = dict(good, loss_paf_stage1=torch.tensor(float('nan')))
    image = SimpleNamespace(metainfo=dict(img_path='a.jpg'))
    with pytest.raises(ValueError, match='loss_paf_stage1') as error:
        hook.after_train_iter(runner, 19, dict(data_samples=[image]), bad)
    assert 'iteration 20' in str(error.value)
    assert 'a.jpg' in str(error.value)


def test_it_looks_before_every_checkpoint():
    hook = HOOKS.build(dict(type='BadLossHook', interval=50, patience=1))
    saving = CheckpointHook(interval=20, by_epoch=False)
    runner = SimpleNamespace(
        iter=18, work_dir='', max_iters=99, hooks=[saving, hook]
    )
    hook.before_train(runner)
    bad = dict(loss=torch.tensor(np.nan))
    hook.after_train_iter(runner, 18, None, bad)
    runner.iter = 19
    with pytest.raises(ValueError, match='iteration 20 '):
        hook.after_train_iter(runner, 19, None, bad)


def test_it_looks_before_the_last_checkpoint():
    hook = HOOKS.build(dict(type='BadLossHook', interval=50, patience=1))
    bad = dict(loss=torch.tensor(np.nan))
    runner = SimpleNamespace(iter=15, work_dir='', max_iters=17)
    hook.after_train_iter(runner, 15, None, bad)
    runner.iter = 16
    with pytest.raises(ValueError, match='iteration 17 '):
        hook.after_train_iter(runner, 16, None, bad)


def test_it_looks_only_now_and_then_and_bears_a_few():
    hook = HOOKS.build(dict(type='BadLossHook', interval=10, patience=2))
    good, bad = dict(loss=torch.tensor(1.0)), dict(loss=torch.tensor(np.inf))

    def at(iteration, outputs):
        runner = SimpleNamespace(iter=iteration, work_dir='', max_iters=99)
        hook.after_train_iter(runner, iteration, None, outputs)

    for iteration in range(12, 17):
        at(iteration, bad)  # nobody looks
    at(17, bad)
    at(18, bad)
    at(19, good)
    at(27, bad)
    at(28, bad)
    # on a multiple of the interval: before the checkpoint that is due there
    with pytest.raises(ValueError, match='iteration 30 '):
        at(29, bad)
