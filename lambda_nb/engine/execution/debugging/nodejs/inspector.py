"""Messages of Node's inspector (Chrome DevTools Protocol) with a function's process.

``bootstraps/nodejs/debugger_pipe.mjs`` is the other side: JSON, its length in four bytes before it.
"""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import Callable
from typing import Any

from lambda_nb.engine.execution.debugging.dap import MOST_BYTES, Refused

_LENGTH = struct.Struct(">I")
_ENDED = "the environment has ended"


class Inspector:
    """One process's inspector.

    Parameters
    ----------
    notified
        Told of its events: method and parameters.
    gone
        Called once, when the stream has ended.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        notified: Callable[[str, dict[str, Any]], None],
        gone: Callable[[], None],
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._notified = notified
        self._gone = gone
        self._last = 0
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.ensure_future(self._read())

    async def post(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method; return its result. Raises :class:`Refused`."""
        if self._reading.done():
            raise Refused(_ENDED)
        self._last += 1
        number = self._last
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        body = json.dumps({"id": number, "method": method, "params": parameters}).encode()
        self._writer.write(_LENGTH.pack(len(body)) + body)
        told = await answer
        if error := told.get("error"):
            raise Refused(str(error.get("message") if isinstance(error, dict) else error))
        result = told.get("result")
        return result if isinstance(result, dict) else {}

    def close(self) -> None:
        """Close the stream."""
        self._reading.cancel()
        self._writer.close()

    async def _read(self) -> None:
        try:
            while True:
                (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
                if length > MOST_BYTES:
                    return
                message = json.loads(await self._reader.readexactly(length))
                if isinstance(message, dict):
                    self._heard(message)
        except (asyncio.IncompleteReadError, ConnectionError, ValueError, RecursionError):
            return
        finally:
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(Refused(_ENDED))
            self._waiting.clear()
            self._writer.close()
            self._gone()

    def _heard(self, message: dict[str, Any]) -> None:
        if "method" in message:
            self._notified(str(message["method"]), message.get("params") or {})
            return
        answer = self._waiting.pop(message.get("id", 0), None)
        if answer is not None and not answer.done():
            answer.set_result(message)
