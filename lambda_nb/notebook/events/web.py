"""Sample events of web doors: APIs, function URLs, load balancers, WebSockets, CloudFront."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from lambda_nb.notebook.events.common import ACCOUNT, REGION, arn, new_id, now_ms, text_of

_AGENT = "Mozilla/5.0"
_API = "a1b2c3d4e5"
_ADDRESS = "127.0.0.1"


class _Request:
    """One request: path, query, headers in lower case, body and its encoding."""

    def __init__(
        self, method: str, path: str, query: Any, headers: Mapping[str, str] | None, body: Any
    ) -> None:
        at = urlsplit(path)
        pairs = query.items() if isinstance(query, Mapping) else query or ()
        self.method = method.upper()
        self.path = at.path or "/"
        self.query = parse_qsl(at.query, keep_blank_values=True) + [
            (str(name), str(one))
            for name, value in pairs
            for one in (value if isinstance(value, list) else [value])
        ]
        self.headers = {
            "user-agent": _AGENT,
            "x-forwarded-for": _ADDRESS,
            "x-forwarded-proto": "https",
        }
        self.headers |= {name.lower(): value for name, value in (headers or {}).items()}
        self.is_base64 = isinstance(body, bytes)
        self.body: str | None = None
        if isinstance(body, bytes):
            self.body = base64.b64encode(body).decode()
        elif body is not None:
            self.body = text_of(body)
            if not isinstance(body, str):
                self.headers.setdefault("content-type", "application/json")

    @property
    def joined(self) -> dict[str, str]:
        """The query, repeated names joined by commas."""
        told: dict[str, str] = {}
        for name, value in self.query:
            told[name] = f"{told[name]},{value}" if name in told else value
        return told

    @property
    def lists(self) -> dict[str, list[str]]:
        """The query, with all values of each name."""
        told: dict[str, list[str]] = {}
        for name, value in self.query:
            told.setdefault(name, []).append(value)
        return told


def _now() -> tuple[str, int]:
    return f"{datetime.now(timezone.utc):%d/%b/%Y:%H:%M:%S +0000}", now_ms()


def http(
    *,
    method: str = "GET",
    path: str = "/",
    query: Any = None,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    route: str | None = None,
    path_parameters: Mapping[str, str] | None = None,
    claims: Mapping[str, Any] | None = None,
    domain: str = f"{_API}.execute-api.{REGION}.amazonaws.com",
) -> dict[str, Any]:
    """A request to an HTTP API, format 2.0.

    ``path`` may have a query. ``claims`` are those of a JWT that an authorizer has checked.
    """
    asked = _Request(method, path, query, headers, body)
    asked.headers.setdefault("host", domain)
    key = route or f"{asked.method} {asked.path}"
    told, epoch = _now()
    context: dict[str, Any] = {
        "accountId": ACCOUNT,
        "apiId": domain.split(".")[0],
        "domainName": domain,
        "domainPrefix": domain.split(".")[0],
        "http": {
            "method": asked.method,
            "path": asked.path,
            "protocol": "HTTP/1.1",
            "sourceIp": _ADDRESS,
            "userAgent": asked.headers["user-agent"],
        },
        "requestId": new_id(),
        "routeKey": key,
        "stage": "$default",
        "time": told,
        "timeEpoch": epoch,
    }
    if claims is not None:
        context["authorizer"] = {"jwt": {"claims": dict(claims), "scopes": None}}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": key,
        "rawPath": asked.path,
        "rawQueryString": urlencode(asked.query),
        "headers": asked.headers,
        "requestContext": context,
        "isBase64Encoded": asked.is_base64,
    }
    cookies = asked.headers.pop("cookie", None)
    for name, value in (
        ("cookies", cookies.split("; ") if cookies else None),
        ("queryStringParameters", asked.joined),
        ("pathParameters", dict(path_parameters or {})),
        ("body", asked.body),
    ):
        if value:
            event[name] = value
    return event


def url(**details: Any) -> dict[str, Any]:
    """A request to a function URL; details as for ``"http"``."""
    domain = f"{new_id().replace('-', '')}.lambda-url.{REGION}.on.aws"
    event = http(**{"domain": domain, "route": "$default", **details})
    event["requestContext"]["accountId"] = "anonymous"
    return event


def rest(
    *,
    method: str = "GET",
    path: str = "/",
    query: Any = None,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    resource: str | None = None,
    path_parameters: Mapping[str, str] | None = None,
    authorizer: Mapping[str, Any] | None = None,
    stage: str = "prod",
) -> dict[str, Any]:
    """A request to a REST API. ``path`` may have a query; ``resource`` is the method's path."""
    asked = _Request(method, path, query, headers, body)
    domain = f"{_API}.execute-api.{REGION}.amazonaws.com"
    spelt = {"Host": domain} | {name.title(): value for name, value in asked.headers.items()}
    told, epoch = _now()
    identity = dict.fromkeys(
        (
            "accessKey",
            "accountId",
            "caller",
            "cognitoAuthenticationProvider",
            "cognitoAuthenticationType",
            "cognitoIdentityId",
            "cognitoIdentityPoolId",
            "principalOrgId",
            "user",
            "userArn",
        )
    )
    context: dict[str, Any] = {
        "resourceId": "abc123",
        "resourcePath": resource or asked.path,
        "httpMethod": asked.method,
        "extendedRequestId": new_id()[:15],
        "requestTime": told,
        "path": f"/{stage}{asked.path}",
        "accountId": ACCOUNT,
        "protocol": "HTTP/1.1",
        "stage": stage,
        "domainPrefix": _API,
        "requestTimeEpoch": epoch,
        "requestId": new_id(),
        "identity": {**identity, "sourceIp": _ADDRESS, "userAgent": asked.headers["user-agent"]},
        "domainName": domain,
        "apiId": _API,
    }
    if authorizer is not None:
        context["authorizer"] = dict(authorizer)
    return {
        "resource": resource or asked.path,
        "path": asked.path,
        "httpMethod": asked.method,
        "headers": spelt,
        "multiValueHeaders": {name: [value] for name, value in spelt.items()},
        "queryStringParameters": {n: values[-1] for n, values in asked.lists.items()} or None,
        "multiValueQueryStringParameters": asked.lists or None,
        "pathParameters": dict(path_parameters) if path_parameters else None,
        "stageVariables": None,
        "requestContext": context,
        "body": asked.body,
        "isBase64Encoded": asked.is_base64,
    }


