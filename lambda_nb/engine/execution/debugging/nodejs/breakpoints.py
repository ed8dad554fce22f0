"""Breakpoints in a Node.js process: conditions, counts, and messages instead of stops."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

from lambda_nb.engine.execution.debugging.dap import Refused
from lambda_nb.engine.execution.debugging.nodejs.inspector import Inspector
from lambda_nb.engine.execution.debugging.nodejs.paths import Paths

LOG = "__lambda_nb_debug_log"
"""A function in the process that hands a text to the debugger."""

_NOT_LOADED = "The file has not been loaded yet."
_HITS = re.compile(r"\s*(>=|>|==|=|<=|<|%)?\s*(\d+)\s*\Z")
_SAFELY = (
    "(() => { try { const value = (%s); return typeof value === 'object' && value"
    " ? JSON.stringify(value) : String(value); } catch (failure) { return `${failure}`; } })()"
)
_PLACE = re.compile(r"\{([^{}]*)\}")


class NodeBreakpoints:
    """The breakpoints that are set in one process."""

    def __init__(self, inspector: Inspector, paths: Paths) -> None:
        self._inspector = inspector
        self._paths = paths
        self._of: dict[str, list[str]] = {}
        self._numbers: dict[str, int] = {}
        self._last = 0

    async def set(self, arguments: dict[str, Any]) -> list[dict[str, Any]]:
        """Set the breakpoints of a file, instead of those it had."""
        path = str((arguments.get("source") or {}).get("path", ""))
        await self._remove(self._of.pop(path, []))
        return [await self._add(path, one) for one in arguments.get("breakpoints") or []]

    async def clear(self) -> None:
        """Remove them all."""
        for path in list(self._of):
            await self._remove(self._of.pop(path))

    def resolved(self, told: dict[str, Any]) -> dict[str, Any] | None:
        """A breakpoint whose file has now been loaded."""
        number = self._numbers.get(str(told.get("breakpointId")))
        return None if number is None else self._verified(number, told.get("location") or {})

    def hit(self, identifiers: list[Any]) -> list[int]:
        """The numbers of breakpoints that were hit."""
        return [self._numbers[one] for one in identifiers if one in self._numbers]

    async def _add(self, path: str, wanted: dict[str, Any]) -> dict[str, Any]:
        self._last += 1
        number, line = self._last, int(wanted.get("line") or 1)
        try:
            condition = _condition(wanted, number)
            told = await self._inspector.post(
                "Debugger.setBreakpointByUrl",
                urlRegex=self._paths.address_pattern(path),
                lineNumber=line - 1,
                columnNumber=max(0, int(wanted.get("column") or 1) - 1),
                condition=condition,
            )
        except Refused as refusal:
            return {"id": number, "verified": False, "line": line, "message": str(refusal)}
        identifier = str(told.get("breakpointId"))
        self._numbers[identifier] = number
        self._of.setdefault(path, []).append(identifier)
        places = told.get("locations") or []
        if places:
            return self._verified(number, places[0])
        return {"id": number, "verified": False, "line": line, "message": _NOT_LOADED}

    def _verified(self, number: int, place: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": number,
            "verified": True,
            "line": int(place.get("lineNumber", 0)) + 1,
            "source": self._paths.source(str(place.get("scriptId"))),
        }

    async def _remove(self, identifiers: list[str]) -> None:
        for one in identifiers:
            self._numbers.pop(one, None)
            with contextlib.suppress(Refused):
                await self._inspector.post("Debugger.removeBreakpoint", breakpointId=one)


def _condition(wanted: dict[str, Any], number: int) -> str:
    """One JavaScript expression that says whether to stop. Raises :class:`Refused`."""
    parts = []
    if condition := str(wanted.get("condition") or "").strip():
        words = json.dumps(f"The condition {condition} failed: ")
        otherwise = f"{{ {LOG}({words} + failure); return false; }}"
        parts.append(f"(() => {{ try {{ return ({condition}); }} catch (failure) {otherwise} }})()")
    if hits := str(wanted.get("hitCondition") or "").strip():
        parts.append(_counted(hits, number))
    if message := wanted.get("logMessage"):
        parts.append(f"({LOG}({_message(str(message))}), false)")
    return " && ".join(parts)


def _counted(hits: str, number: int) -> str:
    found = _HITS.match(hits)
    if found is None:
        raise Refused(f"{hits!r}: a hit condition is a number, or >, >=, <, <=, == or % with one")
    name = f"globalThis[Symbol.for('lambda_nb.hits.{number}')]"
    count = f"({name} = ({name} ?? 0) + 1)"
    operator, times = found[1] or "==", found[2]
    if operator == "%":
        return f"({count} % {times} === 0)"
    return f"({count} {'===' if operator in ('=', '==') else operator} {times})"


def _message(text: str) -> str:
    """``n is {n}`` as an expression that makes a text."""
    parts, end = [], 0
    for found in _PLACE.finditer(text):
        parts.append(json.dumps(text[end : found.start()]))
        inner = found[1].strip() or "''"
        parts.append(_SAFELY % inner)
        end = found.end()
    return " + ".join([*parts, json.dumps(text[end:])])
