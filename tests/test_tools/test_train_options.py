"""What the options of tools/train.py make of a config."""

import runpy
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
TRAIN = runpy.run_path(str(ROOT / 'tools/train.py'), run_name='train')


def build(tmp_path, *options, config='configs/fast_wholebody.py'):
    words = [str(ROOT / config), '--work-dir', str(tmp_path), *options]
    return TRAIN['build_config'](TRAIN['parse_args'](words))


def test_a_first_start_that_resumes_keeps_its_weights(tmp_path, capsys):
    """As of a script that is run again whenever the machine restarts."""
    cfg = build(tmp_path, '--resume')
    assert not cfg.resume and cfg.load_from.endswith('.pth')
    assert 'nothing to resume' in capsys.readouterr().err
    (tmp_path / 'last_checkpoint').write_text('iter_200.pth')
    cfg = build(tmp_path, '--resume')
    assert cfg.resume and cfg.load_from is None
    cfg = build(tmp_path, '--resume', 'other.pth')
    assert cfg.resume and cfg.load_from == 'other.pth'


def test_mixed_precision_without_cuda(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: False)
    cfg = build(tmp_path, '--amp', config='configs/deep_wholebody.py')
    assert cfg.model.autocast == 'bfloat16'
    with pytest.raises(ValueError, match='TopdownPoseEstimator'):
        build(tmp_path, '--amp', config='configs/openpose/hand.py')


def test_mixed_precision_on_cuda_is_not_nested(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, 'is_available', lambda: True)
    cfg = build(tmp_path, '--amp')
    assert cfg.optim_wrapper.type == 'AmpOptimWrapper'
    assert cfg.model.autocast is None


def test_the_learning_rate_is_scaled_by_the_images_of_an_update(tmp_path):
    deep = 'configs/deep_wholebody.py'
    cfg = build(tmp_path, '--auto-scale-lr', config=deep)
    assert cfg.auto_scale_lr == dict(base_batch_size=40, enable=True)
    options = ('--cfg-options', 'optim_wrapper.accumulative_counts=4')
    cfg = build(tmp_path, '--auto-scale-lr', *options, config=deep)
    # MMEngine divides the images of a step by it
    assert cfg.auto_scale_lr.base_batch_size == 10
    with pytest.raises(ValueError, match='demo.*base_batch_size=N'):
        build(tmp_path, '--auto-scale-lr', config='configs/demo.py')
