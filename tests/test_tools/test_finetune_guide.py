"""docs/finetune.md, run as written (with fewer iterations)."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import wholebody_mm.register  # noqa: F401

import pytest
import torch

from wholebody_mm import checkpoints
from wholebody_mm.inference.weights import find_weights

ROOT = Path(__file__).resolve().parents[2]


def blocks():
    text = (ROOT / 'docs/finetune.md').read_text()
    return re.findall(r'```(bash|python)\n(.*?)```', text, re.DOTALL)


@pytest.fixture(scope='module')
def checkout(tmp_path_factory):
    """A folder that looks like the checkout."""
    folder = tmp_path_factory.mktemp('checkout')
    for name in ('configs', 'tools'):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.mark.slow
def test_every_block_of_the_guide_runs(checkout):
    python = checkout / 'bin/python'
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    env = os.environ | dict(
        PATH=f'{python.parent}{os.pathsep}{os.environ["PATH"]}',
        PYTHONPATH=str(ROOT),
        OMP_NUM_THREADS='1',
    )
    said = []
    for language, code in blocks():
        if language == 'bash':
            # the loop stops early; everything else is as written
            code = code.replace(
                'tools/train.py configs/examples/finetune.py',
                'tools/train.py configs/examples/finetune.py --cfg-options '
                'train_cfg.max_iters=3 default_hooks.checkpoint.interval=3 '
                'train_dataloader.batch_size=2 '
                'train_dataloader.num_workers=0 '
                'train_dataloader.persistent_workers=False',
            ).replace('iter_300.pth', 'iter_3.pth')
            command = ['bash', '-e', '-c', code]
        else:
            command = [sys.executable, '-c', code]
        done = subprocess.run(
            command, cwd=checkout, env=env, capture_output=True, text=True,
            timeout=300,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]
        said.append(done.stdout + done.stderr)
    log = '\n'.join(said)
    shipped = find_weights(backend='torch')
    assert str(shipped) in log
    assert 'coco/AP' in log
    new, old = (
        checkpoints.weights_of(checkpoints.load(path))
        for path in (checkout / 'work_dirs/finetune/iter_3.pth', shipped)
    )
    # the backbone is the shipped one's; the outputs are of six keypoints
    same = [k for k in new if k.startswith('backbone.')]
    assert same and all(torch.equal(new[k], old[k]) for k in same)
    shapes = {k: v.shape for k, v in new.items() if k.startswith('head.')}
    changed = [k for k, s in shapes.items() if s != old[k].shape]
    assert changed and len(changed) < len(shapes) / 2
    pictures = list((checkout / 'work_dirs/finetune/pictures').glob('*.png'))
    assert len(pictures) == 2
    shutil.rmtree(checkout / 'work_dirs')
