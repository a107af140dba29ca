"""MMEngine finds packages that are installed with ``pip install -e``.

``mmengine.utils.get_installed_path`` looks beside a package's metadata, which
since PEP 660 lies in site-packages while the package stays in its checkout.
``_base_='wholebody_mm::...'`` would then look for configs in a folder that
does not exist.
"""

from __future__ import annotations

import importlib
import importlib.util
import os

from wholebody_mm.compat.mend import Mend

from mmengine.utils import package_utils

_NAME = 'place of editable installations'
# Where MMEngine keeps the function under its name.
_HOLDERS = (
    'mmengine.utils.package_utils',
    'mmengine.utils',
    'mmengine.config.config',
    'mmengine.hub.hub',
)


def apply() -> Mend:
    """Ask the import system where a package is, if its metadata misleads."""
    original = package_utils.get_installed_path
    found = original('wholebody_mm')
    if os.path.isdir(found):
        return Mend(_NAME, False, 'MMEngine finds this package')

    def get_installed_path(package: str) -> str:
        path = original(package)
        if os.path.isdir(path):
            return path
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            return path
        return os.path.dirname(spec.origin)

    for name in _HOLDERS:
        importlib.import_module(name).get_installed_path = get_installed_path
    return Mend(_NAME, True, f'MMEngine looks for this package in {found}')
