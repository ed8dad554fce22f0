"""A Node.js process as a debuggee: DAP's requests, carried out by Node's inspector."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

from lambda_nb.engine.execution.debugging.dap import Refused
from lambda_nb.engine.execution.debugging.exchange import Arrival
from lambda_nb.engine.execution.debugging.nodejs.breakpoints import LOG, NodeBreakpoints
from lambda_nb.engine.execution.debugging.nodejs.inspector import Inspector
from lambda_nb.engine.execution.debugging.nodejs.paths import Paths
from lambda_nb.engine.execution.debugging.nodejs.stack import Stack
from lambda_nb.engine.execution.debugging.nodejs.values import shown, typed

_THREAD = 1
_ASYNC_DEPTH = 8
_RESUMED_WITHIN_S = 1.0
_REASONS = {"exception": "exception", "promiseRejection": "exception", "assert": "exception"}
_STATES = {"all": "all", "raised": "all", "uncaught": "uncaught", "userUnhandled": "uncaught"}
_WHOLE = (
    "((value) => typeof value === 'string' ? value : JSON.stringify(value) ?? String(value))(%s)"
)
_BLACK_BOXES = (r"^node:", r"/bootstraps/nodejs/", r"^file:///var/runtime/")

Carry = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


class NodeDebuggee:
    """Implements ``debuggee.Debuggee``.

    Parameters
    ----------
    arrival
        The process.
    hidden
        Whether frames of a file are the runtime's own.
    """

    def __init__(self, arrival: Arrival, hidden: Callable[[str], bool]) -> None:
        self._happened = arrival.happened
        self._hidden = hidden
        self._inspector = Inspector(arrival, self._notified)
        self._paths = Paths()
        self._breakpoints = NodeBreakpoints(self._inspector, self._paths)
        self._stack = Stack(self._inspector, self._paths)
        self._enabled = False
        self._pausing = False
        self._resumed = asyncio.Event()
        self._why: dict[str, Any] = {}
        self._carry: dict[str, Carry] = {
            "initialize": self._nothing,
            "attach": self._attach,
            "configurationDone": self._configuration_done,
            "disconnect": self._disconnect,
            "setBreakpoints": self._set_breakpoints,
            "setExceptionBreakpoints": self._set_exceptions,
            "threads": self._threads,
            "stackTrace": self._stack_trace,
            "scopes": self._scopes,
            "variables": self._variables,
            "setVariable": self._set_variable,
            "evaluate": self._evaluate,
            "exceptionInfo": self._exception_info,
            "source": self._source,
            "continue": self._continue,
            "next": self._step("Debugger.stepOver"),
            "stepIn": self._step("Debugger.stepInto"),
            "stepOut": self._step("Debugger.stepOut"),
            "pause": self._pause,
        }

    async def ask(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """Carry out a request; return the body of its response. Raises :class:`Refused`."""
        carry = self._carry.get(command)
        if carry is None:
            raise Refused(f"The debugger of Node.js functions has no {command}.")
        return await carry(arguments)

    def close(self) -> None:
        """Let go of the process."""
        self._inspector.close()

    # -- begin and end

    async def _nothing(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {}

    async def _attach(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self._paths.map(arguments.get("pathMappings") or [])
        if not self._enabled:
            self._enabled = True
            post = self._inspector.post
            await post("Debugger.enable")
            await post("Debugger.setAsyncCallStackDepth", maxDepth=_ASYNC_DEPTH)
            if arguments.get("justMyCode", True):
                await post("Debugger.setBlackboxPatterns", patterns=list(_BLACK_BOXES))
            await post("Runtime.addBinding", name=LOG)
            self._happened("thread", {"reason": "started", "threadId": _THREAD})
        return {}

    async def _configuration_done(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return await self._inspector.post("go")

    async def _disconnect(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Nothing stops the process any more."""
        await self._breakpoints.clear()
        if self._enabled:
            self._enabled = False
            await self._inspector.post("Debugger.disable")  # lets it go on, too
            self._stack.leave()
        return {}

    # -- where to stop

    async def _set_breakpoints(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"breakpoints": await self._breakpoints.set(arguments)}

    async def _set_exceptions(self, arguments: dict[str, Any]) -> dict[str, Any]:
        states = {_STATES.get(str(one)) for one in arguments.get("filters") or []}
        state = next((one for one in ("all", "uncaught") if one in states), "none")
        await self._inspector.post("Debugger.setPauseOnExceptions", state=state)
        return {}

    # -- going on

    async def _continue(self, arguments: dict[str, Any]) -> dict[str, Any]:
        await self._go_on("Debugger.resume")
        return {"allThreadsContinued": True}

    def _step(self, method: str) -> Carry:
        async def step(arguments: dict[str, Any]) -> dict[str, Any]:
            await self._go_on(method)
            return {}

        return step

    async def _go_on(self, method: str) -> None:
        """Leave a pause, and wait until V8 has left it: before, it would ignore the next one."""
        resumed = self._resumed = asyncio.Event()
        await self._inspector.post(method)
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(resumed.wait(), _RESUMED_WITHIN_S)

    async def _pause(self, arguments: dict[str, Any]) -> dict[str, Any]:
        self._pausing = True
        await self._inspector.post("Debugger.pause")
        return {}

    # -- what there is

    async def _threads(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"threads": [{"id": _THREAD, "name": "main"}]}

    async def _stack_trace(self, arguments: dict[str, Any]) -> dict[str, Any]:
        frames = [
            one for one in self._stack.frames() if not self._hidden(one["source"].get("path", ""))
        ]
        start = int(arguments.get("startFrame") or 0)
        levels = int(arguments.get("levels") or 0) or len(frames)
        return {"stackFrames": frames[start : start + levels], "totalFrames": len(frames)}

    async def _scopes(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return {"scopes": self._stack.scopes(int(arguments.get("frameId") or 0))}

    async def _variables(self, arguments: dict[str, Any]) -> dict[str, Any]:
        reference = int(arguments.get("variablesReference") or 0)
        return {"variables": await self._stack.variables(reference, arguments)}

    async def _set_variable(self, arguments: dict[str, Any]) -> dict[str, Any]:
        return self._told(await self._stack.set(arguments), "value")

    async def _evaluate(self, arguments: dict[str, Any]) -> dict[str, Any]:
        expression, context = str(arguments.get("expression", "")), arguments.get("context")
        if context == "clipboard":  # the whole value as text
            expression = _WHOLE % expression
        value = await self._stack.evaluate(
            expression, arguments.get("frameId"), pure=context == "hover"
        )
        told = self._told(value, "result")
        return {**told, "result": str(value.get("value", ""))} if context == "clipboard" else told

    def _told(self, value: dict[str, Any], name: str) -> dict[str, Any]:
        return {
            name: shown(value),
            "type": typed(value),
            "variablesReference": self._stack.reference(value),
        }

    async def _exception_info(self, arguments: dict[str, Any]) -> dict[str, Any]:
        thrown = self._why.get("data")
        if not isinstance(thrown, dict) or self._why.get("reason") not in _REASONS:
            raise Refused("It has not stopped at an exception.")
        described = str(thrown.get("description") or shown(thrown))
        return {
            "exceptionId": typed(thrown) or "Error",
            "description": described.splitlines()[0] if described else "",
            "breakMode": "unhandled" if thrown.get("uncaught") else "always",
            "details": {"stackTrace": described},
        }

    async def _source(self, arguments: dict[str, Any]) -> dict[str, Any]:
        source = arguments.get("source") or {}
        number = arguments.get("sourceReference") or source.get("sourceReference")
        script = self._paths.script(int(number or 0))
        if script is None:
            raise Refused("no source of this frame")
        told = await self._inspector.post("Debugger.getScriptSource", scriptId=script)
        return {"content": str(told.get("scriptSource", "")), "mimeType": "text/javascript"}

    # -- events

    def _notified(self, method: str, told: dict[str, Any]) -> None:
        if method == "Debugger.paused":
            self._paused(told)
        elif method == "Debugger.resumed":
            self._resumed.set()
            self._stack.leave()
            self._happened("continued", {"threadId": _THREAD, "allThreadsContinued": True})
        elif method == "Debugger.scriptParsed":
            self._paths.parsed(told)
        elif method == "Debugger.breakpointResolved":
            resolved = self._breakpoints.resolved(told)
            if resolved is not None:
                self._happened("breakpoint", {"reason": "changed", "breakpoint": resolved})
        elif method == "Runtime.bindingCalled" and told.get("name") == LOG:
            text = str(told.get("payload", "")) + "\n"
            self._happened("output", {"category": "console", "output": text})

    def _paused(self, told: dict[str, Any]) -> None:
        self._why = told
        self._stack.enter(told)
        hit = self._breakpoints.hit(told.get("hitBreakpoints") or [])
        reason = _REASONS.get(str(told.get("reason")))
        if reason is None:
            reason = "breakpoint" if hit else "pause" if self._pausing else "step"
        self._pausing = False
        body: dict[str, Any] = {"reason": reason, "threadId": _THREAD, "allThreadsStopped": True}
        thrown = told.get("data")
        if reason == "exception" and isinstance(thrown, dict):
            body["text"] = str(thrown.get("description") or shown(thrown)).partition("\n")[0]
        if hit:
            body["hitBreakpointIds"] = hit
        self._happened("stopped", body)
