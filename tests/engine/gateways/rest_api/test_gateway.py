"""What the gateway makes of requests, on hand-made snapshots and functions that answer at once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.configuration.rest.apis import RestConfiguration
from lambda_nb.engine.gateways.configuration.rest.served import ServedRestStage, Snapshot
from lambda_nb.engine.gateways.rest_api.gateway import RestApis
from lambda_nb.engine.gateways.shared.addresses import Address
from lambda_nb.engine.gateways.shared.surroundings import Surroundings
from lambda_nb.engine.model import InvocationResult, Throttled
from lambda_nb.engine.permissions.functions import Call, NotPermitted

ARN = "arn:aws:lambda:eu-west-1:000000000000:function:f"
URI = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{ARN}/invocations"
LOGS = {"methodSettings": {"*/*": {"loggingLevel": "INFO", "dataTraceEnabled": True}}}
MOCKED = {
    "type": "MOCK",
    "requestTemplates": {
        "application/json": "{'statusCode': 200, 'q': '$input.params().path', $input.json('$')}"
    },
    "integrationResponses": {
        "200": {
            "statusCode": "200",
            "responseParameters": {"method.response.header.X": "context.path"},
        }
    },
}
PROXY = {"type": "AWS_PROXY", "uri": URI, "httpMethod": "POST"}


def snapshot(methods: dict[str, Any], path: str = "/pets/{id}", **api: Any) -> Snapshot:
    described = {
        name: {"httpMethod": name, "authorizationType": "NONE", **method}
        for name, method in methods.items()
    }
    resource = {"id": "r1", "path": path, "resourceMethods": described}
    return Snapshot("d1", {"id": "a1", **api}, {"r1": resource}, {}, {}, {}, {})


@dataclass
class Configuration:
    """A configuration with one stage."""

    main: Snapshot
    stage: dict[str, Any] = field(default_factory=dict)
    canary: Snapshot | None = None
    revision: int = 1
    compiled: int = 0
    usage: None = None  # no method here asks for a key

    def served(self, api_id: str, stage_name: str) -> ServedRestStage | None:
        """The stage ``prod``."""
        self.compiled += 1
        if stage_name != "prod":
            return None
        stage = {"stageName": "prod", "deploymentId": "d1", "methodSettings": {}, **self.stage}
        return ServedRestStage(stage, self.main, self.canary)

    def flushes(self, api_id: str, stage_name: str) -> tuple[int, int]:
        """None."""
        return 0, 0


class Function:
    """Every function: answers what it is told, or raises it."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.calls: list[Call] = []

    async def invoke(self, call: Call) -> InvocationResult:
        """Answer."""
        self.calls.append(call)
        if isinstance(self.answer, Exception):
            raise self.answer
        return InvocationResult(call.request_id, json.dumps(self.answer).encode(), "1")


