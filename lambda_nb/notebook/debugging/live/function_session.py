"""One debugged function: this notebook's connection to the engine's session of it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from lambda_nb.notebook.debugging.live.dap_stream import RefusedError, Stream
from lambda_nb.notebook.debugging.live.function_cells import Breakpoint, Deployed

_HELLO = {
    "clientID": "lambda-nb",
    "clientName": "lambda_nb in a notebook",
    "adapterID": "lambda-nb",
    "pathFormat": "path",
    "linesStartAt1": True,
    "columnsStartAt1": True,
    "supportsVariableType": True,
}


class FunctionSession:
    """A connection to the engine's session of one function.

    Parameters
    ----------
    cell
        The function's cell.
    happened
        Told of ``stopped`` and ``continued`` with the event's body, and of ``ended``.
    """

    def __init__(
        self, cell: Deployed, happened: Callable[[FunctionSession, str, dict[str, Any]], None]
    ) -> None:
        self.cell = cell
        self.thread = 1
        """The thread that stopped last."""
        self.language = ""
        """The function's language, as the engine's page names it."""
        self._happened = happened
        self._initialized = asyncio.Event()
        self._stream: Stream | None = None

    @property
    def is_open(self) -> bool:
        """Whether the engine's session is there."""
        return self._stream is not None

    async def open(
        self,
        row: Mapping[str, Any],
        breakpoints: list[Breakpoint],
        exceptions: Mapping[str, Any],
    ) -> None:
        """Attach.

        Parameters
        ----------
        row
            The session as the engine's page shows it.
        breakpoints
            Those of the cell, with lines of the cell.
        exceptions
            The arguments of ``setExceptionBreakpoints``.

        Raises
        ------
        RefusedError
            The engine does not let us attach, or is not there.
        """
        try:
            reader, writer = await asyncio.open_connection(row["host"], row["port"], limit=1 << 24)
        except OSError as error:
            raise RefusedError(
                f"no debugger at {row['host']}:{row['port']}: {error.strerror or error}. It "
                "listens on the engine's machine only"
            ) from None
        self.language = str(row.get("language", ""))
        stream = self._stream = Stream(reader, writer, self._heard, self._ended)
        try:
            await stream.ask("initialize", _HELLO)
            await stream.ask("attach", {"token": row["token"], "name": self.cell.name})
            await asyncio.wait_for(self._initialized.wait(), 10)
            await self.set_breakpoints(breakpoints)
            await stream.ask("setExceptionBreakpoints", dict(exceptions))
            await stream.ask("configurationDone", {})
        except BaseException:  # also a time limit: what is not attached is not open
            self._stream = None
            await stream.close()
            raise

    async def close(self) -> None:
        """Detach: the function runs on without stops."""
        stream, self._stream = self._stream, None
        if stream is not None:
            with contextlib.suppress(RefusedError, asyncio.TimeoutError):
                await asyncio.wait_for(stream.ask("disconnect", {}), 3)
            await stream.close()

    async def ask(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Carry out a request; places are the function's. Raises :class:`RefusedError`."""
        if self._stream is None:
            raise RefusedError(f"{self.cell.name} is not being debugged any more")
        return await self._stream.ask(command, arguments)

    async def set_breakpoints(self, breakpoints: list[Breakpoint]) -> list[dict[str, Any]]:
        """Set those of the cell; lines are the cell's. Raises :class:`RefusedError`."""
        cell = self.cell
        wanted = [cell.in_function(one) for one in breakpoints]
        source = {"path": cell.file}
        body = await self.ask("setBreakpoints", {"source": source, "breakpoints": wanted})
        told = body.get("breakpoints", [])
        return [cell.in_cell({**one, "source": source}) for one in told]

    def _heard(self, event: dict[str, Any]) -> None:
        name, body = event["event"], event.get("body") or {}
        if name == "initialized":
            self._initialized.set()
        elif name == "stopped":
            self.thread = body.get("threadId", 1)
            self._happened(self, "stopped", body)
        elif name == "continued":
            self._happened(self, "continued", body)

    def _ended(self) -> None:
        self._stream = None
        self._happened(self, "ended", {})
