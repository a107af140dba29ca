"""What has to be installed before there is anything to mend."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import sys
import warnings

from wholebody_mm.install import MMENGINE, MMPOSE

NEEDED = ('torch', 'mmengine', 'mmcv', 'mmpose', 'pycocotools', 'xtcocotools')
if sys.platform == 'win32':
    NEEDED += ('regex',)  # which mmengine and mmcv import there
# See requirements/train.txt.
LEAST_TORCH = 2, 6


def require() -> None:
    """Raise an ImportError that names what is missing, and the cure."""
    missing = [
        name for name in NEEDED if importlib.util.find_spec(name) is None
    ]
    if missing:
        if missing == ['pycocotools']:
            cure = 'pip install pycocotools'
        elif {*missing} <= {'mmengine', 'mmcv', 'mmpose', 'xtcocotools'}:
            cure = 'python -m wholebody_mm.install'
        else:
            cure = (
                'pip install -e ".[train]" in the checkout, then '
                'python -m wholebody_mm.install'
            )
        raise ImportError(
            f'Training and testing need {", ".join(missing)}, which '
            f'{"is" if len(missing) == 1 else "are"} not installed: '
            f'{cure}; see docs/install.md.'
        )
    version = importlib.metadata.version('torch')
    numbers = tuple(map(int, re.findall(r'\d+', version)[:2]))
    if numbers < LEAST_TORCH:
        raise ImportError(
            f'torch {version} is installed; '
            f'{".".join(map(str, LEAST_TORCH))} or newer is needed, whose '
            f'checkpoints load without running code: pip install -U torch; '
            f'see docs/install.md.'
        )
    for pinned in (MMENGINE, MMPOSE):
        name, _, tested = pinned.partition('==')
        installed = importlib.metadata.version(name)
        if installed != tested:
            warnings.warn(
                f'{name} {installed} is installed; {tested} is what this '
                f'version was tested with: pip install --no-deps {pinned}',
                stacklevel=2,
            )
