"""What sessions need to know of a language's debugger.

To add a language: write a class with the members of :class:`Language`, and name it in
:data:`LANGUAGES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from lambda_nb.engine.execution.debugging import python
from lambda_nb.engine.execution.debugging.debuggee import Debuggee
from lambda_nb.engine.execution.debugging.exchange import Arrival
from lambda_nb.engine.execution.debugging.nodejs.language import Node


class Language(Protocol):
    """The debugger of one language."""

    name: str
    """As clients know it: ``python``."""

    capabilities: Mapping[str, Any]
    """What it answers to ``initialize``, also while no process runs."""

    def missing(self) -> str:
        """Why functions cannot be debugged here, in a sentence; empty if they can."""

    def variables(self, port: int) -> dict[str, str]:
        """Environment variables that make a new process connect to this port of the engine, and
        wait there until ``configurationDone`` has been carried out."""

    def arrived(self, arrival: Arrival) -> Debuggee:
        """Take the connection of a process."""

    def attaching(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments of the process's ``attach``, made from the client's."""

    def stopping_at(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """The arguments of ``setExceptionBreakpoints``: the runtime catches what handlers raise,
        so *uncaught* has to mean *leaves the handler*."""

    def hidden(self, path: str) -> bool:
        """Whether frames of this file are the runtime's own and not shown."""


LANGUAGES: dict[str, Language] = {"python": python.Python(), "nodejs": Node()}
"""By the beginning of the identifiers of Lambda's runtimes."""


def language_of(runtime: str) -> Language | None:
    """The language of a runtime that can be debugged."""
    return next((one for name, one in LANGUAGES.items() if runtime.startswith(name)), None)
