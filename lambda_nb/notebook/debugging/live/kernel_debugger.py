"""Stands before the kernel's debugger: what is about a function goes to the function's.

JupyterLab speaks the Debug Adapter Protocol with the kernel (``debug_request`` on its control
channel, ``debug_event`` on iopub). This object takes the requests, and answers those about function
cells and stopped functions from the engine. So breakpoints, variables, call stack and steps of
JupyterLab's own debugger work in a cell that runs as a Lambda function.

JupyterLab knows one thread, number 1: it is the one that stopped last.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from lambda_nb.notebook.connection.clients import engine_status
from lambda_nb.notebook.debugging.live.background import Background
from lambda_nb.notebook.debugging.live.dap_stream import RefusedError
from lambda_nb.notebook.debugging.live.function_cells import FunctionCells
from lambda_nb.notebook.debugging.live.function_session import FunctionSession
from lambda_nb.notebook.debugging.live.stopped_function import StoppedFunctions
from lambda_nb.notebook.functions.code_origin import Origin

_DEPLOY_WITHIN_S = 10.0
_KERNEL = "kernel"
_SILENT = "the debugger of {name} did not answer within {limit:g} s"


class KernelDebugger:
    """Takes the place of ``kernel.debugger`` while the extension is loaded.

    Everything that it does not know it leaves to the original.

    Parameters
    ----------
    original
        The kernel's ``ipykernel.debugger.Debugger``.
    client
        Gives the boto3 Lambda client of the notebook's endpoint, or ``None``; it starts no engine.
    shell
        The IPython shell.
    """

    def __init__(self, original: Any, client: Callable[[], Any], shell: Any) -> None:
        self._original = original
        self._publish = original.event_callback
        self._client = client
        self._cells = FunctionCells()
        self._background = Background()
        self._sessions: dict[str, FunctionSession] = {}
        self._exceptions: dict[str, Any] = {"filters": []}
        self._stops: list[FunctionSession | str] = []
        self._noting = threading.Lock()
        self._functions = StoppedFunctions(shell)
        original.event_callback = self._heard_kernel

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)

    def restore(self) -> Any:
        """Let go of everything; return the original."""
        with contextlib.suppress(TimeoutError):
            self._background.run(self._close_all(), 5.0)
        self._background.close()
        self._original.event_callback = self._publish
        return self._original

    # -- functions come and go (the kernel's main thread)

    def deployed(self, name: str, origin: Origin, text: str, debug: bool) -> str:
        """A function was deployed from a cell.

        Parameters
        ----------
        name
            The function.
        origin
            Its cell.
        text
            The text of the cell that the front end sent.
        debug
            Whether it asks to be debugged.

        Returns
        -------
        str
            Why its breakpoints will not work; empty if they will.
        """
        if debug:
            self._cells.deploy(name, origin, path_of(text))
            work = self._open(name) if self._original.is_started else None
        else:
            known = self._sessions.pop(name, None)
            self._cells.forget(name)
            work = None if known is None else known.close()
        if work is None:
            return ""
        try:
            self._background.run(work, _DEPLOY_WITHIN_S)
        except RefusedError as error:
            return str(error)
        except TimeoutError:
            return _SILENT.format(name=name, limit=_DEPLOY_WITHIN_S)
        return ""

    def has_breakpoints(self, source: str) -> bool:
        """Whether the debugger is on and a cell of this text has breakpoints."""
        paths = self._cells.paths(source)
        return self._original.is_started and any(map(self._cells.breakpoints, paths))

    # -- requests (the kernel's control thread)

    async def process_request(self, message: dict[str, Any]) -> Any:
        """Answer a request, or leave it to the original."""
        command = message["command"]
        if command in _OURS:
            try:
                reply = await self._background.here(self._answered(message))
            except RefusedError as error:
                return _reply(message, _EMPTY.get(command, {}), str(error))
            except Exception as error:  # a page without an answer would wait for ever
                return _reply(message, _EMPTY.get(command, {}), f"{command} failed: {error!r}")
            if reply is not None:
                return _reply(message, reply)
        reply = await self._original.process_request(message)
        if command == "dumpCell" and reply.get("success"):
            self._cells.note(reply["body"]["sourcePath"], message["arguments"]["code"])
            for name, session in list(self._sessions.items()):
                session.cell = self._cells.cell(name) or session.cell
        elif command == "debugInfo":
            self._add_to(reply["body"])
        elif command in ("attach", "setExceptionBreakpoints", "disconnect"):
            await self._background.here(self._follow(command, message.get("arguments") or {}))
        return reply

    def _add_to(self, told: dict[str, Any]) -> None:
        """Complete ``debugInfo``, from which a page that was reloaded goes on."""
        if not told.get("isStarted"):
            return
        told["breakpoints"] = [
            *(one for one in told["breakpoints"] if not self._cells.holds(one["source"])),
            *self._cells.all_breakpoints(),
        ]
        if self._latest() is not None and 1 not in told["stoppedThreads"]:
            told["stoppedThreads"] = [*told["stoppedThreads"], 1]

    # -- requests (the background thread)

    async def _answered(self, message: dict[str, Any]) -> dict[str, Any] | None:
        """The body of our response; ``None`` if the request is not ours."""
        command, arguments = message["command"], message.get("arguments") or {}
        if command == "setBreakpoints":
            path = str((arguments.get("source") or {}).get("path", ""))
            if not self._cells.holds(path) or not self._original.is_started:
                return None
            return await self._set_breakpoints(path, arguments.get("breakpoints") or [])
        owner = self._functions.numbers.owner(arguments)
        if owner is None and not any(key in arguments for key in ("frameId", "variablesReference")):
            owner = self._latest()
        if owner is None:
            return None
        return await self._functions.answer(owner, command, arguments)

    async def _set_breakpoints(self, path: str, wanted: list[dict[str, Any]]) -> dict[str, Any]:
        self._cells.set(path, wanted)
        source = {"path": path}  # JupyterLab's list of breakpoints reads it
        told = [
            {"verified": True, "line": one["line"], "source": source}
            for one in self._cells.breakpoints(path)
        ]
        for cell in self._cells.of(path):
            session = self._sessions.get(cell.name)
            if session is not None and session.is_open:
                set_now = await session.set_breakpoints(self._cells.breakpoints(path))
                told = [{**one, "verified": True} for one in set_now]
        return {"breakpoints": told}

    async def _follow(self, command: str, arguments: dict[str, Any]) -> None:
        """Do for the functions what the kernel's debugger has just done."""
        if command == "disconnect":
            self._cells.clear()
            await self._close_all()
        elif command == "attach":
            for name in self._cells.names():
                with contextlib.suppress(RefusedError, asyncio.TimeoutError):
                    await asyncio.wait_for(self._open(name), _DEPLOY_WITHIN_S)
        else:
            self._exceptions = arguments
            for session in list(self._sessions.values()):
                with contextlib.suppress(RefusedError):
                    await session.ask("setExceptionBreakpoints", arguments)

    async def _open(self, name: str) -> None:
        """Attach to a function, or go on with its new code. Raises :class:`RefusedError`."""
        cell = self._cells.cell(name)
        if cell is None:
            return
        row = await asyncio.to_thread(_row, self._client(), name)
        known = self._sessions.get(name)
        if known is not None and known.is_open:
            known.cell = cell
            await known.set_breakpoints(self._cells.breakpoints(cell.path))
            return
        session = self._sessions[name] = FunctionSession(cell, self._heard_function)
        await session.open(row, self._cells.breakpoints(cell.path), self._exceptions)

    async def _close_all(self) -> None:
        sessions, self._sessions = list(self._sessions.values()), {}
        await asyncio.gather(*(one.close() for one in sessions), return_exceptions=True)

    # -- events

    def _heard_kernel(self, event: dict[str, Any]) -> None:
        """An event of the kernel's own code (the control thread)."""
        name = event.get("event")
        if name == "stopped":
            self._note(_KERNEL, True)
        elif name == "continued":
            self._note(_KERNEL, False)
        self._publish(event)
        if name == "continued":
            self._show_latest()

    def _heard_function(self, session: FunctionSession, name: str, body: dict[str, Any]) -> None:
        """An event of a function (the background thread)."""
        if name == "stopped":
            self._note(session, True)
            self._tell_stopped(session, body)
            return
        self._functions.numbers.forget(session)
        if self._note(session, False):
            body = {"threadId": 1, "allThreadsContinued": True}
            self._publish({"type": "event", "event": "continued", "seq": 0, "body": body})
            self._show_latest()

    def _tell_stopped(self, session: FunctionSession, body: dict[str, Any]) -> None:
        told = {
            "reason": body.get("reason", "breakpoint"),
            "description": body.get("description") or f"{session.cell.name} has stopped",
            "threadId": 1,
            "allThreadsStopped": True,
        }
        self._publish({"type": "event", "event": "stopped", "seq": 0, "body": told})

    def _note(self, who: FunctionSession | str, stopped: bool) -> bool:
        """Note who stops or goes on; returns whether it was stopped."""
        with self._noting:
            was = who in self._stops
            self._stops = [one for one in self._stops if one is not who]
            if stopped:
                self._stops.append(who)
            return was

    def _latest(self) -> FunctionSession | None:
        """The function that stopped last; ``None`` if it was the kernel, or nobody."""
        with self._noting:
            latest = self._stops[-1] if self._stops else None
        return latest if isinstance(latest, FunctionSession) else None

    def _show_latest(self) -> None:
        """Somebody went on: show who is still stopped."""
        with self._noting:
            latest = self._stops[-1] if self._stops else None
        if isinstance(latest, FunctionSession):
            self._tell_stopped(latest, {})
        elif latest is not None:
            body = {"reason": "pause", "threadId": 1, "allThreadsStopped": True}
            self._publish({"type": "event", "event": "stopped", "seq": 0, "body": body})


