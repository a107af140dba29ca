"""Skeletons and the maps between them; light: NumPy only."""

from __future__ import annotations

import importlib
import runpy
from collections.abc import Mapping
from pathlib import Path

from wholebody_mm.skeletons.body25b import BODY25B
from wholebody_mm.skeletons.coco import COCO17
from wholebody_mm.skeletons.coco_wholebody import COCO_WHOLEBODY133
from wholebody_mm.skeletons.labelled_sets import LABELLED_SETS
from wholebody_mm.skeletons.maps import get_map
from wholebody_mm.skeletons.openpose import BODY25, FACE70, HAND21
from wholebody_mm.skeletons.skeleton import Skeleton
from wholebody_mm.skeletons.skeleton_map import SkeletonMap, map_by_names
from wholebody_mm.skeletons.wholebody135 import WHOLEBODY135

SKELETONS = {
    skeleton.name: skeleton
    for skeleton in (
        WHOLEBODY135,
        COCO_WHOLEBODY133,
        COCO17,
        BODY25B,
        BODY25,
        FACE70,
        HAND21,
        *LABELLED_SETS,
    )
}


def get_skeleton(name: str | Skeleton | Mapping) -> Skeleton:
    """A skeleton by name, or one of your own.

    Args:
        name: ``wholebody135``, ``coco_wholebody133``, ``coco17``,
            ``body25b``, ``body25``, ``face70``, ``hand21``;
            ``package.module:NAME`` or ``path/to/file.py:NAME`` for a
            :class:`Skeleton` of your own; the object itself, or its
            ``definition()``.

    Raises:
        ValueError: If nothing of that name is a skeleton.
    """
    if isinstance(name, Skeleton):
        return name
    if isinstance(name, Mapping):
        return Skeleton.of_definition(name)
    if name in SKELETONS:
        return SKELETONS[name]
    location, _, attribute = name.rpartition(':')
    if not location:
        raise ValueError(
            f'no skeleton {name!r}; there are {", ".join(SKELETONS)}, and '
            f"your own as 'package.module:NAME' or 'path/to/file.py:NAME'"
        )
    try:
        if location.endswith('.py'):
            found = runpy.run_path(str(Path(location).expanduser()))[attribute]
        else:
            found = getattr(importlib.import_module(location), attribute)
    except Exception as error:  # whatever one's own file does
        raise ValueError(
            f'no skeleton at {name!r}: {type(error).__name__}: {error}'
        ) from error
    if not isinstance(found, Skeleton):
        raise ValueError(f'{name!r} is a {type(found).__name__}, no Skeleton')
    return found


__all__ = [
    'BODY25',
    'BODY25B',
    'COCO17',
    'COCO_WHOLEBODY133',
    'FACE70',
    'HAND21',
    'SKELETONS',
    'WHOLEBODY135',
    'Skeleton',
    'SkeletonMap',
    'get_map',
    'get_skeleton',
    'map_by_names',
]
