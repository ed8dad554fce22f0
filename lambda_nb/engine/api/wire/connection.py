"""Connections of the front: uvicorn's, which can also write a whole response at once."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from functools import partial
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from lambda_nb.engine.api.wire.http import WHOLE, Header, Receive, Scope, Send

_NO_VALUE = re.compile(b"[\x00-\x08\x0a-\x1f\x7f]")
_JOINED = 65536


class WholeAnswers(HttpToolsProtocol):
    """uvicorn's protocol, which takes one ASGI message for the head of a response and one for its
    body, with a way to write both at once."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        scope: Any = cycle.scope
        scope[WHOLE] = partial(_write, cycle)
        super()._start_asgi_task(cycle, _measured(app) if scope["http_version"] == "1.0" else app)


def _measured(app: Any) -> Any:
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


def _write(cycle: RequestResponseCycle, status: int, headers: list[Header], body: bytes) -> bool:
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
    lines = [STATUS_LINE[status]]
    for name, value in (*cycle.default_headers, *headers):
        if _NO_VALUE.search(value):
            return False
        lines += (name.lower(), b": ", value, b"\r\n")
    lines.append(b"\r\n")
    if len(body) < _JOINED:
        lines.append(body)
        cycle.transport.write(b"".join(lines))
    else:
        cycle.transport.writelines((b"".join(lines), body))
    cycle.waiting_for_100_continue = False
    cycle.response_started = cycle.response_complete = True
    cycle.message_event.set()
    cycle.on_response()
    return True
