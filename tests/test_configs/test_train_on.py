"""configs/examples/train_on.py: the shipped network, not another one."""

from pathlib import Path

import wholebody_mm.register  # noqa: F401

from mmengine.config import Config

from wholebody_mm import checkpoints
from wholebody_mm.inference.torch_network import model_of

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'


def test_it_goes_on_from_the_shipped_weights():
    cfg = Config.fromfile(CONFIGS / 'examples' / 'train_on.py')
    fast = Config.fromfile(CONFIGS / 'fast_wholebody.py')
    for key in ('model', 'val_dataloader'):
        assert cfg[key] == fast[key], key
    ours, theirs = (c.train_dataloader.dataset.datasets for c in (cfg, fast))
    for name, dataset in ours.items():
        assert dataset.pipeline == theirs[name].pipeline, name
        # other images, or those of before again
        where = 'seed' if name == 'fresh' else 'data_root'
        assert dataset[where] != theirs[name][where]
    checkpoint = checkpoints.load(cfg.load_from)
    checkpoints.check_compatible(model_of(cfg), checkpoint, cfg.load_from)


def test_the_learning_rate_falls_to_the_end():
    cfg = Config.fromfile(CONFIGS / 'examples' / 'train_on.py')
    rise, fall = cfg.param_scheduler
    assert 0 < rise.end <= fall.begin < fall.end == cfg.train_cfg.max_iters
    # it is tested, and kept, there
    assert cfg.train_cfg.val_interval == cfg.train_cfg.max_iters
