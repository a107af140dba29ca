"""``wholebody-mm export`` from the outside."""

import shutil
import weakref
from pathlib import Path

import wholebody_mm.register  # noqa: F401

import cv2
import numpy as np
import pytest
import torch
from support.annotation_options import REFUSED, note_annotations
from support.drawn import write_drawn

from wholebody_mm import checkpoints
from wholebody_mm.cli import main
from wholebody_mm.inference.images import read_image
from wholebody_mm.inference.network import load_network
from wholebody_mm.inference.torch_network import model_of, read_config

pytest.importorskip('onnx', reason='pip install "wholebody-mm[export]"')

_CONFIG = """
codec = dict(type='PAFCodec', skeleton='coco_wholebody133', stride=8)
model = dict(
    type='WholeBodyEstimator',
    data_preprocessor=dict(
        type='WholeBodyDataPreprocessor', codec=codec, pad_size_divisor=8
    ),
    backbone=dict(type='VGG19Reduced', width=0.125, reduction=(16, 8)),
    head=dict(
        type='StagedPAFHead',
        in_channels=8,
        skeleton='coco_wholebody133',
        paf_stages=[dict(blocks=1, width=8, hidden=16)],
        confidence_map_stages=[dict(blocks=1, width=8, hidden=16)],
        decoder=codec,
    ),
    test_cfg=dict(height=120),
)
"""


@pytest.fixture(scope='module')
def network(tmp_path_factory) -> list[str]:
    """CONFIG and WEIGHTS."""
    folder = tmp_path_factory.mktemp('network')
    config, weights = folder / 'small.py', folder / 'small.pth'
    config.write_text(_CONFIG)
    checkpoints.save(weights, model_of(read_config(config)).state_dict())
    return [str(config), str(weights)]


@pytest.fixture
def picture(tmp_path) -> str:
    path = tmp_path / 'picture.png'
    rng = np.random.default_rng(0)
    cv2.imwrite(str(path), rng.integers(0, 256, (60, 90, 3), dtype=np.uint8))
    return str(path)


def test_the_file_is_written_checked_and_runs(
    network, picture, tmp_path, capsys
):
    out = tmp_path / 'new' / 'network.onnx'
    arguments = ['export', *network, '--out', str(out), '--dynamic']
    assert main([*arguments, '--image', picture]) == 0
    printed = capsys.readouterr().out
    assert f'{out}: fp32' in printed and 'MiB' in printed
    assert 'beside float32 torch: maps within' in printed
    maps, _ = load_network(out)(np.zeros((2, 32, 40, 3), np.uint8))
    assert maps.shape == (2, 133, 4, 5)


def test_people_are_drawn_where_no_picture_is_named(network, tmp_path, capsys):
    out, weights = tmp_path / 'network.ts', tmp_path / 'blind.pth'
    state = checkpoints.load(network[1])['state_dict']
    blind = {k: 0 * v if '.maps.' in k else v for k, v in state.items()}
    checkpoints.save(weights, blind)
    arguments = ['export', network[0], str(weights), '--format', 'torchscript']
    assert main([*arguments, '--out', str(out), '--dynamic']) == 0
    captured = capsys.readouterr()
    assert '(1 image)' in captured.out
    assert 'name one of people with --image' in captured.err


def test_half_precision_is_not_compared_without_a_gpu(
    network, picture, tmp_path, capsys
):
    if torch.cuda.is_available():
        pytest.skip('there is a GPU')
    out = tmp_path / 'network.ts'
    arguments = ['export', *network, '--format', 'torchscript', '--precision']
    arguments += ['fp16', '--out', str(out), '--size', '32x32']
    assert main([*arguments, '--image', picture]) == 0
    assert out.is_file()
    assert 'needs a GPU' in capsys.readouterr().err


def test_eight_bits_say_what_they_cost(network, tmp_path, capsys):
    ann_file = write_drawn(tmp_path, 3)
    images = str(tmp_path / 'img')
    out = tmp_path / 'network.onnx'
    arguments = ['export', *network, '--precision', 'int8', '--dynamic']
    arguments += ['--out', str(out), '--calibration', images, '--image']
    arguments += [images, '--ann', str(ann_file), '--img-dir', images]
    assert main(arguments) == 0
    printed = capsys.readouterr().out
    assert '(3 images)' in printed
    (header,) = (r for r in printed.splitlines() if r.startswith('AP'))
    assert header.split() == ['AP', 'torch', 'int8', 'lost']


