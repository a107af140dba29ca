"""Batches from data sets with probabilities of their own."""

import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from wholebody_mm.datasets import alike
from wholebody_mm.datasets.samplers import dataset_probability_sampler as room
from wholebody_mm.datasets.samplers.dataset_probability_sampler import (
    DatasetProbabilitySampler,
)

# Section 4.1; they add up to 0.9999.
PAPER = dict(
    coco=0.765, foot=0.05, mpii=0.05, face_multipie=0.0033, face_frgc=0.0033,
    face_ibug=0.0033, hand_dome=0.005, hand_mpii=0.05, panoptic=0.05,
    no_people=0.02,
)  # fmt: skip
SIZES = dict(coco=300, hands=40, faces=25)


def make(sizes=SIZES, probabilities=None, batch_size=4, missing=(), **kwargs):
    dataset = SimpleNamespace(
        names=tuple(sizes), lens=tuple(sizes.values()), missing=missing
    )
    kwargs = dict(seed=3) | kwargs
    inner = SimpleNamespace(dataset=dataset, seed=0)
    if probabilities is None:
        probabilities = dict(coco=0.7, hands=0.2, faces=0.1)
    return DatasetProbabilitySampler(
        inner, batch_size, probabilities, **kwargs
    )


def on_rank(monkeypatch, rank, world_size, **kwargs):
    monkeypatch.setattr(room, 'get_dist_info', lambda: (rank, world_size))
    return make(**kwargs)


def source(index, sizes=SIZES):
    ends = np.cumsum(list(sizes.values()))
    return list(sizes)[int(np.searchsorted(ends, index, side='right'))]


def test_the_papers_probabilities_in_100_000_draws():
    sampler = make(dict.fromkeys(PAPER, 50), PAPER)
    draws = [int(sampler.choices(batch)[0]) for batch in range(100_000)]
    counts = np.bincount(draws, minlength=len(PAPER))
    expected = np.array(list(PAPER.values())) / sum(PAPER.values())
    deviation = np.sqrt(len(draws) * expected * (1 - expected))
    # four standard deviations: fails by chance once in 1,500 seeds
    assert (np.abs(counts - len(draws) * expected) < 4 * deviation).all()


@pytest.mark.parametrize('mode', ['batch', 'mixed'])
def test_tiny_probabilities_neither_hang_nor_vanish(mode):
    sampler = make(
        dict(big=100, tiny=5, never=5),
        dict(big=1, tiny=1e-9, never=0),
        mode=mode,
    )
    batches = list(islice(sampler, 300))
    assert all(i < 100 for batch in batches for i in batch)
    # of 400,000 draws at 1e-4 about 40 are expected
    sampler = make(
        dict(big=10, tiny=5, never=5), dict(big=1, tiny=1e-4, never=0)
    )
    counts = np.bincount(
        np.concatenate([sampler.choices(b) for b in range(400_000)]),
        minlength=3,
    )
    assert 15 < counts[1] < 80
    assert counts[2] == 0


def test_a_batch_is_of_one_data_set_or_mixed():
    whole = {frozenset(map(source, batch)) for batch in islice(make(), 200)}
    assert whole == {frozenset([name]) for name in SIZES}
    mixed = list(islice(make(mode='mixed'), 500))
    assert any(len(set(map(source, batch))) > 1 for batch in mixed)
    share = np.mean([source(i) == 'coco' for batch in mixed for i in batch])
    assert abs(share - 0.7) < 0.05


@pytest.mark.parametrize('mode', ['batch', 'mixed'])
def test_processes_share_the_data_set_and_no_image(mode, monkeypatch):
    ranks = [
        list(islice(on_rank(monkeypatch, r, 2, mode=mode), 150))
        for r in (0, 1)
    ]
    for left, right in zip(*ranks, strict=True):
        together = [*left, *right]
        assert len(set(together)) == len(together)
        assert len({i.seed for i in together}) == len(together)
        if mode == 'batch':
            assert len(set(map(source, together))) == 1


@pytest.mark.parametrize('mode', ['batch', 'mixed'])
def test_every_image_comes_once_in_each_pass(mode):
    seen = {name: [] for name in SIZES}
    for batch in islice(make(mode=mode), 400):
        for i in batch:
            seen[source(i)].append(int(i))
    for name, size in SIZES.items():
        turns = [
            seen[name][k : k + size]
            for k in range(0, len(seen[name]) - size + 1, size)
        ]
        assert len(turns) >= 2
        assert all(len(set(turn)) == size for turn in turns)
        assert turns[0] != turns[1]


