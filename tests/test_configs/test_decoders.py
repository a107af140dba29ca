"""Each config finds people of its own skeleton in their exact maps."""

import wholebody_mm.register  # noqa: F401

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import KEYPOINT_CODECS
from support.configs import CONFIGS, NAMES

from wholebody_mm.skeletons import get_skeleton

# They find people in other ways; each has tests of its own.
WITHOUT_LIMBS = {
    'mix_and_match/associative_embedding.py',
    'mix_and_match/crop_codec.py',
    'mix_and_match/heatmap_vgg.py',
    'mix_and_match/masked_loss.py',
    'mix_and_match/sampler.py',
    'openpose/face.py',
    'openpose/hand.py',
    'openpose/multi_network.py',
}


@pytest.mark.parametrize('name', sorted(set(NAMES) - WITHOUT_LIMBS))
def test_exact_maps_of_someone(name: str) -> None:
    cfg = Config.fromfile(CONFIGS / name)
    init_default_scope('mmpose')
    # as the head builds it
    codec = KEYPOINT_CODECS.build(cfg.model.head.decoder)
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
