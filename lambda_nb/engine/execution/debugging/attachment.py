"""What a debugged environment and its session know of each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from lambda_nb.engine.execution.debugging.dap import Refused
from lambda_nb.engine.execution.runtime_api.peers import Peer, PeersUnknownError, peer
from lambda_nb.engine.execution.sandbox.paths import Files, Places

_SEEN = Places("/var/task", "/opt", "/var/runtime", "/tmp")  # noqa: S108  (inside the environment)
_KNOWN_WITHIN_S = 5.0
_MOST_SOURCE_CHARACTERS = 4 << 20
_SOURCES = (".py", ".pyi", ".js", ".mjs", ".cjs", ".ts")


class Clock(Protocol):
    """The time limit of an environment's present phase."""

    def hold(self) -> None:
        """The time stands still."""

    def go_on(self) -> None:
        """The time goes on where it stood."""


class Owner(Protocol):
    """The session."""

    def variables(self) -> dict[str, str]:
        """Environment variables of a process that is to be debugged."""

    def process_gone(self, attachment: Attachment) -> None:
        """The process of the environment has ended."""

    def release(self, attachment: Attachment) -> None:
        """Debug this environment no longer."""


class Attachment:
    """A session's hold on one environment: made when its init phase begins, until it ends."""

    def __init__(self, session: Owner) -> None:
        self._session = session
        self._owns: Callable[[Peer], bool | None] = lambda other: False
        self._clock: Clock | None = None
        self._places = _SEEN
        self._files: Files | None = None

    # -- the environment's side

    def variables(self) -> dict[str, str]:
        """Environment variables of its next process."""
        return self._session.variables()

    def expect(
        self, owns: Callable[[Peer], bool | None], clock: Clock, places: Places, files: Files
    ) -> None:
        """A process is about to start. ``owns`` says whether a peer is one of the environment's."""
        self._owns, self._clock, self._places, self._files = owns, clock, places, files

    def process_ended(self) -> None:
        """Its processes have been killed."""
        self._session.process_gone(self)

    def release(self) -> None:
        """The environment ends."""
        self._session.release(self)

    # -- the session's side

    async def is_ours(self, theirs: tuple[str, int], ours: tuple[str, int]) -> bool:
        """Whether a connection comes from a process of the environment."""
        loop = asyncio.get_running_loop()
        until = loop.time() + _KNOWN_WITHIN_S
        while loop.time() < until:
            try:
                other = peer(theirs, ours)
            except PeersUnknownError:
                return True  # as the Runtime API does where the system does not tell
            answer = False if other is None else self._owns(other)
            if answer is not None:
                return answer
            await asyncio.sleep(0.01)  # the zygote has not told its process id yet
        return False

    def hold(self) -> None:
        """The function has stopped: its time limit waits."""
        if self._clock is not None:
            self._clock.hold()

    def go_on(self) -> None:
        """The function runs again."""
        if self._clock is not None:
            self._clock.go_on()

    def real(self, path: str) -> str:
        """A path of Lambda's as the process knows it: the same, if it has mounts of its own."""
        return _moved(path, _SEEN, self._places)

    def seen(self, path: str) -> str:
        """A path of the process as on Lambda."""
        return _moved(path, self._places, _SEEN)

    def placed(self, told: dict[str, Any]) -> dict[str, Any]:
        """A frame or breakpoint of the process with its path as on Lambda."""
        path = path_of(told)
        return told if not path else {**told, "source": {**told["source"], "path": self.seen(path)}}

    def source(self, path: str) -> str:
        """The text of a source file that the function sees at ``path``. Raises :class:`Refused`."""
        file = self._here(path)
        if file.suffix not in _SOURCES:
            raise Refused(f"no source of {path or 'this frame'}")
        try:
            with file.open(encoding="utf-8", errors="replace") as text:
                return text.read(_MOST_SOURCE_CHARACTERS)
        except (OSError, ValueError) as error:
            raise Refused(f"no source of {path}: {error}") from None

    def _here(self, path: str) -> Path:
        if self._files is None:
            return Path(path)
        files = self._files
        folders = Places(str(files.task), str(files.opt), str(files.runtime), _SEEN.tmp)
        return Path(_moved(self.seen(path), _SEEN, folders))


def path_of(told: dict[str, Any]) -> str:
    """The path of a frame or breakpoint; empty if it has none."""
    return str((told.get("source") or {}).get("path") or "")


def _moved(path: str, come: Places, go: Places) -> str:
    for old, new in ((come.task, go.task), (come.opt, go.opt), (come.runtime, go.runtime)):
        if path == old or path.startswith(f"{old}/"):
            return new + path[len(old) :]
    return path
