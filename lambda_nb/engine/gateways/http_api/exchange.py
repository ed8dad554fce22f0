"""One request on its way through an HTTP API, and what is known of it so far."""

from __future__ import annotations

import base64
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl, unquote

from lambda_nb.engine.api.wire.headers import HOP_BY_HOP
from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.identifiers import hex_digits
from lambda_nb.engine.model import Caller


@dataclass(frozen=True, slots=True)
class StageNames:
    """What identifies a stage: for events, ARNs and logs."""

    account: str
    region: str
    api_id: str
    stage: str
    variables: Mapping[str, str]

    @property
    def arn(self) -> str:
        """The stage's ARN as permissions have it, without a method."""
        return f"arn:aws:execute-api:{self.region}:{self.account}:{self.api_id}/{self.stage}"


@dataclass(slots=True)
class Exchange:
    """One request.

    Attributes
    ----------
    request
        As it came.
    stage
        The stage that it is for.
    path
        Below the stage, percent-encoded, for routing.
    raw_path
        With the stage's name, unless it is ``$default``; percent-decoded, as events have it.
    prefix
        First part of ``domainName``.
    request_id
        API Gateway's.
    lambda_request_id
        Of the function's invocation.
    trace_header
        X-Ray's header.
    route_key, path_parameters
        The route, once found.
    body
        Once read.
    authorizer
        Of ``requestContext`` in payload format 2.0: one of ``jwt``, ``lambda`` and ``iam``.
    principal
        Who asks, as a Lambda authorizer's policy says.
    caller
        Who signed the request, for IAM.
    notes
        What only logs tell: by the variables' names.
    """

    request: HttpRequest
    stage: StageNames
    path: str
    raw_path: str
    prefix: str
    request_id: str
    lambda_request_id: str
    trace_header: str
    route_key: str = ""
    path_parameters: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    authorizer: dict[str, Any] | None = None
    principal: str | None = None
    caller: Caller | None = None
    notes: dict[str, Any] = field(default_factory=dict)
    began: float = field(default_factory=time.time)
    _query: list[tuple[str, str]] | None = None
    _headers: dict[str, str] | None = None

    @property
    def query(self) -> list[tuple[str, str]]:
        """Names and values of the query, decoded."""
        if self._query is None:
            text = self.request.query
            self._query = parse_qsl(text, keep_blank_values=True) if text else []
        return self._query

    @property
    def headers(self) -> dict[str, str]:
        """Headers as integrations see them: names in lower case, with those of the gateway."""
        if self._headers is None:
            self._headers = forwarded_headers(self.request, self.trace_header)
        return self._headers

    @property
    def domain(self) -> str:
        """The host that was called."""
        return self.request.headers.get("host", "")

    @property
    def epoch_ms(self) -> int:
        """When the request came: milliseconds since 1970."""
        return int(self.began * 1000)

    @property
    def time_text(self) -> str:
        """When the request came, as in ``02/Jan/2026:03:04:05 +0000``."""
        return _time_text(int(self.began))

    @property
    def method_arn(self) -> str:
        """What is called: API, stage, method and path."""
        return f"{self.stage.arn}/{self.request.method}{unquote(self.path)}"

    @property
    def source_arn(self) -> str:
        """What calls a function, as its resource policy is asked: with the route's own path."""
        if self.route_key.startswith("$"):
            return f"{self.stage.arn}/{self.route_key}"
        return f"{self.stage.arn}/{self.request.method}{self.route_key.partition(' ')[2]}"


def forwarded_headers(request: HttpRequest, trace_header: str) -> dict[str, str]:
    """A request's headers as integrations see them."""
    given = request.headers
    headers = {name: value for name, value in given.items() if name not in HOP_BY_HOP}
    if "content-length" not in headers:
        headers["content-length"] = "0"
    headers["x-amzn-trace-id"] = trace_header
    before = given.get("x-forwarded-for")
    headers["x-forwarded-for"] = f"{before}, {request.peer}" if before else request.peer
    headers["x-forwarded-port"] = given.get("x-forwarded-port") or _port(given.get("host", ""))
    headers["x-forwarded-proto"] = given.get("x-forwarded-proto") or "http"
    return headers


def _port(host: str) -> str:
    _, colon, port = host.rpartition(":")
    return port if colon and port.isdigit() else "80"


def new_request_id() -> str:
    """An identifier as HTTP APIs give them: 16 characters of base64."""
    return base64.b64encode(bytes.fromhex(hex_digits(22))).decode()


@lru_cache(16)
def _time_text(second: int) -> str:
    return time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(second))
