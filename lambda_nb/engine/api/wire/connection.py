"""Connections of the front: uvicorn's, which can also write a whole response at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from functools import partial
from ssl import SSLContext
from typing import Any

from uvicorn.protocols.http.httptools_impl import (
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from lambda_nb.engine.api.wire.headers import NO_VALUE
from lambda_nb.engine.api.wire.http import (
    AS_SPELT,
    CERTIFICATE,
    OWN_DATE,
    TLS,
    WHOLE,
    Header,
    Receive,
    Scope,
    Send,
)
from lambda_nb.engine.api.wire.tls import CERTIFICATE_DER, HELLO, SPOKEN, Decrypting

log = logging.getLogger(__name__)

Certificate = Callable[[], Awaitable["SSLContext | None"]]
Mqtt = Callable[[asyncio.Transport], Awaitable["asyncio.Protocol | None"]]
"""Makes what takes a connection that speaks MQTT; ``None`` to close it."""

MQTT_CONNECT = 0x10
"""The first byte of every MQTT connection. No request of HTTP begins with it."""

_JOINED = 65536

MOST_HEAD = 65536
"""Bytes that the head of a request may have: request line and headers. No service of AWS takes so
many (a load balancer 64 KB, API Gateway 20 KB)."""

_BETWEEN, _IN_HEAD, _IN_BODY = range(3)
_BEGINNINGS = {_BETWEEN: 1, _IN_HEAD: 0}
"""Heads that begin in data which is all of one head, by where the data begins."""

_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


class WholeAnswers(HttpToolsProtocol):
    """uvicorn's protocol, which takes one ASGI message for the head of a response and one for its
    body, with a way to write both at once.

    It also keeps the names of headers as they were spelt, refuses a head of more than
    :data:`MOST_HEAD` bytes (431), understands TLS, hands MQTT over, and takes WebSockets without
    loading what serves them before there is one.

    Parameters
    ----------
    certificate
        For clients that speak TLS; ``None`` if there is no certificate.
    mqtt
        For clients that speak MQTT, inside TLS or not; ``None`` if nobody does.
    settings
        uvicorn's.
    """

    def __init__(
        self,
        *,
        certificate: Certificate | None = None,
        mqtt: Mqtt | None = None,
        **settings: Any,
    ) -> None:
        super().__init__(**settings)
        self.ws_protocol_class: Any = _web_socket
        self._place = _BETWEEN
        self._begun = 0
        self._unread = 0
        self._head = 0
        self._certificate = certificate
        self._mqtt = mqtt
        self._is_first = certificate is not None or mqtt is not None
        self._held: list[bytes] | None = None
        self._shown: bytes | None = None
        self._spoken: tuple[str, str] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take over a connection."""
        super().connection_made(transport)
        self._shown = transport.get_extra_info(CERTIFICATE_DER)
        self._spoken = transport.get_extra_info(SPOKEN)

    def data_received(self, data: bytes) -> None:
        """Take bytes of the client; the first one tells whether it speaks TLS, MQTT or HTTP."""
        if self._is_first:
            self._is_first = False
            first = data[0] if data else 0
            if first == HELLO and self._certificate is not None:
                self._hand_over(self._decrypt(data))
                return
            if first == MQTT_CONNECT and self._mqtt is not None:
                self._held = [data]
                self._hand_over(self._to_mqtt())
                return
        if self._held is not None:
            self._held.append(data)
            return
        place, self._begun = self._place, 0
        super().data_received(data)
        # Data that begins with another request's body says little of this head's length.
        if self._place == _IN_HEAD and self._begun == _BEGINNINGS.get(place):
            self._unread += len(data)
            if self._unread > MOST_HEAD and not self.transport.is_closing():
                self.transport.write(_TOO_LONG)
                self.transport.close()

    def _hand_over(self, work: Coroutine[Any, Any, None]) -> None:
        self.transport.pause_reading()
        task = self.loop.create_task(work)
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    async def _to_mqtt(self) -> None:
        """Hand the connection over to what speaks MQTT."""
        assert self._mqtt is not None
        try:
            protocol = await self._mqtt(self.transport)
        except Exception:
            log.exception("an MQTT connection could not be taken")
            protocol = None
        if protocol is None or self.transport.is_closing():
            self.transport.close()
            return
        self._unset_keepalive_if_required()
        self.connections.discard(self)
        held, self._held = self._held or [], None
        self.transport.set_protocol(protocol)
        protocol.connection_made(self.transport)
        self.transport.resume_reading()
        protocol.data_received(b"".join(held))

    async def _decrypt(self, data: bytes) -> None:
        """Hand the connection over to what decrypts it, with one of us inside."""
        assert self._certificate is not None
        context = await self._certificate()
        if context is None:
            self.transport.close()
            return
        self.connections.discard(self)
        inside = partial(
            type(self),
            config=self.config,
            server_state=self.server_state,
            app_state=self.app_state,
            mqtt=self._mqtt,
        )
        outside = Decrypting(self.transport, context, inside)
        self.transport.set_protocol(outside)
        outside.limit(self.loop)
        outside.data_received(data)
        self.transport.resume_reading()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._place = _IN_HEAD
        self._begun += 1
        self._head = self._unread = 0
        self._as_spelt: list[Header] = []
        scope: Any = self.scope
        if self._shown is not None:
            scope[CERTIFICATE] = self._shown
        if self._spoken is not None:
            scope[TLS] = self._spoken
        scope[AS_SPELT] = self._as_spelt

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header has come; one that comes after a body is dropped."""
        if self._place == _IN_BODY:
            return
        self._as_spelt.append((name, value))
        self._head += len(name) + len(value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """A request's head has come."""
        self._place = _IN_BODY
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A request has come."""
        self._place = _BETWEEN
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over; what serves WebSockets reads the request once more."""
        self.scope["headers"] = self._as_spelt
        super().handle_websocket_upgrade()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        scope: Any = cycle.scope
        if self._head > MOST_HEAD:
            app = _refuse_head
        scope[WHOLE] = partial(_write, cycle)
        scope[OWN_DATE] = partial(_leave_date, cycle)
        super()._start_asgi_task(cycle, _measured(app) if scope["http_version"] == "1.0" else app)


def _web_socket(**settings: Any) -> Any:
    """What serves a WebSocket, loaded for the first one."""
    from lambda_nb.engine.api.wire.web_socket import LimitedWebSocket

    return LimitedWebSocket(**settings)


async def _refuse_head(scope: Scope, receive: Receive, send: Send) -> None:
    headers = [(b"content-length", b"0"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 431, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


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


def _leave_date(cycle: RequestResponseCycle) -> None:
    cycle.default_headers = [pair for pair in cycle.default_headers if pair[0] != b"date"]


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
        if NO_VALUE.search(value):
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
