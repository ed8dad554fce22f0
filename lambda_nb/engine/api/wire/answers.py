"""Answers as uvicorn's cycles write them, and what uvicorn does not: a whole one at once."""

from __future__ import annotations

from collections.abc import Iterable, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from lambda_nb.engine.api.wire.headers import NO_VALUE
from lambda_nb.engine.api.wire.http import Header, Receive, Scope, Send

_JOINED = 65536


async def refuse_head(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request whose head is too long (431)."""
    headers = [(b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 431, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def measured(app: Any) -> Any:
    """Wrap the application for an HTTP/1.0 client, which knows no chunks: a response streamed
    without a length is collected and sent with one. ApacheBench and nginx are such by default."""

    async def measured(scope: Scope, receive: Receive, send: Send) -> None:
        held: list[MutableMapping[str, Any]] = []

        async def collect(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                if any(name.lower() == b"content-length" for name, _ in message["headers"]):
                    await send(message)
                else:
                    held.append(message)
                return
            if not held:
                await send(message)
                return
            held.append(message)
            if message.get("more_body", False):
                return
            body = b"".join(part.get("body", b"") for part in held[1:])
            start, *_ = held
            held.clear()
            if start["status"] not in (204, 304):
                start["headers"] = [*start["headers"], (b"content-length", b"%d" % len(body))]
            await send(start)
            await send({"type": "http.response.body", "body": body})

        await app(scope, receive, collect)

    return measured


def leave_date(cycle: RequestResponseCycle) -> None:
    """The response states its own ``Date``."""
    cycle.default_headers = [pair for pair in cycle.default_headers if pair[0] != b"date"]


def whole_head(status: int, headers: Iterable[Header]) -> bytes:
    """The head of a response that states its own length."""
    lines = [STATUS_LINE[status]]
    for name, value in headers:
        lines += (name.lower(), b": ", value, b"\r\n")
    lines.append(b"\r\n")
    return b"".join(lines)


def write_whole(
    cycle: RequestResponseCycle, status: int, headers: list[Header], body: bytes
) -> bool:
    """Write a response that states its own length. False, with nothing written, if the response
    needs uvicorn's more careful way."""
    if (
        cycle.response_started
        or cycle.disconnected
        or cycle.flow.write_paused
        or not cycle.keep_alive
        or cycle.scope["method"] == "HEAD"
    ):
        return False
    told = (*cycle.default_headers, *headers)
    if any(NO_VALUE.search(value) for _, value in told):
        return False
    head = whole_head(status, told)
    if len(body) < _JOINED:
        cycle.transport.write(head + body)
    else:
        cycle.transport.writelines((head, body))
    cycle.waiting_for_100_continue = False
    cycle.response_started = cycle.response_complete = True
    cycle.message_event.set()
    cycle.on_response()
    return True
