"""Confidence maps finer than the fields leave torch as they are."""

import numpy as np
import pytest

from wholebody_mm.export.agreement import compare, relative_difference
from wholebody_mm.export.exporter import export, load_exported
from wholebody_mm.export.formats import FORMATS, TOLERANCE
from wholebody_mm.inference import Predictor

NEEDS = dict(onnx=['onnx'], openvino=['onnx', 'openvino'], torchscript=[])


@pytest.mark.parametrize('name', FORMATS)
@pytest.mark.parametrize('dynamic', [False, True])
def test_finer_confidence_maps(name, dynamic, fine_maps, images, tmp_path):
    """They are spread inside of the graph, on every engine alike."""
    for package in NEEDS[name]:
        pytest.importorskip(package)
    path = tmp_path / f'network{FORMATS[name].suffix}'
    export(fine_maps, name, path, size=(96, 64), dynamic=dynamic)
    network = load_exported(path)
    assert network.info.strides == fine_maps.info.strides == (4, 8)
    heatmaps, pafs = network(images)
    assert heatmaps.shape[2:] == (16, 24) and pafs.shape[2:] == (8, 12)
    exact = fine_maps(images)
    assert relative_difference(exact, (heatmaps, pafs)) < TOLERANCE
    # neighbours within a cell of the fields differ: nothing is repeated
    assert np.abs(np.diff(heatmaps[..., :2])).max() > 1e-3
    small = network(images[:1, :48, :80])
    assert [m.shape[2:] for m in small] == [(12, 20), (6, 10)]
    assert compare(fine_maps, network, images[:1]).maps < TOLERANCE
    exported, original = (
        Predictor(network=one, decoder=dict(peak_threshold=0.01))(images[0])
        for one in (network, fine_maps)
    )
    assert exported.image_size == images[0].shape[1::-1]
    np.testing.assert_allclose(
        exported.keypoints, original.keypoints, atol=0.01
    )
    if name == 'onnx':
        import onnx

        (spread,) = [
            node
            for node in onnx.load(path).graph.node
            if node.op_type == 'DepthToSpace'
        ]
        mode = {a.name: a for a in spread.attribute}['mode'].s
        assert mode == b'CRD'
