"""deep_wholebody.py's data sets train together, from what is on disk."""

import contextlib
import json
import os
import re
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from support.annotations import person, write
from support.sources import (
    face_points,
    hand_points,
    mpii_joints,
    picture,
    write_dome_hands,
    write_manual_hand,
    write_mpii_mat,
    write_panoptic,
    write_pts,
)

from wholebody_mm.engine.convergence import read_curves

ROOT = Path(__file__).resolve().parents[2]
CONFIGS = ROOT / 'configs'
# the paper's data with a light network on small images
CONFIG = f"""
_base_ = [
    '{CONFIGS}/_base_/runtime.py',
    '{CONFIGS}/_base_/models/light_wholebody.py',
]
from mmengine import Config

paper = Config.fromfile('{CONFIGS}/deep_wholebody.py')
train_dataloader = paper.train_dataloader
train_dataloader.update(batch_size=4, num_workers=0, persistent_workers=False)
for source in train_dataloader.dataset.datasets.values():
    source.pipeline[1].input_size = (128, 128)
probabilities = train_dataloader.batch_sampler.probabilities
for name in probabilities:
    probabilities[name] = 1.0
val_dataloader = paper.val_dataloader
val_dataloader.update(num_workers=0, persistent_workers=False)
val_dataloader.dataset.pipeline[1].height = 128
val_evaluator = paper.val_evaluator
val_cfg = paper.val_cfg
train_cfg = dict(type='ResumableTrainLoop', max_iters=24, val_interval=24)
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='Adam', lr=1e-3))
custom_hooks = [dict(type='DatasetLossHook', interval=12)]
del Config, paper, source, name
"""
OFFERED = (
    'coco', 'foot', 'mpii', 'face_multipie', 'face_frgc', 'face_ibug',
    'hand_dome', 'hand_mpii', 'panoptic', 'no_people',
)  # fmt: skip


def run(command, cwd, ok=True):
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        cwd=cwd,
        env={
            **os.environ,
            'PYTHONPATH': str(ROOT),
            'OMP_NUM_THREADS': '1',
        },
        capture_output=True,
        text=True,
        timeout=500,
    )
    if ok:
        assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def prepare(name, *arguments, cwd):
    main = runpy.run_path(str(ROOT / f'tools/data/{name}.py'))['main']
    with contextlib.chdir(cwd):
        assert main([str(argument) for argument in arguments]) == 0


def train(cwd, *options):
    config = cwd / 'multi.py'
    config.write_text(CONFIG)
    arguments = ['--work-dir', cwd / 'work', *options]
    return run([ROOT / 'tools/train.py', config, *arguments], cwd)


def drawn(log):
    """Data sets in the lines of losses, and what of them was trained."""
    found = {}
    for line in re.findall(r'losses by data set: (.*)', log):
        for words in line.split('; '):
            name, rest = words.split(' (', 1)
            values = rest.split(') ', 1)[1].split()
            pairs = zip(values[::2], map(float, values[1::2]), strict=True)
            found.setdefault(name, {}).update(pairs)
    return found


def coco_files(folder, images=4):
    """COCO-WholeBody, COCO, feet, and nobody in the last two images."""
    folder.mkdir(parents=True)
    people = [person(id=i, image_id=i) for i in range(1, images - 1)]
    (folder / 'train2017').mkdir()
    write(folder / 'train2017', people, images)
    annotations = folder / 'annotations'
    annotations.mkdir()
    source = folder / 'train2017/people.json'
    for name in ('coco_wholebody_val_v1.0', 'person_keypoints_train2017'):
        (annotations / f'{name}.json').write_text(source.read_text())
    (folder / 'val2017').symlink_to(folder / 'train2017')
    content = json.loads(source.read_text())
    for annotation in content['annotations']:
        annotation['keypoints'] += annotation['foot_kpts']
    (annotations / 'foot.json').write_text(json.dumps(content))


@pytest.fixture(scope='module')
def everything(tmp_path_factory):
    """All ten data sets in their owners' formats, prepared by the tools."""
    cwd = tmp_path_factory.mktemp('everything')
    data = cwd / 'data'
    coco_files(data / 'coco')
    annotations = 'data/coco/annotations'
    prepare('prepare_foot', f'{annotations}/foot.json', cwd=cwd)
    prepare(
        'prepare_no_people',
        f'{annotations}/person_keypoints_train2017.json',
        cwd=cwd,
    )
    joints = {i: (x, y, 1) for i, (x, y) in enumerate(mpii_joints())}
    for i in range(3):
        picture(data / f'mpii/images/{i}.jpg')
    write_mpii_mat(
        data / 'mpii/mpii.mat',
        [dict(name=f'{i}.jpg', train=1, people=[joints]) for i in range(3)],
    )
    prepare('prepare_mpii', 'data/mpii/mpii.mat', 'data/mpii/images', cwd=cwd)
    for name in ('face_multipie', 'face_frgc', 'face_ibug'):
        for i in range(4):
            write_pts(data / f'{name}/images/{i}.pts', face_points())
            picture(data / f'{name}/images/{i}.png', 50 + i)
        images = f'data/{name}/images'
        prepare('prepare_faces', name, images, '--val-share', '.3', cwd=cwd)
    hand = np.concatenate([hand_points(150, 150), np.ones((21, 1))], 1)
    write_dome_hands(data / 'hand_dome/images', [hand] * 3)
    prepare('prepare_hand_dome', 'data/hand_dome/images', cwd=cwd)
    for i, left in enumerate((True, False, True)):
        folder = data / 'hand_mpii/images'
        name = f'{i:03d}_01_{"l" if left else "r"}'
        picture(folder / f'{name}.jpg', 60 + i)
        write_manual_hand(folder, name, hand_points(150, 150), left)
    prepare('prepare_hand_mpii', 'data/hand_mpii/images', cwd=cwd)
    write_panoptic(data / 'panoptic/images', [30, 60, 90])
    prepare('prepare_panoptic', 'data/panoptic/images', cwd=cwd)
    return cwd


