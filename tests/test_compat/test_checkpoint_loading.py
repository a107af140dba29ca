"""MMEngine loads and resumes through the safe loader."""

from __future__ import annotations

import contextlib
import os
from dataclasses import asdict, replace
from pathlib import Path

import wholebody_mm.compat  # noqa: F401

import numpy as np
import pytest
import torch
from mmengine.evaluator import BaseMetric
from mmengine.model import BaseModel
from mmengine.runner import Runner, load_checkpoint
from mmpose.apis.inferencers import Pose2DInferencer
from torch import nn
from torch.utils.data import Dataset

from wholebody_mm import checkpoints
from wholebody_mm.checkpoints import UnsafeCheckpointError
from wholebody_mm.inference.network import METADATA_KEY, NetworkInfo
from wholebody_mm.skeletons import COCO17, get_skeleton


class Numbers(Dataset):
    """Six numbers and a metainfo with what pose data sets have."""

    metainfo = {
        'dataset_name': 'numbers',
        'flip_indices': np.arange(4),
        'sigmas': np.full(4, 0.1, np.float32),
        'names': {0: 'nose'},
    }

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> dict:
        return {'inputs': torch.tensor([float(index)])}


class Regression(BaseModel):
    """Learns to answer zero."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(1, 1)

    def forward(self, inputs, mode: str = 'tensor'):
        answer = self.layer(torch.stack(inputs))
        return {'loss': (answer**2).mean()} if mode == 'loss' else [answer]


class Constant(BaseMetric):
    """A NumPy number, as real metrics give."""

    default_prefix = 'test'

    def process(self, data_batch, data_samples) -> None:
        self.results.append(0)

    def compute_metrics(self, results) -> dict:
        return {'AP': np.float64(0.5)}


def _runner(work_dir: Path, epochs: int, **arguments) -> Runner:
    loader = dict(dataset=Numbers(), batch_size=2, num_workers=0)
    loader['sampler'] = dict(type='DefaultSampler', shuffle=True)
    return Runner(
        model=Regression(),
        work_dir=str(work_dir),
        default_scope='mmpose',  # it outlives the run, and the test
        experiment_name=f'{work_dir.name}_{epochs}',
        train_dataloader=loader,
        val_dataloader=loader,
        val_evaluator=[Constant()],
        train_cfg=dict(by_epoch=True, max_epochs=epochs),
        val_cfg=dict(),
        optim_wrapper=dict(optimizer=dict(type='Adam', lr=0.01)),
        param_scheduler=dict(type='MultiStepLR', milestones=[1], gamma=0.1),
        default_hooks=dict(
            checkpoint=dict(
                type='CheckpointHook', save_best='test/AP', rule='greater'
            )
        ),
        custom_hooks=[dict(type='EMAHook')],
        log_level='ERROR',
        randomness=dict(seed=1),
        **arguments,
    )


def test_a_run_is_resumed_with_its_history(tmp_path):
    first = _runner(tmp_path, epochs=2)
    first.train()
    losses = first.message_hub.get_scalar('train/loss').data[0]

    again = _runner(tmp_path, epochs=3, resume=True)
    again.train()
    assert (again.epoch, again.iter) == (3, 9)
    resumed = again.message_hub.get_scalar('train/loss').data[0]
    assert resumed[:6] == pytest.approx(losses)
    assert len(resumed) == 9
    assert again.optim_wrapper.get_lr()['lr'] == [pytest.approx(0.001)]


def test_weights_and_metainfo_of_a_run_are_loaded(tmp_path):
    runner = _runner(tmp_path, epochs=1)
    runner.train()
    model = Regression()
    loaded = load_checkpoint(model, str(tmp_path / 'epoch_1.pth'))
    meta = loaded['meta']['dataset_meta']
    assert meta['flip_indices'].tolist() == [0, 1, 2, 3]
    assert meta['sigmas'].dtype == np.float32
    assert torch.equal(
        model.layer.weight, loaded['state_dict']['layer.weight']
    )


@pytest.mark.parametrize('suffix', ['safetensors', 'pth'])
@pytest.mark.parametrize('skeleton', ['coco17', 'wholebody135', 'own'])
def test_published_weights_say_their_keypoints(tmp_path, skeleton, suffix):
    own = replace(COCO17, name='own')
    info = NetworkInfo(
        name='net',
        skeleton=own.definition() if skeleton == 'own' else skeleton,
        stride=8,
        multiple=8,
        height=64,
    )
    path = tmp_path / f'weights.{suffix}'
    # as importer and publish_weights keep it
    kept = info.to_json() if suffix == 'pth' else asdict(info)
    checkpoints.save(path, Regression().state_dict(), {METADATA_KEY: kept})
    meta = load_checkpoint(Regression(), str(path))['meta']['dataset_meta']
    assert meta['dataset_name'] == skeleton
    known = own if skeleton == 'own' else get_skeleton(skeleton)
    assert meta['num_keypoints'] == known.num_keypoints
    assert isinstance(meta['flip_indices'], list)  # parsed


def test_a_skeleton_of_somebodys_own_is_not_looked_for(tmp_path):
    path = tmp_path / 'weights.safetensors'
    module = tmp_path / 'evil.py'
    module.write_text('raise SystemExit')
    info = dict(skeleton=f'{module}:OWN')
    checkpoints.save(path, Regression().state_dict(), {METADATA_KEY: info})
    loaded = load_checkpoint(Regression(), str(path))
    assert 'dataset_meta' not in loaded['meta']


class Opens:
    """Runs a shell command when it is unpickled."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


