"""HTTP APIs over a configuration and functions that are made up."""

from __future__ import annotations

import asyncio
import dataclasses
import json
from collections.abc import MutableMapping
from types import SimpleNamespace
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import (
    APIGatewayProxyEventModel,
    APIGatewayProxyEventV2Model,
)
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.gateways.configuration.v2.served import ServedStage
from lambda_nb.engine.gateways.http_api.gateway import HttpApis
from lambda_nb.engine.gateways.shared.addresses import API, Address
from lambda_nb.engine.model import InvocationResult
from lambda_nb.engine.permissions.functions import Call

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:f"


class Functions:
    """Takes note of calls, and answers each alike."""

    def __init__(self, payload: bytes = b'{"statusCode": 200}') -> None:
        self.calls: list[Call] = []
        self.payload = payload

    async def invoke(self, call: Call) -> InvocationResult:
        """Take note."""
        self.calls.append(call)
        return InvocationResult(call.request_id, self.payload, "1")


def integration(version: str, **more: Any) -> dict[str, Any]:
    return {
        "IntegrationType": "AWS_PROXY",
        "IntegrationUri": FUNCTION,
        "PayloadFormatVersion": version,
        **more,
    }


def stage(**routes: dict[str, Any]) -> ServedStage:
    """A ``$default`` stage with a route for each path, and its integration."""
    return ServedStage(
        api={"ApiId": "a1"},
        stage={"StageName": "$default"},
        deployment_id="d",
        routes=[
            {"RouteKey": f"ANY /{name}/{{proxy+}}", "Target": f"integrations/{name}"}
            for name in routes
        ],
        integrations=routes,
        authorizers={},
        models={},
        integration_responses={},
        route_responses={},
    )


class Gateway:
    """HTTP APIs over a made-up configuration."""

    def __init__(self, served: ServedStage, functions: Functions) -> None:
        self.configuration = SimpleNamespace(
            revision=1,
            served=lambda api, name: served if name == "$default" else None,
            authorizer_resets=lambda api, name: 0,
        )
        surroundings: Any = SimpleNamespace(
            account="000000000000",
            region="us-east-1",
            gate=None,
            functions=lambda arn: functions,
            upstream=None,
            logs=None,
        )
        configuration: Any = self.configuration
        self._apis = HttpApis(configuration, surroundings)

    def ask(
        self,
        path: str,
        method: str = "GET",
        query: str = "",
        headers: list[tuple[bytes, bytes]] | None = None,
        body: bytes = b"",
        at: Address | None = None,
    ) -> tuple[int, dict[bytes, bytes], bytes]:
        """Status, headers and body of the answer to one request."""
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        scope = {
            "method": method,
            "raw_path": path.encode("latin-1"),
            "query_string": query.encode("latin-1"),
            "headers": [(name.lower(), value) for name, value in headers or []],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 2),
        }
        request = HttpRequest.of(scope, receive)
        at = at or Address(API, "a1", path)
        asyncio.run(self._apis.answer(at, request, "r1", send))
        start, content = sent
        return start["status"], dict(start["headers"]), content["body"]


_latin = st.characters(min_codepoint=1, max_codepoint=255, exclude_characters="\r\n ")
_bytes = st.text(_latin, max_size=30).map(lambda text: text.encode("latin-1"))


@given(
    version=st.sampled_from(["1.0", "2.0"]),
    path=st.text(_latin, max_size=40).filter(lambda text: "?" not in text),
    query=st.text(_latin, max_size=40),
    headers=st.lists(st.tuples(st.sampled_from([b"X-A", b"Cookie", b"Content-Type"]), _bytes)),
    body=st.binary(max_size=50),
)
def test_whatever_is_asked_becomes_an_event(
    version: str, path: str, query: str, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    functions = Functions()
    gateway = Gateway(stage(x=integration(version)), functions)
    status, _, _ = gateway.ask(f"/x/{path}", "POST", query, headers, body)
    assert status == 200
    event = json.loads(functions.calls[0].payload)
    model = APIGatewayProxyEventModel if version == "1.0" else APIGatewayProxyEventV2Model
    model.model_validate(event)
    assert functions.calls[0].source_arn == (
        "arn:aws:execute-api:us-east-1:000000000000:a1/$default/POST/x/{proxy+}"
    )


@given(st.binary(max_size=60) | st.from_type(object).map(lambda value: repr(value).encode()))
def test_whatever_a_function_answers_has_an_answer(payload: bytes) -> None:
    gateway = Gateway(stage(x=integration("2.0")), Functions(payload))
    assert gateway.ask("/x/y")[0] in (200, 500)


def test_answers_of_deep_nesting() -> None:
    gateway = Gateway(stage(x=integration("2.0")), Functions(b"[" * 200_000))
    assert gateway.ask("/x/y")[0] == 500


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"IntegrationUri": "arn:aws:s3:::bucket"}, "is no function"),
        ({"RequestParameters": {"append:header.a": "$nonsense.x"}}, "is no variable"),
        ({"RequestParameters": {"append:nonsense": "x"}}, "names neither"),
        ({"RequestParameters": {"append:header.a": "$request.body..x"}}, "is no JSON path"),
        ({"ResponseParameters": {"200": {"prepend:header.a": "x"}}}, "does not begin with"),
        ({"IntegrationSubtype": "S3-Everything"}, "has no integration S3-Everything"),
    ],
)
def test_what_cannot_work_says_so(
    settings: dict[str, Any], why: str, caplog: pytest.LogCaptureFixture
) -> None:
    gateway = Gateway(stage(x=integration("2.0", **settings)), Functions())
    status, _, body = gateway.ask("/x/y")
    assert (status, json.loads(body)) == (500, {"message": "Internal Server Error"})
    assert why in caplog.text


