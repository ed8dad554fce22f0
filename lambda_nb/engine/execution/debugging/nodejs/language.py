"""Node.js: the inspector of the function's process, translated to DAP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lambda_nb.engine.execution.debugging.exchange import Arrival
from lambda_nb.engine.execution.debugging.nodejs.debuggee import NodeDebuggee
from lambda_nb.engine.execution.runtimes.launch import BOOTSTRAPS
from lambda_nb.engine.execution.runtimes.variables import DEBUGGER

_OURS = (str(BOOTSTRAPS / "nodejs") + "/", "/var/runtime/", "node:")


class Node:
    """The debugger of Node.js functions. Implements ``languages.Language``."""

    name = "node"
    capabilities: Mapping[str, Any] = {
        "supportsConfigurationDoneRequest": True,
        "supportsConditionalBreakpoints": True,
        "supportsHitConditionalBreakpoints": True,
        "supportsLogPoints": True,
        "supportsEvaluateForHovers": True,
        "supportsSetVariable": True,
        "supportsExceptionInfoRequest": True,
        "supportsDelayedStackTraceLoading": True,
        "supportsTerminateThreadsRequest": False,
        "exceptionBreakpointFilters": [
            {"filter": "all", "label": "All Exceptions", "default": False},
            {"filter": "uncaught", "label": "Uncaught Exceptions", "default": True},
        ],
    }

    def missing(self) -> str:
        """Every Node.js has its inspector."""
        return ""

    def variables(self, port: int) -> dict[str, str]:
        """The port."""
        return {DEBUGGER: str(port)}

    def arrived(self, arrival: Arrival) -> NodeDebuggee:
        """The bootstrap has connected."""
        return NodeDebuggee(arrival, self.hidden)

    def attaching(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """As the client says; ``localRoot`` and ``remoteRoot`` of VS Code are a mapping too."""
        local, remote = arguments.get("localRoot"), arguments.get("remoteRoot")
        mappings = list(arguments.get("pathMappings") or [])
        if local and remote:
            mappings.append({"localRoot": local, "remoteRoot": remote})
        return {**arguments, "pathMappings": mappings}

    def stopping_at(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """As asked: the bootstrap lets V8 see which exceptions leave the handler."""
        return arguments

    def hidden(self, path: str) -> bool:
        """Whether a file is part of the bootstrap or of Node.js itself."""
        return path.startswith(_OURS)
