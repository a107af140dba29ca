"""The main job as a user runs it: train, resume, test, look."""

import json
import os
import runpy
import socket
import subprocess
import sys
from pathlib import Path

import cv2
import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]
# the example's config with a network that is small enough for a test
CONFIG = """
_base_ = {base!r}
loader = dict(num_workers=0, persistent_workers=False)
train_dataloader = dict(batch_size=2, **loader)
val_dataloader = loader
test_dataloader = loader
model = dict(
    backbone=dict(width=0.1, reduction=(16,)),
    head=dict(
        in_channels=16,
        paf_stages=[dict(blocks=1, width={width}, hidden=8)],
        confidence_map_stages=[dict(blocks=1, width=8, hidden=8)],
    ),
    test_cfg=dict(height=128),
)
train_cfg = dict(val_interval=100)
default_hooks = dict(logger=dict(interval=1))
"""


def environment(data):
    """What the example's config reads."""
    annotations = data / 'annotations/coco_wholebody_train_v1.0.json'
    return dict(
        WHOLEBODY_MM_ANN=str(annotations),
        WHOLEBODY_MM_IMAGES=str(data / 'train2017'),
    )


def tool(name, *arguments, data, options=()):
    """Run a tool in a new process."""
    return subprocess.run(
        [
            sys.executable,
            f'tools/{name}.py',
            *map(str, arguments),
            *(('--cfg-options', *options) if options else ()),
        ],
        cwd=ROOT,
        env={
            **os.environ,
            'PYTHONPATH': str(ROOT),
            'OMP_NUM_THREADS': '1',
            **environment(data),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


@pytest.fixture(scope='module')
def data(tmp_path_factory):
    """Four drawn images with annotations."""
    folder = tmp_path_factory.mktemp('drawn')
    done = subprocess.run(
        [
            *(sys.executable, 'tools/data/make_drawn_people.py'),
            *('--out', folder, '--images', '4', '--seed', '3'),
            *('--size', '160x128'),
        ],
        cwd=ROOT,
        env={**os.environ, 'PYTHONPATH': str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return folder


def write_config(folder, width=8):
    """The small config, as a file."""
    file = folder / f'small_{width}.py'
    base = str(ROOT / 'configs/examples/overfit.py')
    file.write_text(CONFIG.format(base=base, width=width))
    return file


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    return write_config(tmp_path_factory.mktemp('config'))


@pytest.fixture(scope='module')
def trained(data, config, tmp_path_factory):
    """A work directory after three iterations, and its log."""
    work = tmp_path_factory.mktemp('work')
    options = ['train_cfg.max_iters=3', 'default_hooks.checkpoint.interval=3']
    done = tool(
        'train',
        config,
        '--tensorboard',
        '--work-dir',
        work,
        data=data,
        options=options,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return work, done.stdout + done.stderr


def test_the_log_tells_how_training_goes(trained):
    work, log = trained
    line = next(x for x in log.splitlines() if 'Iter(train)' in x)
    losses = ('loss:', 'loss_paf_stage1:', 'loss_heatmap_stage1:')
    for word in ('lr:', 'eta:', 'time:', 'host_memory:', *losses):
        assert word in line
    assert (work / 'iter_3.pth').is_file()
    assert any(work.rglob('events.out.tfevents.*'))


def test_training_resumes(data, config, trained):
    work, _ = trained
    options = [
        'train_cfg.max_iters=5',
        'default_hooks.checkpoint.max_keep_ckpts=3',
    ]
    done = tool(
        'train',
        config,
        '--work-dir',
        work,
        '--resume',
        data=data,
        options=options,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    log = done.stdout + done.stderr
    assert 'iter_3.pth' in log
    assert 'Iter(train) [4/5]' in log
    assert 'Iter(train) [1/5]' not in log


def test_testing_writes_metrics_and_pictures(data, config, trained, tmp_path):
    work, _ = trained
    done = tool(
        'test',
        config,
        work / 'iter_3.pth',
        *('--work-dir', tmp_path / 'test'),
        *('--show-dir', tmp_path / 'pictures'),
        *('--dump', tmp_path / 'dump.pkl'),
        data=data,
        options=['model.test_cfg.scales=(1.0,0.5)'],
    )
    assert done.returncode == 0, done.stderr[-3000:]
    metrics = json.loads((tmp_path / 'test/metrics.json').read_text())
    for part in ('body', 'foot', 'face', 'lefthand', 'hands', 'wholebody'):
        assert 0 <= metrics[f'{part}/AP'] <= 1
        assert 0 <= metrics[f'{part}/AR'] <= 1
    pictures = sorted((tmp_path / 'pictures').glob('*.jpg'))
    assert len(pictures) == 4
    assert cv2.imread(str(pictures[0])) is not None
    assert (tmp_path / 'dump.pkl').is_file()


def test_what_is_wrong_is_said_without_a_traceback(
    data, config, trained, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(ROOT)
    for name, value in environment(data).items():
        monkeypatch.setenv(name, value)
    main = runpy.run_path(str(ROOT / 'tools/test.py'))['main']
    checkpoint = trained[0] / 'iter_3.pth'
    option = 'test_dataloader.dataset.ann_file=absent.json'
    for arguments, message in (
        ((config, checkpoint, '--cfg-options', option), 'absent.json'),
        ((write_config(tmp_path, width=9), checkpoint), 'other shapes'),
        ((config, tmp_path / 'absent.pth'), 'no checkpoint'),
        ((tmp_path / 'absent.py', checkpoint), 'no config'),
        ((config, checkpoint, '--dump', 'a.txt'), 'no .pkl file'),
    ):
        work_dir = ('--work-dir', tmp_path)
        words = list(map(str, (*arguments[:2], *work_dir, *arguments[2:])))
        assert main(words) == 2
        assert message in capfd.readouterr().err


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as any_port:
        any_port.bind(('127.0.0.1', 0))
        return any_port.getsockname()[1]


@pytest.mark.slow
def test_two_processes_train_and_test_together(data, config, tmp_path):
    """Without a GPU too; each process takes its share of the images."""

    def launch(script, *arguments, options=()):
        return subprocess.run(
            ['bash', f'tools/{script}.sh', *map(str, arguments)]
            + ['--work-dir', str(tmp_path)]
            + (['--cfg-options', *options] if options else []),
            cwd=ROOT,
            env={
                **os.environ,
                **environment(data),
                'PATH': os.pathsep.join(
                    [str(Path(sys.executable).parent), os.environ['PATH']]
                ),
                'PYTHONPATH': str(ROOT),
                'OMP_NUM_THREADS': '1',
                'WHOLEBODY_MM_TRACEBACK': '1',
                'PORT': str(free_port()),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )

    options = ['train_cfg.max_iters=2', 'default_hooks.checkpoint.interval=2']
    done = launch('dist_train', config, 2, options=options)
    assert done.returncode == 0, done.stderr[:3000]
    done = launch('dist_test', config, tmp_path / 'iter_2.pth', 2)
    assert done.returncode == 0, done.stderr[-3000:]
    assert 'wholebody/AP' in (tmp_path / 'metrics.json').read_text()


def test_mmpose_inferencer_takes_config_and_weights(
    data, config, trained, tmp_path, run_python
):
    # weights that see every keypoint at one place: one person
    checkpoint = torch.load(trained[0] / 'iter_3.pth', weights_only=False)
    layer = 'head.confidence_map_stages.0.maps'
    checkpoint['state_dict'][f'{layer}.weight'].zero_()
    checkpoint['state_dict'][f'{layer}.bias'].fill_(0.5)
    weights = tmp_path / 'one_person.pth'
    torch.save(checkpoint, weights)
    photo = next((data / 'train2017').glob('*.jpg'))
    out = run_python(
        'import wholebody_mm.register\n'
        'import numpy as np\n'
        'from mmpose.apis import MMPoseInferencer\n'
        f'model = MMPoseInferencer({str(config)!r}, {str(weights)!r}, '
        "device='cpu')\n"
        f'result = next(model({str(photo)!r}, return_vis=True))\n'
        "people = result['predictions'][0]\n"
        "shapes = [np.shape(p['keypoints']) for p in people]\n"
        "print('RESULT', shapes, result['visualization'][0].shape)\n"
    )
    line = next(x for x in out.splitlines() if x.startswith('RESULT'))
    shape = cv2.imread(str(photo)).shape
    assert line == f'RESULT [(135, 2)] {shape}'