def test_a_route_without_an_integration(caplog: pytest.LogCaptureFixture) -> None:
    gateway = Gateway(dataclasses.replace(stage(), routes=[{"RouteKey": "GET /x"}]), Functions())
    assert gateway.ask("/x")[0] == 500
    assert "no integration" in caplog.text


def test_a_stage_is_compiled_once_for_each_revision() -> None:
    gateway = Gateway(stage(x=integration("2.0")), Functions())
    asked: list[str] = []
    served = gateway.configuration.served

    def counted(api: str, name: str) -> ServedStage | None:
        asked.append(name)
        return served(api, name)

    gateway.configuration.served = counted
    for _ in range(3):
        assert gateway.ask("/x/y")[0] == 200
    assert asked.count("$default") == 1
    gateway.configuration.revision += 1
    gateway.ask("/x/y")
    assert asked.count("$default") == 2


@pytest.mark.parametrize(("method", "status"), [("PATCH", 200), ("PROPFIND", 404), ("get", 404)])
def test_methods(method: str, status: int) -> None:
    assert Gateway(stage(x=integration("2.0")), Functions()).ask("/x/y", method)[0] == status


def test_limits_go_on_counting_while_something_else_changes() -> None:
    served = dataclasses.replace(
        stage(x=integration("2.0")),
        stage={"StageName": "$default", "DefaultRouteSettings": {"ThrottlingBurstLimit": 1}},
    )
    gateway = Gateway(served, Functions())
    assert gateway.ask("/x/y")[0] == 200
    gateway.configuration.revision += 1
    assert gateway.ask("/x/y")[0] == 429


def test_head_size_counts_the_line_and_the_values() -> None:
    gateway = Gateway(stage(x=integration("2.0")), Functions())
    line = len("GET /x/y HTTP/1.1")
    room = 10_240 - line
    assert gateway.ask("/x/y", headers=[(b"a", b"b" * room)])[0] == 200
    assert gateway.ask("/x/y", headers=[(b"a", b"b" * (room + 2))])[0] == 431
    assert gateway.ask("/x/y", query="q" * room)[0] == 200
    assert gateway.ask("/x/y", query="&" * (room + 2))[0] == 431


def test_a_custom_domain_name() -> None:
    functions = Functions()
    gateway = Gateway(stage(x=integration("2.0")), functions)
    at = Address(API, "a1", "/x/y", "/v1", stage="$default")
    headers = [(b"Host", b"web.example:80")]
    assert gateway.ask("/v1/x/y", headers=headers, at=at)[0] == 200
    event = json.loads(functions.calls[0].payload)
    assert event["rawPath"] == "/v1/x/y"
    assert event["pathParameters"] == {"proxy": "y"}
    assert event["requestContext"]["domainName"] == "web.example:80"
    assert event["requestContext"]["domainPrefix"] == "web"
    assert gateway.ask("/v1/x/y", headers=headers, at=at._replace(stage="gone"))[0] == 404


@pytest.mark.parametrize(
    ("host", "prefix"),
    [("127.0.0.1:23025", "a1"), ("a1.execute-api.localhost:80", "a1"), ("localhost:80", "a1")],
)
def test_the_prefix_of_an_address_that_has_no_name(host: str, prefix: str) -> None:
    functions = Functions()
    gateway = Gateway(stage(x=integration("2.0")), functions)
    assert gateway.ask("/x/y", headers=[(b"Host", host.encode())])[0] == 200
    context = json.loads(functions.calls[0].payload)["requestContext"]
    assert (context["domainName"], context["domainPrefix"]) == (host, prefix)


def test_a_custom_domain_name_of_an_api_whose_own_endpoint_is_off() -> None:
    served = stage(x=integration("2.0"))
    gateway = Gateway(
        dataclasses.replace(served, api={"ApiId": "a1", "DisableExecuteApiEndpoint": True}),
        Functions(),
    )
    assert gateway.ask("/x/y")[0] == 404
    assert gateway.ask("/x/y", at=Address(API, "a1", "/x/y", stage="$default"))[0] == 200
