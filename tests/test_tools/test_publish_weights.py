"""A checkpoint becomes a small file that says what it is."""

import json
import runpy
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from support.drawn import write_drawn

from wholebody_mm import checkpoints
from wholebody_mm.inference.network import load_network
from wholebody_mm.inference.torch_network import model_of

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / 'configs/synthetic_wholebody.py'


def publish(*arguments):
    return subprocess.run(
        [sys.executable, ROOT / 'tools/publish_weights.py', *arguments],
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope='module')
def checkpoint(tmp_path_factory):
    torch.manual_seed(0)
    model = model_of(Config.fromfile(str(CONFIG)))
    model.init_weights()
    path = tmp_path_factory.mktemp('weights') / 'trained.pth'
    torch.save(
        dict(
            state_dict=model.state_dict(),
            optimizer=dict(state=torch.zeros(1_000_000)),
            meta=dict(iter=3),
        ),
        path,
    )
    return path


def test_small_file_runs_without_naming_its_config(checkpoint, tmp_path):
    out = tmp_path / 'light.safetensors'
    decoder = tmp_path / 'decoder.json'
    decoder.write_text(json.dumps(dict(peak_threshold=0.31)))
    done = publish(
        *(CONFIG, checkpoint, '--out', out, '--data', 'none', '--name', 'a'),
        *('--licence', 'Apache-2.0', '--decoder', decoder),
    )
    assert done.returncode == 0, done.stderr
    small, large = load_network(out), load_network(checkpoint, CONFIG)
    # half precision, no optimiser
    numbers = sum(
        v.numel() for v in torch.load(checkpoint)['state_dict'].values()
    )
    assert out.stat().st_size < 2.1 * numbers
    assert small.info.decoder == dict(peak_threshold=0.31)
    assert small.info.sigma_scale == 0.6
    assert (small.info.name, small.info.data) == ('a', 'none')
    assert small.info.licence == 'Apache-2.0'
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (1, 64, 96, 3), np.uint8)
    for ours, theirs in zip(small(images), large(images), strict=True):
        # bf16 maps of weights that were rounded to half precision
        assert np.abs(ours - theirs).max() < 0.05 * np.abs(theirs).max()


def test_settings_of_published_weights_count_and_others_are_named(
    checkpoint, tmp_path
):
    mine = tmp_path / 'mine.py'
    mine.write_text(
        f'_base_ = [{str(CONFIG)!r}]\n'
        'model = dict(test_cfg=dict(height=384))\n'
    )
    out, again = tmp_path / 'a.safetensors', tmp_path / 'b.safetensors'
    assert publish(CONFIG, checkpoint, '--out', out).returncode == 0
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        height = load_network(out, CONFIG).info.height
    with pytest.warns(match=rf': height \({height}, not 384\)\. '):
        assert load_network(out, mine).info.height == height
    done = publish(mine, out, '--out', again)
    assert done.returncode == 0, done.stderr
    assert load_network(again, mine).info.height == 384


def test_options_that_do_not_exist_are_refused(checkpoint, tmp_path):
    decoder = tmp_path / 'decoder.json'
    decoder.write_text(json.dumps(dict(peak_treshold=0.3)))
    out = tmp_path / 'light.safetensors'
    done = publish(CONFIG, checkpoint, '--out', out, '--decoder', decoder)
    assert done.returncode == 2
    assert done.stderr.startswith('publish_weights.py: decoder options')
    assert 'peak_treshold' in done.stderr
    assert not out.exists()


def test_a_place_for_the_file_is_looked_for_first(tmp_path, monkeypatch):
    main = runpy.run_path(str(ROOT / 'tools/publish_weights.py'))['main']
    asked = []

    def build_model(path, *_, **__):
        asked.append(path)
        raise ValueError('built')

    monkeypatch.setitem(main.__globals__, 'build_model', build_model)
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.chdir(tmp_path)
    names = ['trained.pth', 'other.pth']
    words = ['publish_weights.py', str(CONFIG), names[0], '--mean-with']

    def complaint(out):
        monkeypatch.setattr('sys.argv', [*words, names[1], f'--out={out}'])
        with pytest.raises(ValueError) as error:
            main()
        return str(error.value)

    assert 'end it in .pth or' in complaint('light.onnx')
    for name in names:
        for out in (name, f'~/{name}', tmp_path / 'x' / '..' / name):
            assert f'would replace {name}' in complaint(out)
    assert not asked
    assert complaint('~/light.pth') == 'built'


