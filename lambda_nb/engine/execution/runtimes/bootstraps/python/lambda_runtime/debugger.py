"""Runs the function under debugpy, which connects to the engine."""

from __future__ import annotations

import os
import sys
import threading
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

_READY_WITHIN_S = 30.0
_WHILE_LOADING = {
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # no warning in the function's log
    "PYDEVD_USE_CYTHON": "",  # set below: without the wheel's own version it would warn too
}


def connect() -> None:
    """Load debugpy, connect, and wait until the engine has set all breakpoints.

    The function runs without a debugger if that fails; its log says why.
    """
    port, _, package = os.environ.pop("_LAMBDA_NB_DEBUGGER").partition(":")
    try:
        _connect(int(port), package)
    except Exception as error:
        text = f"lambda_nb: no debugger: {type(error).__name__}: {error}\n"
        os.write(2, text.encode("utf-8", "replace"))


def _connect(port: int, package: str) -> None:
    own = dict(os.environ)
    os.environ.update(_WHILE_LOADING, PYDEVD_USE_CYTHON=_cython(package))
    os.environ["IDE_PROJECT_ROOTS"] = os.environ["LAMBDA_TASK_ROOT"]
    path, arguments = sys.path[:], sys.argv[:]
    try:
        debugpy = _loaded(package)
        debugpy.configure(subProcess=False)
        debugpy.connect(("127.0.0.1", port))
        _wait(debugpy)
    finally:
        os.environ.clear()
        os.environ.update(own)
        sys.path[:] = path
        sys.argv[:] = arguments
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_leave)


def _loaded(package: str) -> Any:
    """The package, although it is not on the function's path."""
    spec = spec_from_file_location(
        "debugpy", f"{package}/__init__.py", submodule_search_locations=[package]
    )
    if spec is None or spec.loader is None:
        raise ImportError(f"no debugpy in {package}")
    module = sys.modules["debugpy"] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _cython(package: str) -> str:
    """Whether debugpy's compiled parts fit this version of Python."""
    tag = f".cpython-{sys.version_info[0]}{sys.version_info[1]}-"
    try:
        names = os.listdir(f"{package}/_vendored/pydevd/_pydevd_bundle")
    except OSError:
        names = []
    fits = any(name.startswith("pydevd_cython" + tag) for name in names)
    return "YES" if fits else "NO"


def _wait(debugpy: Any) -> None:
    late = threading.Timer(_READY_WITHIN_S, debugpy.wait_for_client.cancel)
    late.daemon = True
    late.start()
    debugpy.wait_for_client()
    late.cancel()


def _leave() -> None:
    """In a fork of the function's own: nobody there speaks with the client, so nothing may stop."""
    sys.settrace(None)
    threading.settrace(None)
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is not None and monitoring.get_tool(monitoring.DEBUGGER_ID):
        monitoring.set_events(monitoring.DEBUGGER_ID, 0)
