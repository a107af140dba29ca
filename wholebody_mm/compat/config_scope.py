"""MMEngine knows the name of this package.

``_base_='wholebody_mm::deep_wholebody.py'`` and model aliases work only for
packages in MMEngine's table of scopes, and only for configs in a folder:
MMEngine asks for a slash behind ``::``.
"""

from __future__ import annotations

from wholebody_mm.compat.mend import Mend

from mmengine.config import config, utils
from mmengine.config.utils import MODULE2PACKAGE


def apply() -> Mend:
    """Enter ``wholebody_mm`` into MMEngine's table of scopes."""
    name = 'config scope wholebody_mm::'
    if 'wholebody_mm' in MODULE2PACKAGE:
        return Mend(name, False, 'MMEngine already knows the scope')
    MODULE2PACKAGE['wholebody_mm'] = 'wholebody_mm'
    theirs = utils._get_package_and_cfg_path

    def package_and_path(cfg_path: str) -> tuple[str, str]:
        package, separator, path = cfg_path.partition('::')
        if package == 'wholebody_mm' and separator and '::' not in path:
            return package, path
        return theirs(cfg_path)

    for module in (utils, config):
        module._get_package_and_cfg_path = package_and_path
    return Mend(name, True, 'MMEngine lists the scopes that it knows')
