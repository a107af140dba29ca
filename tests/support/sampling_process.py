"""One of several processes that train together; see the test that runs it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import wholebody_mm.register  # noqa: F401

# isort: split

import torch
import torch.distributed
from mmengine.model import BaseModel
from mmengine.runner import Runner
from torch.utils.data import Dataset

SIZES = dict(body=40, faces=30, hands=35)


class Numbers(Dataset):
    """Three data sets whose images are numbers."""

    names = tuple(SIZES)
    lens = tuple(SIZES.values())

    def __len__(self):
        return sum(self.lens)

    def __getitem__(self, index):
        return dict(x=torch.tensor([float(index)]), seed=index.seed)


class Recorder(BaseModel):
    """Learns something and notes what from."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layer = torch.nn.Linear(1, 1)
        self.batches = []

    def forward(self, x, seed, mode='tensor'):
        x = torch.stack(list(x)).reshape(-1, 1)
        self.batches.append(
            list(zip(x.flatten().int().tolist(), map(int, seed), strict=True))
        )
        return dict(loss=self.layer(x / 100).square().mean())


def main(work_dir: str, iterations: int, resume: bool) -> None:
    """Train; writes batches and weights of this process as JSON."""
    # MMEngine's init_dist asks for a GPU even with gloo.
    torch.distributed.init_process_group('gloo')
    rank = int(os.environ['RANK'])
    model = Recorder()
    runner = Runner(
        model=model,
        work_dir=work_dir,
        train_dataloader=dict(
            batch_size=3,
            num_workers=0,
            dataset=Numbers(),
            sampler=dict(type='ResumableSampler'),
            batch_sampler=dict(
                type='DatasetProbabilitySampler',
                probabilities=dict(body=0.6, faces=0.2, hands=0.2),
            ),
        ),
        train_cfg=dict(type='ResumableTrainLoop', max_iters=iterations),
        optim_wrapper=dict(optimizer=dict(type='Adam', lr=0.01)),
        default_hooks=dict(
            checkpoint=dict(type='CheckpointHook', by_epoch=False, interval=4)
        ),
        launcher='pytorch',
        cfg=dict(
            model_wrapper_cfg=dict(
                type='MMDistributedDataParallel', device_ids=None
            )
        ),
        default_scope='mmpose',
        randomness=dict(seed=11),
        resume=resume,
        log_level='ERROR',
    )
    runner.train()
    content = dict(
        batches=model.batches,
        weights=[p.flatten().tolist() for p in model.parameters()],
    )
    Path(work_dir, f'rank{rank}.json').write_text(json.dumps(content))


if __name__ == '__main__':
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3] == 'resume')
