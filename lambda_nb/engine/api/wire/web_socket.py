"""WebSocket connections of the front: uvicorn's, with API Gateway's limits and close codes.

Loaded with the first connection, so that an engine which never sees one pays nothing for it.
"""

from __future__ import annotations

import asyncio
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.http11 import Request

from lambda_nb.engine.api.wire.http import AS_SPELT, CERTIFICATE, LINE
from lambda_nb.engine.api.wire.tls import CERTIFICATE_DER
from lambda_nb.rules import quotas

_GOING_AWAY = 1001
_ABNORMAL = 1006
_LINGER_S = 2.0
_BUFFERED = 256 << 10  # bytes that may wait for a client before its senders have to wait


class LimitedWebSocket(WebSocketsSansIOProtocol):
    """uvicorn's protocol with limits for messages and frames, and a handle on its line.

    The application finds the protocol itself in its scope, as :data:`LINE`, for what ASGI has no
    message for: when the client was last heard, and to break off.

    Attributes
    ----------
    heard_at
        When the client was last heard, by the event loop's clock (seconds).
    """

    def __init__(self, config: Config, server_state: Any, app_state: dict[str, Any]) -> None:
        super().__init__(config, server_state, app_state)
        self.conn.max_message_size = quotas.WEBSOCKET_MESSAGE_BYTES.value
        self.conn.max_fragment_size = quotas.WEBSOCKET_FRAME_BYTES.value
        self.heard_at = self.loop.time()
        self._failed = False

    @property
    def has_room(self) -> bool:
        """Whether a message would be sent at once, and would not wait for the client to read."""
        return self.writable.is_set()

    def forget_handshake(self) -> None:
        """Drop what only the handshake needed: an idle connection then takes a third less."""
        self.scope.clear()  # type: ignore[attr-defined]
        for half in (self.request, self.response):  # what parses frames keeps them
            half.headers.clear()

    def abort(self) -> None:
        """Break the connection off, whatever still waits to be sent."""
        self.transport.abort()

    def allow(self, size: int) -> None:
        """Take messages and frames of up to so many bytes, in place of API Gateway's limits."""
        self.conn.max_message_size = self.conn.max_fragment_size = size

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over a connection."""
        super().connection_made(transport)
        cast(asyncio.Transport, transport).set_write_buffer_limits(high=_BUFFERED)

    def data_received(self, data: bytes) -> None:
        """Take bytes of the client; after a failure they are read only to be thrown away."""
        self.heard_at = self.loop.time()
        if not self._failed:
            super().data_received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """The line is gone: abnormally, unless a close frame came before."""
        self.queue.put_nowait(
            {
                "type": "websocket.disconnect",
                "code": _ABNORMAL,
                "reason": "Connection Closed Abnormally",
            }
        )
        super().connection_lost(exc)

    def handle_connect(self, event: Request) -> None:
        """Begin the handshake; ASGI wants names of headers in lower case."""
        super().handle_connect(event)
        scope: Any = getattr(self, "scope", None)
        if scope is not None:
            spelt = scope["headers"]
            scope["headers"] = [(name.lower(), value) for name, value in spelt]
            scope[AS_SPELT] = spelt
            scope[LINE] = self
            certificate = self.transport.get_extra_info(CERTIFICATE_DER)
            if certificate is not None:
                scope[CERTIFICATE] = certificate

    def handle_parser_exception(self) -> None:
        """Close after what the protocol does not allow, such as a frame that is too large.

        The rest is still read for a moment: with bytes unread, the system would reset the
        connection, and the client might never see the close frame.
        """
        sent = self.conn.close_sent
        assert sent is not None
        self._failed = self.close_sent = True
        self.queue.put_nowait(
            {"type": "websocket.disconnect", "code": sent.code, "reason": sent.reason}
        )
        self.transport.write(b"".join(self.conn.data_to_send()))
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self.close_timer = self.loop.call_later(_LINGER_S, self.transport.close)

    def shutdown(self) -> None:
        """The engine ends: say so, as API Gateway does when it ends a connection."""
        if self.handshake_complete and not self.close_sent:
            self.queue.put_nowait(
                {"type": "websocket.disconnect", "code": _GOING_AWAY, "reason": "Going away"}
            )
            self.conn.send_close(_GOING_AWAY, "Going away")
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        super().shutdown()