@pytest.mark.parametrize('mode', ['batch', 'mixed'])
@pytest.mark.parametrize('done', [1, 37, room.BLOCK + 3])
def test_it_goes_on_where_it_stopped(mode, done):
    def seeds(batches):
        return [[(int(i), i.seed) for i in batch] for batch in batches]

    whole = seeds(islice(make(mode=mode), done + 20))
    later = make(mode=mode)
    later.start_at(done)
    assert seeds(islice(later, 20)) == whole[done:]


def test_an_image_is_never_augmented_alike():
    seeds = [i.seed for batch in islice(make(), 300) for i in batch]
    assert len(set(seeds)) == len(seeds)


def test_the_seed_decides():
    first = list(islice(make(), 20))
    assert list(islice(make(), 20)) == first
    assert list(islice(make(seed=4), 20)) != first


def test_an_epoch_is_as_long_as_asked_whatever_the_sizes():
    sampler = make(batches_per_epoch=10)
    epochs = [list(sampler) for _ in range(3)]
    assert (
        [len(epoch) for epoch in epochs] == [10, 10, 10] == 3 * [len(sampler)]
    )
    assert sum(epochs, []) == list(islice(make(), 30))
    sampler.set_epoch(1)  # what MMEngine's hook does after a restart
    assert list(sampler) == epochs[1]


def test_a_small_set_repeats_its_images_rather_than_hang():
    sampler = make(dict(a=2, b=90), dict(a=0.5, b=0.5))
    batches = [b for b in islice(sampler, 50) if b[0] < 2]
    assert batches and all(sorted(b) == [0, 0, 1, 1] for b in batches)


def test_what_is_not_on_disk_leaves_its_probability_to_the_others():
    sampler = make(
        dict(coco=10, hands=10),
        dict(coco=0.6, hands=0.2, faces=0.2),
        missing=('faces',),
    )
    assert sampler.probabilities == pytest.approx(dict(coco=0.75, hands=0.25))


@pytest.mark.parametrize(
    ('probabilities', 'sizes', 'message'),
    [
        (dict(coco=1, hands=1, faces=1, feet=1), SIZES, 'unknown .* feet'),
        (dict(coco=1, hands=1), SIZES, 'no probability .* faces'),
        (dict(coco=0, hands=0, faces=0), SIZES, 'all 0'),
        (dict(coco=1, hands=-1, faces=1), SIZES, 'hands is -1'),
        (dict(coco=1, hands=float('nan'), faces=1), SIZES, 'hands is nan'),
        (dict(a=1, b=1), dict(a=5, b=0), 'set b has no image'),
    ],
)
def test_wrong_probabilities_are_named(probabilities, sizes, message):
    with pytest.raises(ValueError, match=message):
        make(sizes, probabilities)


def test_it_wants_a_data_set_of_several():
    inner = SimpleNamespace(dataset=[1, 2], seed=0)
    with pytest.raises(ValueError, match='MultiTaskDataset'):
        DatasetProbabilitySampler(inner, 2, dict(a=1))


def train_together(work_dir, iterations, resume='new'):
    """Two gloo processes; what each was trained on, and its weights."""
    root = Path(__file__).parents[3]
    command = [
        sys.executable, '-m', 'torch.distributed.run', '--standalone',
        '--nproc_per_node=2', str(root / 'tests/support/sampling_process.py'),
        str(work_dir), str(iterations), resume,
    ]  # fmt: skip
    env = os.environ | dict(PYTHONPATH=str(root), OMP_NUM_THREADS='1')
    done = subprocess.run(
        command, env=env, timeout=300, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [
        json.loads((work_dir / f'rank{rank}.json').read_text())
        for rank in (0, 1)
    ]


@pytest.mark.slow
def test_two_processes_train_and_resume_as_one_run(tmp_path):
    sizes = dict(body=40, faces=30, hands=35)
    whole = train_together(tmp_path / 'whole', 20)
    sources = set()
    for left, right in zip(*(r['batches'] for r in whole), strict=True):
        together = [image for image, _ in left + right]
        assert len(set(together)) == 6
        assert len({source(i, sizes) for i in together}) == 1
        sources |= {source(i, sizes) for i in together}
    assert sources == set(sizes)
    assert whole[0]['weights'] == whole[1]['weights']
    first = train_together(tmp_path / 'parts', 8)
    second = train_together(tmp_path / 'parts', 20, 'resume')
    for rank in (0, 1):
        parts = first[rank]['batches'] + second[rank]['batches']
        assert parts == whole[rank]['batches']
        assert np.allclose(
            np.concatenate(second[rank]['weights']),
            np.concatenate(whole[rank]['weights']),
        )


def test_processes_with_other_data_are_refused(monkeypatch):
    other = dict(coco=300, hands=41)
    monkeypatch.setattr(alike, 'all_gather_object', lambda own: [own, other])
    with pytest.raises(ValueError, match=r'faces: 25 .*hands: 40 .*41 in 1'):
        make()
