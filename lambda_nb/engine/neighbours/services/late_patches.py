"""Patches of modules that take long to load: applied when something loads them."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType


def when_loaded(name: str, patch: Callable[[], None]) -> None:
    """Call a function once a module is loaded: now, or right after it has been.

    Parameters
    ----------
    name
        The module's full name.
    patch
        Takes no arguments; may import the module.
    """
    if name in sys.modules:
        patch()
    else:
        sys.meta_path.insert(0, _Watch(name, patch))


class _Watch(MetaPathFinder):
    """Finds the module as others do, with a loader that patches it as well."""

    def __init__(self, name: str, patch: Callable[[], None]) -> None:
        self._name = name
        self._patch = patch

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's specification; ``None`` for any other module."""
        if name != self._name:
            return None
        sys.meta_path.remove(self)
        found = importlib.util.find_spec(name)
        if found is not None and found.loader is not None:
            found.loader = _Patching(found.loader, self._patch)
        return found


class _Patching(Loader):
    def __init__(self, loader: Loader, patch: Callable[[], None]) -> None:
        self._loader = loader
        self._patch = patch

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        self._patch()
