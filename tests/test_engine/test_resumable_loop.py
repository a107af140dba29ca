"""A resumed run trains on, without loading old batches."""

from types import SimpleNamespace

import wholebody_mm.register  # noqa: F401

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import DataLoader

from wholebody_mm.datasets.samplers.resumable_sampler import ResumableSampler
from wholebody_mm.engine.resumable_loop import ResumableTrainLoop


class Numbers(list):
    """A data set that knows what was loaded."""

    def __init__(self, count):
        super().__init__(range(count))
        self.loaded = []

    def __getitem__(self, index):
        self.loaded.append(index)
        return dict(x=torch.tensor([float(index)]))


class Recorder(BaseModel):
    """Notes the batches that it is trained on."""

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Linear(1, 1)
        self.batches = []

    def forward(self, x, mode='tensor'):
        self.batches.append(x.flatten().tolist())
        return dict(loss=self.layer(x).sum())


def train(work_dir, max_iters, resume):
    data, model = Numbers(50), Recorder()
    runner = Runner(
        model=model,
        work_dir=str(work_dir),
        train_dataloader=DataLoader(
            data, batch_size=4, sampler=ResumableSampler(data, seed=7)
        ),
        train_cfg=dict(type='mmpose.ResumableTrainLoop', max_iters=max_iters),
        optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.0)),
        default_hooks=dict(
            checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=1)
        ),
        default_scope='mmpose',
        resume=resume,
        experiment_name=f'{work_dir.name}_{max_iters}_{resume}',
    )
    runner.train()
    return data.loaded, model.batches


def test_a_resumed_run_is_the_same_run(tmp_path):
    _, whole = train(tmp_path / 'whole', 9, resume=False)
    _, first = train(tmp_path / 'parts', 4, resume=False)
    loaded, second = train(tmp_path / 'parts', 9, resume=True)
    assert first + second == whole
    assert len(loaded) == 5 * 4


def test_epochs_are_refused(tmp_path):
    loop = SimpleNamespace(
        dataloader=SimpleNamespace(
            batch_sampler=SimpleNamespace(batches_per_epoch=3)
        )
    )
    with pytest.raises(ValueError, match='batches_per_epoch'):
        ResumableTrainLoop.run(loop)
