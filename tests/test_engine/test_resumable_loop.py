"""A resumed run trains on, without loading old batches."""

from copy import deepcopy
from types import SimpleNamespace

import wholebody_mm.register  # noqa: F401

import pytest
import torch
from mmengine.model import BaseModel
from mmengine.registry import DATASETS
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


def train(work_dir, max_iters, resume, loader=None, **options):
    data, model = Numbers(50), Recorder()
    runner = Runner(
        model=model,
        work_dir=str(work_dir),
        train_dataloader=loader
        or DataLoader(
            data, batch_size=4, sampler=ResumableSampler(data, seed=7)
        ),
        **options,
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


@DATASETS.register_module()
class TwoSets(Numbers):
    """Two data sets in one, by their numbers."""

    names, lens = ('small', 'large'), (20, 30)


@pytest.mark.parametrize('several', [True, False])
@pytest.mark.parametrize('own', [None, 7])
def test_the_seed_is_that_of_the_checkpoint(tmp_path, several, own):
    loader = dict(
        batch_size=4,
        num_workers=0,
        collate_fn=dict(type='default_collate'),
        sampler=dict(type='mmpose.ResumableSampler'),
        dataset=dict(type='TwoSets', count=50),
    )
    if several:
        loader['batch_sampler'] = dict(
            type='mmpose.DatasetProbabilitySampler',
            probabilities=dict(small=0.5, large=0.5),
            mode='mixed',
        )
    if own is not None:
        loader['batch_sampler' if several else 'sampler']['seed'] = own

    def run(folder, max_iters, resume, seed):
        return train(
            tmp_path / folder,
            max_iters,
            resume,
            deepcopy(loader),
            randomness=dict(seed=seed),
        )[1]

    whole = run('whole', 9, False, 3)
    first = run('parts', 4, False, 3)
    assert first + run('parts', 9, True, 5) == whole


def test_epochs_are_refused(tmp_path):
    loop = SimpleNamespace(
        dataloader=SimpleNamespace(
            batch_sampler=SimpleNamespace(batches_per_epoch=3)
        )
    )
    with pytest.raises(ValueError, match='batches_per_epoch'):
        ResumableTrainLoop.run(loop)


def test_processes_that_go_on_from_different_iterations(tmp_path, monkeypatch):
    import wholebody_mm.engine.resumable_loop as module

    monkeypatch.setattr(module, 'all_gather_object', lambda i: [i, 5])
    with pytest.raises(ValueError, match=r'iterations \[0, 5\]: copy the'):
        train(tmp_path, 2, resume=False)
