"""What a client has set: kept, so that each new process of the function gets it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

from lambda_nb.engine.execution.debugging.attachment import Attachment
from lambda_nb.engine.execution.debugging.breakpoints import Breakpoints
from lambda_nb.engine.execution.debugging.dap import Ended
from lambda_nb.engine.execution.debugging.debuggee import Debuggee, ask_present
from lambda_nb.engine.execution.debugging.languages import Language

_HELLO = {
    "clientID": "lambda-nb",
    "adapterID": "lambda-nb",
    "pathFormat": "path",
    "linesStartAt1": True,
    "columnsStartAt1": True,
    "supportsVariableType": True,
}


class Wanted:
    """The wishes of a session's client.

    Parameters
    ----------
    language
        The function's debugger.
    """

    def __init__(self, language: Language) -> None:
        self.attach: dict[str, Any] = {}
        """The arguments of its *attach*, without the token."""
        self.breakpoints = Breakpoints()
        self.complete = asyncio.Event()
        """Set when it has said *configurationDone*."""
        self._language = language
        self._kept: dict[str, dict[str, Any]] = {}

    def forget(self) -> None:
        """The client is gone."""
        self.complete.clear()
        self.attach = {}
        self.breakpoints.forget()
        self._kept.clear()

    def attaching(self, attachment: Attachment) -> dict[str, Any]:
        """The arguments of *attach* for a process."""
        arguments = self._language.attaching(self.attach)
        mappings = arguments.get("pathMappings") or []
        moved = [
            {**one, "remoteRoot": attachment.real(one.get("remoteRoot", ""))} for one in mappings
        ]
        return {**arguments, "pathMappings": moved}

    async def set(
        self, command: str, arguments: dict[str, Any], debuggee: Debuggee | None
    ) -> dict[str, Any]:
        """Keep the arguments of a request, and carry it out if there is a process."""
        self._kept[command] = arguments
        return await ask_present(debuggee, command, arguments)

    async def set_breakpoints(
        self, arguments: dict[str, Any], debuggee: Debuggee | None, attachment: Attachment | None
    ) -> list[dict[str, Any]]:
        """Keep the breakpoints of a source, and set them if there is a process."""
        path = self.breakpoints.keep(arguments)
        if debuggee is not None and attachment is not None:
            with contextlib.suppress(Ended):
                return await self._break(debuggee, attachment, path, arguments)
        return self.breakpoints.pending(path)

    async def give(self, debuggee: Debuggee, attachment: Attachment) -> list[dict[str, Any]]:
        """Set everything in a new process; return what became of the breakpoints."""
        await debuggee.ask("initialize", _HELLO)
        await debuggee.ask("attach", self.attaching(attachment))
        told = []
        for path, arguments in self.breakpoints.wanted():
            told += await self._break(debuggee, attachment, path, arguments)
        for command, arguments in list(self._kept.items()):
            await debuggee.ask(command, arguments)
        return told

    async def _break(
        self, debuggee: Debuggee, attachment: Attachment, path: str, arguments: dict[str, Any]
    ) -> list[dict[str, Any]]:
        source = {**(arguments.get("source") or {}), "path": attachment.real(path)}
        body = await debuggee.ask("setBreakpoints", {**arguments, "source": source})
        told = self.breakpoints.set(path, body.get("breakpoints") or [])
        return [attachment.placed(one) for one in told]

    def waiting(self) -> list[dict[str, Any]]:
        """All breakpoints as a client sees them while there is no process."""
        paths = [path for path, _ in self.breakpoints.wanted()]
        return [one for path in paths for one in self.breakpoints.pending(path)]
