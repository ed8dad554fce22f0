"""Sends responses to viewers."""

from __future__ import annotations

import asyncio
import re
from contextlib import AsyncExitStack
from functools import lru_cache

from lambda_nb.engine.api.wire.headers import HOP_BY_HOP, NO_VALUE
from lambda_nb.engine.api.wire.http import ClientGone, Header, Receive, Reply, Send
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Response

_STATUS_LINE = len("HTTP/1.1 200 \r\n\r\n")
_FIELD = len(": \r\n")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_NO_BODY = (204, 304)


def head_bytes(response: Response) -> int:
    """Bytes that a response's head takes on the wire."""
    return (
        _STATUS_LINE
        + len(response.reason)
        + sum(len(name) + len(value) + _FIELD for name, value in response.headers)
    )


async def send(response: Response, method: str, to: Send, receive: Receive) -> int:
    """Send a response as it comes.

    Parameters
    ----------
    method
        Of the request: the response to a HEAD has no body, but its length.
    receive
        The rest of what the viewer says.

    Returns
    -------
    int
        The bytes of its body that were sent.

    Raises
    ------
    ClientGone
        The viewer hung up before it had the whole body.
    """
    if isinstance(response.body, bytes):
        reply = whole(response, method)
        await reply.send(to)
        return len(reply.body)
    headers = wire(response.headers)
    bodiless = method == "HEAD"
    if response.status in _NO_BODY:  # a function may have changed the status of one with a body
        bodiless = True
        headers = [header for header in headers if header[0] != b"content-length"]
    async with AsyncExitStack() as stack:
        if response.close is not None:
            stack.push_async_callback(response.close)
        await to({"type": "http.response.start", "status": response.status, "headers": headers})
        sent = 0
        if not bodiless:
            # The server sends nothing to who has left, without a word: so nobody would stop.
            leaving = asyncio.ensure_future(receive())
            stack.callback(leaving.cancel)
            async for piece in response.body:
                if leaving.done():
                    raise ClientGone
                sent += len(piece)
                await to({"type": "http.response.body", "body": piece, "more_body": True})
        await to({"type": "http.response.body", "body": b""})
        return sent


def whole(response: Response, method: str) -> Reply:
    """A response whose body is there, as it is sent."""
    assert isinstance(response.body, bytes)
    headers = wire(response.headers)
    if method == "HEAD":
        return Reply(response.status, b"", headers, None)
    headers = [header for header in headers if header[0] != b"content-length"]
    return Reply(response.status, response.body, headers, None)


def wire(headers: Headers) -> list[Header]:
    """Headers as ASGI takes them; what cannot be sent, or is for one hop alone, is left out."""
    told = []
    for name, value in headers:
        sent = _name(name)
        raw = value.encode("latin-1", "replace")
        if sent and not NO_VALUE.search(raw):
            told.append((sent, raw))
    return told


@lru_cache(4096)
def _name(name: str) -> bytes:
    """A header's name as it is sent; empty if it is not."""
    lower = name.lower()
    return b"" if lower in HOP_BY_HOP or not _TOKEN.fullmatch(lower) else lower.encode()
