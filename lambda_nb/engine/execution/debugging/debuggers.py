"""All debugging sessions of an executor: one for each version that asks to be debugged."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.execution.debugging.attachment import Attachment
from lambda_nb.engine.execution.debugging.clients import Port
from lambda_nb.engine.execution.debugging.languages import language_of
from lambda_nb.engine.execution.debugging.session import Session
from lambda_nb.engine.model import FunctionVersion

_Key = tuple[str, str]


@dataclass(slots=True)
class _Debugged:
    """A version that asks to be debugged: its session, or why there is none."""

    function: FunctionVersion
    session: Session | None = None
    port: Port | None = None
    problem: str = ""


class Debuggers:
    """Opens, finds and ends sessions.

    Parameters
    ----------
    secret
        The tokens of clients are made from it: with the same secret they stay the same.
    """

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._debugged: dict[_Key, _Debugged] = {}
        self._turns: dict[_Key, asyncio.Lock] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._closing = False

    async def prepare(self, function: FunctionVersion) -> None:
        """Open the session of a version that asks for it; renew that of an earlier revision."""
        key = function.name, function.version
        if function.debug_port is None and key not in self._turns:
            return  # as nearly always: it waits for nobody
        async with self._turns.setdefault(key, asyncio.Lock()):
            known = self._debugged.get(key)
            if known is not None and known.session is not None:
                if known.function.revision == function.revision:
                    return
                if _same_port(known, function):
                    known.function = function
                    known.session.renew(function)
                    return
            if known is not None:
                del self._debugged[key]
                await _close(known)
            if function.debug_port is not None and not self._closing:
                # Tried again each time: what was in the way, such as a port, may be gone.
                self._debugged[key] = await self._opened(function)

    async def claim(self, function: FunctionVersion) -> tuple[Attachment | None, str]:
        """A hold on a new environment, if it is to be debugged; or why that is not possible."""
        if function.debug_port is None:
            return None, ""
        await self.prepare(function)
        known = self._debugged.get((function.name, function.version))
        if known is None or known.function.revision != function.revision:
            return None, ""
        return None if known.session is None else known.session.claim(), known.problem

    def debugs(self, function: FunctionVersion) -> bool:
        """Whether a version has a session."""
        known = self._debugged.get((function.name, function.version))
        return known is not None and known.session is not None

    def changed(self, name: str, version: str) -> None:
        """Debug no present environment of a version."""
        known = self._debugged.get((name, version))
        if known is not None and known.session is not None:
            known.session.renew(known.function)

    def removed(self, name: str, version: str | None) -> None:
        """End the sessions of a version, or (``None``) of a function."""
        for key in [k for k in self._debugged if k[0] == name and version in (None, k[1])]:
            self._background(_close(self._debugged.pop(key)))
        for key in [k for k in self._turns if k[0] == name and version in (None, k[1])]:
            if not self._turns[key].locked():
                del self._turns[key]

    def status(self) -> list[dict[str, Any]]:
        """One row a version: see ``docs``; ``token`` is what a client has to send."""
        return [_row(one) for one in self._debugged.values()]

    async def close(self) -> None:
        """End all sessions; functions that are stopped run on."""
        self._closing = True
        for turn in list(self._turns.values()):
            async with turn:
                pass  # what was just being opened is open
        ending = [_close(one) for one in self._debugged.values()]
        self._debugged.clear()
        await asyncio.gather(*ending, *self._ending, return_exceptions=True)

    async def _opened(self, function: FunctionVersion) -> _Debugged:
        language = language_of(function.runtime)
        if language is None:
            problem = f"There is no debugger for {function.runtime or 'container images'}."
            return _Debugged(function, problem=problem)
        if function.snap_start and function.version != "$LATEST":
            problem = "Environments restored from a snapshot (SnapStart) cannot be debugged."
            return _Debugged(function, problem=problem)
        if problem := language.missing():
            return _Debugged(function, problem=problem)
        session = Session(function, language, self._token(function))
        port = Port(session)
        try:
            await session.open()
            await port.open(function.debug_port or 0)
        except OSError as error:
            await session.close()
            problem = f"Port {function.debug_port} cannot be opened: {error.strerror or error}."
            return _Debugged(function, problem=problem)
        return _Debugged(function, session, port)

    def _token(self, function: FunctionVersion) -> str:
        told = f"debug {function.qualified_arn}".encode()
        return hmac.new(self._secret, told, hashlib.sha256).hexdigest()[:32]

    def _background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


def _same_port(known: _Debugged, function: FunctionVersion) -> bool:
    old, new = known.function, function
    if new.debug_port is None or language_of(old.runtime) is not language_of(new.runtime):
        return False
    return old.debug_port == new.debug_port


async def _close(one: _Debugged) -> None:
    if one.session is not None:
        await one.session.close()
    if one.port is not None:
        await one.port.close()


def _row(one: _Debugged) -> dict[str, Any]:
    session = one.session
    state = "unavailable"
    if session is not None:
        state = "stopped" if session.stopped else "running" if session.has_process else "waiting"
    return {
        "function": one.function.name,
        "version": one.function.version,
        "language": "" if session is None else session.language.name,
        "host": "127.0.0.1",
        "port": 0 if one.port is None else one.port.number,
        "token": "" if session is None else session.token,
        "state": state,
        "attached": session is not None and session.attached,
        "problem": one.problem,
        "root": "/var/task",
    }
