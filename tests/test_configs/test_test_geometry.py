"""Each config's test pipeline resizes as the network is tested.

The tools make it so; who builds the pipeline otherwise (MMPose's
inferencer) takes it as it stands.
"""

import wholebody_mm.register  # noqa: F401

import pytest
from mmengine.config import Config
from support.configs import CONFIGS, NAMES


@pytest.mark.parametrize('name', NAMES)
def test_height_and_scales(name: str) -> None:
    cfg = Config.fromfile(CONFIGS / name)
    options = cfg.model.get('test_cfg') or {}
    seen = 0
    for key in ('val_dataloader', 'test_dataloader'):
        dataset = (cfg.get(key) or {}).get('dataset') or {}
        for step in dataset.get('pipeline', []):
            if step['type'] == 'TopLeftResize':
                seen += 1
                assert step.get('height') == options.get('height')
                assert step.get('scales', (1.0,)) == options.get(
                    'scales', (1.0,)
                )
    assert bool(seen) == ('height' in options)
