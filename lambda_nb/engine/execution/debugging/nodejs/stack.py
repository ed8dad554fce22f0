"""The stack of a Node.js process that has stopped: frames, scopes, variables, expressions."""

from __future__ import annotations

from typing import Any

from lambda_nb.engine.execution.debugging.dap import Refused
from lambda_nb.engine.execution.debugging.nodejs.inspector import Inspector
from lambda_nb.engine.execution.debugging.nodejs.paths import Paths
from lambda_nb.engine.execution.debugging.nodejs.values import shown

_GROUP = "lambda-nb"
_MOST_VARIABLES = 1000
_SCOPES = {
    "local": "Local",
    "block": "Block",
    "closure": "Closure",
    "catch": "Catch",
    "module": "Module",
    "script": "Script",
    "with": "With",
    "eval": "Eval",
    "global": "Global",
}


class _Scope:
    """What a ``variablesReference`` stands for: an object, or a scope of a frame."""

    def __init__(
        self, identifier: str, frame: dict[str, Any] | None = None, number: int = 0
    ) -> None:
        self.identifier = identifier
        self.frame = frame
        self.number = number


class Stack:
    """The stack where a process has stopped; empty while it runs."""

    def __init__(self, inspector: Inspector, paths: Paths) -> None:
        self._inspector = inspector
        self._paths = paths
        self._frames: dict[int, dict[str, Any]] = {}
        self._async: list[dict[str, Any]] = []
        self._references: dict[int, _Scope] = {}
        self._last = 0

    def enter(self, paused: dict[str, Any]) -> None:
        """The process has stopped."""
        self.leave()
        for frame in paused.get("callFrames") or []:
            self._frames[self._number()] = frame
        trace = paused.get("asyncStackTrace")
        while isinstance(trace, dict):
            self._async += [{**one, "why": trace.get("description")} for one in trace["callFrames"]]
            trace = trace.get("parent")

    def leave(self) -> None:
        """The process goes on: nothing of what it had is there any more."""
        self._frames.clear()
        self._async.clear()
        self._references.clear()

    # -- frames

    def frames(self) -> list[dict[str, Any]]:
        """All frames, the innermost first; below them those that were left by ``await``."""
        told = [
            self._frame(number, frame["functionName"], frame["location"], frame.get("url", ""))
            for number, frame in self._frames.items()
        ]
        known = {(one["name"], one["source"].get("path"), one["line"]) for one in told}
        for one in self._async:
            frame = self._frame(self._number(), one["functionName"], one, one.get("url", ""))
            frame["presentationHint"] = "subtle"
            if (frame["name"], frame["source"].get("path"), frame["line"]) not in known:
                told.append(frame)
        return told

    def _frame(self, number: int, name: str, place: dict[str, Any], address: str) -> dict[str, Any]:
        return {
            "id": number,
            "name": name or "(anonymous)",
            "source": self._paths.source(str(place.get("scriptId")), address),
            "line": int(place.get("lineNumber", 0)) + 1,
            "column": int(place.get("columnNumber", 0)) + 1,
        }

    def scopes(self, frame_id: int) -> list[dict[str, Any]]:
        """The scopes of a frame, the innermost first."""
        frame = self._frames.get(frame_id)
        if frame is None:
            return []
        told = []
        for number, scope in enumerate(frame["scopeChain"]):
            kind = str(scope["type"])
            identifier = scope["object"].get("objectId", "")
            name = _SCOPES.get(kind, kind.capitalize())
            told.append(
                {
                    "name": name,
                    "presentationHint": "locals" if kind in ("local", "block") else "globals",
                    "expensive": kind == "global",
                    "variablesReference": self._keep(_Scope(identifier, frame, number)),
                }
            )
        return told

    # -- variables

    async def variables(self, reference: int, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        """The variables of a scope, or the properties of an object."""
        scope = self._of(reference)
        told = await self._inspector.post(
            "Runtime.getProperties",
            objectId=scope.identifier,
            ownProperties=True,
            generatePreview=True,
        )
        found = [self._property(one) for one in told.get("result") or []]
        if scope.frame is None:
            found += [
                self._property({**one, "name": f"[[{one['name'].strip('[]')}]]"})
                for one in told.get("internalProperties") or []
            ]
        elif scope.number == 0:
            found = self._extras(scope.frame) + found
        start, count = int(arguments.get("start") or 0), int(arguments.get("count") or 0)
        return found[start : start + (count or _MOST_VARIABLES)]

    def _extras(self, frame: dict[str, Any]) -> list[dict[str, Any]]:
        """What a function has beside its variables: ``this``, and what it is about to return."""
        extras = []
        own = frame.get("this")
        if isinstance(own, dict) and own.get("type") != "undefined":
            extras.append(self._property({"name": "this", "value": own}))
        if isinstance(frame.get("returnValue"), dict):
            extras.append(self._property({"name": "(returns)", "value": frame["returnValue"]}))
        return extras

    def _property(self, told: dict[str, Any]) -> dict[str, Any]:
        value = told.get("value")
        if not isinstance(value, dict):  # a getter: asking it would run code
            value = {"type": "function", "description": "(getter)"}
        # No type: JupyterLab would show it instead of the value, as it knows Python's types only.
        return {
            "name": str(told.get("name")),
            "value": shown(value),
            "variablesReference": self.reference(value),
        }

    def reference(self, value: dict[str, Any]) -> int:
        """A ``variablesReference`` of a remote object; 0 if there is nothing in it."""
        identifier = value.get("objectId")
        return self._keep(_Scope(identifier)) if isinstance(identifier, str) else 0

    async def set(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Change a variable or a property; return its new value."""
        scope = self._of(int(arguments.get("variablesReference") or 0))
        name, frame = str(arguments.get("name", "")), scope.frame
        frame_id = next((n for n, one in self._frames.items() if one is frame), None)
        value = await self.evaluate(str(arguments.get("value", "")), frame_id or self._first())
        new = _argument(value)
        if frame is not None:
            await self._inspector.post(
                "Debugger.setVariableValue",
                scopeNumber=scope.number,
                variableName=name,
                newValue=new,
                callFrameId=frame["callFrameId"],
            )
        else:
            await self._inspector.post(
                "Runtime.callFunctionOn",
                objectId=scope.identifier,
                functionDeclaration="function (name, value) { this[name] = value; }",
                arguments=[{"value": name}, new],
            )
        return value

    # -- expressions

    async def evaluate(
        self, expression: str, frame_id: int | None, *, pure: bool = False
    ) -> dict[str, Any]:
        """The value of an expression, in a frame or outside. Raises :class:`Refused`."""
        common = {
            "expression": expression,
            "objectGroup": _GROUP,
            "generatePreview": True,
            "throwOnSideEffect": pure,
        }
        frame = self._frames.get(int(frame_id)) if frame_id else None
        if frame is not None:
            identifier = frame["callFrameId"]
            told = await self._inspector.post(
                "Debugger.evaluateOnCallFrame", callFrameId=identifier, **common
            )
        else:
            told = await self._inspector.post("Runtime.evaluate", replMode=True, **common)
        if failed := told.get("exceptionDetails"):
            thrown = failed.get("exception") or {}
            text = str(thrown.get("description") or failed.get("text") or shown(thrown))
            raise Refused(text.partition("\n")[0])
        result = told.get("result")
        return result if isinstance(result, dict) else {"type": "undefined"}

    # -- numbers

    def _first(self) -> int | None:
        return next(iter(self._frames), None)

    def _of(self, reference: int) -> _Scope:
        scope = self._references.get(reference)
        if scope is None:
            raise Refused("These variables are gone: the function has gone on.")
        return scope

    def _keep(self, scope: _Scope) -> int:
        number = self._number()
        self._references[number] = scope
        return number

    def _number(self) -> int:
        self._last += 1
        return self._last


def _argument(value: dict[str, Any]) -> dict[str, Any]:
    """A remote object as ``Runtime.CallArgument``."""
    for name in ("objectId", "unserializableValue"):
        if name in value:
            return {name: value[name]}
    return {"value": value["value"]} if "value" in value else {}
