"""MQTT over WebSocket: path ``/mqtt`` on the engine's port, subprotocol ``mqtt``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Protocol

from lambda_nb.engine.api.admission.signature_v4 import (
    EMPTY_SHA256,
    Verifier,
    claim_of,
    claimed_service,
    refused,
)
from lambda_nb.engine.api.admission.web_pages import refuse_foreign
from lambda_nb.engine.api.wire.http import LINE, HttpRequest, Receive, Reply, Scope, Send
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.iot.mqtt import limits
from lambda_nb.engine.iot.mqtt.admission import Principal
from lambda_nb.engine.iot.mqtt.connections.connection import Connection
from lambda_nb.engine.iot.mqtt.connections.origin import Origin
from lambda_nb.engine.iot.mqtt.delivery.lifecycle import Ended

log = logging.getLogger(__name__)

SUBPROTOCOL = "mqtt"

_SERVICES = ("iotdevicegateway", "iotdata")
_TOKEN = "X-Amz-Security-Token="  # noqa: S105
_LARGEST = 2 * limits.MOST_PACKET
_NORMAL = 1000
_SAID_SO = (1000, 1001, 1005)
"""Close codes of a client that ends the connection itself; 1005 is a frame without a code."""

_NO_SUBPROTOCOL = Reply(400, b'{"message":"The subprotocol has to be mqtt."}')
_FORBIDDEN = Reply(403, b'{"message":"Forbidden"}')


class Broker(Protocol):
    """What takes the connection."""

    def connect(self, origin: Origin) -> Connection:
        """A new connection."""


class WebSocketDoor:
    """Takes MQTT clients that come over WebSockets.

    Parameters
    ----------
    verifier
        Checks signatures against the keys that were issued.
    broker_of
        The broker of a Region; of the home Region, for ``None``.
    is_open
        Whether requests need no signature (``--auth none``). Those of foreign web pages do.
    """

    def __init__(
        self,
        verifier: Verifier,
        broker_of: Callable[[str | None], Awaitable[Broker]],
        *,
        is_open: bool = False,
    ) -> None:
        self._verifier = verifier
        self._broker_of = broker_of
        self._is_open = is_open

    async def connect(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take one connection, or refuse it; returns when it has ended."""
        request = HttpRequest.of(scope, receive)
        if SUBPROTOCOL not in scope.get("subprotocols", ()):
            await _NO_SUBPROTOCOL.refuse(send)
            return
        try:
            principal = self._principal(request)
            broker = await self._broker_of(principal.region or None if principal else None)
            connection = broker.connect(_origin(scope, request, principal))
        except AWSError as error:
            log.warning("an MQTT client over WebSocket is refused: %s", error)
            await _FORBIDDEN.refuse(send)
            return
        scope[LINE].allow(_LARGEST)
        await receive()
        await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL})
        line = _Frames(send, scope[LINE].abort, connection)
        connection.start(line)
        try:
            await line.read(receive)
        finally:
            await line.end()

    def _principal(self, request: HttpRequest) -> Principal | None:
        """Who signed the request; ``None`` if nobody did. With ``--auth none`` it is not checked.

        Raises
        ------
        AWSError
            If the signature is wrong.
        """
        is_signed = claimed_service(request.headers, request.query) is not None
        if self._is_open:
            refuse_foreign(request.headers)
            if is_signed:  # with any key, since SDKs have to sign
                with contextlib.suppress(AWSError):
                    claim = claim_of(request.headers, request.query)
                    return Principal(claim.access_key, claim.region)
        if self._is_open or not is_signed:
            return None
        claim = claim_of(request.headers, request.query)
        if claim.service not in _SERVICES:
            raise refused(
                "InvalidSignatureException",
                f"Credential should be scoped to correct service: '{_SERVICES[0]}'.",
            )
        # AWS's SDKs add the session token when they have signed; others sign it as well.
        parts = request.query.split("&")
        without = "&".join(part for part in parts if not part.startswith(_TOKEN))
        for query in dict.fromkeys((without, request.query)):
            with contextlib.suppress(AWSError):
                verified = self._verifier.verify(
                    claim, request.method, request.path, query, request.headers, EMPTY_SHA256
                )
                return Principal(verified.access_key, claim.region)
        self._verifier.verify(
            claim, request.method, request.path, request.query, request.headers, EMPTY_SHA256
        )
        return Principal(claim.access_key, claim.region)


def _origin(scope: Scope, request: HttpRequest, principal: Principal | None) -> Origin:
    return Origin(
        source_ip=request.peer,
        certificate_der=request.certificate,
        server_name=request.headers.get("host", "").partition(":")[0] or None,
        tls=scope.get("scheme") == "wss",
        protocol="http",
        sigv4=principal,
        headers=request.headers,
        query=request.query,
    )


class _Frames:
    """A WebSocket as the line of a connection."""

    def __init__(self, send: Send, abort: Callable[[], None], connection: Connection) -> None:
        self._send = send
        self._abort = abort
        self._connection = connection
        self._waiting: list[bytes] = []
        self._size = 0
        self._full = False
        self._closing = False
        self._work = asyncio.Event()
        self._readable = asyncio.Event()
        self._readable.set()
        self._writing = asyncio.ensure_future(self._write())

    def write(self, data: bytes) -> None:
        """Send bytes."""
        self._waiting.append(data)
        self._size += len(data)
        self._work.set()
        if self._size > limits.MOST_UNSENT and not self._full:
            self._full = True
            self._connection.pause_writing()

    def close(self) -> None:
        """Send what waits, then end."""
        self._closing = True
        self._readable.set()
        self._work.set()

    def abort(self) -> None:
        """End at once."""
        self._abort()

    def pause_reading(self) -> None:
        """Take no more bytes of the client."""
        self._readable.clear()

    def resume_reading(self) -> None:
        """Take bytes again."""
        self._readable.set()

    async def _write(self) -> None:
        while True:
            await self._work.wait()
            self._work.clear()
            while self._waiting:
                data = b"".join(self._waiting)
                self._waiting.clear()
                self._size = 0
                await self._send({"type": "websocket.send", "bytes": data})
                if self._full and self._size <= limits.MOST_UNSENT // 4:
                    self._full = False
                    self._connection.resume_writing()
            if self._closing:
                await self._send({"type": "websocket.close", "code": _NORMAL})
                return

    async def read(self, receive: Receive) -> None:
        """Take what the client sends, until the end."""
        while True:
            await self._readable.wait()
            message = await receive()
            if message["type"] == "websocket.disconnect":
                said_so = message.get("code") in _SAID_SO
                self._connection.lost(Ended.CLIENT_INITIATED if said_so else Ended.CONNECTION_LOST)
                return
            data = message.get("bytes")
            if data is None:
                self._connection.end(Ended.CLIENT_ERROR, None)
            elif not self._closing:
                self._connection.data_received(data)

    async def end(self) -> None:
        """Nothing more is sent."""
        self._writing.cancel()
        await asyncio.wait([self._writing])
        self._connection.lost(Ended.CONNECTION_LOST)
