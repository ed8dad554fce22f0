"""The debugging session of one function version: what a client sees of its environments.

A client attaches to the session and stays, while environments come and go::

    client (editor, kernel) <-- DAP --> Session <-- DAP --> debugger in the present process

The session keeps what the client has set and gives it to each new process before the function is
loaded. While the function is stopped, its time limit waits.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import socket
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from lambda_nb.engine.execution.debugging.attachment import Attachment, path_of
from lambda_nb.engine.execution.debugging.dap import Refused
from lambda_nb.engine.execution.debugging.debuggee import Debuggee, ask_present
from lambda_nb.engine.execution.debugging.exchange import Arrival
from lambda_nb.engine.execution.debugging.languages import Language
from lambda_nb.engine.execution.debugging.wanted import Wanted
from lambda_nb.engine.model import FunctionVersion

_CONFIGURED_WITHIN_S = 2.0
"""How long a new process waits for a client that is attached and still sets its breakpoints."""

_LET_GO_WITHIN_S = 2.0
_GO_ON = ("continue", "next", "stepIn", "stepOut")

Answer = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class Client(Protocol):
    """Who debugs."""

    def event(self, name: str, body: dict[str, Any]) -> None:
        """Tell of an event."""

    def close(self) -> None:
        """The session is over."""


class Session:
    """Debugs one environment of a function version at a time.

    Parameters
    ----------
    function
        The version.
    language
        Its debugger.
    token
        What a client has to know.
    """

    def __init__(self, function: FunctionVersion, language: Language, token: str) -> None:
        self.function = function
        self.language = language
        self.token = token
        self.stopped = False
        """Whether the function is stopped now."""
        self._inner = socket.create_server(("127.0.0.1", 0))
        self._server: asyncio.Server | None = None
        self._client: Client | None = None
        self._wanted = Wanted(language)
        self._attachment: Attachment | None = None
        self._debuggee: Debuggee | None = None
        self._present: object = None
        self._turn = asyncio.Lock()
        self._threads: set[int] = set()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._own: dict[str, Answer] = {
            "initialize": self._initialize,
            "setBreakpoints": self._set_breakpoints,
            "setExceptionBreakpoints": self._set_exceptions,
            "setFunctionBreakpoints": self._set_functions,
            "configurationDone": self._configuration_done,
            "threads": self._list_threads,
            "stackTrace": self._stack_trace,
            "source": self._source,
        }

    async def open(self) -> None:
        """Take the connections of processes."""
        self._server = await asyncio.start_server(self._came, sock=self._inner)

    async def close(self) -> None:
        """The function is not debugged any more: let its process run on, and tell the client."""
        if self._attachment is not None:
            self.release(self._attachment)
        client, self._client = self._client, None
        if client is not None:
            client.event("terminated", {})
            client.close()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_LET_GO_WITHIN_S)
        if self._server is not None:
            self._server.close()
        self._inner.close()

    @property
    def attached(self) -> bool:
        """Whether a client is attached."""
        return self._client is not None

    @property
    def has_process(self) -> bool:
        """Whether the debugger of a process is connected."""
        return self._debuggee is not None

    # -- environments

    def claim(self) -> Attachment | None:
        """A hold on a new environment; ``None`` while another one is being debugged."""
        if self._attachment is not None:
            return None
        self._attachment = Attachment(self)
        return self._attachment

    def variables(self) -> dict[str, str]:
        """Environment variables of a process that is to be debugged."""
        return self.language.variables(self._inner.getsockname()[1])

    def process_gone(self, attachment: Attachment) -> None:
        """The process of the environment has ended."""
        if attachment is self._attachment:
            self._forget_process()

    def release(self, attachment: Attachment) -> None:
        """Debug this environment no longer; what still runs in it runs on without stops."""
        if attachment is not self._attachment:
            return
        debuggee = self._debuggee
        self._forget_process(closing=False)
        attachment.go_on()
        self._attachment = None
        if debuggee is not None:
            self._background(_let_go(debuggee))

    def renew(self, function: FunctionVersion) -> None:
        """The version has new code or a new configuration: its next environment is debugged."""
        self.function = function
        if self._attachment is not None:
            self.release(self._attachment)

    # -- the client

    async def attach(self, client: Client, arguments: dict[str, Any]) -> None:
        """Let a client attach. Raises :class:`Refused`."""
        name = self.function.name
        token = str(arguments.get("token", ""))
        if not hmac.compare_digest(token.encode(), self.token.encode()):
            raise Refused(
                f"The token of {name} is missing or wrong. %lambda debug {name} prints the launch "
                'configuration with its "token".'
            )
        async with self._turn:
            if self._client is not None and self._client is not client:
                raise Refused(f"{name} has another debugger attached. Disconnect that one first.")
            self._client = client
            self._wanted.attach = {key: arguments[key] for key in arguments if key != "token"}
            if self._attachment is not None:
                attaching = self._wanted.attaching(self._attachment)
                await ask_present(self._debuggee, "attach", attaching)

    async def detach(self, client: Client) -> None:
        """A client leaves or has vanished: nothing stops the function any more."""
        if client is not self._client:
            return
        self._client = None
        self._wanted.forget()
        try:
            async with self._turn:
                if (debuggee := self._debuggee) is not None:
                    leaving = debuggee.ask("disconnect", {"terminateDebuggee": False})
                    await asyncio.wait_for(leaving, _LET_GO_WITHIN_S)
        except Refused:
            pass  # it has ended
        except asyncio.TimeoutError:
            self._forget_process()  # its debugger is stuck, and sees at least the end of the stream
        finally:
            self._running()

    async def answer(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Carry out a request of the client; return the body. Raises :class:`Refused`."""
        own = self._own.get(command)
        if own is not None:
            return await own(arguments)
        debuggee = self._debuggee
        try:
            return await self._forward(command, arguments)
        except Refused:
            if command in _GO_ON and debuggee is not None and debuggee is not self._debuggee:
                return {}  # it went on, and to its end, before it could answer
            raise

    async def _forward(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        if self._debuggee is None:
            raise Refused(
                f"{self.function.name} has no environment yet. Invoke it, then ask again."
            )
        return await self._debuggee.ask(command, arguments)

    async def _initialize(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return dict(self.language.capabilities)

    async def _set_breakpoints(self, arguments: dict[str, Any]) -> dict[str, Any]:
        async with self._turn:
            wanted, attachment = self._wanted, self._attachment
            return {
                "breakpoints": await wanted.set_breakpoints(arguments, self._debuggee, attachment)
            }

    async def _set_exceptions(self, arguments: dict[str, Any]) -> dict[str, Any]:
        kept = self.language.stopping_at(arguments)
        return await self._set("setExceptionBreakpoints", kept)

    async def _set_functions(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return await self._set("setFunctionBreakpoints", arguments)

    async def _set(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        async with self._turn:
            return await self._wanted.set(command, arguments, self._debuggee)

    async def _configuration_done(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self._wanted.complete.set()
        async with self._turn:
            await ask_present(self._debuggee, "configurationDone", arguments)
        return {}

    async def _list_threads(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"threads": []} if self._debuggee is None else await self._forward("threads", {})

    async def _stack_trace(self, arguments: dict[str, Any]) -> dict[str, Any]:
        body = await self._forward("stackTrace", arguments)
        frames = [self._placed(frame) for frame in body.get("stackFrames", [])]
        shown = [one for one in frames if not self.language.hidden(path_of(one))]
        hidden = len(frames) - len(shown)
        return {**body, "stackFrames": shown, "totalFrames": body.get("totalFrames", 0) - hidden}

    async def _source(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """A source by its number in the process, or a file as the function sees it."""
        source = arguments.get("source") or {}
        number = arguments.get("sourceReference") or source.get("sourceReference")
        if number and self._debuggee is not None:
            return await self._debuggee.ask("source", arguments)
        if self._attachment is None:
            raise Refused(f"{self.function.name} has no environment, so no sources.")
        return {"content": self._attachment.source(str(source.get("path", "")))}

    # -- processes

    async def _came(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """A process connects."""
        theirs, ours = writer.get_extra_info("peername"), writer.get_extra_info("sockname")
        attachment = self._attachment
        if attachment is None or not await attachment.is_ours(theirs, ours):
            writer.close()
            return
        present = object()
        debuggee = self.language.arrived(
            Arrival(
                reader,
                writer,
                lambda name, body: self._happened(present, name, body),
                lambda: self._forget_process() if present is self._present else None,
            )
        )
        try:
            async with self._turn:
                self._present = present
                await self._prepare(debuggee, attachment)
                if attachment is not self._attachment:
                    raise Refused("the environment has been released meanwhile")
                self._debuggee = debuggee  # it may stop before it has answered the next request
                await debuggee.ask("configurationDone", {})
        except Refused:
            debuggee.close()
        except Exception:  # what the client has set cannot be given to it: the function runs on
            debuggee.close()
            raise

    async def _prepare(self, debuggee: Debuggee, attachment: Attachment) -> None:
        """Give a new process all that the client has set."""
        if self._client is not None and not self._wanted.complete.is_set():
            self._turn.release()  # for the requests that it waits for
            try:
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._wanted.complete.wait(), _CONFIGURED_WITHIN_S)
            finally:
                await self._turn.acquire()
        for one in await self._wanted.give(debuggee, attachment):
            self._tell("breakpoint", {"reason": "changed", "breakpoint": one})

    def _happened(self, present: object, name: str, body: dict[str, Any]) -> None:
        """An event of a process."""
        if present is not self._present or name in ("initialized", "terminated", "exited"):
            return
        if name == "stopped":
            if self._client is None:  # a call of breakpoint(), and nobody to let it go on
                thread = {"threadId": body.get("threadId")}
                self._background(self._quietly("continue", thread))
                return
            self.stopped = True
            if self._attachment is not None:
                self._attachment.hold()
            hit = [self._wanted.breakpoints.number(one) for one in body.get("hitBreakpointIds", [])]
            body = {**body, "hitBreakpointIds": [one for one in hit if one is not None]}
        elif name == "continued":
            self._running()
        elif name == "thread":
            note = self._threads.add if body.get("reason") == "started" else self._threads.discard
            note(body.get("threadId", 0))
        elif name == "breakpoint":
            told = body.get("breakpoint") or {}
            number = self._wanted.breakpoints.number(told.get("id"))
            if number is None:
                return
            body = {**body, "breakpoint": self._placed({**told, "id": number})}
        self._tell(name, body)

    def _running(self) -> None:
        self.stopped = False
        if self._attachment is not None:
            self._attachment.go_on()

    def _forget_process(self, closing: bool = True) -> None:
        """The process has gone: so have its threads, and what was set in it waits for the next."""
        debuggee, self._debuggee, self._present = self._debuggee, None, None
        if debuggee is None:
            return
        if closing:
            debuggee.close()
        stopped = self.stopped
        self._running()
        self._wanted.breakpoints.process_gone()
        if stopped:
            thread = min(self._threads, default=1)
            self._tell("continued", {"threadId": thread, "allThreadsContinued": True})
        for thread in sorted(self._threads):
            self._tell("thread", {"reason": "exited", "threadId": thread})
        self._threads.clear()
        for one in self._wanted.waiting():
            self._tell("breakpoint", {"reason": "changed", "breakpoint": one})

    async def _quietly(self, command: str, arguments: dict[str, Any]) -> None:
        with contextlib.suppress(Refused):
            await self._forward(command, arguments)

    def _tell(self, name: str, body: dict[str, Any]) -> None:
        if self._client is not None:
            self._client.event(name, body)

    def _placed(self, told: dict[str, Any]) -> dict[str, Any]:
        return told if self._attachment is None else self._attachment.placed(told)

    def _background(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def _let_go(debuggee: Debuggee) -> None:
    with contextlib.suppress(Refused, asyncio.TimeoutError):
        leaving = debuggee.ask("disconnect", {"terminateDebuggee": False})
        await asyncio.wait_for(leaving, _LET_GO_WITHIN_S)
    debuggee.close()
