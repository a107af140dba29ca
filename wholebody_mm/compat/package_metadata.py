"""``pkg_resources`` for MMEngine where setuptools no longer has it.

setuptools 82 removed ``pkg_resources``; MMEngine 0.10 asks it where packages
are installed (``mmengine/utils/package_utils.py``), for instance for
``_base_='mmpose::...'``. The few functions that it calls are served over
``importlib.metadata``, by a finder at the end of ``sys.meta_path``: a real
``pkg_resources`` always wins, and ``importlib.reload``, which MMEngine calls,
finds the module again.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

from wholebody_mm.compat.mend import Mend

_MODULE = 'pkg_resources'


class DistributionNotFound(Exception):
    """Raised by ``get_distribution`` for a package that is not installed."""


class Distribution:
    """The part of ``pkg_resources.Distribution`` that MMEngine uses."""

    def __init__(self, name: str) -> None:
        try:
            self._found = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError as error:
            raise DistributionNotFound(name) from error
        self.project_name = self._found.metadata['Name']
        self.key = self.project_name.lower()
        self.version = self._found.version
        self.location = str(self._found.locate_file(''))

    def has_metadata(self, name: str) -> bool:
        """Whether the package's metadata has a file ``name``."""
        return self._found.read_text(name) is not None

    def get_metadata(self, name: str) -> str:
        """The text of the metadata file ``name``."""
        text = self._found.read_text(name)
        if text is None:
            raise FileNotFoundError(f'{self.project_name}: no {name}')
        return text


class _PackageMetadataFinder(MetaPathFinder, Loader):
    """Serves ``pkg_resources`` when nothing else does."""

    def find_spec(
        self, fullname: str, path=None, target=None
    ) -> ModuleSpec | None:
        if fullname != _MODULE:
            return None
        return ModuleSpec(_MODULE, self, origin=__file__)

    def exec_module(self, module: ModuleType) -> None:
        module.DistributionNotFound = DistributionNotFound
        module.Distribution = Distribution
        module.get_distribution = Distribution
        # pytest calls it where it sees the module; there is nothing to do.
        module.fixup_namespace_packages = lambda path, parent=None: None


def apply() -> Mend:
    """Serve ``pkg_resources`` if this installation has none."""
    name = 'pkg_resources'
    if importlib.util.find_spec(_MODULE) is not None:
        return Mend(name, False, 'setuptools still provides it')
    sys.meta_path.append(_PackageMetadataFinder())
    return Mend(
        name, True, 'setuptools 82 and later have none, MMEngine asks for it'
    )
