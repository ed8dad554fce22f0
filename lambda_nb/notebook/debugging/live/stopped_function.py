"""Answers of a stopped function: call stack, variables, steps, in the terms of the cell."""

from __future__ import annotations

import ast
import json
from collections.abc import Awaitable, Callable
from typing import Any

from lambda_nb.notebook.debugging.live.dap_stream import RefusedError
from lambda_nb.notebook.debugging.live.function_session import FunctionSession
from lambda_nb.notebook.debugging.live.numbers import Numbers

_HIDDEN = frozenset(
    {
        "__name__",
        "__doc__",
        "__package__",
        "__loader__",
        "__spec__",
        "__builtins__",
        "__cached__",
        "__file__",
        "__annotations__",
    }
)
_NO_NAMES = ("special variables", "function variables", "class variables", "protected variables")
_HTML = "{0}._repr_html_() or '' if hasattr({0}, '_repr_html_') else ''"

Handler = Callable[[FunctionSession, dict[str, Any]], Awaitable["dict[str, Any] | None"]]


class StoppedFunctions:
    """Carries out the kernel's requests in functions.

    Parameters
    ----------
    shell
        The IPython shell: variables can be copied to its notebook.

    Attributes
    ----------
    numbers : Numbers
        The numbers of frames and variables that the front end knows.
    """

    def __init__(self, shell: Any) -> None:
        self.numbers = Numbers()
        self._shell = shell
        self._handlers: dict[str, Handler] = {
            "stackTrace": self._stack_trace,
            "scopes": self._scopes,
            "variables": self._variables,
            "evaluate": self._evaluate,
            "source": self._source,
            "richInspectVariables": self._rich,
            "copyToGlobals": self._copy,
        }

    async def answer(
        self, session: FunctionSession, command: str, arguments: dict[str, Any]
    ) -> dict[str, Any] | None:
        """The body of the response; ``None`` if the kernel should answer after all.

        Raises
        ------
        RefusedError
            The function's debugger refuses.
        """
        theirs = self.numbers.theirs(arguments)
        if "threadId" in theirs:
            theirs["threadId"] = session.thread
        handler = self._handlers.get(command)
        if handler is not None:
            return await handler(session, theirs)
        return self._numbered(session, await session.ask(command, theirs))

    async def _stack_trace(
        self, session: FunctionSession, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        body = await session.ask("stackTrace", arguments)
        frames = [
            {**session.cell.in_cell(one), "id": self.numbers.of(session, one["id"])}
            for one in body.get("stackFrames", [])
        ]
        return {**body, "stackFrames": frames}

    async def _scopes(self, session: FunctionSession, arguments: dict[str, Any]) -> dict[str, Any]:
        body = await session.ask("scopes", arguments)
        return {"scopes": [self._numbered(session, one) for one in body.get("scopes", [])]}

    async def _variables(
        self, session: FunctionSession, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        body = await session.ask("variables", arguments)
        shown = [one for one in body.get("variables", []) if one.get("name") not in _HIDDEN]
        return {"variables": [self._numbered(session, one) for one in shown]}

    async def _evaluate(
        self, session: FunctionSession, arguments: dict[str, Any]
    ) -> dict[str, Any]:
        if "frameId" not in arguments:
            told = await session.ask("stackTrace", {"threadId": session.thread, "levels": 1})
            if not (frames := told.get("stackFrames")):
                raise RefusedError(f"{session.cell.name} has no frame of its own here")
            arguments = {**arguments, "frameId": frames[0]["id"]}
        return self._numbered(session, await session.ask("evaluate", arguments))

    async def _source(
        self, session: FunctionSession, arguments: dict[str, Any]
    ) -> dict[str, Any] | None:
        """A library's source; the cell's own the kernel has."""
        path = (arguments.get("source") or {}).get("path")
        if path == session.cell.path:
            return None
        try:
            return await session.ask("source", arguments)
        except RefusedError:
            return None

    async def _rich(self, session: FunctionSession, arguments: dict[str, Any]) -> dict[str, Any]:
        """A variable as text, and as HTML if it can show itself so."""
        name, frame = str(arguments.get("variableName", "")), arguments.get("frameId")
        if name in _NO_NAMES:
            return {"data": {}, "metadata": {}}
        if not name.isidentifier():
            raise RefusedError(f"{name!r} is no variable")
        data = {"text/plain": await self._text(session, name, frame)}
        try:
            html = ast.literal_eval(await self._text(session, _HTML.format(name), frame))
        except (RefusedError, ValueError, SyntaxError):  # its method failed, or gave no text
            html = ""
        if html and isinstance(html, str):
            data["text/html"] = html
        return {"data": data, "metadata": {}}

    async def _copy(self, session: FunctionSession, arguments: dict[str, Any]) -> dict[str, Any]:
        """Copy a variable of the function to the notebook, by way of JSON."""
        source, target = arguments.get("srcVariableName"), arguments.get("dstVariableName")
        if not str(source).isidentifier() or not str(target).isidentifier():
            raise RefusedError("dstVariableName and srcVariableName must be valid identifiers")
        is_node = session.language == "node"  # whose texts come as they are, Python's as a repr
        dumps = "JSON.stringify" if is_node else "__import__('json').dumps"
        expression = f"{dumps}({source})"
        try:
            text = await self._text(session, expression, arguments.get("srcFrameId"))
            self._shell.user_ns[str(target)] = json.loads(
                text if is_node else ast.literal_eval(text)
            )
        except (RefusedError, ValueError, TypeError, SyntaxError) as error:
            raise RefusedError(f"{source} cannot be copied: it is no JSON ({error})") from None
        return {}

    @staticmethod
    async def _text(session: FunctionSession, expression: str, frame: Any) -> str:
        """The whole ``repr`` of an expression's value."""
        arguments = {"expression": expression, "frameId": frame, "context": "clipboard"}
        return str((await session.ask("evaluate", arguments)).get("result", ""))

    def _numbered(self, session: FunctionSession, told: dict[str, Any]) -> dict[str, Any]:
        """A scope or variable with our number for its children."""
        if "variablesReference" not in told:
            return told
        return {
            **told,
            "variablesReference": self.numbers.of(session, told["variablesReference"]),
        }