def test_a_file_in_the_home_folder(checkpoint, tmp_path, monkeypatch):
    monkeypatch.setenv('HOME', str(tmp_path))
    monkeypatch.chdir(tmp_path)
    done = publish(CONFIG, checkpoint, '--out=~/new/light.safetensors')
    assert done.returncode == 0, done.stderr
    assert (tmp_path / 'new' / 'light.safetensors').is_file()
    assert not Path('~').exists()


def test_the_grain_of_finer_confidence_maps_is_in_the_file(tmp_path):
    folder = tmp_path / 'configs'
    folder.mkdir()
    config, checkpoint = folder / 'fine.py', tmp_path / 'fine.pth'
    config.write_text(
        f'_base_ = [{str(CONFIG)!r}]\n'
        'codec = dict(heatmap_stride=4, sigma_scale=0.6)\n'
        'model = dict(\n'
        '    data_preprocessor=dict(codec=codec), head=dict(decoder=codec)\n'
        ')\n'
    )
    model = model_of(Config.fromfile(str(config)))
    assert model.data_preprocessor.codec.heatmap_stride == 4
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    out = tmp_path / 'fine.safetensors'
    done = publish(config, checkpoint, '--out', out)
    assert done.returncode == 0, done.stderr
    network = load_network(out, config)
    assert network.info.strides == (4, 8)
    assert network.info.sigma_scale == 0.6
    # a config of the user's is not one of the package's
    assert network.info.config == str(config)
    # data and licence stay with the weights
    again = tmp_path / 'again.safetensors'
    done = publish(config, out, '--out', again, '--licence', 'MIT')
    done = publish(config, again, '--out', out, '--data', 'mine')
    assert done.returncode == 0, done.stderr
    info = load_network(out, config).info
    assert (info.licence, info.data) == ('MIT', 'mine')
    heatmaps, pafs = network(np.zeros((1, 64, 96, 3), np.uint8))
    assert heatmaps.shape == (1, 135, 16, 24)
    assert pafs.shape[2:] == (8, 12)


def test_the_mean_of_several_checkpoints(checkpoint, tmp_path):
    weights = torch.load(checkpoint)['state_dict']
    other = tmp_path / 'other.pth'
    torch.save(
        dict(
            state_dict={
                key: value + 2 if value.is_floating_point() else value
                for key, value in weights.items()
            }
        ),
        other,
    )
    out = tmp_path / 'mean.safetensors'
    done = publish(CONFIG, checkpoint, '--mean-with', other, '--out', out)
    assert done.returncode == 0, done.stderr
    mean = checkpoints.load(out)['state_dict']
    for key, value in weights.items():
        if value.is_floating_point():
            expected = value + 1
            torch.testing.assert_close(
                mean[key].float(), expected, atol=2e-3, rtol=2e-3
            )


def test_statistics_of_the_mean(tmp_path, monkeypatch):
    """The normalisation's, anew, from the training data."""
    config = ROOT / 'configs/mix_and_match/paf_resnet.py'
    ann = write_drawn(tmp_path / 'drawn', 2, size=(320, 240), people=(1, 2))
    monkeypatch.setenv('WHOLEBODY_MM_ANN', str(ann))
    monkeypatch.setenv('WHOLEBODY_MM_IMAGES', str(ann.parent / 'img'))
    torch.manual_seed(0)
    model = model_of(Config.fromfile(str(config)))
    model.init_weights()
    checkpoint, out = tmp_path / 'trained.pth', tmp_path / 'a.safetensors'
    torch.save(dict(state_dict=model.state_dict()), checkpoint)
    arguments = [config, checkpoint, '--mean-with', checkpoint]
    arguments += ['--out', out, '--statistics', '2']
    done = publish(*arguments)
    assert done.returncode == 0, done.stderr
    weights = checkpoints.load(out)['state_dict']
    for name, old in model.state_dict().items():
        if name.endswith(('running_mean', 'running_var')):
            assert not torch.equal(weights[name], old), name
        elif old.is_floating_point():
            torch.testing.assert_close(
                weights[name].float(), old, atol=1e-3, rtol=1e-3
            )
    monkeypatch.setenv('WHOLEBODY_MM_ANN', str(tmp_path / 'none.json'))
    out.unlink()
    done = publish(*arguments)
    assert done.returncode == 2
    assert 'none.json' in done.stderr and 'Traceback' not in done.stderr
    assert not out.exists()
