"""MMEngine knows the name of this package.

``_base_='wholebody_mm::deep_wholebody.py'`` and model aliases work only for
packages in MMEngine's table of scopes.
"""

from __future__ import annotations

from wholebody_mm.compat.mend import Mend

from mmengine.config.utils import MODULE2PACKAGE


def apply() -> Mend:
    """Enter ``wholebody_mm`` into MMEngine's table of scopes."""
    name = 'config scope wholebody_mm::'
    if 'wholebody_mm' in MODULE2PACKAGE:
        return Mend(name, False, 'MMEngine already knows the scope')
    MODULE2PACKAGE['wholebody_mm'] = 'wholebody_mm'
    return Mend(name, True, 'MMEngine lists the scopes that it knows')
