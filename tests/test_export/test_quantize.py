"""What 8 bits are calibrated on, and what stays in float32."""

import numpy as np
import pytest

from wholebody_mm.inference.network import NetworkInfo
from wholebody_mm.inference.weights import find_weights

onnx = pytest.importorskip('onnx', reason="pip install 'wholebody-mm[export]'")
pytest.importorskip('torch')

from wholebody_mm.export.quantize import (  # noqa: E402
    inputs_of,
    joining_layers,
    joining_nodes,
)

INFO = NetworkInfo('n', 'coco17', 8, 32, 64, scales=(1.0, 0.5, 0.5, 2.0))


@pytest.mark.parametrize(
    ('dynamic', 'sizes'),
    [(True, [(32, 64), (64, 96)]), (False, [(64, 96), (64, 96)])],
)
def test_people_come_in_the_sizes_that_the_network_will_see(dynamic, sizes):
    image = np.full((64, 96, 3), 200, np.uint8)
    inputs = list(inputs_of([image], INFO, (96, 64), dynamic))
    assert [x.shape for x in inputs] == [(1, *s, 3) for s in sizes]
    # the smaller picture is in the corner, the border around it where padded
    small = inputs[0][0]
    assert (small[:32, :48] == 200).all()
    assert dynamic or (small[32:] == INFO.border).all()
    assert (inputs[1] == image).all()


def test_layers_that_read_fields_stay_in_float32():
    path = find_weights(backend='onnxruntime')
    names = joining_nodes(onnx.load(str(path)).graph)
    # each stage but the first begins with one
    assert [n.split('/')[3] for n in names] == [
        'paf_stages.1',
        'confidence_map_stages.0',
    ]
    assert all('reduce' in name for name in names)
    openvino = pytest.importorskip('openvino')
    model = openvino.Core().read_model(str(path))
    assert [
        n.removesuffix('/WithoutBiases') for n in joining_layers(model)
    ] == names
