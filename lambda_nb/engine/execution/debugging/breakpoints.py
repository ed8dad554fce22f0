"""The breakpoints that a client wants: kept, so that each new process of the function gets them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

WAITS = "Waits for the function's next environment."


class Breakpoints:
    """Breakpoints by the path of their source, with numbers of their own.

    A process numbers them as it likes; the client knows each by one number for the whole session.
    """

    def __init__(self) -> None:
        self._wanted: dict[str, dict[str, Any]] = {}
        self._ids: dict[str, list[int]] = {}
        self._theirs: dict[int, int] = {}
        self._last = 0

    def keep(self, arguments: dict[str, Any]) -> str:
        """Keep the arguments of a ``setBreakpoints``, instead of earlier ones of that source."""
        path = str((arguments.get("source") or {}).get("path", ""))
        wanted = arguments.get("breakpoints") or []
        self._wanted.pop(path, None)
        self._ids.pop(path, None)
        if wanted:
            self._wanted[path] = arguments
            self._ids[path] = list(range(self._last + 1, self._last + 1 + len(wanted)))
            self._last += len(wanted)
        return path

    def wanted(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Each path, and the arguments that were kept for it."""
        yield from list(self._wanted.items())

    def forget(self) -> None:
        """The client is gone, and its breakpoints with it."""
        self._wanted.clear()
        self._ids.clear()
        self._theirs.clear()

    def process_gone(self) -> None:
        """Another process will number them anew."""
        self._theirs.clear()

    def pending(self, path: str) -> list[dict[str, Any]]:
        """The breakpoints of a source as a client sees them while there is no process."""
        wanted = (self._wanted.get(path) or {}).get("breakpoints", [])
        return [
            {"id": number, "verified": False, "line": one.get("line"), "message": WAITS}
            for number, one in zip(self._ids.get(path, []), wanted, strict=False)
        ]

    def set(self, path: str, told: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """What a process has made of the breakpoints of a source, in the client's numbers."""
        mine = []
        for number, one in zip(self._ids.get(path, []), told, strict=False):
            if isinstance(one.get("id"), int):
                self._theirs[one["id"]] = number
            mine.append({**one, "id": number})
        return mine

    def number(self, theirs: Any) -> int | None:
        """The client's number of a process's breakpoint."""
        return self._theirs.get(theirs)
