"""Losses of each data set and part."""

import logging
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from wholebody_mm.engine.dataset_loss_hook import (
    DatasetLossHook,
    channel_parts,
)
from wholebody_mm.models.losses.masked_map_loss import MaskedMapLoss
from wholebody_mm.skeletons import WHOLEBODY135

K, L = WHOLEBODY135.num_keypoints, WHOLEBODY135.num_limbs
PARTS = WHOLEBODY135.part_names
OF_PART = dict(
    heatmap=WHOLEBODY135.keypoint_part,
    paf=np.repeat(WHOLEBODY135.limb_parts[:, 1], 2),
)


class Run:
    """As much of MMEngine's runner as the hook wants."""

    def __init__(self, names=('coco', 'faces'), subdivision=1, extra=0):
        self.losses = dict(heatmap=MaskedMapLoss(), paf=MaskedMapLoss())
        self.finer, self.extra = subdivision**2, extra
        head = SimpleNamespace(
            loss_module=self.losses['heatmap'],
            paf_loss_module=self.losses['paf'],
            skeleton=WHOLEBODY135,
            subdivision=subdivision,
        )
        self.model = SimpleNamespace(head=head)
        dataset = SimpleNamespace(names=names)
        loader = SimpleNamespace(dataset=dataset)
        self.train_loop = SimpleNamespace(dataloader=loader)
        self.logger = logging.getLogger('test')
        self.rank, self.iter = 0, 0
        self.scalars = {}
        self.visualizer = SimpleNamespace(
            add_scalars=lambda values, step: self.scalars.update(values)
        )

    def step(self, hook, sources, rng, supervised=slice(None)):
        """One iteration: two stages of fields, then of maps."""
        b = len(sources)
        last = {}
        for kind, channels in (
            ('paf', 2 * L),
            ('paf', 2 * L),
            ('heatmap', K * self.finer),
            ('heatmap', K * self.finer),
        ):
            finer = self.finer if kind == 'heatmap' else 1
            extra = self.extra if kind == 'heatmap' else 0
            shape = b, channels + extra, 3, 4
            prediction = torch.from_numpy(rng.normal(size=shape))
            weight = torch.zeros(shape)
            weight[:, channels:] = 1  # of no part, must not count
            of_part = np.repeat(OF_PART[kind], finer)
            taught = np.isin(of_part, np.arange(len(PARTS))[supervised])
            weight[:, :channels][:, taught] = 1
            target = torch.full_like(prediction, torch.nan)
            target[weight > 0] = 0
            maps = prediction, target, weight
            self.losses[kind](*maps, per_cell=finer)
            of_parts = (array[:, :channels] for array in maps)
            last[kind] = float(MaskedMapLoss()(*of_parts, per_cell=finer))
        samples = [SimpleNamespace(metainfo=dict(source=s)) for s in sources]
        hook.after_train_iter(self, 0, dict(data_samples=samples))
        self.iter += 1
        return last['heatmap'], last['paf']


@pytest.mark.parametrize(('subdivision', 'extra'), [(1, 0), (2, 0), (1, 1)])
def test_parts_add_up_to_the_loss_of_the_last_stages(subdivision, extra):
    run = Run(subdivision=subdivision, extra=extra)
    hook = DatasetLossHook(interval=1)
    hook.before_train(run)
    rng = np.random.default_rng(0)
    maps, fields = run.step(hook, ['coco'] * 3, rng)
    values = [run.scalars[f'loss/coco/{part}'] for part in PARTS]
    assert min(values) > 0
    assert sum(values) == pytest.approx(maps + fields, rel=1e-5)
    assert not any(key.startswith('loss/faces') for key in run.scalars)


def test_each_data_set_gets_its_own_images():
    run, hook = Run(), DatasetLossHook(interval=3)
    hook.before_train(run)
    rng = np.random.default_rng(1)
    face = slice(PARTS.index('face'), None)
    run.step(hook, ['coco', 'coco'], rng)
    assert not run.scalars
    run.step(hook, ['faces', 'faces'], rng, face)
    run.step(hook, ['faces', 'coco'], rng)
    assert run.scalars['loss/faces/face'] > 0
    # two images of three teach nothing about bodies
    body = [run.scalars[f'loss/{name}/body'] for name in ('coco', 'faces')]
    assert body[1] == pytest.approx(body[0] / 3, rel=0.2)
    # and the next line starts anew
    run.scalars.clear()
    for _ in range(3):
        run.step(hook, ['faces'], rng, face)
    assert run.scalars['loss/faces/body'] == 0


def test_a_limb_counts_as_the_part_of_its_second_end():
    parts = channel_parts(WHOLEBODY135)['paf']
    wrist = WHOLEBODY135.index('left_wrist')
    thumb = WHOLEBODY135.index('left_thumb1')
    limb = WHOLEBODY135.limbs.index((wrist, thumb))
    assert set(parts[[2 * limb, 2 * limb + 1]]) == {PARTS.index('lefthand')}


def test_other_heads_are_refused():
    run = Run()
    run.model.head = SimpleNamespace()
    with pytest.raises(ValueError, match='custom_hooks'):
        DatasetLossHook().before_train(run)
