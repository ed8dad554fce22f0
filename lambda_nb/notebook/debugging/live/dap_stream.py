"""A connection to a debugged function: requests of the Debug Adapter Protocol, answers, events."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any

from lambda_nb.notebook.errors import NotebookError

ANSWER_WITHIN_S = 30.0
"""How long a request may take; what is evaluated runs in the function."""


class RefusedError(NotebookError):
    """A request that the function's debugger did not carry out."""


class Stream:
    """Sends requests and passes on events.

    Parameters
    ----------
    happened
        Told of each event, as it came.
    ended
        Called once when the other side has hung up.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        happened: Callable[[dict[str, Any]], None],
        ended: Callable[[], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._happened = happened
        self._ended = ended
        self._last = 0
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.ensure_future(self._read())

    async def ask(self, command: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """The body of a request's response.

        Raises
        ------
        RefusedError
            It was not carried out, or there was no answer in :data:`ANSWER_WITHIN_S`.
        """
        if self._reading.done():
            raise RefusedError("the engine has ended the debugging session")
        self._last += 1
        number = self._last
        request = {"seq": number, "type": "request", "command": command, "arguments": arguments}
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        body = json.dumps(request).encode()
        self._writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        try:
            response = await asyncio.wait_for(answer, ANSWER_WITHIN_S)
        except asyncio.TimeoutError:
            raise RefusedError(f"no answer to {command} in {ANSWER_WITHIN_S:g} s") from None
        finally:
            self._waiting.pop(number, None)
        if not response.get("success"):
            raise RefusedError(str(response.get("message") or f"{command} failed"))
        return dict(response.get("body") or {})

    async def close(self) -> None:
        """Hang up."""
        self._writer.close()
        self._reading.cancel()
        await asyncio.wait([self._reading])

    async def _read(self) -> None:
        try:
            with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
                while header := await self._reader.readline():
                    await self._reader.readline()
                    length = int(header.partition(b":")[2])
                    message = json.loads(await self._reader.readexactly(length))
                    if message.get("type") == "event":
                        self._happened(message)
                        continue
                    answer = self._waiting.get(message.get("request_seq"))
                    if answer is not None and not answer.done():
                        answer.set_result(message)
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(RefusedError("the environment has ended"))
            self._writer.close()
            self._ended()
