"""configs/examples/mixed.py, as docs/finetune.md goes through it."""

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import wholebody_mm.register  # noqa: F401

import pytest
from mmengine.config import Config
from support.short_training import short_training

ROOT = Path(__file__).resolve().parents[2]
CONFIG = 'configs/examples/mixed.py'


def blocks():
    """The commands of the section, in order."""
    text = (ROOT / 'docs/finetune.md').read_text()
    section = text.split('## Mixed with a large set\n')[1]
    return re.findall(r'```sh\n(.*?)```', section, re.DOTALL)


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """Runs a block in a folder that looks like the checkout."""
    folder = tmp_path_factory.mktemp('checkout')
    for name in ('configs', 'tools'):
        (folder / name).symlink_to(ROOT / name)
    commands = {'python': '', 'wholebody-mm': '-m wholebody_mm'}
    for name, arguments in commands.items():
        file = folder / 'bin' / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n'
        )
        file.chmod(0o755)

    hooks = Config.fromfile(ROOT / CONFIG).custom_hooks
    logs = [hook.type for hook in hooks].index('DatasetLossHook')

    def run_block(code: str) -> str:
        code = code.replace(
            f'train.py {CONFIG}',
            f'train.py {CONFIG} --cfg-options {short_training(4)} '
            f'custom_hooks.{logs}.interval=2',
        )
        done = subprocess.run(
            ['bash', '-e', '-c', code],
            cwd=folder,
            env=os.environ
            | dict(
                PATH=f'{folder / "bin"}{os.pathsep}{os.environ["PATH"]}',
                PYTHONPATH=str(ROOT),
                OMP_NUM_THREADS='1',
                # the first block exports it for the others
                WHOLEBODY_MM_COCO='data/drawn_coco',
            ),
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout + done.stderr

    run_block.folder = folder
    return run_block


@pytest.fixture(scope='module')
def log(run):
    """What check and training say, with a few drawn people."""
    data, train, *_ = blocks()
    run(data.replace('--images 40', '--images 8'))
    return run(train)


def test_both_sets_are_learnt_and_each_is_validated(run, log):
    assert 'train: mine' in log and 'val: mine, test' in log
    assert 'No problems' in log
    losses = [float(v) for v in re.findall(r' loss: ([^ ]+)', log)]
    drawn = re.findall(r'losses by data set: (.*)', log)
    assert drawn and 'mine (' in ''.join(drawn) and 'coco (' in ''.join(drawn)
    assert all(map(math.isfinite, losses))
    work = run.folder / 'work_dirs/mixed'
    (scalars,) = work.glob('*/vis_data/scalars.json')
    lines = [json.loads(line) for line in scalars.read_text().splitlines()]
    values = {key: value for line in lines for key, value in line.items()}
    for key in ('mine/body/AP', 'body/AP', 'righthand/AP', 'wholebody/AP'):
        assert 0 <= values[key] <= 1
    # hands are only learnt from the set that labels them
    assert values['loss/coco/righthand'] > 0 and values['loss/mine/body'] > 0
    assert list(work.glob('best_mine_body_AP_iter_4.pth'))


@pytest.mark.slow
def test_it_is_tested_tuned_and_exported(run, log):
    said = ''.join(run(block) for block in blocks()[2:])
    assert re.search(r'^ *body +\d', said, re.MULTILINE)
    assert (run.folder / 'work_dirs/mixed/network.onnx').stat().st_size
