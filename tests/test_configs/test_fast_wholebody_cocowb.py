"""configs/fast_wholebody_cocowb.py, with drawn people for COCO-WholeBody."""

import os
import subprocess
import sys
from pathlib import Path

from support.short_training import short_training

from wholebody_mm import checkpoints
from wholebody_mm.inference.weights import find_weights

ROOT = Path(__file__).resolve().parents[2]


def run(folder: Path, *command: str) -> str:
    done = subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=os.environ
        | dict(
            PYTHONPATH=str(ROOT),
            OMP_NUM_THREADS='1',
            WHOLEBODY_MM_COCO='drawn_coco',
        ),
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout + done.stderr


def test_it_goes_on_from_the_shipped_weights(tmp_path):
    drawn = '--out drawn_coco --images 8 --val-images 4 --size 320x256'
    tool = str(ROOT / 'tools' / 'data' / 'make_drawn_people.py')
    run(tmp_path, tool, *drawn.split())
    config = str(ROOT / 'configs' / 'fast_wholebody_cocowb.py')
    train = [str(ROOT / 'tools' / 'train.py'), config, '--cfg-options']
    log = run(tmp_path, *train, *short_training(2).split())
    assert 'Iter(val)' in log and 'wholebody/AP' in log
    work = tmp_path / 'work_dirs' / 'fast_wholebody_cocowb'
    (best,) = work.glob('best_wholebody_AP_iter_2.pth')
    trained = checkpoints.load(best)
    assert trained['meta']['iter'] == 2
    shipped = checkpoints.load(find_weights(backend='torch'))['state_dict']
    for name in ('backbone.conv1.weight', 'head.paf_stages.0'):
        (key, *_) = (k for k in shipped if k.startswith(name))
        before = shipped[key].float()
        moved = (trained['state_dict'][key].float() - before).norm()
        assert moved < 0.1 * before.norm(), key