def test_all_ten_sets_of_the_paper_train_together(everything):
    strict = ['--cfg-options', 'train_dataloader.dataset.strict=True']
    log = train(everything, *strict)
    losses = drawn(log)
    assert set(losses) == set(OFFERED)
    for name, parts in losses.items():
        assert sum(parts.values()) > 0, name
    # nobody's foot is labelled in the Panoptic Studio, but absence is learnt
    assert losses['panoptic']['foot'] > 0
    # a face set neither knows hands nor may it teach their absence
    assert losses['face_frgc']['face'] > 0
    metrics = re.findall(r'(face_\w+)/face/AR: ([\d.]+)', log)
    assert {name for name, _ in metrics} == {
        'face_multipie', 'face_frgc', 'face_ibug',
    }  # fmt: skip
    (scalars,) = (everything / 'work').glob('*/vis_data/scalars.json')
    assert 'loss/hand_dome/righthand' in scalars.read_text()
    curves = read_curves(everything / 'work', main='coco')
    assert 'face_frgc/face' in curves and 'coco/body' in curves
    # at their iteration: MMEngine's default is the epoch, always 0 here
    assert {tuple(steps) for steps, _ in curves.values()} == {(24,)}


@pytest.mark.slow
def test_what_is_on_disk_trains_and_what_is_missing_is_named(tmp_path):
    coco_files(tmp_path / 'data/coco')
    log = train(tmp_path, '--no-validate')
    assert set(drawn(log)) == {'coco'}
    for name in set(OFFERED) - {'coco'}:
        assert f'- {name}: ' in log
    assert 'http://human-pose.mpi-inf.mpg.de' in log
    assert 'prepare_hand_mpii.py' in log
    assert 'probabilities without' in log


def test_without_coco_it_stops(tmp_path):
    (tmp_path / 'multi.py').write_text(CONFIG)
    command = [ROOT / 'tools/train.py', tmp_path / 'multi.py']
    said = run([*command, '--work-dir', tmp_path / 'work'], tmp_path, ok=False)
    assert 'training needs one of coco' in said
    assert 'https://cocodataset.org' in said
    assert 'Traceback' not in said


def test_real_samples_train_together(real_data, tmp_path):
    """COCO, MPII, 300W and Panoptic hands; every one of them is drawn."""
    mini = real_data / 'mini'
    data = tmp_path / 'data'
    (data / 'coco/annotations').mkdir(parents=True)
    for name, file in (
        ('coco_wholebody_val_v1.0', 'test_coco_wholebody'),
        ('person_keypoints_train2017', 'test_coco'),
    ):
        (data / f'coco/annotations/{name}.json').symlink_to(
            mini / f'coco/{file}.json'
        )
    links = [
        ('coco/train2017', 'coco'), ('coco/val2017', 'coco'),
        ('mpii/images', 'mpii'), ('face_ibug/images', '300w'),
        ('hand_mpii/images', 'panoptic_hand'),
    ]  # fmt: skip
    for link, target in links:
        (data / link).parent.mkdir(exist_ok=True)
        (data / link).symlink_to(mini / target)
    images = '--images'
    prepare(
        'prepare_mpii', mini / 'mpii/test_mpii.json', mini / 'mpii',
        cwd=tmp_path,
    )  # fmt: skip
    prepare(
        'prepare_faces', 'face_ibug', mini / '300w/test_300w.json',
        images, mini / '300w', cwd=tmp_path,
    )  # fmt: skip
    prepare(
        'prepare_hand_mpii', mini / 'panoptic_hand/test_panoptic.json',
        images, mini / 'panoptic_hand', cwd=tmp_path,
    )  # fmt: skip
    log = train(tmp_path)
    losses = drawn(log)
    assert set(losses) == {'coco', 'mpii', 'face_ibug', 'hand_mpii'}
    assert losses['face_ibug']['face'] > 0
    assert losses['mpii']['body'] > 0
    assert losses['hand_mpii']['lefthand'] > 0
    assert losses['mpii']['face'] == 0
    assert losses['hand_mpii']['face'] == 0
