"""The values that the rooms of the edge exchange: plain data without behaviour.

A viewer's :class:`Request` travels from stage to stage, a :class:`Response` comes back, and a
:class:`Visit` notes what became of it: logs, figures and the notebook's pictures are made of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Literal

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.rules.edge.functions.origin_changes import OriginChange

EventType = Literal["viewer-request", "origin-request", "origin-response", "viewer-response"]

Outcome = Literal[
    "Hit", "RefreshHit", "Miss", "Error", "Redirect", "LimitExceeded", "CapacityExceeded",
    "FunctionGeneratedResponse", "FunctionExecutionError", "FunctionThrottledError",
    "FunctionValidationError",
    "LambdaGeneratedResponse", "LambdaExecutionError", "LambdaValidationError",
    "LambdaLimitExceeded",
]  # fmt: skip
"""The words of ``X-Cache`` and of the log's ``x-edge-result-type`` (CloudFront Developer Guide,
"Standard logging reference"); in ``X-Cache`` RefreshHit is ``RefreshHit from cloudfront``."""


@dataclass(slots=True)
class Request:
    """A request: as the viewer made it, as functions changed it, as the origin gets it.

    ``uri`` is the path, percent-encoded, and begins with a slash; ``querystring`` has no ``?``.
    ``headers`` are in their order as the viewer spelt them, ``Cookie`` too. ``body`` is whole.
    ``origin`` is what a CloudFront Function changed of the origin, if it did.
    """

    method: str
    uri: str
    querystring: str
    headers: Headers
    body: bytes = b""
    origin: OriginChange | None = None

    def copy(self) -> Request:
        """Another, whose headers can be changed without changing these."""
        return Request(
            self.method, self.uri, self.querystring, self.headers.copy(), self.body, self.origin
        )


@dataclass(slots=True)
class Response:
    """A response. ``reason`` is the status line's phrase, such as ``Not Found``.

    ``body`` is whole, or comes in pieces; whoever does not read the pieces to their end calls
    :meth:`leave`. ``headers`` state its length where it is known before it has come.
    """

    status: int
    headers: Headers
    body: bytes | AsyncIterator[bytes] = b""
    reason: str = ""
    close: Callable[[], Awaitable[None]] | None = None

    async def leave(self) -> None:
        """Leave the rest of the body unread."""
        if self.close is not None:
            await self.close()


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks, and where the answer comes from.

    ``location`` is the code of the edge location, such as ``FRA``; ``country`` an ISO 3166-1 code
    of two letters, empty if unknown. ``protocol`` is ``http`` or ``https``; ``request_id`` is what
    ``X-Amz-Cf-Id`` and the log's ``x-edge-request-id`` say.
    """

    ip: str
    port: int
    country: str
    protocol: str
    location: str
    request_id: str


class FunctionFault(Exception):  # noqa: N818
    """A function at the edge failed, or returned what it may not: the viewer gets an error.

    Parameters
    ----------
    status
        502 or 503, as CloudFront answers.
    outcome
        What ``X-Cache`` says.
    message
        What was wrong and what to do next: for the page, and the engine's log.
    """

    def __init__(self, status: int, outcome: Outcome, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.outcome = outcome
        self.message = message


class OriginError(Exception):
    """An origin gave no usable answer.

    Parameters
    ----------
    status
        502 (refused, not understood, certificate) or 504 (no answer in time).
    detail
        The log's ``x-edge-detailed-result-type``: ``OriginDnsError``, ``OriginConnectError``,
        ``OriginCommError``, ``OriginReadError``, ``OriginTimeout``...; see the guide's page
        "Standard logging reference".
    message
        What was wrong and what to do next.
    """

    def __init__(self, status: int, detail: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.detail = detail
        self.message = message


@dataclass(slots=True)
class Visit:
    """What became of one request: the raw material of every log.

    Times are seconds: ``begun`` of the epoch, the others from there on. Sizes are bytes on the
    wire, heads too. ``outcome`` is ``x-edge-result-type``, ``detail`` is
    ``x-edge-detailed-result-type``, and ``before_sent`` what the outcome was before the response
    was sent (``x-edge-response-result-type``): sending may have failed. The fields of the origin
    are set if one was asked: the times are to its first byte and to its last. ``triggers`` has the
    milliseconds of each function that ran.
    """

    begun: float
    distribution: str
    viewer: Viewer
    method: str
    host: str
    uri: str
    querystring: str
    request_headers: Headers
    request_bytes: int = 0
    http_version: str = "HTTP/1.1"
    status: int = 0
    outcome: Outcome = "Miss"
    before_sent: Outcome = "Miss"
    detail: str = ""
    behaviour: str = "*"
    response_headers: Headers = field(default_factory=Headers)
    response_bytes: int = 0
    first_byte_s: float = 0.0
    taken_s: float = 0.0
    range_start: int | None = None
    range_end: int | None = None
    origin_id: str = ""
    origin_first_byte_s: float | None = None
    origin_last_byte_s: float | None = None
    triggers: dict[str, float] = field(default_factory=dict)
    ssl_protocol: str = ""
    ssl_cipher: str = ""
