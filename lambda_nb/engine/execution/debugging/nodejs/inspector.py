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
from lambda_nb.engine.execution.debugging.exchange import Arrival, Exchange

_LENGTH = struct.Struct(">I")


class Inspector:
    """One process's inspector.

    Parameters
    ----------
    arrival
        The process.
    notified
        Told of its events: method and parameters.
    """

    def __init__(self, arrival: Arrival, notified: Callable[[str, dict[str, Any]], None]) -> None:
        self._reader = arrival.reader
        self._notified = notified
        self._exchange = Exchange(arrival, self._next, self._heard)

    async def post(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Call a method; return its result. Raises :class:`Refused`."""
        call = {"method": method, "params": parameters}
        told = await self._exchange.ask(lambda number: _framed({"id": number, **call}))
        if error := told.get("error"):
            raise Refused(str(error.get("message") if isinstance(error, dict) else error))
        result = told.get("result")
        return result if isinstance(result, dict) else {}

    def close(self) -> None:
        """Close the stream."""
        self._exchange.close()

    async def _next(self) -> dict[str, Any] | None:
        try:
            (length,) = _LENGTH.unpack(await self._reader.readexactly(_LENGTH.size))
            if length > MOST_BYTES:
                return None
            message = json.loads(await self._reader.readexactly(length))
        except (asyncio.IncompleteReadError, ConnectionError, ValueError, RecursionError):
            return None
        return message if isinstance(message, dict) else {}

    def _heard(self, message: dict[str, Any]) -> Any:
        if "method" in message:
            self._notified(str(message["method"]), message.get("params") or {})
            return None
        return message.get("id")


def _framed(message: dict[str, Any]) -> bytes:
    body = json.dumps(message).encode()
    return _LENGTH.pack(len(body)) + body
