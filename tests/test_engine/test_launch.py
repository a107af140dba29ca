"""The command line of both tools."""

import argparse
import os

import pytest
from mmengine.config import Config

from wholebody_mm.clean_errors import run_cleanly
from wholebody_mm.engine.launch import (
    add_common_arguments,
    config_of,
    warn_of_a_flat_end,
)

CONFIG = """
model = dict(test_cfg=dict(height=480, scales=(1.0,)))
pipeline = [dict(type='LoadImageFile'),
            dict(type='TopLeftResize', height=480, scales=(1.0,))]
test_dataloader = dict(dataset=dict(pipeline=pipeline))
val_dataloader = None
default_hooks = dict(visualization=dict(enable=False))
"""


def parse(*words):
    parser = argparse.ArgumentParser()
    parser.add_argument('config')
    add_common_arguments(parser)
    return parser.parse_args(list(map(str, words)))


@pytest.fixture
def config(tmp_path):
    file = tmp_path / 'mine.py'
    file.write_text(CONFIG)
    return file


def test_pipelines_follow_test_cfg(config):
    option = 'model.test_cfg.scales=(2.0,1.0)'
    cfg = config_of(parse(config, '--cfg-options', option))
    step = cfg.test_dataloader.dataset.pipeline[1]
    assert tuple(step['scales']) == (2.0, 1.0)
    assert step['height'] == 480
    assert Config.fromfile(config).test_dataloader.dataset.pipeline[1][
        'scales'
    ] == (1.0,)


def test_work_and_picture_folders(config, tmp_path):
    cfg = config_of(parse(config, '--show-dir', tmp_path / 'pictures'))
    assert cfg.work_dir == 'work_dirs/mine'
    assert cfg.default_hooks.visualization.enable
    assert cfg.default_hooks.visualization.out_dir == str(
        tmp_path / 'pictures'
    )
    assert config_of(parse(config, '--work-dir', 'x')).work_dir == 'x'


def test_a_missing_config_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='no config'):
        config_of(parse(tmp_path / 'absent.py'))


def test_a_config_of_the_package_needs_no_checkout():
    cfg = config_of(parse('wholebody_mm::fast_wholebody.py'))
    assert cfg.work_dir == 'work_dirs/fast_wholebody'
    with pytest.raises(FileNotFoundError, match='no config wholebody_mm::x'):
        config_of(parse('wholebody_mm::x.py'))


def test_bad_input_is_one_message_and_code_2(capsys, monkeypatch):
    monkeypatch.delenv('WHOLEBODY_MM_TRACEBACK', raising=False)

    def fail():
        raise ValueError('image a.jpg is broken')

    assert run_cleanly('train.py', fail) == 2
    assert 'train.py: image a.jpg is broken' in capsys.readouterr().err
    assert run_cleanly('train.py', lambda: None) == 0
    monkeypatch.setenv('WHOLEBODY_MM_TRACEBACK', '1')
    with pytest.raises(ValueError, match='broken'):
        run_cleanly('train.py', fail)


def test_an_epoch_ends_where_its_batch_sampler_says(tmp_path):
    path = tmp_path / 'config.py'
    loader = (
        "train_dataloader = dict(sampler=dict(type='{}'), batch_sampler="
        "dict(type='DatasetProbabilitySampler'{}))\n"
    )
    loop = "train_cfg = dict(type='EpochBasedTrainLoop', max_epochs=2)\n"
    for sampler in ('ResumableSampler', 'DefaultSampler'):
        path.write_text(CONFIG + loader.format(sampler, '') + loop)
        with pytest.raises(ValueError, match='batches_per_epoch=N'):
            config_of(parse(path))
        ends = loader.format(sampler, ', batches_per_epoch=3')
        path.write_text(CONFIG + ends + loop)
        config_of(parse(path))


def test_epochs_that_would_never_end(tmp_path):
    path = tmp_path / 'config.py'
    loader = "train_dataloader = dict(sampler=dict(type='{}'))\n"
    loop = 'train_cfg = dict({})\n'
    for epochs in (
        'by_epoch=True, max_epochs=2',
        "type='EpochBasedTrainLoop'",
    ):
        path.write_text(
            CONFIG + loader.format('ResumableSampler') + loop.format(epochs)
        )
        with pytest.raises(ValueError, match='an epoch would have none.*Def'):
            config_of(parse(path))
        path.write_text(
            CONFIG + loader.format('DefaultSampler') + loop.format(epochs)
        )
        config_of(parse(path))
    path.write_text(
        CONFIG
        + loader.format('ResumableSampler')
        + loop.format("type='ResumableTrainLoop', max_iters=2")
    )
    config_of(parse(path))


