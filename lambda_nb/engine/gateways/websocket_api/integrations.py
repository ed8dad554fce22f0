"""What stands behind a route: functions, HTTP servers, and mocks."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from lambda_nb.engine.api.wire.http import Header
from lambda_nb.engine.gateways.shared.upstream import TooSlow, Unreachable, Upstream
from lambda_nb.engine.gateways.websocket_api.admission import identified
from lambda_nb.engine.gateways.websocket_api.events import Handshake
from lambda_nb.engine.gateways.websocket_api.lambda_calls import LambdaCalls
from lambda_nb.engine.gateways.websocket_api.refusals import SERVER_ERROR, TIMED_OUT, Refused
from lambda_nb.engine.gateways.websocket_api.stages import Integration, Route, Stage

NOTHING = Handshake({}, {})
_OURS = frozenset(
    {
        "connection", "upgrade", "content-length", "transfer-encoding", "keep-alive", "date",
        "sec-websocket-accept", "sec-websocket-extensions",
    }
)  # fmt: skip
_NOT_PASSED_ON = frozenset({"host", "content-length", "transfer-encoding"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an integration answered."""

    status: int = 200
    body: str | None = None
    headers: list[Header] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Asked:
    """What goes to an integration: the event's context, its body, and a handshake's maps."""

    context: Mapping[str, Any]
    body: str | None = None
    handshake: Handshake = NOTHING
    extra: Mapping[str, Any] = field(default_factory=dict)
    trace_header: str | None = None


class Integrations:
    """Runs integrations.

    Parameters
    ----------
    calls
        Calls functions.
    upstream
        Makes HTTP requests.
    arn
        ARN of ``execute-api`` without the API: ``arn:aws:execute-api:REGION:ACCOUNT``.
    """

    def __init__(self, calls: LambdaCalls, upstream: Upstream, arn: str) -> None:
        self._calls = calls
        self._upstream = upstream
        self._arn = arn

    async def run(self, stage: Stage, route: Route, asked: Asked) -> Outcome:
        """Run a route's integration.

        Raises
        ------
        Refused
            It failed; ``status`` and ``message`` are what a client gets.
        """
        integration = route.integration
        if integration is None:
            raise Refused(500, SERVER_ERROR, f"the route {route.key} has no integration")
        kind = integration.kind
        if kind == "MOCK":
            return _mocked(integration, stage)
        if kind == "AWS_PROXY" and integration.function is not None:
            return await self._function(stage, route, integration, asked)
        if kind in ("HTTP_PROXY", "HTTP"):
            return await self._server(stage, integration, asked)
        if kind == "AWS" and integration.function is not None:
            return await self._plain_function(stage, route, integration, asked)
        text = (
            f"lambda_nb does not run {kind} integrations of WebSocket APIs with {integration.uri!r}"
        )
        raise Refused(500, SERVER_ERROR, text)

    async def _function(
        self, stage: Stage, route: Route, integration: Integration, asked: Asked
    ) -> Outcome:
        event: dict[str, Any] = {**asked.extra, "requestContext": asked.context}
        if stage.variables:
            event["stageVariables"] = dict(stage.variables)
        if asked.body is not None:
            event["body"] = asked.body
        event["isBase64Encoded"] = False
        payload = json.dumps(event, separators=(",", ":"), ensure_ascii=False)
        answer = await self._invoked(stage, route, integration, payload, asked)
        return outcome_of(answer)

    async def _plain_function(
        self, stage: Stage, route: Route, integration: Integration, asked: Asked
    ) -> Outcome:
        if integration.record.get("RequestTemplates"):
            text = f"lambda_nb does not map requests of {route.key} by templates"
            raise Refused(500, SERVER_ERROR, text)
        answer = await self._invoked(stage, route, integration, asked.body or "{}", asked)
        return Outcome(200, answer.decode(errors="replace"))

    async def _invoked(
        self, stage: Stage, route: Route, integration: Integration, payload: str, asked: Asked
    ) -> bytes:
        assert integration.function is not None
        result = await self._calls.invoke(
            integration.function,
            payload.encode(),
            f"{self._arn}:{stage.api_id}/{stage.name}/{route.key}",
            trusted=bool(integration.record.get("CredentialsArn")),
            trace_header=asked.trace_header,
            timeout_s=integration.timeout_s,
        )
        if result.function_error is not None:
            raise Refused(502, SERVER_ERROR, f"the function failed: {result.payload[:500]!r}")
        return result.payload

    async def _server(self, stage: Stage, integration: Integration, asked: Asked) -> Outcome:
        url, headers = request_of(integration, stage, asked)
        try:
            answer = await self._upstream.request(
                integration.record.get("IntegrationMethod") or "POST",
                url,
                headers,
                (asked.body or "").encode(),
                integration.timeout_s,
            )
        except TooSlow as error:
            raise Refused(504, TIMED_OUT, str(error)) from error
        except Unreachable as error:
            raise Refused(502, SERVER_ERROR, str(error)) from error
        kept = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in answer.headers
            if name.lower() not in _OURS
        ]
        return Outcome(answer.status, answer.body.decode(errors="replace"), kept)


