"""The Runtime API of one execution environment: HTTP/1.1 on a loopback port of its own.

Theory of operation: a runtime asks ``GET /runtime/invocation/next`` and is parked; :meth:`deliver`
wakes it with an event; it posts a response or an error and asks for the next event. The listener
checks that order and the request id, answers as AWS does when they are wrong, and tells its
:class:`RuntimeEvents` what happened. Payload bytes pass through unparsed.

Every process of the machine can reach the port. So each connection is checked before its requests
are read: unless a process of this environment holds its other end, it gets 403.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import socket
from collections.abc import Callable
from functools import cache
from typing import Protocol

from lambda_nb.engine.execution.runtime_api import peers
from lambda_nb.engine.execution.runtime_api.http1 import Connection, Request, Route
from lambda_nb.engine.execution.runtime_api.peers import Peer

log = logging.getLogger(__name__)

MAX_RESPONSE_BYTES = 6_291_556
"""Largest buffered response (recorded from AWS, facts/executor.md section 4)."""

STREAMING = "streaming"
NEXT_HEADER = "lambda-nb-next"
"""A response of our Python runtime with this header also asks for the next event. The value is the
runtime's own peak of resident memory (KB)."""
_LAST_WORDS_S = 0.2
_PREFIX = "/2018-06-01/runtime/"
_OK = b'{"status":"OK"}\n'
_ERROR_TYPE = re.compile(r"(Runtime|Function|Extension|Sandbox)\.[A-Z][A-Za-z]+\Z")


class RuntimeEvents(Protocol):
    """Is told what the runtime did. Called on the event loop; must not block or raise."""

    def asked_next(self) -> None:
        """The runtime is parked and waits for an event."""

    def responded(self, body: bytes, content_type: str) -> None:
        """The buffered response of the invocation under way."""

    def failed(self, body: bytes, error_type: str) -> None:
        """The function's error for the invocation under way."""

    def too_large(self) -> None:
        """The runtime posted more than a buffered response may hold."""

    def stream_started(self, content_type: str) -> None:
        """A streamed response begins."""

    def stream_chunk(self, chunk: bytes) -> None:
        """A part of a streamed response."""

    def stream_ended(self, error_type: str, error_body: str) -> None:
        """A streamed response ends; ``error_body`` (base64) is set if the function failed."""

    def init_failed(self, body: bytes, error_type: str) -> None:
        """The init phase failed."""

    def asked_restore(self) -> bool:
        """The runtime is ready to be snapshotted; false when it may not be."""

    def restore_failed(self, body: bytes, error_type: str) -> None:
        """An after-restore hook failed."""


