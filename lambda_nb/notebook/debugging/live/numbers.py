"""Numbers of frames and variables: those of functions must not meet those of the kernel."""

from __future__ import annotations

from typing import Any

from lambda_nb.notebook.debugging.live.dap_stream import RefusedError
from lambda_nb.notebook.debugging.live.function_session import FunctionSession

FIRST = 1_000_000_000
"""debugpy counts from 1, and the protocol ends at 2**31."""

KEYS = ("frameId", "srcFrameId", "variablesReference")


class Numbers:
    """Gives each frame and variable of a stopped function a number of this kernel's."""

    def __init__(self) -> None:
        self._last = FIRST
        self._theirs: dict[int, tuple[FunctionSession, int]] = {}
        self._ours: dict[tuple[FunctionSession, int], int] = {}

    def of(self, session: FunctionSession, theirs: int) -> int:
        """Our number; 0 (no children) stays 0."""
        if not theirs:
            return theirs
        key = session, theirs
        if key not in self._ours:
            self._last += 1
            self._ours[key] = self._last
            self._theirs[self._last] = key
        return self._ours[key]

    def owner(self, arguments: dict[str, Any]) -> FunctionSession | None:
        """Whose numbers the arguments of a request have; ``None`` if they are the kernel's.

        Raises
        ------
        RefusedError
            A function's that runs again.
        """
        for key in KEYS:
            number = arguments.get(key)
            if isinstance(number, int) and number > FIRST:
                if number not in self._theirs:
                    raise RefusedError("the function runs again, its variables are gone")
                return self._theirs[number][0]
        return None

    def theirs(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """Arguments with the function's own numbers."""
        known = self._theirs
        return {
            key: known[value][1] if key in KEYS and isinstance(value, int) and value in known
            else value
            for key, value in arguments.items()
        }  # fmt: skip

    def forget(self, session: FunctionSession) -> None:
        """A function runs again: its numbers mean nothing any more."""
        for ours, (owner, theirs) in list(self._theirs.items()):
            if owner is session:
                del self._theirs[ours], self._ours[owner, theirs]