_OURS = frozenset(
    {
        "setBreakpoints",
        "stackTrace",
        "scopes",
        "variables",
        "evaluate",
        "setVariable",
        "setExpression",
        "source",
        "continue",
        "next",
        "stepIn",
        "stepOut",
        "pause",
        "exceptionInfo",
        "completions",
        "richInspectVariables",
        "copyToGlobals",
        "stepInTargets",
        "gotoTargets",
        "goto",
    }
)
"""Requests that may be about a function."""
_EMPTY: Mapping[str, dict[str, Any]] = {
    "stackTrace": {"stackFrames": []},
    "scopes": {"scopes": []},
    "variables": {"variables": []},
}
"""JupyterLab reads these of a refusal, too: its last question may come after *Continue*."""


def _reply(message: dict[str, Any], body: dict[str, Any], refused: str = "") -> dict[str, Any]:
    reply = {
        "seq": message.get("seq", 0),
        "type": "response",
        "request_seq": message.get("seq", 0),
        "command": message["command"],
        "success": not refused,
        "body": body,
    }
    return {**reply, "message": refused} if refused else reply


def _row(client: Any, name: str) -> dict[str, Any]:
    """The engine's session of a function. Raises :class:`RefusedError`."""
    if client is None:
        raise RefusedError(f"there is no engine that debugs {name}")
    try:
        told = engine_status(client, f"debug?{urlencode({'function': name})}")
    except Exception as error:  # the kernel's own debugger goes on, whatever it is
        raise RefusedError(f"the engine does not answer: {error}") from None
    rows = (told or {}).get("sessions", [])
    if not rows:
        raise RefusedError(f"the endpoint has no debugger for {name}")
    row: dict[str, Any] = rows[0]
    if row["problem"]:
        raise RefusedError(row["problem"])
    return row


def path_of(text: str) -> str:
    """Where the kernel writes a cell's text for the debugger."""
    from ipykernel.compiler import get_file_name

    path: str = get_file_name(text)  # type: ignore[no-untyped-call]
    return path
