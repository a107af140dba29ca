"""The weights that come with the package, exported: people stay the same."""

from dataclasses import replace

import cv2
import pytest
from mmengine.config import Config
from support.photo import portrait

from wholebody_mm.cli.export import people
from wholebody_mm.export.exporter import (
    Original,
    agreement,
    export,
    load_exported,
)
from wholebody_mm.export.formats import TOLERANCE
from wholebody_mm.inference.torch_network import info_of, model_of
from wholebody_mm.inference.weights import DEFAULT, find_weights

for _name in ('onnx', 'openvino', 'anny'):
    pytest.importorskip(_name)


@pytest.fixture(scope='module')
def original() -> Original:
    try:
        path = find_weights(backend='torch')
    except FileNotFoundError as error:
        pytest.skip(f'no weights for torch are shipped: {error}')
    return Original.of(path, None)


@pytest.fixture(scope='module')
def picture():
    return people()


@pytest.mark.parametrize(
    ('name', 'file'), [('onnx', 'network.onnx'), ('openvino', 'network.xml')]
)
def test_rendered_people_stay_where_they_are(
    name, file, original, picture, tmp_path
):
    path = export(original, name, tmp_path / file, dynamic=True)
    # and their mirror images: an early network does not find all of them
    found = agreement(original, path, [picture, picture[:, ::-1].copy()])
    assert found.people >= 5
    assert found.found == found.people
    assert found.shared == found.keypoints
    assert found.maps < TOLERANCE and found.pixels < 0.1


def test_the_files_in_the_box_are_one_network(original, picture):
    """The one without torch has half the precision, and no more else."""
    path = find_weights(backend='onnxruntime')
    assert path.suffix == '.onnx'
    info = load_exported(path).info
    ours = original.info
    assert ours.licence == 'Apache-2.0' and 'rendered' in ours.data
    assert replace(info, precision=ours.precision, config=ours.config) == ours
    photo = cv2.imread(str(portrait()))
    found = agreement(original, path, [picture, photo])
    assert found.people >= 3
    assert found.found == found.people
    # where two peaks are as good the precision may decide, for one or two
    assert found.shared >= 0.99 * found.keypoints
    assert found.mean_pixels < 0.1


def test_eight_bits_find_the_same_people(original, picture):
    """Not the same keypoints: docs/fast_wholebody.md says what is lost."""
    path = find_weights(f'{DEFAULT}_int8')
    assert path.suffix == '.xml'
    info = load_exported(path).info
    assert info.precision == 'int8'
    ours = original.info
    assert replace(info, precision=ours.precision, config=ours.config) == ours
    found = agreement(original, path, [picture, picture[:, ::-1].copy()])
    assert found.people >= 5
    # at one scale, where less is certain than at the three of the weights
    assert found.found >= 0.8 * found.people
    assert found.shared >= 0.85 * found.keypoints
    assert found.mean_pixels < 3


def test_the_config_has_the_thresholds_of_the_weights(original, root):
    cfg = Config.fromfile(root / 'configs' / f'{DEFAULT}.py')
    info = info_of(cfg, model_of(cfg))
    for name in ('decoder', 'height', 'scales', 'flip', 'skeleton'):
        assert getattr(info, name) == getattr(original.info, name), name
