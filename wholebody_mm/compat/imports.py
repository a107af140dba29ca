"""Doing something while, or after, a module is imported."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


class _Finder(MetaPathFinder):
    """Finds modules as usual and adds to their execution."""

    def __init__(
        self,
        modules: tuple[str, ...],
        during: Callable[[], AbstractContextManager],
        after: Callable[[ModuleType], None] | None,
    ) -> None:
        self.modules = modules
        self.during = during
        self.after = after

    def find_spec(
        self, fullname: str, path=None, target=None
    ) -> ModuleSpec | None:
        if fullname not in self.modules:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is None or spec.loader is None:
            return spec
        execute = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            with self.during():
                execute(module)
            if self.after is not None:
                self.after(module)

        # The loader is new with each spec: nobody else sees this.
        spec.loader.exec_module = exec_module
        return spec


def on_import(
    modules: tuple[str, ...],
    during: Callable[[], AbstractContextManager] = nullcontext,
    after: Callable[[ModuleType], None] | None = None,
) -> None:
    """Add to the import of modules.

    Args:
        modules: Full names. For those imported already, ``after`` is called
            now.
        during: Makes the context in which a module is executed.
        after: Called with a module when it has been executed.
    """
    sys.meta_path.insert(0, _Finder(modules, during, after))
    for name in modules:
        if after is not None and name in sys.modules:
            after(sys.modules[name])
