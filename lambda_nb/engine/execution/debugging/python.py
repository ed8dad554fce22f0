"""Python: ``debugpy`` of the engine's environment, loaded into the function's process.

Its inner part, ``pydevd``, speaks DAP itself; debugpy's adapter, a process more, is not needed: a
:class:`~lambda_nb.engine.execution.debugging.session.Session` does its work.
``bootstraps/python/lambda_runtime/debugger.py`` is the other side.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from lambda_nb.engine.execution.debugging.debuggee import Spoken
from lambda_nb.engine.execution.debugging.exchange import Arrival
from lambda_nb.engine.execution.runtimes.launch import BOOTSTRAPS
from lambda_nb.engine.execution.runtimes.variables import DEBUGGER

_OURS = str(BOOTSTRAPS / "python")

_FILTERS = [
    {"filter": "raised", "label": "Raised Exceptions", "default": False},
    {"filter": "uncaught", "label": "Uncaught Exceptions", "default": True},
    {"filter": "userUnhandled", "label": "User Uncaught Exceptions", "default": False},
]


class Python:
    """The debugger of Python functions. Implements ``languages.Language``."""

    name = "python"
    capabilities: Mapping[str, Any] = {
        "supportsConfigurationDoneRequest": True,
        "supportsConditionalBreakpoints": True,
        "supportsHitConditionalBreakpoints": True,
        "supportsFunctionBreakpoints": True,
        "supportsLogPoints": True,
        "supportsEvaluateForHovers": True,
        "supportsSetVariable": True,
        "supportsSetExpression": True,
        "supportsGotoTargetsRequest": True,
        "supportsStepInTargetsRequest": True,
        "supportsCompletionsRequest": True,
        "supportsModulesRequest": True,
        "supportsExceptionOptions": True,
        "supportsExceptionInfoRequest": True,
        "supportsValueFormattingOptions": True,
        "supportsDelayedStackTraceLoading": True,
        "supportsClipboardContext": True,
        "exceptionBreakpointFilters": _FILTERS,
    }

    def missing(self) -> str:
        """Why Python functions cannot be debugged: there is no debugpy."""
        if package():
            return ""
        return (
            "debugpy is not installed beside the engine. Install it (pip install debugpy) and "
            "start the engine again."
        )

    def variables(self, port: int) -> dict[str, str]:
        """Port, and path of debugpy."""
        return {DEBUGGER: f"{port}:{package()}"}

    def arrived(self, arrival: Arrival) -> Spoken:
        """pydevd has connected."""
        return Spoken(arrival)

    def attaching(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """As the client says; the runtime's own files are passed over."""
        ours = {"path": f"{_OURS}/**", "include": False}
        rules = [*(arguments.get("rules") or []), ours]
        return {"justMyCode": True, **arguments, "rules": rules, "subProcess": False}

    def stopping_at(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """For *uncaught*, stop where an exception leaves the function's code."""
        filters = list(arguments.get("filters") or [])
        if "uncaught" in filters and "userUnhandled" not in filters:
            filters.append("userUnhandled")
        return {**arguments, "filters": filters}

    def hidden(self, path: str) -> bool:
        """Whether a file is part of the Python bootstrap."""
        return path.startswith(_OURS)


@cache
def package() -> str:
    """The directory of debugpy; empty if it is not installed."""
    from importlib.util import find_spec

    spec = find_spec("debugpy")
    return "" if spec is None or not spec.origin else str(Path(spec.origin).resolve().parent)
