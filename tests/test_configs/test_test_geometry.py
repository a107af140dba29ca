"""Each config's test pipeline resizes as the network is tested.

The tools make it so; who builds the pipeline otherwise (MMPose's
inferencer) takes it as it stands.
"""

from pathlib import Path

import wholebody_mm.register  # noqa: F401

import pytest
from mmengine.config import Config

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
# relative to configs, without what only others build on
NAMES = sorted(
    str(path.relative_to(CONFIGS))
    for path in CONFIGS.rglob('*.py')
    if '_base_' not in path.parts and not path.stem.endswith('_skeleton')
)


@pytest.mark.parametrize('name', NAMES)
def test_height_and_scales(name: str) -> None:
    cfg = Config.fromfile(CONFIGS / name)
    options = cfg.model.get('test_cfg') or {}
    for key in ('val_dataloader', 'test_dataloader'):
        dataset = (cfg.get(key) or {}).get('dataset') or {}
        for step in dataset.get('pipeline', []):
            if step['type'] == 'TopLeftResize':
                assert step.get('height') == options.get('height')
                assert step.get('scales', (1.0,)) == options.get(
                    'scales', (1.0,)
                )
