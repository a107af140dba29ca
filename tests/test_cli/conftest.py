"""What the tests of infer share."""

import cv2
import pytest
from support.known_people import crowd, known_people

import wholebody_mm.inference.predictor as predictor_module
from wholebody_mm.cli import main

SIZE = 320, 240


@pytest.fixture
def network(monkeypatch):
    """Every file of weights is the known network."""
    network = known_people()
    calls = []

    def load(*args):
        calls.append(args)
        return network

    monkeypatch.setattr(predictor_module, 'load_network', load)
    network.calls = calls
    return network


@pytest.fixture
def photos(network, tmp_path):
    """A folder with images of one, two and three people."""
    folder = tmp_path / 'photos'
    folder.mkdir()
    for n in (1, 2, 3):
        image = network.image(crowd(n, SIZE), SIZE)
        (folder / f'{n}.png').write_bytes(cv2.imencode('.png', image)[1])
    return folder


@pytest.fixture
def infer(tmp_path):
    """Runs the command with a file of weights and ``--out out``."""
    weights = tmp_path / 'weights.onnx'
    weights.write_bytes(b'weights')
    out = tmp_path / 'out'

    def infer(*args):
        return main(
            ['infer', *map(str, args), '--weights', str(infer.weights)]
            + ['--out', str(infer.out)]
        )

    infer.out, infer.weights = out, weights
    return infer


@pytest.fixture
def write_clip(network):
    """Writes a video of two people, and returns its path."""

    def write_clip(path, frames=6):
        path.parent.mkdir(exist_ok=True)
        image = network.image(crowd(2, SIZE), SIZE)
        writer = cv2.VideoWriter(
            str(path), cv2.VideoWriter_fourcc(*'MJPG'), 25, SIZE
        )
        for _ in range(frames):
            writer.write(image)
        writer.release()
        return path

    return write_clip
