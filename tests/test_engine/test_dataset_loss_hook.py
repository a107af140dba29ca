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


class Run:
    """As much of MMEngine's runner as the hook wants."""

    def __init__(self, names=('coco', 'faces')):
        self.loss = MaskedMapLoss()
        head = SimpleNamespace(loss_module=self.loss, skeleton=WHOLEBODY135)
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
        total = 0.0
        for channels in (2 * L, 2 * L, K, K):
            prediction = torch.from_numpy(rng.normal(size=(b, channels, 3, 4)))
            weight = torch.zeros(b, channels, 3, 4)
            parts = channel_parts(WHOLEBODY135)[channels]
            weight[:, np.isin(parts, np.arange(5)[supervised])] = 1
            target = torch.full_like(prediction, torch.nan)
            target[weight > 0] = 0
            total = self.loss(prediction, target, weight), total
        last = float(total[0]), float(total[1][1][0])
        samples = [SimpleNamespace(metainfo=dict(source=s)) for s in sources]
        hook.after_train_iter(self, 0, dict(data_samples=samples))
        self.iter += 1
        return last


def test_parts_add_up_to_the_loss_of_the_last_stages():
    run, hook = Run(), DatasetLossHook(interval=1)
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
    parts = channel_parts(WHOLEBODY135)[2 * L]
    wrist = WHOLEBODY135.index('left_wrist')
    thumb = WHOLEBODY135.index('left_thumb1')
    limb = WHOLEBODY135.limbs.index((wrist, thumb))
    assert set(parts[[2 * limb, 2 * limb + 1]]) == {PARTS.index('lefthand')}


def test_other_heads_are_refused():
    run = Run()
    run.model.head = SimpleNamespace()
    with pytest.raises(ValueError, match='custom_hooks'):
        DatasetLossHook().before_train(run)
