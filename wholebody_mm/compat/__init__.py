"""What current releases break in the OpenMMLab stack, mended once.

Importing this package mends what this installation needs; it has to happen
before MMPose is imported, which is why ``wholebody_mm.register`` starts with
it. Each mend looks first and steps aside where its cause is absent, so that
the full stack (compiled mmcv, mmdet, torchvision) is left as it is. None
edits an installed file.

``report()`` tells what is in force.
"""

from __future__ import annotations

from wholebody_mm.compat import packages
from wholebody_mm.compat.mend import Mend

__all__ = ['Mend', 'apply', 'report']

_in_force: list[Mend] = []


def apply() -> list[Mend]:
    """Mend what this installation needs; a second call changes nothing.

    Returns:
        Every mend in the order in which they were considered.

    Raises:
        ImportError: A package is missing; names it and how to install it.
    """
    packages.require()
    from wholebody_mm.compat import (
        checkpoint_loading,
        circle_radius,
        coco_masks,
        config_scope,
        cpu_processes,
        package_location,
        package_metadata,
        stand_ins,
    )

    if not _in_force:
        # First, because MMEngine asks package metadata while others import.
        mends = [package_metadata.apply(), coco_masks.apply()]
        mends += stand_ins.apply()
        mends += [checkpoint_loading.apply(), config_scope.apply()]
        mends += [package_location.apply(), circle_radius.apply()]
        mends += [cpu_processes.apply()]
        _in_force.extend(mends)
    return report()


def report() -> list[Mend]:
    """Every mend, applied or not needed, with the reason found here."""
    return list(_in_force)


apply()
