"""Numbered requests to the debugger in a process, and its answers, whatever protocol it speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from lambda_nb.engine.execution.debugging.dap import Ended

Message = dict[str, Any]

Happened = Callable[[str, dict[str, Any]], None]
"""Told of an event, in DAP's terms: its name and its body."""


class Arrival(NamedTuple):
    """A process that has connected, and who is told of what happens in it.

    ``gone`` is called once, when the stream has ended.
    """

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    happened: Happened
    gone: Callable[[], None]


class Exchange:
    """Sends requests and waits for their answers, which come in any order.

    Parameters
    ----------
    arrival
        The process.
    receive
        Reads the next message; ``None`` at the end of the stream.
    heard
        Told of each message; returns the number of the request that it answers, if it does.
    """

    def __init__(
        self,
        arrival: Arrival,
        receive: Callable[[], Awaitable[Message | None]],
        heard: Callable[[Message], Any],
    ) -> None:
        self._writer = arrival.writer
        self._gone = arrival.gone
        self._receive = receive
        self._heard = heard
        self._last = 0
        self._waiting: dict[int, asyncio.Future[Message]] = {}
        self._reading = asyncio.ensure_future(self._read())

    async def ask(self, framed: Callable[[int], bytes]) -> Message:
        """Send a request, made from its number; return its answer.

        Raises
        ------
        Ended
            The process has ended.
        """
        if self._reading.done():
            raise Ended
        self._last += 1
        answer: asyncio.Future[Message] = asyncio.get_running_loop().create_future()
        self._waiting[self._last] = answer
        self._writer.write(framed(self._last))
        return await answer

    def close(self) -> None:
        """Close the stream."""
        self._reading.cancel()
        self._writer.close()

    async def _read(self) -> None:
        try:
            while (message := await self._receive()) is not None:
                number = self._heard(message)
                answer = self._waiting.pop(number, None) if isinstance(number, int) else None
                if answer is not None and not answer.done():
                    answer.set_result(message)
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(Ended())
            self._waiting.clear()
            self._writer.close()
            self._gone()
