"""The events of WebSocket APIs (facts/events.md, WebSocket)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl

from lambda_nb.engine.api.wire.http import Header, HttpRequest
from lambda_nb.engine.gateways.websocket_api.connection import Client, now_ms
from lambda_nb.engine.model import Caller

_OF_THE_HANDSHAKE = frozenset({b"connection", b"upgrade"})
_NOBODY = (
    "cognitoIdentityPoolId", "cognitoIdentityId", "principalOrgId", "cognitoAuthenticationType",
    "userArn", "userAgent", "accountId", "caller", "accessKey", "cognitoAuthenticationProvider",
    "user",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a client's handshake says: maps of an event, with all values of each name."""

    headers: Mapping[str, list[str]]
    query: Mapping[str, list[str]]

    @classmethod
    def of(cls, request: HttpRequest, spelt: Sequence[Header], trace_header: str) -> Handshake:
        """Read a request, and add what API Gateway adds.

        Parameters
        ----------
        spelt
            Its headers, with their names as the client spelt them.
        trace_header
            Of X-Ray.
        """
        headers: dict[str, list[str]] = {}
        for raw_name, raw_value in spelt:
            if raw_name.lower() not in _OF_THE_HANDSHAKE:
                name = raw_name.decode("latin-1")
                headers.setdefault(name, []).append(raw_value.decode("latin-1"))
        host = request.headers.get("host", "")
        before = request.headers.get("x-forwarded-for")
        for name, value in (
            ("X-Amzn-Trace-Id", trace_header),
            ("X-Forwarded-For", f"{before}, {request.peer}" if before else request.peer),
            ("X-Forwarded-Port", host.rpartition(":")[2] if ":" in host else "80"),
            ("X-Forwarded-Proto", "http"),
        ):
            for known in [known for known in headers if known.lower() == name.lower()]:
                del headers[known]
            headers[name] = [value]
        query: dict[str, list[str]] = {}
        for name, value in parse_qsl(request.query, keep_blank_values=True):
            query.setdefault(name, []).append(value)
        return cls(headers, query)

    def header(self, name: str) -> str | None:
        """The last value of a header, whatever its spelling; ``None`` if it is not there."""
        wanted = name.lower()
        return next((v[-1] for n, v in self.headers.items() if n.lower() == wanted), None)

    def members(self) -> dict[str, Any]:
        """The maps as an event has them."""
        found: dict[str, Any] = {
            "headers": _last(self.headers),
            "multiValueHeaders": self.headers,
        }
        if self.query:
            found["queryStringParameters"] = _last(self.query)
            found["multiValueQueryStringParameters"] = self.query
        return found


def _last(maps: Mapping[str, list[str]]) -> dict[str, str]:
    return {name: values[-1] for name, values in maps.items()}


def context_of(
    client: Client,
    connection_id: str,
    connected_ms: int,
    request_id: str,
    *,
    route_key: str,
    event_type: str,
) -> dict[str, Any]:
    """What every ``requestContext`` has.

    Parameters
    ----------
    connected_ms
        When the connection was made, in milliseconds since 1970.
    event_type
        ``CONNECT``, ``MESSAGE`` or ``DISCONNECT``.
    """
    now = now_ms()
    moment = datetime.fromtimestamp(now / 1000, timezone.utc)
    identity = {"sourceIp": client.source_ip}
    if client.user_agent is not None:
        identity["userAgent"] = client.user_agent
    context: dict[str, Any] = {
        "routeKey": route_key,
        "eventType": event_type,
        "extendedRequestId": request_id,
        "requestTime": moment.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "messageDirection": "IN",
        "stage": client.stage,
        "connectedAt": connected_ms,
        "requestTimeEpoch": now,
        "identity": identity,
        "requestId": request_id,
        "domainName": client.domain_name,
        "connectionId": connection_id,
        "apiId": client.api_id,
    }
    if client.authorizer is not None:
        context["authorizer"] = client.authorizer
    return context


def of_handshake(context: dict[str, Any], caller: Caller | None) -> dict[str, Any]:
    """A ``$connect``'s ``requestContext``: it also has the members that have no value yet.

    Parameters
    ----------
    caller
        Who signed the handshake, if it had to be signed.
    """
    identity: dict[str, Any] = {**dict.fromkeys(_NOBODY), **context["identity"]}
    if caller is not None:
        identity |= {
            "accountId": caller.account,
            "caller": caller.access_key,
            "accessKey": caller.access_key,
            "userArn": caller.arn,
            "user": caller.access_key,
        }
    nothing_yet = dict.fromkeys(("disconnectStatusCode", "messageId", "disconnectReason"))
    return {**context, **nothing_yet, "identity": identity}


def goodbye_headers(host: str) -> dict[str, Any]:
    """The header maps of a ``$disconnect`` event."""
    headers = {"Host": host, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
    return {
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
    }
