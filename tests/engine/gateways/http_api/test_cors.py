"""Cross-origin rules of HTTP APIs."""

from __future__ import annotations

import pytest
from engine_fixtures import Engine
from http_apis import Api, Got, new_api

ANSWER = """
def handler(event, context):
    return {"statusCode": 200, "headers": {"access-control-allow-origin": "http://own", "x-a": "1"}}
"""
SITE = "https://site.example"


@pytest.fixture(scope="module")
def function(engine: Engine) -> str:
    return engine.create(ANSWER)


@pytest.fixture(scope="module")
def api(engine: Engine, function: str) -> Api:
    api = new_api(
        engine,
        CorsConfiguration={
            "AllowOrigins": [SITE, "http://*"],
            "AllowMethods": ["GET", "PUT"],
            "AllowHeaders": ["authorization", "x-b"],
            "ExposeHeaders": ["x-a"],
            "MaxAge": 300,
            "AllowCredentials": True,
        },
    )
    # Nobody could make a preflight with an authorizer.
    api.route("ANY /x", api.to_function(function), AuthorizationType="AWS_IAM")
    api.route("GET /open", api.to_function(function))
    return api


def preflight(api: Api, origin: str, path: str = "/x") -> Got:
    headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    return api.call(path, "OPTIONS", headers=headers)


def test_a_preflight_needs_neither_a_route_nor_an_authorizer(api: Api) -> None:
    for path in ("/x", "/nowhere"):
        got = preflight(api, SITE, path)
        assert (got.status, got.body) == (204, b"")
        assert got.headers["access-control-allow-origin"] == SITE
        assert got.headers["access-control-allow-methods"] == "GET,PUT"
        assert got.headers["access-control-allow-headers"] == "authorization,x-b"
        assert got.headers["access-control-allow-credentials"] == "true"
        assert got.headers["access-control-max-age"] == "300"
        assert got.headers["apigw-requestid"]


def test_origins_by_a_pattern(api: Api) -> None:
    got = preflight(api, "http://localhost:8888")
    assert got.headers["access-control-allow-origin"] == "http://localhost:8888"


def test_a_preflight_from_elsewhere(api: Api) -> None:
    got = preflight(api, "https://other.example")
    assert got.status == 204
    assert got.headers["access-control-allow-origin"] is None
    assert got.headers["access-control-allow-methods"] is None


def test_the_gateways_headers_replace_the_functions_own(api: Api) -> None:
    got = api.call("/open", headers={"Origin": SITE})
    assert got.headers.get_all("access-control-allow-origin") == [SITE]
    assert got.headers["access-control-expose-headers"] == "x-a"
    assert got.headers["x-a"] == "1"
    got = api.call("/open", headers={"Origin": "https://other.example"})
    assert got.headers["access-control-allow-origin"] is None


def test_errors_have_the_headers_too(api: Api) -> None:
    got = api.call("/nowhere", headers={"Origin": SITE})
    assert got.status == 404
    assert got.headers["access-control-allow-origin"] == SITE


def test_everybody(engine: Engine, function: str) -> None:
    api = new_api(engine, CorsConfiguration={"AllowOrigins": ["*"], "AllowMethods": ["*"]})
    api.route("GET /x", api.to_function(function))
    assert preflight(api, SITE).headers["access-control-allow-origin"] == "*"
    assert preflight(api, SITE).headers["access-control-allow-methods"] == "*"
    assert api.call("/x", headers={"Origin": SITE}).headers["access-control-allow-origin"] == "*"


def test_without_rules_the_function_answers(engine: Engine, function: str) -> None:
    api = new_api(engine)
    api.route("ANY /x", api.to_function(function))
    assert preflight(api, SITE).headers["access-control-allow-origin"] == "http://own"
