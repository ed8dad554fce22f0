"""Function cells as JupyterLab's debugger knows them: by a path made from their text.

JupyterLab has the kernel write each cell with breakpoints to a file (``dumpCell``) whose name is a
hash of the text. A function's code came from such a text, so the path of that text stands for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lambda_nb.notebook.functions.code_origin import Origin

TASK = "/var/task/"
_FUNCTION_CELL = re.compile(r"\s*%%lambda\s+(?!-)(\S+)")

Breakpoint = dict[str, Any]


@dataclass(frozen=True)
class Deployed:
    """The cell of a function as it was deployed: where JupyterLab and the function have it."""

    name: str
    path: str
    file: str
    offset: int
    source: str

    def in_function(self, one: Breakpoint) -> Breakpoint:
        """A breakpoint of the cell, for the function's debugger."""
        return {**one, "line": int(one["line"]) - self.offset}

    def in_cell(self, told: dict[str, Any]) -> dict[str, Any]:
        """A frame or breakpoint with the place in the cell, if it is there."""
        source = told.get("source") or {}
        if source.get("path") != self.file:
            return told
        lines = {
            key: told[key] + self.offset for key in ("line", "endLine") if told.get(key) is not None
        }
        shown = {**source, "path": self.path, "name": Path(self.path).name, "sourceReference": 0}
        return {**told, **lines, "source": shown}


class FunctionCells:
    """The texts that the kernel was given, their breakpoints, and what became functions."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}
        self._breakpoints: dict[str, list[Breakpoint]] = {}
        self._deployed: dict[str, Deployed] = {}

    def note(self, path: str, text: str) -> None:
        """A cell was written to a file."""
        if not _FUNCTION_CELL.match(text):
            return
        self._texts[path] = text
        for name, one in self._deployed.items():
            if _same(text, one.source):
                self._deployed[name] = replace(one, path=path)

    def holds(self, path: str) -> bool:
        """Whether a file is a function cell."""
        return path in self._texts or any(one.path == path for one in self._deployed.values())

    def deploy(self, name: str, origin: Origin, path: str) -> Deployed:
        """A function was made from a cell; ``path`` is where its text would be written."""
        known = self.paths(origin.source)
        path = path if path in known or not known else known[-1]
        made = Deployed(name, path, TASK + origin.file, origin.offset, origin.source)
        self._deployed[name] = made
        return made

    def paths(self, source: str) -> list[str]:
        """Where the text of a cell was written."""
        return [path for path, text in self._texts.items() if _same(text, source)]

    def forget(self, name: str) -> None:
        """A function is not debugged any more."""
        self._deployed.pop(name, None)

    def of(self, path: str) -> list[Deployed]:
        """The functions made from the text at a path."""
        return [one for one in self._deployed.values() if one.path == path]

    def names(self) -> list[str]:
        """The functions that are debugged."""
        return list(self._deployed)

    def cell(self, name: str) -> Deployed | None:
        """A debugged function's cell."""
        return self._deployed.get(name)

    def set(self, path: str, breakpoints: list[Breakpoint]) -> None:
        """The breakpoints of a text, instead of earlier ones."""
        if breakpoints:
            self._breakpoints[path] = breakpoints
        else:
            self._breakpoints.pop(path, None)

    def breakpoints(self, path: str) -> list[Breakpoint]:
        """The breakpoints of a text. Line 1 is the magic's and never runs."""
        return [one for one in self._breakpoints.get(path, []) if int(one.get("line", 0)) > 1]

    def all_breakpoints(self) -> list[dict[str, Any]]:
        """As ``debugInfo`` tells them."""
        return [{"source": path, "breakpoints": them} for path, them in self._breakpoints.items()]

    def clear(self) -> None:
        """The debugger was turned off: it has no breakpoints."""
        self._breakpoints.clear()


def _same(text: str, source: str) -> bool:
    """Whether a text is the cell of a function; IPython may have normalised its first line."""
    first, _, body = text.partition("\n")
    line, _, code = source.partition("\n")
    return first.split() == line.split() and body.rstrip() == code.rstrip()