class Lines:
    """Keeps log lines."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []

    def put(self, group: str, stream: str, timestamp_ms: int, message: str) -> None:
        """Keep one."""
        self.lines.append((group, message))


@dataclass
class Lab:
    """A gateway on a configuration."""

    configuration: Configuration
    function: Function = field(default_factory=lambda: Function({"body": "ok"}))
    lines: Lines = field(default_factory=Lines)

    def __post_init__(self) -> None:
        surroundings = Surroundings(
            account="000000000000",
            region="eu-west-1",
            gate=cast("Any", None),
            functions=lambda arn: cast("Any", self.function),
            upstream=cast("Any", None),
            addresses=cast("Any", None),
            logs=self.lines,
        )
        configuration = cast("RestConfiguration", self.configuration)
        # Nothing here is signed.
        surroundings = cast("Surroundings", _Open(surroundings))
        self.apis = RestApis(configuration, surroundings)

    async def ask(
        self, at: Address, method: str = "GET", query: str = "", body: bytes = b"", **headers: str
    ) -> tuple[int, dict[str, str], Any]:
        """Make a request; status, headers and parsed body."""
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        pairs = [
            (name.encode("latin-1"), value.encode("utf-8", "surrogatepass"))
            for name, value in given.items()
        ]

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body}

        sent: list[MutableMapping[str, Any]] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        request = HttpRequest(method, at.path, query, given, receive, "10.0.0.1", 80, pairs, pairs)
        await self.apis.answer(at, request, "request-1", send)
        start, *rest = sent
        text = b"".join(message["body"] for message in rest)
        shown = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        return start["status"], shown, text.decode()

    @property
    def event(self) -> dict[str, Any]:
        """The last event."""
        event: dict[str, Any] = json.loads(self.function.calls[-1].payload)
        return event


class _Open:
    """Surroundings whose gate lets everybody in."""

    def __init__(self, of: Surroundings) -> None:
        self._of = of
        self.gate = type("Gate", (), {"open": True, "anyone": None})()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._of, name)


AT = Address("execute-api", "a1", "/prod/pets/7")


async def test_custom_domain_names_keep_their_base_path() -> None:
    lab = Lab(Configuration(snapshot({"GET": {"methodIntegration": PROXY}})))
    at = Address("execute-api", "a1", "/pets/7", "/v1", "", "prod")
    status, _, _ = await lab.ask(at, host="api.example.com")
    assert status == 200
    assert lab.event["path"] == "/v1/pets/7"
    assert lab.event["requestContext"]["path"] == "/v1/pets/7"
    assert lab.event["requestContext"]["stage"] == "prod"
    assert lab.event["requestContext"]["domainName"] == "api.example.com"
    assert lab.event["requestContext"]["domainPrefix"] == "api"
    assert lab.event["pathParameters"] == {"id": "7"}


async def test_the_caller_of_a_function_is_the_method() -> None:
    lab = Lab(Configuration(snapshot({"ANY": {"methodIntegration": PROXY}})))
    await lab.ask(AT, "PATCH")
    (call,) = lab.function.calls
    assert call.function == ARN
    assert call.principal == "apigateway.amazonaws.com"
    assert call.source_arn == "arn:aws:execute-api:eu-west-1:000000000000:a1/prod/PATCH/pets/*"
    assert not call.trusted


async def test_integrations_with_credentials_are_trusted() -> None:
    integration = {**PROXY, "credentials": "arn:aws:iam::000000000000:role/r"}
    lab = Lab(Configuration(snapshot({"GET": {"methodIntegration": integration}})))
    await lab.ask(AT)
    assert lab.function.calls[0].trusted


@pytest.mark.parametrize(
    ("answer", "status", "logged"),
    [
        (NotPermitted("add a permission"), 500, "Invalid permissions on Lambda function"),
        (Throttled("ReservedFunctionConcurrentInvocationLimitExceeded"), 500, "Rate Exceeded."),
        (AWSError("ResourceNotFoundException", "none", 404), 500, "Invalid permissions"),
        (AWSError("ServiceException", "broken", 500), 502, "broken"),
        ({"statusCode": 200, "more": 1}, 502, "Malformed Lambda proxy response"),
    ],
)
async def test_functions_that_cannot_answer(answer: Any, status: int, logged: str) -> None:
    stage = {"methodSettings": {"*/*": {"loggingLevel": "ERROR"}}}
    configuration = Configuration(snapshot({"GET": {"methodIntegration": PROXY}}), stage)
    lab = Lab(configuration, Function(answer))
    got, _, body = await lab.ask(AT)
    assert (got, body) == (status, '{"message":"Internal server error"}')
    assert any(
        group == "API-Gateway-Execution-Logs_a1/prod" and logged in line
        for group, line in lab.lines.lines
    )
    assert lab.lines.lines[-1][1].endswith(f"Method completed with status: {status}")


async def test_functions_are_invoked_by_post_only() -> None:
    integration = {**PROXY, "httpMethod": "GET"}
    lab = Lab(Configuration(snapshot({"GET": {"methodIntegration": integration}}), LOGS))
    status, _, body = await lab.ask(AT)
    assert (status, body) == (500, '{"message":"Internal server error"}')
    assert any("must be POST" in line for _, line in lab.lines.lines)
    assert lab.function.calls == []


async def test_headers_of_a_connection_stay_with_it() -> None:
    lab = Lab(Configuration(snapshot({"GET": {"methodIntegration": PROXY}})))
    await lab.ask(AT, Connection="close", Upgrade="x", X_Forwarded_For="1.1.1.1", Own="1")
    assert "Connection" not in lab.event["headers"]
    assert "Upgrade" not in lab.event["headers"]
    assert lab.event["headers"]["Own"] == "1"


async def test_a_stage_is_compiled_once_for_a_revision() -> None:
    configuration = Configuration(snapshot({"GET": {"methodIntegration": PROXY}}))
    lab = Lab(configuration)
    for _ in range(3):
        await lab.ask(AT)
    assert configuration.compiled == 1
    configuration.revision += 1
    await lab.ask(AT)
    assert configuration.compiled == 2


async def test_settings_of_stages_are_for_all_methods_together() -> None:
    stage = {"methodSettings": {"*/*": {"throttlingRateLimit": 0.001, "throttlingBurstLimit": 2}}}
    methods = {name: {"methodIntegration": PROXY} for name in ("GET", "PUT")}
    lab = Lab(Configuration(snapshot(methods), stage))
    statuses = [(await lab.ask(AT, method))[0] for method in ("GET", "PUT", "GET")]
    assert statuses == [200, 200, 429]


async def test_what_cannot_be_compiled_is_an_error() -> None:
    broken = snapshot({"GET": {"methodIntegration": PROXY}}, policy="{")
    lab = Lab(Configuration(broken))
    with pytest.raises(AWSError):
        await lab.ask(AT)


def test_errors_outside_of_an_api() -> None:
    lab = Lab(Configuration(snapshot({})))
    request = HttpRequest("GET", "/", "", {}, cast("Any", None))
    reply = lab.apis.fault(AWSError("X", "no such host", 403), AT, request, "r")
    assert (reply.status, reply.body) == (403, b'{"message":"no such host"}')
    reply = lab.apis.fault(AWSError("X", "secret", 500), AT, request, "r")
    assert (reply.status, reply.body) == (500, b'{"message":"Internal server error"}')


_PATHS = st.text(alphabet="/ab7%2F{}+.?é\x00 ", max_size=20)
_NAMES = st.text(alphabet="aB-:é", min_size=1, max_size=8)


@given(
    path=_PATHS,
    query=st.text(alphabet="a=&%zé;+", max_size=15),
    headers=st.dictionaries(_NAMES, st.text(max_size=10), max_size=4),
    body=st.binary(max_size=20),
    method=st.sampled_from(["GET", "PUT", "HEAD", "X"]),
)
def test_any_request_has_an_answer(
    path: str, query: str, headers: dict[str, str], body: bytes, method: str
) -> None:
    methods = {"GET": {"methodIntegration": PROXY}, "PUT": {"methodIntegration": MOCKED}}
    lab = Lab(Configuration(snapshot(methods, "/{proxy+}"), LOGS))
    at = Address("execute-api", "a1", "/prod" + path)
    status, shown, _ = asyncio.run(lab.ask(at, method, query, body, **headers))
    assert status in (200, 400, 403, 500)
    assert shown["x-amzn-requestid"] == "request-1"
