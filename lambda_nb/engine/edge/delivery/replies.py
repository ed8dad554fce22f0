"""Sends responses to viewers."""

from __future__ import annotations

from contextlib import AsyncExitStack

from lambda_nb.engine.api.wire.headers import HOP_BY_HOP, NO_VALUE
from lambda_nb.engine.api.wire.http import Header, Reply, Send
from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import Response

_STATUS_LINE = len("HTTP/1.1 200 \r\n\r\n")
_FIELD = len(": \r\n")


def head_bytes(response: Response) -> int:
    """Bytes that a response's head takes on the wire."""
    return (
        _STATUS_LINE
        + len(response.reason)
        + sum(len(name) + len(value) + _FIELD for name, value in response.headers)
    )


async def send(response: Response, method: str, to: Send) -> int:
    """Send a response as it comes.

    Parameters
    ----------
    method
        Of the request: the response to a HEAD has no body, but its length.

    Returns
    -------
    int
        The bytes of its body that were sent.
    """
    headers = wire(response.headers)
    if isinstance(response.body, bytes):
        body = b"" if method == "HEAD" else response.body
        if method != "HEAD":
            headers = [header for header in headers if header[0] != b"content-length"]
        await Reply(response.status, body, headers, None).send(to)
        return len(body)
    async with AsyncExitStack() as stack:
        if response.close is not None:
            stack.push_async_callback(response.close)
        await to({"type": "http.response.start", "status": response.status, "headers": headers})
        sent = 0
        if method != "HEAD":
            async for piece in response.body:
                sent += len(piece)
                await to({"type": "http.response.body", "body": piece, "more_body": True})
        await to({"type": "http.response.body", "body": b""})
        return sent


def wire(headers: Headers) -> list[Header]:
    """Headers as ASGI takes them; what cannot be sent, or is for one hop alone, is left out."""
    told = []
    for name, value in headers:
        lower = name.lower()
        raw = value.encode("latin-1", "replace")
        if lower not in HOP_BY_HOP and not NO_VALUE.search(raw):
            told.append((lower.encode("latin-1", "replace"), raw))
    return told
