"""Connections of the front: uvicorn's, which can also write a whole response at once."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from ssl import SSLContext
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from lambda_nb.engine.api.wire.answers import leave_date, measured, refuse_head, write_whole
from lambda_nb.engine.api.wire.http import (
    AS_SPELT,
    CERTIFICATE,
    OWN_DATE,
    REMEMBER,
    TLS,
    WHOLE,
    Header,
)
from lambda_nb.engine.api.wire.known_heads import KnownHeads
from lambda_nb.engine.api.wire.tls import CERTIFICATE_DER, HELLO, SPOKEN, Decrypting

log = logging.getLogger(__name__)

Certificate = Callable[[], Awaitable["SSLContext | None"]]
Mqtt = Callable[[asyncio.Transport], Awaitable["asyncio.Protocol | None"]]
"""Makes what takes a connection that speaks MQTT; ``None`` to close it."""

MQTT_CONNECT = 0x10
"""The first byte of every MQTT connection. No request of HTTP begins with it."""

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
    loading what serves them before there is one. A request that came before, byte by byte, and has
    an answer that depends on little else, is answered without being parsed.

    Parameters
    ----------
    certificate
        For clients that speak TLS; ``None`` if there is no certificate.
    mqtt
        For clients that speak MQTT, inside TLS or not; ``None`` if nobody does.
    known
        Requests that can be answered again; ``None`` if none shall be.
    settings
        uvicorn's.
    """

    def __init__(
        self,
        *,
        certificate: Certificate | None = None,
        mqtt: Mqtt | None = None,
        known: KnownHeads | None = None,
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
        self._known = known
        self._door: tuple[str, int | None] = ("", None)
        self._answered_at = 0.0
        self._is_first = certificate is not None or mqtt is not None
        self._held: list[bytes] | None = None
        self._shown: bytes | None = None
        self._spoken: tuple[str, str] | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take over a connection."""
        super().connection_made(transport)
        self._door = self.scheme or "", self.server[1] if self.server else None
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
        if self._known is not None and self._answer_again(self._known, data):
            return
        place, self._begun, before = self._place, 0, self.cycle
        super().data_received(data)
        if (
            self._known is not None
            and place == self._place == _BETWEEN
            and self._begun == 1
            and self.cycle is not before
            and self.cycle.keep_alive
        ):
            scope: Any = self.cycle.scope
            scope[REMEMBER] = self._known.rememberer(data, self._door)
        # Data that begins with another request's body says little of this head's length.
        if self._place == _IN_HEAD and self._begun == _BEGINNINGS.get(place):
            self._unread += len(data)
            if self._unread > MOST_HEAD and not self.transport.is_closing():
                self.transport.write(_TOO_LONG)
                self.transport.close()

    def _answer_again(self, known: KnownHeads, data: bytes) -> bool:
        """Answer a request that came before by what answered it then. False, with nothing done, if
        there is no such answer, or if the request has to wait for others."""
        again = known.find(data, self._door)
        cycle: RequestResponseCycle | None = self.cycle
        if (
            again is None
            or self._place != _BETWEEN
            or (cycle is not None and not cycle.response_complete)
            or self.flow.write_paused
            or self.transport.is_closing()
        ):
            return False
        try:
            whole = again(self.client, self._spoken)
        except Exception:
            log.exception("a request cannot be answered again")
            whole = None
        if whole is None:
            known.forget(data, self._door)
            return False
        self.transport.write(whole)
        self.server_state.total_requests += 1
        self._answered_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        return True

    def timeout_keep_alive_handler(self) -> None:
        """Close an idle connection. The timer is not set anew for answers that are given again."""
        left = self._answered_at + self.timeout_keep_alive - self.loop.time()
        if left > 0 and not self.transport.is_closing():
            self.timeout_keep_alive_task = self.loop.call_later(
                left, self.timeout_keep_alive_handler
            )
        else:
            super().timeout_keep_alive_handler()

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
            known=self._known,
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
            app = refuse_head
        scope[WHOLE] = partial(write_whole, cycle)
        scope[OWN_DATE] = partial(leave_date, cycle)
        super()._start_asgi_task(cycle, measured(app) if scope["http_version"] == "1.0" else app)


def _web_socket(**settings: Any) -> Any:
    """What serves a WebSocket, loaded for the first one."""
    from lambda_nb.engine.api.wire.web_socket import LimitedWebSocket

    return LimitedWebSocket(**settings)
