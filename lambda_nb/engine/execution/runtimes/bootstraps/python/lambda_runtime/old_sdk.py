"""Tells a botocore from before July 2023, which a function brings, where the engine is.

Versions before 1.31 do not read ``AWS_ENDPOINT_URL``: their calls would leave this machine. What
a function gives a client itself still counts.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

_MODULE = "botocore.session"
_FIRST_THAT_READS = (1, 31)


def tell() -> None:
    """Change botocore as soon as the function imports it; at once if it is loaded already."""
    if _MODULE in sys.modules:
        _change(sys.modules[_MODULE])
    else:
        sys.meta_path.insert(0, _Finder())


class _Finder:
    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        if name != _MODULE:
            return None
        sys.meta_path.remove(self)
        spec = PathFinder.find_spec(name, path, target)
        if spec is None or spec.loader is None:
            return None
        loader: Any = spec.loader
        execute = loader.exec_module

        def exec_module(module: ModuleType) -> None:
            execute(module)
            _change(module)

        loader.exec_module = exec_module
        return spec


def _change(module: Any) -> None:
    version = getattr(sys.modules.get("botocore"), "__version__", "")
    numbers = version.split(".")[:2]
    if not all(number.isdigit() for number in numbers):
        return  # another package of this name
    if not hasattr(module, "Session") or tuple(map(int, numbers)) >= _FIRST_THAT_READS:
        return
    create = module.Session.create_client

    def create_client(self: Any, service_name: str, *arguments: Any, **settings: Any) -> Any:
        # The endpoint is the fifth after the service: who gives so many by place gives it too.
        if len(arguments) < 5 and settings.get("endpoint_url") is None:
            own = "AWS_ENDPOINT_URL_" + service_name.replace("-", "_").upper()
            settings["endpoint_url"] = os.environ.get(own) or os.environ.get("AWS_ENDPOINT_URL")
        return create(self, service_name, *arguments, **settings)

    module.Session.create_client = create_client
