"""configs/light_tries: each changes its one thing, and the network stands."""

from pathlib import Path

import wholebody_mm.register  # noqa: F401

import pytest
from mmengine.config import Config

from wholebody_mm.inference.torch_network import model_of

TRIES = Path(__file__).resolve().parents[2] / 'configs' / 'light_tries'
# what a try changes, as the last keys of the paths into its config
CHANGES = {
    'coarse_maps': {'heatmap_stride', 'sigma_scale'},
    'plain_loss': {'positive_weight'},
    'wide_peaks': {'sigma_scale'},
}


def leaves(value, path: tuple = ()) -> dict:
    """Path to value of everything in nested dictionaries and lists."""
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, (list, tuple)):
        items = enumerate(value)
    else:
        return {path: value}
    found = {}
    for key, inner in items:
        found |= leaves(inner, (*path, key))
    return found


def test_there_are_no_others():
    assert {p.stem for p in TRIES.glob('*.py')} == {'base', *CHANGES}


@pytest.mark.parametrize('name', CHANGES)
def test_a_try_changes_one_thing(name: str):
    base, cfg = (Config.fromfile(TRIES / f'{n}.py') for n in ('base', name))
    before, after = (leaves(c.to_dict()) for c in (base, cfg))
    changed = {
        path
        for path in before.keys() | after.keys()
        if before.get(path) != after.get(path) and path[0] != 'codec'
    }
    assert {path[-1] for path in changed} == CHANGES[name]
    assert {path[0] for path in changed} == {'model'}
    # its targets are what its decoder expects, or it would not be built
    model_of(cfg)
