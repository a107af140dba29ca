"""Names that MMPose imports from packages that the light stack leaves out.

``import mmpose.models`` needs mmdet and mmcv's compiled operators, and
``import mmpose.visualization`` needs torchvision, each for one or two names
in a module that this package never runs. While such a module of MMPose is
imported, a stand-in with just those names is lent in place of the missing
package, and taken away again: anyone else who asks for mmdet, torchvision or
``mmcv.ops`` still hears the truth.

A package that is installed but cannot be imported (mmdet with a release of
mmcv that it refuses, torchvision built for another torch) is hidden, so that
MMPose and MMEngine treat it as missing instead of failing at import.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

from wholebody_mm.compat.imports import on_import
from wholebody_mm.compat.mend import Mend


@dataclass(frozen=True)
class StandIn:
    """Names lent in place of a module that is missing here.

    Attributes:
        module: What MMPose imports from.
        borrowers: Modules of MMPose that cannot be imported without it.
        names: Builds the lent names; called only when they are lent.
        cure: How to get the real thing.
    """

    module: str
    borrowers: tuple[str, ...]
    names: Callable[[], dict[str, Any]]
    cure: str


def _refuse(what: str, cure: str) -> type:
    """A class that explains itself when someone wants an instance of it."""

    class Missing:
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            raise ImportError(f'{what} is not available here: {cure}')

    Missing.__name__ = Missing.__qualname__ = what.rpartition('.')[2]
    return Missing


_COMPILED_MMCV = 'install mmcv with its compiled operators (make setup-full)'
_TORCHVISION = 'install torchvision for your torch (make setup-full)'


def _mmcv_ops() -> dict[str, Any]:
    name = 'MultiScaleDeformableAttention'
    return {name: _refuse(f'mmcv.ops.{name}', _COMPILED_MMCV)}


def _mmdet_utils() -> dict[str, Any]:
    from mmengine.config import ConfigDict
    from mmengine.dist import all_reduce

    def reduce_mean(tensor):
        """The mean of a tensor over all processes, as mmdet's."""
        mean = tensor.clone()
        all_reduce(mean, op='mean')
        return mean

    return {'ConfigType': ConfigDict | dict, 'reduce_mean': reduce_mean}


def _torchvision_transforms() -> dict[str, Any]:
    name = 'ToPILImage'
    return {name: _refuse(f'torchvision.transforms.{name}', _TORCHVISION)}


_MMCV_LITE_WARNING = 'Fail to import ``MultiScaleDeformableAttention``'

_TRANSFORMER_HEADS = 'mmpose.models.heads.transformer_heads'
STAND_INS = (
    StandIn(
        'mmcv.ops',
        (
            f'{_TRANSFORMER_HEADS}.edpose_head',
            f'{_TRANSFORMER_HEADS}.transformers.deformable_detr_layers',
        ),
        _mmcv_ops,
        _COMPILED_MMCV,
    ),
    StandIn(
        'mmdet.utils',
        ('mmpose.models.heads.hybrid_heads.rtmo_head',),
        _mmdet_utils,
        'install mmdet (make setup-full)',
    ),
    StandIn(
        'torchvision.transforms',
        ('mmpose.visualization.simcc_vis',),
        _torchvision_transforms,
        _TORCHVISION,
    ),
)


def _problem_of(module: str) -> str | None:
    """Why ``module`` cannot be imported here; None if it can.

    A failed import leaves no half-made modules behind. A package that fails
    with anything but an ``ImportError``, which MMPose and MMEngine expect,
    is hidden; see the module's docstring.
    """
    package = module.partition('.')[0]
    # mmcv works without its operators and has to stay.
    doubtful = module if package == 'mmcv' else package
    try:
        importlib.import_module(module)
    except Exception as error:  # an assertion on versions as well
        for name in list(sys.modules):
            if name == doubtful or name.startswith(f'{doubtful}.'):
                del sys.modules[name]
        if not isinstance(error, ImportError):
            sys.modules[doubtful] = None
        return f'{type(error).__name__}: {error}'
    return None


@contextmanager
def _lent(stand_in: StandIn) -> Iterator[None]:
    """Put the stand-in into ``sys.modules`` for the time of an import."""
    module = ModuleType(stand_in.module, 'A stand-in; see wholebody_mm.compat')
    module.__dict__.update(stand_in.names())
    absent = object()
    before = sys.modules.get(stand_in.module, absent)
    sys.modules[stand_in.module] = module
    try:
        yield
    finally:
        if before is absent:
            sys.modules.pop(stand_in.module, None)
        else:
            sys.modules[stand_in.module] = before


def apply() -> list[Mend]:
    """Lend what is missing here to the modules of MMPose that want it."""
    mends = []
    for stand_in in STAND_INS:
        problem = _problem_of(stand_in.module)
        if problem is None:
            mends.append(Mend(stand_in.module, False, 'it can be imported'))
            continue
        on_import(stand_in.borrowers, during=partial(_lent, stand_in))
        # mmcv-lite warns at every start about what is known and mended.
        warnings.filterwarnings('ignore', _MMCV_LITE_WARNING)
        why = f'{problem}; for the real thing, {stand_in.cure}'
        mends.append(Mend(stand_in.module, True, why))
    return mends