def _mocked(integration: Integration, stage: Stage) -> Outcome:
    """A mock says the status of its template, where that is plain JSON; 200 without one."""
    templates = integration.record.get("RequestTemplates") or {}
    if not templates:
        return Outcome()
    template = templates.get("$default") or next(iter(templates.values()))
    try:
        status = json.loads(template)["statusCode"]
    except (ValueError, TypeError, KeyError) as error:
        text = "a mock's template has to be plain JSON with a statusCode here"
        raise Refused(500, SERVER_ERROR, text) from error
    return Outcome(_status(status))


def outcome_of(payload: bytes) -> Outcome:
    """What a function's response says to API Gateway.

    Raises
    ------
    Refused
        It has another shape: 502.
    """
    try:
        response = json.loads(payload)
    except ValueError as error:
        raise _malformed(payload) from error
    if not isinstance(response, dict) or "statusCode" not in response:
        raise _malformed(payload)
    body = response.get("body")
    if body is not None and not isinstance(body, str):
        raise _malformed(payload)
    if body is not None and response.get("isBase64Encoded") is True:
        try:
            body = base64.b64decode(body, validate=True).decode(errors="replace")
        except binascii.Error as error:
            raise _malformed(payload) from error
    given = response.get("headers") or {}
    several = response.get("multiValueHeaders") or {}
    if not isinstance(given, dict) or not isinstance(several, dict):
        raise _malformed(payload)
    pairs = [(n, v) for n, v in given.items() if n not in several]
    pairs += [(n, v) for n, vs in several.items() for v in (vs if isinstance(vs, list) else [vs])]
    return Outcome(
        _status(response["statusCode"]),
        body,
        [header for pair in pairs if (header := _header(*pair)) is not None],
    )


def _header(name: str, value: Any) -> Header | None:
    """A header as bytes; ``None`` for one that is API Gateway's own, or that cannot be sent."""
    if name.lower() in _OURS or not name.replace("-", "").replace("_", "").isalnum():
        return None
    text = value if isinstance(value, str) else json.dumps(value)
    if not name.isascii() or any(character in text for character in "\r\n\0"):
        return None
    return name.encode(), text.encode()


def _status(value: Any) -> int:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 100 <= value <= 599:
        raise Refused(502, SERVER_ERROR, f"statusCode {value!r} is no number from 100 to 599")
    return value


def _malformed(payload: bytes) -> Refused:
    text = f"malformed Lambda proxy response: {payload[:500]!r}"
    return Refused(502, SERVER_ERROR, text)


def request_of(
    integration: Integration, stage: Stage, asked: Asked
) -> tuple[str, list[tuple[str, str]]]:
    """URL and headers for a server, its request parameters mapped."""
    proxied = integration.kind == "HTTP_PROXY"
    headers = {
        name: values
        for name, values in (asked.handshake.headers if proxied else {}).items()
        if name.lower() not in _NOT_PASSED_ON
    }
    query = dict(asked.handshake.query) if proxied else {}
    path: dict[str, str] = {}
    for target, source in (integration.record.get("RequestParameters") or {}).items():
        value = parameter(source, stage, asked)
        _, _, where = target.partition("integration.request.")
        part, _, name = where.partition(".")
        if value is None or not name:
            continue
        if part == "header":
            headers = {n: v for n, v in headers.items() if n.lower() != name.lower()}
            headers[name] = [value]
        elif part == "querystring":
            query[name] = [value]
        elif part == "path":
            path[name] = value
    url = urlsplit(integration.uri)
    place = url.path or "/"
    for name, value in path.items():
        place = place.replace(f"{{{name}}}", quote(value, safe=""))
    joined = "&".join(filter(None, (url.query, urlencode(query, doseq=True))))
    if asked.body is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = ["application/json"]
    pairs = [(name, value) for name, values in headers.items() for value in values]
    return urlunsplit((url.scheme, url.netloc, place, joined, "")), pairs


def parameter(source: str, stage: Stage, asked: Asked) -> str | None:
    """The value of a mapping expression; ``None`` if there is none.

    A text in single quotes stands for itself.
    """
    if len(source) > 1 and source[0] == source[-1] == "'":
        return source[1:-1]
    if source == "route.request.body":
        return asked.body
    return identified(source, stage, asked.handshake, asked.context)
