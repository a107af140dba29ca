"""Each config finds people of its own skeleton in their exact maps."""

from pathlib import Path

import wholebody_mm.register  # noqa: F401

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import KEYPOINT_CODECS

from wholebody_mm.skeletons import get_skeleton

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
# relative to configs, without what only others build on
NAMES = sorted(
    str(path.relative_to(CONFIGS))
    for path in CONFIGS.rglob('*.py')
    if '_base_' not in path.parts and 'decoder' in path.read_text()
) + ['fast_wholebody.py', 'synthetic_wholebody.py']


def codec_of(name: str):
    """What decodes the network's maps, as the head builds it."""
    cfg = Config.fromfile(CONFIGS / name)
    decoder = (cfg.model.get('head') or {}).get('decoder')
    if decoder is None or 'PAFCodec' not in decoder.type:
        pytest.skip('no PAFCodec')
    init_default_scope('mmpose')
    return KEYPOINT_CODECS.build(decoder)


@pytest.mark.parametrize('name', NAMES)
def test_exact_maps_of_someone(name: str) -> None:
    codec = codec_of(name)
    skeleton = get_skeleton(codec.skeleton)
    rng = np.random.default_rng(0)
    size = np.array(codec.input_size or (320, 320))
    keypoints = rng.uniform(0.1, 0.9, (1, skeleton.num_keypoints, 2)) * size
    visible = np.full(keypoints.shape[:2], 2)
    encoded = codec.encode(keypoints, visible)
    found, scores = codec.decode((encoded['heatmaps'], encoded['pafs']))
    assert len(found) == 1
    seen = scores[0] > 0
    assert seen.mean() > 0.8
    error = np.abs(found[0] - keypoints[0])[seen]
    assert np.median(error) < 1