@pytest.mark.parametrize(
    'option', ['max_iters=3', 'data_root=x', 'trian_cfg.max_iters=3']
)
def test_options_that_nothing_reads_are_refused(tmp_path, option):
    path = tmp_path / 'mine.py'
    path.write_text(CONFIG + "max_iters = 2\ndata_root = 'data'\n")
    with pytest.raises(ValueError, match=r'nothing reads.*mine\.py'):
        config_of(parse(path, '--cfg-options', option))
    read = ('load_from=a.pth', 'train_cfg.max_iters=3', 'sync_bn=torch')
    cfg = config_of(parse(path, '--cfg-options', *read))
    assert cfg.load_from == 'a.pth'


@pytest.mark.parametrize(
    ('schedule', 'warned'),
    [
        ([dict(begin=0, end=5), dict(begin=5, end=80)], True),
        (dict(begin=5, end=80), True),
        ([dict(begin=0, end=5), dict(begin=5, end=90)], False),
        ([dict(begin=0, end=5)], False),  # a warm-up, then as it is
        ([dict(begin=5)], False),
        (None, False),
    ],
)
def test_a_schedule_that_ends_early_is_said(schedule, warned, capsys):
    cfg = Config(dict(train_cfg=dict(max_iters=90), param_scheduler=schedule))
    warn_of_a_flat_end(cfg)
    assert ('iteration 80 of 90' in capsys.readouterr().err) == warned


def test_gpus_share_the_statistics_of_batch_normalisation(config, monkeypatch):
    words = parse(config)
    words.launcher = 'pytorch'
    assert 'sync_bn' not in config_of(words)
    monkeypatch.setattr('torch.cuda.is_available', lambda: True)
    assert config_of(words).sync_bn == 'torch'
    assert 'sync_bn' not in config_of(parse(config))


def test_torchrun_needs_no_launcher(config, monkeypatch):
    monkeypatch.delenv('TORCHELASTIC_RUN_ID', raising=False)
    assert config_of(parse(config)).launcher == 'none'
    monkeypatch.setenv('TORCHELASTIC_RUN_ID', 'none')
    assert config_of(parse(config)).launcher == 'pytorch'


def test_processes_of_open_mpi_have_a_gpu_each(config, monkeypatch):
    monkeypatch.setenv('LOCAL_RANK', '')  # to be put back
    monkeypatch.delenv('LOCAL_RANK')
    monkeypatch.setenv('OMPI_COMM_WORLD_LOCAL_RANK', '3')
    config_of(parse(config))
    assert os.environ['LOCAL_RANK'] == '3'


@pytest.fixture
def mmengine_device(monkeypatch):
    """MMEngine's choice, put back afterwards."""
    from mmengine.device import utils

    monkeypatch.setattr(utils, 'DEVICE', utils.DEVICE)
    return utils


def test_devices(config, mmengine_device, monkeypatch):
    mmengine_device.DEVICE = 'mps'  # as on macOS
    config_of(parse(config))
    assert mmengine_device.get_device() == 'cpu'
    monkeypatch.setattr('torch.backends.mps.is_available', lambda: True)
    config_of(parse(config, '--device', 'mps'))
    assert mmengine_device.get_device() == 'mps'
    monkeypatch.setattr('torch.cuda.is_available', lambda: False)
    with pytest.raises(ValueError, match='--device cuda: torch .* has none'):
        config_of(parse(config, '--device', 'cuda'))


def test_workers_are_not_forked_on_macos(config, monkeypatch):
    text = config.read_text()
    forked = "env_cfg = dict(mp_cfg=dict(mp_start_method='fork'))\n"
    for platform, added, method in (
        ('linux', forked, 'fork'),
        ('darwin', forked, 'spawn'),
        ('darwin', '', 'spawn'),  # MMEngine forks by itself
    ):
        config.write_text(text + added)
        monkeypatch.setattr('sys.platform', platform)
        cfg = config_of(parse(config))
        assert cfg.env_cfg.mp_cfg.mp_start_method == method


def test_processes_take_gpus_where_there_are_some(
    config, mmengine_device, monkeypatch
):
    monkeypatch.setattr('torch.cuda.is_available', lambda: True)
    words = parse(config, '--device', 'cpu', '--launcher', 'pytorch')
    with pytest.raises(ValueError, match='CUDA_VISIBLE_DEVICES=-1'):
        config_of(words)
