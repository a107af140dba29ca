"""The weights that come with the package, exported: people stay the same."""

import pytest

from wholebody_mm.cli.export import people
from wholebody_mm.export.exporter import Original, agreement, export
from wholebody_mm.export.formats import TOLERANCE
from wholebody_mm.inference.weights import find_weights

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