def test_code_in_a_file_is_refused(tmp_path):
    path, trace = tmp_path / 'evil.pth', tmp_path / 'was_here'
    torch.save({'state_dict': {}, 'x': Opens(f'touch {trace}')}, path)
    with pytest.raises(UnsafeCheckpointError, match='evil.pth'):
        load_checkpoint(Regression(), str(path))
    assert not trace.exists()


def test_downloads_are_data_as_well(tmp_path, monkeypatch):
    """torch's cache stands for the network: what is there is not fetched."""
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    cache = tmp_path / 'hub' / 'checkpoints'
    cache.mkdir(parents=True)
    trace = tmp_path / 'was_here'
    weights = Regression().state_dict()
    torch.save(weights, cache / 'good.pth')
    torch.save({'x': Opens(f'touch {trace}')}, cache / 'evil.pth')

    model = Regression()
    load_checkpoint(model, 'https://example.org/models/good.pth?v=2')
    assert torch.equal(model.layer.weight, weights['layer.weight'])
    with pytest.raises(UnsafeCheckpointError, match='evil.pth'):
        load_checkpoint(model, 'https://example.org/evil.pth')
    assert not trace.exists()


def test_a_failed_download_leaves_nothing_behind(tmp_path, monkeypatch):
    monkeypatch.setenv('TORCH_HOME', str(tmp_path))
    missing = (tmp_path / 'no.pth').as_uri()
    from wholebody_mm.compat.checkpoint_loading import load_url

    with pytest.raises(OSError):
        load_url(missing)
    assert not list((tmp_path / 'hub' / 'checkpoints').iterdir())


@pytest.mark.parametrize('suffix', ['pth', 'safetensors'])
def test_a_config_inside_of_weights_is_not_run(tmp_path, suffix):
    """MMEngine's runner runs that of old checkpoints when it resumes."""
    path, trace = tmp_path / f'evil.{suffix}', tmp_path / 'was_here'
    meta = dict(config=f"open(r'{trace}', 'w')", epoch=1, iter=3)
    checkpoints.save(path, Regression().state_dict(), meta)
    runner = _runner(tmp_path, epochs=1, load_from=str(path), resume=True)
    runner._hooks = []  # they want more of a checkpoint than there is
    with contextlib.suppress(KeyError):
        runner.load_or_resume()
    assert runner.train_loop.iter == 3
    assert not trace.exists()


def test_inferencers_do_not_run_the_config_of_weights(tmp_path):
    trace = tmp_path / 'was_here'
    path = tmp_path / 'evil.pth'
    code = f"open(r'{trace}', 'w')"
    torch.save(
        dict(
            state_dict=Regression().state_dict(),
            meta=dict(cfg=code),
            message_hub=dict(runtime_info=dict(cfg=code)),
        ),
        path,
    )
    with pytest.raises(ValueError, match='evil.pth: give the config too'):
        Pose2DInferencer(None, weights=str(path))
    assert not trace.exists()
