"""Values of parameter mappings."""

from __future__ import annotations

from typing import Any

import pytest

from lambda_nb.engine.api.wire.http import HttpRequest, Reply
from lambda_nb.engine.gateways.http_api.exchange import Exchange, StageNames
from lambda_nb.engine.gateways.http_api.mapping import BadMapping, Response, compiled, json_path
from lambda_nb.engine.gateways.http_api.parameters import RequestMapping, ResponseMapping


async def _nothing() -> Any:
    raise AssertionError


@pytest.fixture
def exchange() -> Exchange:
    headers = {"host": "h.example:1", "x-a": "1,2", "user-agent": "curl"}
    made = Exchange(
        HttpRequest("PUT", "/dev/pets/a%20b", "q=1&q=2&e=", headers, _nothing, "::1"),
        StageNames("000000000000", "us-east-1", "a1", "dev", {"v": "w"}),
        "/pets/a%20b",
        "/dev/pets/a b",
        "h",
        "id=",
        "r1",
        "Root=1",
    )
    made.route_key = "PUT /pets/{id}"
    made.path_parameters = {"id": "a b"}
    made.body = '{"a": {"b": [1, {"c d": "é"}]}, "t": true, "n": null}'.encode()
    made.principal = "ada lovelace"
    made.authorizer = {"jwt": {"claims": {"sub": "ada"}, "scopes": None}}
    return made


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("", ""),
        ("$request.header.X-A", "1,2"),
        ("$request.header.none", None),
        ("$request.querystring.q", "1,2"),
        ("$request.querystring.e", ""),
        ("$request.querystring.none", None),
        ("$request.path", "/pets/a b"),
        ("$request.path.id", "a b"),
        ("$request.path.none", None),
        ("$request.body.a.b[0]", "1"),
        ("$request.body.a.b[1]['c d']", "é"),
        ("$request.body.a.b[9]", None),
        ("$request.body.a", '{"b":[1,{"c d":"é"}]}'),
        ("$request.body.t", "true"),
        ("$request.body.n", None),
        ("$request.body.t.u", None),
        ("$stageVariables.v", "w"),
        ("$stageVariables.none", None),
        ("$context.apiId", "a1"),
        ("$context.identity.sourceIp", "::1"),
        ("$context.routeKey", "PUT /pets/{id}"),
        ("$context.authorizer.claims.sub", "ada"),
        ("$context.authorizer.principalId", "ada lovelace"),
        ("$context.httpMethod", "PUT"),
        ("$context.none", None),
        ("${request.path.id}-${stageVariables.v}${context.none}!", "a b-w!"),
    ],
)
def test_values(exchange: Exchange, text: str, value: str | None) -> None:
    assert compiled(text)(exchange, None) == value


def test_a_whole_body(exchange: Exchange) -> None:
    assert compiled("$request.body")(exchange, None) == exchange.body.decode()
    exchange.body = b'{"a": "' + b"x" * 200_000 + b'"}'
    assert compiled("$request.body.a")(exchange, None) is None, "it is cut at 100 KB"


def test_values_of_a_response(exchange: Exchange) -> None:
    response = Response({"x-b": "3"}, b'{"k": 4}')
    assert compiled("$response.header.X-B")(exchange, response) == "3"
    assert compiled("$response.body.k")(exchange, response) == "4"
    assert compiled("$response.header.x-b")(exchange, None) is None


@pytest.mark.parametrize(
    "text",
    [
        "$",
        "$nothing",
        "$request",
        "$request.header",
        "$request.cookie.a",
        "$response.querystring.a",
        "$request.body..a",
        "$request.body[?(@.a)]",
        "$request.bodyguard",
        "a ${request.nothing} b",
        "$context",
    ],
)
def test_what_does_not_exist(text: str) -> None:
    with pytest.raises(BadMapping):
        compiled(text)


def test_json_paths() -> None:
    assert json_path("") == []
    assert json_path('.a["b.c"][10]') == ["a", "b.c", 10]


def test_a_response_cannot_be_split(exchange: Exchange) -> None:
    mapping = ResponseMapping({"200": {"append:header.x": "$response.body.a"}})
    reply = Reply(200, b'{"a": "1\\r\\nset-cookie: b=2"}')
    mapping.apply(exchange, reply)
    assert reply.headers == [(b"x", b"1set-cookie: b=2")]


@pytest.mark.parametrize("name", ["", "a b", "a\r\nb", "naïve"])
def test_a_header_needs_a_name_that_can_be_sent(name: str) -> None:
    change = {f"append:header.{name}": "1"}
    with pytest.raises(BadMapping, match="no header name"):
        RequestMapping(change)
    with pytest.raises(BadMapping, match="no header name"):
        ResponseMapping({"200": change})


@pytest.mark.parametrize(
    ("text", "status"), [("204", 204), ("99", 200), ("100", 200), ("600", 200), ("no", 200)]
)
def test_status_codes(exchange: Exchange, text: str, status: int) -> None:
    reply = Reply(200, b"{}")
    ResponseMapping({"200": {"overwrite:statuscode": text}}).apply(exchange, reply)
    assert reply.status == status
