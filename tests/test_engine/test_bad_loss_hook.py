"""Training stops at a loss that is no number."""

from types import SimpleNamespace

import wholebody_mm.register  # noqa: F401

import pytest
import torch
from mmpose.registry import HOOKS


def test_it_stops_and_says_where():
    hook = HOOKS.build(dict(type='BadLossHook', interval=10))
    runner = SimpleNamespace(iter=19, work_dir='runs/a')
    good = dict(loss=torch.tensor(1.0))
    hook.after_train_iter(runner, 19, None, good)
    bad = dict(good, loss_paf_stage1=torch.tensor(float('nan')))
    image = SimpleNamespace(metainfo=dict(img_path='a.jpg'))
    with pytest.raises(ValueError, match='loss_paf_stage1') as error:
        hook.after_train_iter(runner, 19, dict(data_samples=[image]), bad)
    assert 'iteration 20' in str(error.value)
    assert 'a.jpg' in str(error.value)


def test_it_looks_only_now_and_then():
    hook = HOOKS.build(dict(type='BadLossHook', interval=10))
    bad = dict(loss=torch.tensor(float('inf')))
    hook.after_train_iter(SimpleNamespace(iter=14), 14, None, bad)
    with pytest.raises(ValueError, match='iteration 1 '):
        hook.after_train_iter(
            SimpleNamespace(iter=0, work_dir=''), 0, None, bad
        )