class RuntimeAPI:
    """The listener of one environment. ``routes`` of other APIs on the same port may be added.

    Parameters
    ----------
    events
        Is told what the runtime did.
    owns
        Whether a process of the environment is at the other end of a connection; ``None`` while
        that is not known: :meth:`settle` asks again.
    """

    def __init__(self, events: RuntimeEvents, owns: Callable[[Peer], bool | None]) -> None:
        self._events = events
        self._owns = owns
        self._told_of_strangers = False
        self._server: asyncio.Server | None = None
        self.connections: set[Connection] = set()
        self.closed = False
        self.routes: dict[tuple[str, str], Route] = {
            ("GET", _PREFIX + "invocation/next"): self._next,
            ("POST", _PREFIX + "init/error"): self._init_error,
            ("GET", _PREFIX + "restore/next"): self._restore_next,
            ("POST", _PREFIX + "restore/error"): self._restore_error,
        }
        self.port = 0
        self.peak_kb = 0
        self._parked: Request | None = None
        self._restoring: Request | None = None
        self._request_id = ""
        self._invocation_id = ""
        self._answered = True
        self._quiet: Callable[[], None] | None = None

    async def start(self) -> None:
        """Listen on a free loopback port (``port``)."""
        loop = asyncio.get_running_loop()
        listener = socket.socket()  # a name, even this one, would be looked up in a thread
        listener.bind(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self._server = await loop.create_server(lambda: Connection(self), sock=listener)

    def close(self) -> None:
        """Stop listening and close all connections."""
        self.closed = True
        self.reset()
        if self._server is not None:
            self._server.close()
            self._server = None

    def reset(self) -> None:
        """The processes of the environment are gone: forget their connections."""
        for connection in list(self.connections):
            connection.close()
        self.connections.clear()
        self._parked = self._restoring = None
        self._answered = True
        self._quiet = None
        self.peak_kb = 0

    def admits(self, theirs: peers.Address, ours: peers.Address) -> bool | None:
        """Whether a connection is admitted; ``None`` if that is not known yet."""
        try:
            other = peers.peer(theirs, ours)
        except peers.PeersUnknownError as error:
            _say_once(
                "this system does not tell who calls a Runtime API (%s): any process of this "
                "machine can pass for one of an environment",
                str(error),
            )
            return True
        admitted = other is not None and self._owns(other)
        if admitted is False and not self._told_of_strangers:
            self._told_of_strangers = True
            log.warning(
                "a process that is none of its environment called the Runtime API on port %d "
                "(user %s): refused, with 403",
                self.port,
                "unknown" if other is None else other.uid,
            )
        return admitted

    def settle(self) -> None:
        """Decide on connections that came before their process was known."""
        for connection in list(self.connections):
            connection.settle()

    @property
    def parked(self) -> bool:
        """Whether the runtime waits for an event."""
        return self._parked is not None

    def parked_on(self, connection: Connection) -> bool:
        """Whether the runtime waits for an event on this connection."""
        return self._parked is not None and self._parked.connection is connection

    @property
    def restoring(self) -> bool:
        """Whether the runtime waits to be restored from its snapshot."""
        return self._restoring is not None

    def deliver(
        self, request_id: str, invocation_id: str, headers: list[str], payload: bytes
    ) -> None:
        """Hand the parked runtime an event. ``headers`` are ``Name: value`` lines."""
        assert self._parked is not None, "the runtime has not asked for an event"
        parked, self._parked = self._parked, None
        self._request_id, self._invocation_id, self._answered = request_id, invocation_id, False
        lines = [
            "HTTP/1.1 200 OK",
            "Content-Type: application/json",
            f"Lambda-Runtime-Aws-Request-Id: {request_id}",
            f"Lambda-Runtime-Invocation-Id: {invocation_id}",
            *headers,
            f"Content-Length: {len(payload)}",
        ]
        parked.connection.write("\r\n".join(lines).encode("utf-8") + b"\r\n\r\n", payload)

    def restored(self) -> None:
        """Let a runtime that waits in ``restore/next`` continue."""
        if self._restoring is not None:
            restoring, self._restoring = self._restoring, None
            restoring.reply(200)

    def when_quiet(self, callback: Callable[[], None]) -> None:
        """Call back when every connection has been read to its end, or after a short time: a
        process that inherited the connection may keep it open."""
        if not self.connections:
            callback()
            return
        self._quiet = callback
        asyncio.get_running_loop().call_later(_LAST_WORDS_S, self._now_quiet)

    def _now_quiet(self) -> None:
        if self._quiet is not None:
            callback, self._quiet = self._quiet, None
            callback()

    def lost(self, connection: Connection) -> None:
        """A connection is gone; nobody is parked on it any more."""
        self.connections.discard(connection)
        if not self.connections:
            self._now_quiet()
        if self._parked is not None and self._parked.connection is connection:
            self._parked = None
        if self._restoring is not None and self._restoring.connection is connection:
            self._restoring = None

    # -- called by connections

    def headers_complete(self, request: Request) -> None:
        """A streamed response begins before its body is there."""
        mode = request.headers.get("lambda-runtime-function-response-mode", "")
        if mode == STREAMING and request.path.endswith("/response") and self._due(request):
            request.streaming = True
            self._events.stream_started(_content_type(request))

    def body(self, request: Request, chunk: bytes) -> None:
        """Keep (or pass on) a part of a body; if it is too large, only its size matters."""
        if request.streaming:
            self._events.stream_chunk(chunk)
        elif len(request.body) <= MAX_RESPONSE_BYTES:
            request.body += chunk

    def dispatch(self, request: Request) -> None:
        """Answer a complete request."""
        route = self.routes.get((request.method, request.path))
        if route is not None:
            route(request)
        elif request.path.startswith(_PREFIX + "invocation/") and request.method == "POST":
            self._answer(request)
        else:
            request.nowhere()

    # -- routes

    def _next(self, request: Request) -> None:
        self._parked = request
        self._events.asked_next()

    def _answer(self, request: Request) -> None:
        request_id, _, action = request.path[len(_PREFIX) + len("invocation/") :].partition("/")
        if action not in ("response", "error"):
            request.nowhere()
            return
        if request.streaming:
            request.reply(202, _OK)
            self._answered = True
            error_type = request.headers.get("lambda-runtime-function-error-type", "")
            error_body = request.headers.get("lambda-runtime-function-error-body", "")
            self._events.stream_ended(error_type, error_body)
            return
        if request_id != self._request_id:
            request.refuse(400, "InvalidRequestID", "Invalid request ID")
            return
        echoed = request.headers.get("lambda-runtime-invocation-id", "")
        if echoed and echoed != self._invocation_id:
            request.refuse(400, "InvalidInvocationId", "Invalid invocation ID")
            return
        if self._answered:
            state = "InvocationResponse" if action == "response" else "InvocationErrorResponse"
            request.refuse(
                403,
                "InvalidStateTransition",
                f"State transition from Ready to {state} failed for runtime. "
                "Error: State transition is not allowed",
            )
            return
        self._answered = True
        told = request.headers.get(NEXT_HEADER, "")
        self.peak_kb = int(told) if told.isdigit() else 0
        if len(request.body) > MAX_RESPONSE_BYTES:
            request.refuse(
                413,
                "RequestEntityTooLarge",
                f"Exceeded maximum allowed payload size ({MAX_RESPONSE_BYTES} bytes).",
            )
            self._events.too_large()
            return
        if not told:
            request.reply(202, _OK)
        if action == "response":
            self._events.responded(bytes(request.body), _content_type(request))
        else:
            self._events.failed(bytes(request.body), _error_type(request, "Function"))
        if told:
            self._next(request)

    def _due(self, request: Request) -> bool:
        path = f"{_PREFIX}invocation/{self._request_id}/response"
        return request.path == path and not self._answered

    def _init_error(self, request: Request) -> None:
        request.reply(202, _OK)
        self._events.init_failed(bytes(request.body), _error_type(request, "Runtime"))

    def _restore_next(self, request: Request) -> None:
        self._restoring = request
        if not self._events.asked_restore():
            self._restoring = None
            request.refuse(404, "NotFound", "SnapStart is not enabled for this function")

    def _restore_error(self, request: Request) -> None:
        request.reply(202, _OK)
        self._events.restore_failed(bytes(request.body), _error_type(request, "Runtime"))


@cache
def _say_once(words: str, reason: str) -> None:
    log.warning(words, reason)


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "application/octet-stream")


def known_error_type(named: str, family: str) -> str:
    """An error type for Lambda's log lines: a name of AWS's form, else ``family.Unknown``."""
    return named if _ERROR_TYPE.match(named) else f"{family}.Unknown"


def _error_type(request: Request, family: str) -> str:
    """The error type for logs and metrics: from the header, else from the error object."""
    named = request.headers.get("lambda-runtime-function-error-type", "")
    if family == "Runtime":
        return known_error_type(named, family)
    return named or _named_inside(bytes(request.body)) or "Function.Unknown"


def _named_inside(body: bytes) -> str:
    try:
        named = json.loads(body)["errorType"]
    except (ValueError, KeyError, TypeError):
        return ""
    return named if isinstance(named, str) else ""
