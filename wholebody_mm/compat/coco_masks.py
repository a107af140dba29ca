"""xtcocotools' masks by pycocotools where xtcocotools' own do not work.

The wheel of xtcocotools 1.14.3 is built for NumPy 1 and fails to import with
NumPy 2; built from source it imports, but ``decode`` and ``iou`` fail. Its
``_mask`` is a copy of pycocotools' ``_mask`` under another name, and its
Python code (``coco``, ``cocoeval``) works with either.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType

from wholebody_mm.compat.mend import Mend

import numpy as np

_NAME = 'masks of xtcocotools'


def _problem_of(mask: ModuleType) -> str | None:
    """What goes wrong when a mask is encoded, decoded and compared."""
    drawn = np.zeros((3, 4, 1), np.uint8, order='F')
    drawn[1:, :2] = 1
    try:
        encoded = mask.encode(drawn)
        good = (
            np.array_equal(mask.decode(encoded), drawn)
            and mask.iou(encoded, encoded, [0])[0, 0] == 1
        )
    except Exception as error:  # any failure of compiled code counts
        return f'{type(error).__name__}: {error}'
    return None if good else 'an encoded mask does not come back'


def apply() -> Mend:
    """Put pycocotools' masks under xtcocotools if its own do not work."""
    try:
        mask = importlib.import_module('xtcocotools._mask')
        problem = _problem_of(mask)
    except Exception as error:  # ValueError for a binary of another NumPy
        problem = f'{type(error).__name__}: {error}'
    if problem is None:
        return Mend(_NAME, False, 'they work with this NumPy')
    replacement = importlib.import_module('pycocotools._mask')
    sys.modules.pop('xtcocotools.mask', None)
    sys.modules['xtcocotools._mask'] = replacement
    # `import xtcocotools._mask as _mask` asks the package first.
    importlib.import_module('xtcocotools')._mask = replacement
    return Mend(_NAME, True, f'pycocotools serves them: {problem}')