@pytest.mark.parametrize('kind', ['onnx', 'openvino'])
def test_images_to_calibrate_on_are_not_kept(
    kind, network, picture, tmp_path, monkeypatch
):
    if kind == 'openvino':
        pytest.importorskip('nncf')
    write_drawn(tmp_path, 6)
    images, read = tmp_path / 'img', []

    def note(path):
        image = read_image(path)
        if Path(path).parent == images:
            read.append(weakref.ref(image))
            alive.append(sum(ref() is not None for ref in read))
        return image

    alive = []
    monkeypatch.setattr('wholebody_mm.cli.export.read_image', note)
    out = tmp_path / ('a.onnx' if kind == 'onnx' else 'a.xml')
    arguments = ['export', *network, '--format', kind, '--precision', 'int8']
    arguments += ['--out', str(out), '--dynamic', '--image', picture]
    assert main([*arguments, '--calibration', str(images)]) == 0
    assert len(alive) == 2 * 6  # looked at first, for a broken one
    assert max(alive) <= 2  # the one before, and this


def test_images_to_calibrate_on_are_spread_over_the_folder(
    network, picture, tmp_path, monkeypatch
):
    write_drawn(tmp_path, 6)
    images, read = tmp_path / 'img', []

    def note(path):
        read.append(Path(path))
        return read_image(path)

    monkeypatch.setattr('wholebody_mm.cli.export.read_image', note)
    arguments = ['export', *network, '--precision', 'int8', '--dynamic']
    arguments += ['--out', str(tmp_path / 'a.onnx'), '--image', picture]
    arguments += ['--calibration', str(images), '--max-calibration', '3']
    assert main(arguments) == 0
    files = sorted(images.iterdir())
    assert sorted({p for p in read if p.parent == images}) == files[::2]


def test_a_file_that_differs_by_more_than_rounding_is_refused(
    network, picture, tmp_path, capsys, monkeypatch
):
    from wholebody_mm.inference.onnx_network import OnnxNetwork

    run = OnnxNetwork.__call__
    monkeypatch.setattr(
        OnnxNetwork,
        '__call__',
        lambda self, images: tuple(1.01 * m for m in run(self, images)),
    )
    arguments = ['export', *network, '--out', str(tmp_path / 'a.onnx')]
    assert main([*arguments, '--dynamic', '--image', picture]) == 1
    assert 'do not use it' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['--format', 'openvino', '--out', 'a.onnx'], 'end in .xml'),
        (['--precision', 'bf16', '--out', 'a.onnx'], 'bf16 goes with'),
        (['--precision', 'int8', '--out', 'a.onnx'], '--calibration'),
        (['--out', 'a.onnx', '--size', '100x50'], 'give 104x56'),
        (['--out', 'a.onnx', '--image', 'no.jpg'], 'no image no.jpg'),
        (
            ['--out', 'a.onnx', '--precision', 'int8']
            + ['--calibration', 'no.jpg'],
            'no image no.jpg',
        ),
        (['--out', 'a.onnx', '--ann', 'a.json'], '--img-dir'),
        (['--out', 'a.onnx', '--calibration', 'a.jpg'], '--precision int8'),
    ],
)
def test_what_does_not_fit_is_named(network, arguments, message, capsys):
    assert main(['export', *network, *arguments]) == 2
    assert message in capsys.readouterr().err


def test_what_is_asked_of_the_annotations(
    network, picture, tmp_path, monkeypatch, capsys
):
    asked = note_annotations(monkeypatch, 'wholebody_mm.cli.export')
    arguments = ['export', *network, '--out', str(tmp_path / 'a.onnx')]
    arguments += ['--image', picture, '--ann', 'a.json', '--img-dir', 'img']
    arguments += ['--source', 'coco17', '--categories', 'a', 'b']
    assert main(arguments) == 2
    assert REFUSED in capsys.readouterr().err
    (given,) = asked
    assert (given['source'], given['categories']) == ('coco17', ['a', 'b'])


@pytest.mark.parametrize('wrong', ['annotations', 'image', 'calibration'])
def test_what_cannot_be_read_is_told_before_the_work(
    wrong, network, picture, tmp_path, monkeypatch, capsys
):
    ann_file, images = write_drawn(tmp_path, 2), tmp_path / 'img'
    other = shutil.copytree(images, tmp_path / 'other')
    if wrong == 'annotations':
        ann_file = ann_file.with_name('typo.json')
    elif wrong == 'image':
        max(images.iterdir()).unlink()
    else:
        max(other.iterdir()).write_bytes(b'no image')
    monkeypatch.setattr('wholebody_mm.export.exporter.export', None)
    arguments = ['export', *network, '--precision', 'int8', '--image', picture]
    arguments += ['--ann', str(ann_file), '--img-dir', str(images)]
    arguments += ['--calibration', str(other)]
    assert main([*arguments, '--out', str(tmp_path / 'a.onnx')]) == 2
    assert (
        dict(
            annotations='typo.json',
            image='one of 1 of 2',
            calibration='no image',
        )[wrong]
        in capsys.readouterr().err
    )
