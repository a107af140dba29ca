"""docs/deploy.md, run as written, gives the maps of the package."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from support.drawn import write_drawn

from wholebody_mm.inference.weights import find_weights

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize('size', [(700, 500), (300, 260)])
def test_the_steps_are_those_of_the_package(size, tmp_path, monkeypatch):
    pytest.importorskip('onnxruntime')
    monkeypatch.chdir(tmp_path)
    weights = find_weights(backend='onnxruntime')
    Path('network.onnx').write_bytes(weights.read_bytes())
    write_drawn(tmp_path, 1, size=size, people=(1, 1))
    (picture,) = (tmp_path / 'img').iterdir()
    cv2.imwrite('photo.jpg', cv2.imread(str(picture)))
    text = (ROOT / 'docs/deploy.md').read_text()
    told: dict = {}
    for code in re.findall(r'```python\n(.*?)```', text, re.DOTALL):
        exec(compile(code, 'deploy.md', 'exec'), told)
    for ours, theirs in zip(
        (told['heatmaps'], told['pafs']), told['theirs'], strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    # any point of the input goes where the predictor takes it
    a, b, c = np.linalg.inv(np.vstack([told['item'].matrix, [0, 0, 1]])).T
    for x, y in ((0, 0), (100.5, 33), (told['x'], told['y'])):
        there = told['to_image'](x, y)
        np.testing.assert_allclose(there, (a * x + b * y + c)[:2], atol=1e-3)
    assert told['predictor'].scales == (1,)
