"""HTTP requests and replies of the front: a thin layer over ASGI."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from lambda_nb.engine.api.wire.known_heads import Remember
from lambda_nb.engine.errors import AWSError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Header = tuple[bytes, bytes]
Whole = Callable[[int, list[Header], bytes], bool]

JSON = b"application/json"

_WITHOUT_BODY = (204, 304)  # RFC 9110, 6.4.1; their length would be that of another answer (8.6)

REMEMBER = "lambda_nb.remember"
"""Key of an ASGI scope for a :data:`~lambda_nb.engine.api.wire.known_heads.Remember`: it takes what
answers the same request again. It is there if the whole request came at once."""

WHOLE = "lambda_nb.whole"
"""Key of an ASGI scope for a :data:`Whole`: it takes status, headers and body and writes the
response at once, or returns false if it cannot."""

AS_SPELT = "lambda_nb.as_spelt"
"""Key of an ASGI scope for its headers with their names as the client spelt them."""

CERTIFICATE = "lambda_nb.certificate"
"""Key of an ASGI scope for the certificate (DER) that a client showed in TLS, if it did."""

OWN_DATE = "lambda_nb.own_date"
"""Key of an ASGI scope for a function: from its call on, the response states its own ``Date``."""

TLS = "lambda_nb.tls"
"""Key of an ASGI scope for the version of TLS and the cipher, where the client speaks TLS."""

LINE = "lambda_nb.line"
"""Key of a WebSocket's scope for its :class:`Line`."""


class Line(Protocol):
    """A WebSocket's connection, for what ASGI has no message for.

    ``heard_at`` is when the client was last heard, in seconds of the event loop's clock.
    """

    heard_at: float

    @property
    def has_room(self) -> bool:
        """Whether a message would be sent at once, and would not wait for the client to read."""

    def forget_handshake(self) -> None:
        """Drop what only the handshake needed: an idle connection then takes a third less."""

    def abort(self) -> None:
        """Break the connection off, whatever still waits to be sent."""

    def allow(self, size: int) -> None:
        """Take messages and frames of up to so many bytes, in place of API Gateway's limits."""


class ClientGone(Exception):  # noqa: N818
    """The client closed the connection before its request was complete."""


@dataclass(slots=True)
class HttpRequest:
    """One HTTP request: the head parsed, the body still to be read.

    ``path`` and ``query`` are as they came over the wire, percent-encoded. ``headers`` has
    lower-case names; repeated headers are joined by commas, as Signature V4 counts them.
    ``raw_headers`` has every header in its order, its name in lower case; ``as_spelt`` the same
    with the names as the client spelt them. ``peer`` is the client's address and ``port`` the port
    of ours that it called. ``certificate`` is the one that it showed in TLS (DER), if it did.
    ``scheme`` is ``http`` or ``https``, ``peer_port`` the client's own port, ``version`` that of
    HTTP (``1.1``), and ``tls`` has the version of TLS and the cipher, empty without TLS. Who calls
    ``state_date`` sends a ``Date`` with the response, in the place of the server's. ``remember``
    takes what answers the same request again; ``None`` where that cannot be.
    """

    method: str
    path: str
    query: str
    headers: dict[str, str]
    receive: Receive
    peer: str = ""
    port: int = 0
    raw_headers: Sequence[Header] = ()
    as_spelt: Sequence[Header] = ()
    certificate: bytes | None = None
    scheme: str = "http"
    peer_port: int = 0
    version: str = "1.1"
    tls: tuple[str, str] = ("", "")
    state_date: Callable[[], None] = lambda: None
    remember: Remember | None = None

    @classmethod
    def of(cls, scope: Scope, receive: Receive) -> HttpRequest:
        """The request that an ASGI scope describes."""
        headers: dict[str, str] = {}
        for raw_name, raw_value in scope["headers"]:
            name = raw_name.decode("latin-1")
            value = raw_value.decode("latin-1")
            headers[name] = f"{headers[name]},{value}" if name in headers else value
        client, server = scope.get("client"), scope.get("server")
        return cls(
            scope.get("method", "GET"),
            scope["raw_path"].decode("latin-1"),
            scope["query_string"].decode("latin-1"),
            headers,
            receive,
            client[0] if client else "",
            server[1] or 0 if server else 0,
            scope["headers"],
            scope.get(AS_SPELT, scope["headers"]),
            scope.get(CERTIFICATE),
            scope.get("scheme", "http"),
            client[1] if client else 0,
            scope.get("http_version", "1.1"),
            scope.get(TLS, ("", "")),
            scope.get(OWN_DATE, lambda: None),
            scope.get(REMEMBER),
        )

    @property
    def is_preflight(self) -> bool:
        """Whether a browser asks, before the real request, if it may make it."""
        headers = self.headers
        asks = "origin" in headers and "access-control-request-method" in headers
        return self.method == "OPTIONS" and asks

    async def body(self, limit: int, too_large: Callable[[int], AWSError]) -> bytes:
        """Read the whole body.

        Parameters
        ----------
        limit
            Bytes that the body may have.
        too_large
            Makes the error for a body of that many bytes (at least; the rest is not read).

        Raises
        ------
        AWSError
            What ``too_large`` made.
        ClientGone
            The client hung up.
        """
        declared = self.headers.get("content-length", "0")
        if declared.isdigit() and int(declared) > limit:
            raise too_large(int(declared))
        chunks = []
        size = 0
        while True:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > limit:
                raise too_large(size)
            chunks.append(chunk)
            if not message.get("more_body", False):
                return chunks[0] if len(chunks) == 1 else b"".join(chunks)


@dataclass(slots=True)
class Reply:
    """One whole HTTP reply. ``headers`` state the body's length only if there is no body to count:
    in the answer to a HEAD."""

    status: int
    body: bytes = b""
    headers: list[Header] = field(default_factory=list)
    content_type: bytes | None = JSON

    def parts(self) -> tuple[list[Header], bytes]:
        """All headers, and the body, as they are sent."""
        headers, body = self.headers, self.body
        if self.status in _WITHOUT_BODY:  # clients would take it for the next answer's beginning
            body = b""
        elif not any(name == b"content-length" for name, _ in headers):
            headers = [*headers, (b"content-length", b"%d" % len(body))]
        if self.content_type is not None and self.status != 204:
            headers = [(b"content-type", self.content_type), *headers]
        return headers, body

    async def send(self, send: Send) -> None:
        """Write the reply."""
        headers, body = self.parts()
        whole = getattr(send, "whole", None)
        if whole is not None and whole(self.status, headers, body):
            return
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def refuse(self, send: Send) -> None:
        """Answer a WebSocket's handshake with this reply, so that no connection comes about."""
        kind = "websocket.http.response"
        headers = self.headers
        if self.content_type is not None:
            headers = [(b"content-type", self.content_type), *headers]
        await send({"type": f"{kind}.start", "status": self.status, "headers": headers})
        await send({"type": f"{kind}.body", "body": self.body})
