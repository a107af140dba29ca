"""The configs that a user may name."""

from pathlib import Path

CONFIGS = Path(__file__).resolve().parents[2] / 'configs'
# relative to configs, without what only others build on, and skeletons
NAMES = sorted(
    str(path.relative_to(CONFIGS))
    for path in CONFIGS.rglob('*.py')
    if '_base_' not in path.parts and '_base_ = ' in path.read_text()
)