def alb(
    *,
    method: str = "GET",
    path: str = "/",
    query: Any = None,
    headers: Mapping[str, str] | None = None,
    body: Any = None,
    target_group: str = "my-targets",
) -> dict[str, Any]:
    """A request to a load balancer. ``path`` may have a query."""
    asked = _Request(method, path, query, headers, body)
    group = arn("elasticloadbalancing", f"targetgroup/{target_group}/6d0ecf831eec9f09")
    return {
        "requestContext": {"elb": {"targetGroupArn": group}},
        "httpMethod": asked.method,
        "path": asked.path,
        "queryStringParameters": dict(asked.query),
        "headers": {"host": "my-balancer.elb.amazonaws.com", "x-forwarded-port": "443"}
        | asked.headers,
        "body": asked.body or "",
        "isBase64Encoded": asked.is_base64,
    }


def websocket(
    *,
    route: str = "$default",
    body: Any = None,
    connection: str | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    stage: str = "prod",
) -> dict[str, Any]:
    """A message of a WebSocket, or ``route`` ``$connect`` or ``$disconnect``."""
    kinds = {"$connect": "CONNECT", "$disconnect": "DISCONNECT"}
    kind = kinds.get(route, "MESSAGE")
    told, epoch = _now()
    domain = f"{_API}.execute-api.{REGION}.amazonaws.com"
    context: dict[str, Any] = {
        "routeKey": route,
        "eventType": kind,
        "extendedRequestId": new_id()[:15],
        "requestTime": told,
        "messageDirection": "IN",
        "stage": stage,
        "connectedAt": epoch,
        "requestTimeEpoch": epoch,
        "identity": {"userAgent": _AGENT, "sourceIp": _ADDRESS},
        "requestId": new_id(),
        "domainName": domain,
        "connectionId": connection or new_id()[:12] + "=",
        "apiId": _API,
    }
    event: dict[str, Any] = {"requestContext": context, "isBase64Encoded": False}
    if kind == "MESSAGE":
        context["messageId"] = new_id()[:12] + "="
        event["body"] = text_of({"action": route} if body is None else body)
        return event
    sent = {"Host": domain, **(headers or {})}
    event |= {"headers": sent, "multiValueHeaders": {n: [v] for n, v in sent.items()}}
    if kind == "DISCONNECT":
        context |= {"disconnectStatusCode": 1000, "disconnectReason": ""}
    elif query:
        event["queryStringParameters"] = dict(query)
        event["multiValueQueryStringParameters"] = {n: [v] for n, v in query.items()}
    return event


def authorizer(
    *,
    token: str = "allow-me",  # noqa: S107  # a sample
    method: str = "GET",
    path: str = "/",
) -> dict[str, Any]:
    """What a REST API's token authorizer gets."""
    return {
        "type": "TOKEN",
        "methodArn": arn("execute-api", f"{_API}/prod/{method}{path}"),
        "authorizationToken": token,
    }


def edge(
    *,
    trigger: str = "viewer-request",
    uri: str = "/",
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    status: int = 200,
) -> dict[str, Any]:
    """What Lambda@Edge gets; ``uri`` may have a query.

    ``trigger`` is viewer-request, origin-request, origin-response or viewer-response; ``status`` is
    that of a response.
    """
    at = urlsplit(uri)
    sent = {"Host": "d111111abcdef8.cloudfront.net", "User-Agent": _AGENT, **(headers or {})}
    request: dict[str, Any] = {
        "clientIp": _ADDRESS,
        "headers": {n.lower(): [{"key": n, "value": value}] for n, value in sent.items()},
        "method": method,
        "querystring": at.query,
        "uri": at.path,
    }
    if trigger.startswith("origin"):
        request["origin"] = {
            "s3": {
                "authMethod": "none",
                "customHeaders": {},
                "domainName": f"my-bucket.s3.{REGION}.amazonaws.com",
                "path": "",
                "region": REGION,
            }
        }
    config = {
        "distributionDomainName": "d111111abcdef8.cloudfront.net",
        "distributionId": "EDFDVBD6EXAMPLE",
        "eventType": trigger,
        "requestId": new_id(),
    }
    cf: dict[str, Any] = {"config": config, "request": request}
    if trigger.endswith("response"):
        kind = [{"key": "Content-Type", "value": "text/html"}]
        cf["response"] = {
            "status": str(status),
            "statusDescription": "OK" if status == 200 else "",
            "headers": {"content-type": kind},
        }
    return {"Records": [{"cf": cf}]}
