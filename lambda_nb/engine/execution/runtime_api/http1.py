"""HTTP/1.1 for the processes of an environment: requests, replies, connections."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import lru_cache
from typing import Protocol, cast

import httptools

from lambda_nb.engine.execution.runtime_api.peers import Address

_REASONS = {
    200: "OK",
    202: "Accepted",
    400: "Bad Request",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Request Entity Too Large",
    500: "Internal Server Error",
}

_STRANGER = (
    "This Runtime API serves the processes of its own execution environment, and the caller is "
    "none of them"
)


@lru_cache(maxsize=256)
def _lowered(name: bytes) -> str:
    """A header's name in lower case; cached, as the same few come in every request."""
    return name.decode("latin-1").lower()


class Server(Protocol):
    """Handles the requests of an environment's connections."""

    connections: set[Connection]
    closed: bool

    def admits(self, theirs: Address, ours: Address) -> bool | None:
        """Whether a connection is admitted; ``None`` if that is not known yet."""

    def headers_complete(self, request: Request) -> None:
        """A request's body comes next."""

    def body(self, request: Request, chunk: bytes) -> None:
        """A part of the body has arrived."""

    def dispatch(self, request: Request) -> None:
        """Answer a complete request, now or later."""

    def parked_on(self, connection: Connection) -> bool:
        """Whether the runtime waits for an event on this connection."""

    def lost(self, connection: Connection) -> None:
        """A connection is gone."""


Route = Callable[["Request"], None]


class Request:
    """One request on a connection, complete when its route is called."""

    __slots__ = ("body", "connection", "headers", "method", "path", "streaming")

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.method = ""
        self.path = ""
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.streaming = False

    def reply(
        self, status: int, body: bytes = b"", headers: str = "", kind: str = "application/json"
    ) -> None:
        """Answer; ``headers`` are complete lines, each ending in CR LF."""
        kind = f"Content-Type: {kind}\r\n" if body else ""
        head = (
            f"HTTP/1.1 {status} {_REASONS[status]}\r\n{kind}{headers}"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        self.connection.write(head.encode("utf-8"), body)

    def nowhere(self) -> None:
        """Answer that nothing is served at this path, as AWS's own server does."""
        self.reply(404, b"404 page not found\n", kind="text/plain; charset=utf-8")

    def refuse(self, status: int, kind: str, message: str) -> None:
        """Answer with an error object of the Runtime API."""
        body = json.dumps({"errorMessage": message, "errorType": kind}, separators=(",", ":"))
        self.reply(status, body.encode() + b"\n")


class Connection(asyncio.Protocol):
    """One connection of a process of the environment. Requests are answered in order.

    It parses no input before the server has admitted the connection.
    """

    def __init__(self, api: Server) -> None:
        self._api = api
        self._parser = httptools.HttpRequestParser(self)
        self._request = Request(self)
        self._url = b""
        self._parsing = False
        self._admitted = False
        self._early: list[bytes] = []
        self._last = False
        self._unsent: list[bytes] = []
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio: a process connected."""
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        if self._api.closed:  # accepted just before: nobody else would close it
            self.close()
            return
        self._api.connections.add(self)
        self.settle()  # now: a runtime that is held ready connects long before speed matters

    def connection_lost(self, exc: Exception | None) -> None:
        """asyncio: the connection is gone."""
        self._transport = None
        self._api.lost(self)

    def data_received(self, data: bytes) -> None:
        """asyncio: bytes came in."""
        if not self._admitted:
            self._early.append(data)
            self.settle()
            return
        if self._last:
            return
        self._parsing = True
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            if not self._last:  # ignore what follows the last request
                Request(self).refuse(400, "InvalidRequest", f"not HTTP: {error}")
                self.close()
        self._parsing = False
        # A runtime that sent its response and asked for the next event in one go waits for both.
        # The reply to its response is sent with the event: that saves both sides a context switch.
        if self._unsent and not self._api.parked_on(self):
            self._send()

    def settle(self) -> None:
        """Decide on early input: accept it, refuse it, or wait until the decision is known."""
        transport = self._transport
        if self._admitted or transport is None:
            return
        theirs, ours = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
        admitted = self._api.admits(theirs, ours)
        early, self._early = self._early, []
        if admitted:
            self._admitted = True
            if early:
                transport.resume_reading()
                self.data_received(b"".join(early))
        elif early and admitted is False:
            self._last = self._admitted = True
            Request(self).refuse(403, "AccessDenied", _STRANGER)
        elif early:
            self._early = early
            transport.pause_reading()

    def write(self, head: bytes, body: bytes = b"") -> None:
        """Send a response, unless the client is gone. Requests that came together are answered
        together."""
        if self._last:
            head = head[:-2] + b"Connection: close\r\n\r\n"
        self._unsent += (head, body)
        if not self._parsing:
            self._send()

    def _send(self) -> None:
        unsent, self._unsent = self._unsent, []
        if self._transport is None or not unsent:
            return
        if sum(map(len, unsent)) < 65536:
            self._transport.write(b"".join(unsent))
        else:
            self._transport.writelines(unsent)
        if self._last:
            self._transport.close()

    def close(self) -> None:
        """Close the connection."""
        self._send()
        if self._transport is not None:
            self._transport.close()

    # httptools calls the following.

    def on_url(self, url: bytes) -> None:
        """A part of the request's target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header, or, after the body, a trailer."""
        self._request.headers[_lowered(name)] = value.decode("utf-8", "replace")

    def on_headers_complete(self) -> None:
        """The body comes next."""
        request = self._request
        request.method = self._parser.get_method().decode("ascii")
        request.path = self._url.decode("latin-1")
        self._url = b""
        if request.headers.get("expect", "").lower() == "100-continue":
            self.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._api.headers_complete(request)

    def on_body(self, body: bytes) -> None:
        """A part of the body."""
        self._api.body(self._request, body)

    def on_message_complete(self) -> None:
        """The request is complete."""
        request, self._request = self._request, Request(self)
        # An older client may read to the end of the stream.
        self._last = not self._parser.should_keep_alive() or self._parser.get_http_version() < "1.1"
        self._api.dispatch(request)
