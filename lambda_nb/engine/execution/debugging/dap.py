"""Messages of the Debug Adapter Protocol on a stream: a length, an empty line, JSON."""

from __future__ import annotations

import asyncio
import json
from typing import Any

MOST_BYTES = 64 << 20
"""Longest message that is read."""

_HEADERS = (b"content-length", b"content-type")


class Refused(Exception):  # noqa: N818  (a response with ``success: false``)
    """A request that was not carried out; the text says why."""


class Ended(Refused):
    """The process ended before it answered. What is kept for the next one is not lost."""

    def __init__(self) -> None:
        super().__init__("the environment has ended")


class NotDapError(Exception):
    """What came is no message of this protocol."""


def framed(message: dict[str, Any]) -> bytes:
    """A message as it is sent."""
    body = json.dumps(message, ensure_ascii=False, default=str).encode("utf-8", "replace")
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


async def read(reader: asyncio.StreamReader, most_bytes: int = MOST_BYTES) -> dict[str, Any] | None:
    """The next message, of at most ``most_bytes``; ``None`` at the end of the stream.

    Raises
    ------
    NotDapError
        Something else came, say an HTTP request.
    """
    length = -1
    try:
        while (line := await reader.readline()) != b"\r\n":
            if not line:
                return None
            name, _, value = line.partition(b":")
            if name.lower() not in _HEADERS:
                raise NotDapError(f"this is no DAP header: {line[:60]!r}")
            if name.lower() == _HEADERS[0]:
                length = int(value)
        if not 0 <= length <= most_bytes:
            raise NotDapError(f"a message of {length} bytes")
        message = json.loads(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except (ValueError, RecursionError) as error:  # no number, no JSON, a line without an end
        raise NotDapError(str(error)) from None
    if not isinstance(message, dict):
        raise NotDapError("a message is a JSON object")
    return message
