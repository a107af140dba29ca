"""What has to be installed before there is anything to mend."""

from __future__ import annotations

import importlib.util

NEEDED = ('torch', 'mmengine', 'mmcv', 'mmpose', 'pycocotools', 'xtcocotools')


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
                "pip install -e '.[train]' in the checkout, then "
                'python -m wholebody_mm.install'
            )
        raise ImportError(
            f'Training and testing need {", ".join(missing)}, which '
            f'{"is" if len(missing) == 1 else "are"} not installed: '
            f'{cure}; see docs/install.md.'
        )
