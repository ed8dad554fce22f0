"""Functions that really run at edge locations, in Node.js and Python, and what CloudFront does."""

from __future__ import annotations

import asyncio
import json
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from execution_lab import PYTHON, Sink, until

from lambda_nb.engine.edge.headers import Headers
from lambda_nb.engine.edge.model import EventType, FunctionFault, Request, Response, Viewer
from lambda_nb.engine.edge.settings import LambdaAssociation, Origin
from lambda_nb.engine.edge.triggers.context import TriggerContext
from lambda_nb.engine.edge.triggers.executors import Executors
from lambda_nb.engine.edge.triggers.replicas import replica
from lambda_nb.engine.edge.triggers.triggers import Triggers
from lambda_nb.engine.errors import AWSError, not_found
from lambda_nb.engine.execution import Executor
from lambda_nb.engine.model import FunctionVersion

ACCOUNT = "000000000000"
REGIONS = {"IAD": "us-east-1", "FRA": "eu-central-1"}
ORIGIN = Origin("o", "www.example.com", custom_headers=(("X-Key", "k"),))
BUCKET = Origin(
    "b",
    "b.s3.us-east-1.amazonaws.com",
    kind="s3",
    region="us-east-1",
    signing_service="s3",
    signing_behaviour="always",
)
REQUEST = "event['Records'][0]['cf']['request']"
RESPONSE = "event['Records'][0]['cf']['response']"
NODE = "nodejs20.x"


@dataclass
class Edge:
    """Locations whose functions really run."""

    folder: Path
    sinks: dict[str, Sink] = field(default_factory=lambda: {c: Sink() for c in REGIONS})
    versions: dict[str, FunctionVersion] = field(default_factory=dict)
    account_limit: int = 1000
    viewer_timeout_s: int = 30

    def __post_init__(self) -> None:
        self.executors = Executors(self._executor, REGIONS.__getitem__)
        by_region = {region: self.sinks[code] for code, region in REGIONS.items()}
        self.triggers = Triggers(
            self._resolve,
            self.executors,
            by_region.__getitem__,
            viewer_timeout_s=self.viewer_timeout_s,
        )

    def _resolve(self, arn: str) -> FunctionVersion:
        if arn not in self.versions:
            raise not_found(f"Function not found: {arn}")
        return self.versions[arn]

    def _executor(self, code: str, region: str) -> Executor:
        return Executor(
            work_dir=self.folder / f"edge-{code}",
            account=ACCOUNT,
            region=region,
            api_endpoint=lambda: "http://127.0.0.1:9",
            credentials_for=lambda function: ("AKIDEXAMPLE", "secret", "token"),
            logs=self.sinks[code],
            records=self.sinks[code],
            account_limit=self.account_limit,
            runtime_fallback="nearest",
        )

    def associate(self, source: str, *, include_body: bool = False, **settings: Any) -> Any:
        """Publish a function; in Python a line stands for the whole body of the handler."""
        number = len(self.versions) + 1
        code = self.folder / f"code-{number}"
        code.mkdir()
        runtime = settings.get("runtime", PYTHON)
        if runtime.startswith("nodejs"):
            (code / "app.js").write_text(source)
        else:
            if "def handler" not in source:
                source = "def handler(event, context):\n" + textwrap.indent(source, "    ")
            (code / "app.py").write_text(source)
        function = FunctionVersion(
            **{
                "account": ACCOUNT,
                "region": "us-east-1",
                "name": f"f{number}",
                "version": "1",
                "arn": f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f{number}",
                "revision": "r",
                "handler": "app.handler",
                "runtime": PYTHON,
                "code_dir": code,
                "runtime_version_arn": "arn:aws:lambda:us-east-1::runtime:0",
                **settings,
            }
        )
        self.versions[function.qualified_arn] = function
        return LambdaAssociation(function.qualified_arn, include_body)


@pytest.fixture
async def edge(tmp_path: Path) -> AsyncIterator[Edge]:
    made = Edge(tmp_path)
    yield made
    await made.executors.close()


def context(location: str = "IAD", protocol: str = "https") -> TriggerContext:
    viewer = Viewer("192.0.2.1", 4711, "DE", protocol, location, "request-id==")
    return TriggerContext("E1", "d1.cloudfront.net", viewer)


def get(uri: str = "/a", querystring: str = "x=1", **fields: Any) -> Request:
    headers = Headers([("Host", "d1.cloudfront.net"), ("User-Agent", "curl"), ("Via", "1.1 x")])
    return Request(fields.pop("method", "GET"), uri, querystring, headers, **fields)


def ok(body: Any = b"hello", close: Callable[[], Awaitable[None]] | None = None) -> Response:
    headers = Headers([("Content-Type", "text/plain"), ("Content-Length", "5")])
    return Response(200, headers, body, "OK", close)


async def told(edge: Edge, event: EventType, association: LambdaAssociation) -> Any:
    """What a function told in the header ``x-told``."""
    triggers = edge.triggers
    answer: Any
    if event == "viewer-request":
        answer = await triggers.viewer_request(association, context(), get())
    elif event == "origin-request":
        answer = await triggers.origin_request(association, context(), get(), ORIGIN)
        answer = answer[0]
    elif event == "origin-response":
        answer = await triggers.origin_response(association, context(), get(), ORIGIN, ok())
    else:
        answer = await triggers.viewer_response(association, context(), get(), ok())
    return json.loads(answer.headers.get("x-told"))


# --- what functions see


EVENTS: list[EventType] = ["viewer-request", "origin-request", "origin-response", "viewer-response"]


@pytest.mark.parametrize("event", EVENTS)
async def test_what_a_function_sees(edge: Edge, event: EventType) -> None:
    part = "response" if event.endswith("response") else "request"
    association = edge.associate(
        "import json\n"
        "def handler(event, context):\n"
        "    cf = event['Records'][0]['cf']\n"
        "    text = json.dumps(cf)\n"
        f"    cf['{part}']['headers']['x-told'] = [{{'value': text}}]\n"
        f"    return cf['{part}']\n"
    )
    cf = await told(edge, event, association)
    assert cf["config"] == {
        "distributionDomainName": "d1.cloudfront.net",
        "distributionId": "E1",
        "eventType": event,
        "requestId": "request-id==",
    }
    assert cf["request"]["clientIp"] == "192.0.2.1"
    assert cf["request"]["headers"]["user-agent"] == [{"key": "User-Agent", "value": "curl"}]
    assert ("origin" in cf["request"]) == event.startswith("origin")
    assert "body" not in cf["request"]
    if part == "response":
        assert (cf["response"]["status"], cf["response"]["statusDescription"]) == ("200", "OK")
        assert "body" not in cf["response"]
    if event.startswith("origin"):
        custom = cf["request"]["origin"]["custom"]
        assert custom["domainName"] == "www.example.com"
        assert (custom["protocol"], custom["port"]) == ("http", 80)
        assert custom["customHeaders"] == {"x-key": [{"key": "X-Key", "value": "k"}]}


async def test_where_a_function_runs_and_what_it_is_called(edge: Edge) -> None:
    association = edge.associate(
        "import json, os\n"
        "def handler(event, context):\n"
        "    told = [context.function_name, context.invoked_function_arn,\n"
        "            context.function_version, context.log_group_name,\n"
        "            os.environ['AWS_REGION'], os.environ['AWS_LAMBDA_FUNCTION_NAME']]\n"
        f"    {REQUEST}['headers']['x-told'] = [{{'value': json.dumps(told)}}]\n"
        f"    return {REQUEST}\n"
    )
    for location, region in REGIONS.items():
        request = await edge.triggers.viewer_request(association, context(location), get())
        assert json.loads(request.headers.get("x-told") or "") == [
            "us-east-1.f1",
            f"arn:aws:lambda:{region}:{ACCOUNT}:function:us-east-1.f1:1",
            "1",
            "/aws/lambda/us-east-1.f1",
            region,
            "us-east-1.f1",
        ]


async def test_each_location_has_environments_logs_and_records_of_its_own(edge: Edge) -> None:
    association = edge.associate(f"print('here')\nreturn {REQUEST}")
    for location in ("IAD", "FRA", "IAD"):
        await edge.triggers.viewer_request(association, context(location), get())
    starts = {code: [row.start for row in sink.rows] for code, sink in edge.sinks.items()}
    assert starts == {"IAD": ["cold", "warm"], "FRA": ["cold"]}
    for code, sink in edge.sinks.items():
        assert {group for group, *_ in sink.events} == {"/aws/lambda/us-east-1.f1"}
        assert sink.text.count("here\n") == len(starts[code])
        assert {(row.function, row.source) for row in sink.rows} == {("us-east-1.f1", "edge")}
    assert set(edge.executors.status()) == {"IAD", "FRA"}


# --- what functions do


async def test_node_rewrites_a_request(edge: Edge) -> None:
    association = edge.associate(
        """
        'use strict';
        exports.handler = (event, context, callback) => {
            const request = event.Records[0].cf.request;
            request.uri = '/experiment' + request.uri;
            request.querystring = 'y=2';
            request.headers['x-mine'] = [{ key: 'X-mine', value: 'yes' }];
            delete request.headers['user-agent'];
            callback(null, request);
        };
        """,
        runtime=NODE,
    )
    request = await edge.triggers.viewer_request(association, context(), get())
    assert isinstance(request, Request)
    assert (request.method, request.uri, request.querystring) == ("GET", "/experiment/a", "y=2")
    assert list(request.headers) == [
        ("Host", "d1.cloudfront.net"),
        ("Via", "1.1 x"),
        ("X-mine", "yes"),
    ]


async def test_node_makes_a_response(edge: Edge) -> None:
    association = edge.associate(
        """
        exports.handler = async () => ({
            status: '302',
            statusDescription: 'Found',
            headers: { location: [{ key: 'Location', value: 'https://example.com/' }] },
            body: 'grün',
        });
        """,
        runtime=NODE,
    )
    for call in (
        edge.triggers.viewer_request(association, context(), get()),
        edge.triggers.origin_request(association, context(), get(), ORIGIN),
    ):
        response = await call
        assert isinstance(response, Response)
        assert (response.status, response.reason) == (302, "Found")
        assert response.body == "grün".encode()
        assert list(response.headers) == [
            ("Location", "https://example.com/"),
            ("Content-Length", "5"),
        ]


async def test_a_response_without_content_has_no_length(edge: Edge) -> None:
    association = edge.associate("return {'status': '204'}")
    response = await edge.triggers.viewer_request(association, context(), get())
    assert isinstance(response, Response)
    assert (response.body, list(response.headers)) == (b"", [])


async def test_what_a_function_did_not_change_is_passed_on_as_it_came(edge: Edge) -> None:
    association = edge.associate(f"return {REQUEST}")
    asked = get("/gr\xfcn", "q=gr\xfcn")
    asked.headers.add("X-Latin", "gr\xfcn")
    asked.headers.add("Connection", "close")
    request = await edge.triggers.viewer_request(association, context(), asked)
    assert request == asked


@pytest.mark.parametrize("event", ["viewer-request", "origin-request"])
async def test_a_body_is_read_and_replaced(edge: Edge, event: str) -> None:
    association = edge.associate(
        "import base64\n"
        "def handler(event, context):\n"
        f"    request = {REQUEST}\n"
        "    text = base64.b64decode(request['body']['data']).decode()\n"
        "    request['body'].update(action='replace', encoding='text', data=text + '&b=ü')\n"
        "    return request\n",
        include_body=True,
    )
    asked = get(method="POST", body=b"a=1")
    asked.headers.set("Content-Length", "3")
    answer: Any
    if event == "viewer-request":
        answer = await edge.triggers.viewer_request(association, context(), asked)
    else:
        answer, _ = await edge.triggers.origin_request(  # type: ignore[misc]
            association, context(), asked, ORIGIN
        )
    assert answer.body == "a=1&b=ü".encode()
    assert answer.headers.all("content-length") == ["8"]


async def test_a_body_that_is_only_read_goes_on_whole(edge: Edge) -> None:
    association = edge.associate(
        f"assert {REQUEST}['body']['inputTruncated']\nreturn {REQUEST}", include_body=True
    )
    body = b"x" * 50_000
    asked = get(method="POST", body=body)
    request = await edge.triggers.viewer_request(association, context(), asked)
    assert request.body == body


# --- origins


async def origin_after(edge: Edge, source: str, origin: Origin = ORIGIN) -> Origin:
    association = edge.associate(f"request = {REQUEST}\n{source}\nreturn request")
    answer = await edge.triggers.origin_request(association, context(), get(), origin)
    assert isinstance(answer, tuple)
    return answer[1]


async def test_an_origin_that_stays_is_the_same(edge: Edge) -> None:
    assert await origin_after(edge, "request['uri'] = '/b'") is ORIGIN


async def test_another_server(edge: Edge) -> None:
    origin = await origin_after(
        edge,
        "request['origin']['custom'].update(domainName='eu.example.com', path='/eu', port=8443,\n"
        "    protocol='https', readTimeout=9, keepaliveTimeout=8, sslProtocols=['TLSv1.2'],\n"
        "    customHeaders={'x-key': [{'key': 'X-Key', 'value': 'new'}]})\n"
        "request['headers']['host'] = [{'key': 'Host', 'value': 'eu.example.com'}]",
    )
    assert origin == replace(
        ORIGIN,
        domain="eu.example.com",
        path="/eu",
        https_port=8443,
        protocol_policy="https-only",
        read_timeout_s=9.0,
        keepalive_timeout_s=8.0,
        custom_headers=(("X-Key", "new"),),
    )


async def test_a_bucket_in_place_of_a_server(edge: Edge) -> None:
    origin = await origin_after(
        edge,
        "request['origin'] = {'s3': {'domainName': 'b.s3.amazonaws.com', 'region': '',\n"
        "    'authMethod': 'origin-access-identity', 'path': '', 'customHeaders': {}}}",
    )
    assert (origin.kind, origin.domain, origin.access_identity) == ("s3", "b.s3.amazonaws.com", "")
    assert origin.custom_headers == ()


async def test_another_bucket_keeps_the_signature(edge: Edge) -> None:
    source = "request['origin']['s3']['domainName'] = 'c.s3.amazonaws.com'"
    origin = await origin_after(edge, source, BUCKET)
    assert origin == replace(BUCKET, domain="c.s3.amazonaws.com")


async def test_a_server_in_place_of_a_bucket_is_not_signed_for(edge: Edge) -> None:
    source = (
        "request['origin'] = {'custom': {'domainName': 'a.example.com', 'port': 80, 'path': '',\n"
        "    'protocol': 'http', 'sslProtocols': ['TLSv1.2'], 'readTimeout': 5,\n"
        "    'keepaliveTimeout': 5}}"
    )
    origin = await origin_after(edge, source, BUCKET)
    assert (origin.kind, origin.domain, origin.http_port) == ("custom", "a.example.com", 80)
    assert (origin.signing_service, origin.signing_behaviour) == ("", "never")
    assert origin.region == ""


async def test_an_identity_is_kept_or_given_up(edge: Edge) -> None:
    bucket = replace(BUCKET, access_identity="E2", signing_service="")
    change = "request['origin']['s3']['path'] = '/p'\n"
    assert (await origin_after(edge, change, bucket)).access_identity == "E2"
    without = change + "request['origin']['s3']['authMethod'] = 'none'"
    assert (await origin_after(edge, without, bucket)).access_identity == ""


async def test_an_address_of_this_machine_keeps_its_port(edge: Edge) -> None:
    mine = replace(ORIGIN, domain="abc.lambda-url.localhost:8080")
    source = (
        "custom = request['origin']['custom']\n"
        "assert (custom['domainName'], custom['port']) == ('abc.lambda-url.localhost', 8080)\n"
        "custom['path'] = '/p'"
    )
    origin = await origin_after(edge, source, mine)
    assert (origin.domain, origin.path) == ("abc.lambda-url.localhost:8080", "/p")


async def test_the_viewers_protocol_is_shown_where_the_origin_gets_it(edge: Edge) -> None:
    association = edge.associate(
        f"return {{'status': '200', 'body': {REQUEST}['origin']['custom']['protocol']}}"
    )
    origin = replace(ORIGIN, protocol_policy="match-viewer")
    for protocol in ("http", "https"):
        made = await edge.triggers.origin_request(
            association, context(protocol=protocol), get(), origin
        )
        assert isinstance(made, Response)
        assert made.body == protocol.encode()


# --- responses


async def test_a_response_is_replaced_and_the_origins_is_closed(edge: Edge) -> None:
    closed = []

    async def close() -> None:
        closed.append(True)

    async def pieces() -> AsyncIterator[bytes]:
        yield b"hello"

    association = edge.associate(
        f"response = {RESPONSE}\n"
        "response.update(status=302, statusDescription='Found', body='')\n"
        "response['headers']['location'] = [{'key': 'Location', 'value': '/b'}]\n"
        "return response"
    )
    made = await edge.triggers.origin_response(
        association, context(), get(), ORIGIN, ok(pieces(), close)
    )
    assert (made.status, made.reason, made.body) == (302, "Found", b"")
    assert closed == [True]
    assert list(made.headers) == [
        ("Content-Type", "text/plain"),
        ("Location", "/b"),
        ("Content-Length", "0"),
    ]


async def test_a_response_keeps_its_body_and_its_length(edge: Edge) -> None:
    association = edge.associate(
        f"response = {RESPONSE}\n"
        "response['headers']['content-length'] = [{'value': '99'}]\n"
        "response['headers']['x-frame-options'] = [{'value': 'DENY'}]\n"
        "response['status'] = '201'\n"
        "return response"
    )
    before = ok()
    made = await edge.triggers.origin_response(association, context(), get(), ORIGIN, before)
    assert made.body is before.body
    assert made.status == 201
    assert made.headers.all("content-length") == ["5"]
    assert made.headers.get("x-frame-options") == "DENY"
    without = replace_headers(ok(), [])
    made = await edge.triggers.origin_response(association, context(), get(), ORIGIN, without)
    assert "content-length" not in made.headers


def replace_headers(response: Response, pairs: list[tuple[str, str]]) -> Response:
    return Response(response.status, Headers(pairs), response.body, response.reason)


async def test_security_headers_at_the_viewer_response(edge: Edge) -> None:
    association = edge.associate(
        """
        exports.handler = async (event) => {
            const response = event.Records[0].cf.response;
            response.headers['strict-transport-security'] = [{ value: 'max-age=63072000' }];
            return response;
        };
        """,
        runtime=NODE,
    )
    made = await edge.triggers.viewer_response(association, context(), get(), ok())
    assert ("Strict-Transport-Security", "max-age=63072000") in list(made.headers)
    assert (made.status, made.body) == (200, b"hello")


# --- what is refused


BROKEN: list[tuple[EventType, str, str]] = [
    ("viewer-request", "return None", "must be an object type"),
    ("viewer-request", "return event", "It is the whole event"),
    ("viewer-request", "return {'status': '700'}", "from 200 to 599"),
    ("viewer-request", "return {'status': '204', 'body': 'x'}", "may have no body"),
    ("viewer-request", "return {'status': '200', 'body': 'x' * 40960 + 'y'}", "are allowed"),
    (
        "viewer-request",
        "return {'status': '200', 'headers': {'location': '/'}}",
        "must be an array",
    ),
    ("viewer-request", f"r = {REQUEST}\nr['uri'] = 'b'\nreturn r", "begin with a slash"),
    ("viewer-request", f"r = {REQUEST}\nr['method'] = 'PUT'\nreturn r", "read-only field"),
    ("viewer-request", f"r = {REQUEST}\ndel r['headers']['host']\nreturn r", "read-only header"),
    (
        "viewer-request",
        f"r = {REQUEST}\nr['headers']['x-edge-a'] = [{{'value': 'x'}}]\nreturn r",
        "blacklisted header",
    ),
    ("viewer-request", f"r = {REQUEST}\nr['body'] = {{'action': 'replace'}}\nreturn r", "Include"),
    (
        "origin-request",
        f"r = {REQUEST}\nr['headers']['via'][0]['value'] = 'me'\nreturn r",
        "may not change via",
    ),
    (
        "origin-request",
        f"r = {REQUEST}\nr['origin']['custom']['port'] = 22\nreturn r",
        "invalid origin configuration",
    ),
    ("origin-request", "return {'status': '200', 'body': 'x' * 1048577}", "are allowed"),
    ("origin-response", f"return {REQUEST}", "with its status"),
    ("origin-response", f"r = {RESPONSE}\nr['body'] = {{}}\nreturn r", "not a string"),
    ("viewer-response", f"r = {RESPONSE}\nr['status'] = '404'\nreturn r", "cannot change it"),
    (
        "viewer-response",
        f"r = {RESPONSE}\ndel r['headers']['content-length']\nreturn r",
        "may not delete content-length",
    ),
]


@pytest.mark.parametrize(
    ("event", "source", "says"), BROKEN, ids=[f"{event}: {says}" for event, _, says in BROKEN]
)
async def test_a_result_that_breaks_a_rule_is_a_502(
    edge: Edge, event: EventType, source: str, says: str
) -> None:
    association = edge.associate(source)
    with pytest.raises(FunctionFault) as fault:
        await told(edge, event, association)
    assert (fault.value.status, fault.value.outcome) == (502, "LambdaValidationError")
    assert says in fault.value.message
    line = next(e for e in edge.sinks["IAD"].events if e[0].startswith("/aws/cloudfront/"))
    assert line[0] == "/aws/cloudfront/LambdaEdge/E1"
    assert line[1] == edge.sinks["IAD"].rows[0].environment
    assert line[3].startswith("(request-id==) ERROR Validation error: The Lambda function ")
    assert says in line[3]
    assert edge.sinks["IAD"].rows[0].request_id in line[3]


async def test_what_is_refused_is_logged_where_the_function_ran(edge: Edge) -> None:
    association = edge.associate("return None")
    with pytest.raises(FunctionFault):
        await edge.triggers.viewer_request(association, context("FRA"), get())
    assert "Validation error" in edge.sinks["FRA"].text
    assert edge.sinks["IAD"].events == []


# --- functions that fail


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("raise RuntimeError('broken')", "broken"),
        ("import os\nos._exit(3)", "Runtime exited"),
    ],
    ids=["error", "exit"],
)
async def test_a_function_that_fails_is_a_503(edge: Edge, source: str, says: str) -> None:
    association = edge.associate(source)
    with pytest.raises(FunctionFault) as fault:
        await edge.triggers.viewer_request(association, context("FRA"), get())
    assert (fault.value.status, fault.value.outcome) == (503, "LambdaExecutionError")
    assert "is invalid or doesn't have the required permissions." in fault.value.message
    assert says in fault.value.message
    assert "/aws/lambda/us-east-1.f1 in eu-central-1" in fault.value.message


async def test_a_function_that_takes_too_long_is_a_503(edge: Edge) -> None:
    association = edge.associate("import time\ntime.sleep(60)", timeout_s=1)
    with pytest.raises(FunctionFault, match="timed out after 1") as fault:
        await edge.triggers.viewer_request(association, context(), get())
    assert (fault.value.status, fault.value.outcome) == (503, "LambdaExecutionError")


async def test_a_function_that_is_not_there_is_a_503(edge: Edge) -> None:
    association = LambdaAssociation(f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:none:1")
    with pytest.raises(FunctionFault, match="Function not found") as fault:
        await edge.triggers.viewer_request(association, context(), get())
    assert (fault.value.status, fault.value.outcome) == (503, "LambdaExecutionError")


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"version": "$LATEST"}, "must reference a specific function version"),
        ({"region": "eu-west-1"}, "in region 'us-east-1'"),
        ({"runtime": "ruby3.4"}, "invalid runtime"),
        ({"memory_mb": 256}, "memory size is larger"),
        ({"timeout_s": 31}, "timeout is larger"),
        ({"environment": {"A": "1"}}, "environment variables"),
        ({"layer_dirs": (Path("/opt"),)}, "layers"),
        ({"architecture": "arm64"}, "arm64"),
        ({"ephemeral_storage_mb": 1024}, "ephemeral storage"),
        ({"package_type": "Image"}, "container image"),
        ({"durable": True}, "durable"),
        ({"tracing_mode": "Active"}, "X-Ray"),
    ],
)
async def test_a_function_that_cannot_be_at_the_edge_does_not_run(
    edge: Edge, settings: dict[str, Any], says: str
) -> None:
    if settings.get("region"):
        settings["arn"] = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:f1"
    association = edge.associate(f"return {REQUEST}", **settings)
    with pytest.raises(FunctionFault) as fault:
        await edge.triggers.viewer_request(association, context(), get())
    assert (fault.value.status, fault.value.outcome) == (503, "LambdaExecutionError")
    assert says in fault.value.message
    assert edge.sinks["IAD"].rows == []


async def test_viewer_events_may_have_the_old_limit_of_5_seconds(tmp_path: Path) -> None:
    edge = Edge(tmp_path, viewer_timeout_s=5)
    association = edge.associate(f"return {REQUEST}", timeout_s=6)
    try:
        with pytest.raises(FunctionFault, match="6 Max allowed: 5"):
            await edge.triggers.viewer_request(association, context(), get())
        await edge.triggers.origin_request(association, context(), get(), ORIGIN)
    finally:
        await edge.executors.close()


async def test_concurrency_is_a_locations_own(tmp_path: Path) -> None:
    edge = Edge(tmp_path, account_limit=1)
    busy = edge.associate("import time\ntime.sleep(60)", timeout_s=30)
    quick = edge.associate(f"return {REQUEST}")
    executor = await edge.executors.at("IAD")
    call = asyncio.create_task(edge.triggers.viewer_request(busy, context("IAD"), get()))
    try:
        await until(lambda: bool(executor.status()["environments"]))
        with pytest.raises(FunctionFault, match="was throttled") as fault:
            await edge.triggers.viewer_request(quick, context("IAD"), get())
        assert (fault.value.status, fault.value.outcome) == (503, "LambdaLimitExceeded")
        await edge.triggers.viewer_request(quick, context("FRA"), get())
    finally:
        await edge.executors.close()
    with pytest.raises(FunctionFault, match="shutting down"):
        await call


# --- executors and replicas


async def test_a_location_starts_once_however_many_ask(edge: Edge) -> None:
    first, second = await asyncio.gather(edge.executors.at("IAD"), edge.executors.at("IAD"))
    assert first is second is edge.executors.up("IAD")
    assert edge.executors.up("FRA") is None


async def test_a_viewer_who_goes_away_does_not_stop_a_location(edge: Edge) -> None:
    call = asyncio.create_task(edge.executors.at("IAD"))
    await asyncio.sleep(0)
    call.cancel()
    executor = await edge.executors.at("IAD")
    assert executor is edge.executors.up("IAD")


async def test_no_location_starts_once_the_engine_ends(edge: Edge) -> None:
    await edge.executors.close()
    with pytest.raises(AWSError, match="shutting down"):
        await edge.executors.at("IAD")


async def test_a_deleted_function_loses_its_environments(edge: Edge) -> None:
    association = edge.associate(f"return {REQUEST}")
    await edge.triggers.viewer_request(association, context(), get())
    edge.triggers.deleted("f1", None)
    await edge.triggers.viewer_request(association, context(), get())
    assert [row.start for row in edge.sinks["IAD"].rows] == ["cold", "cold"]


async def test_a_new_picture_of_a_version_is_used(edge: Edge) -> None:
    association = edge.associate("return {'status': '200'}")
    await edge.triggers.viewer_request(association, context(), get())
    other = edge.associate("return {'status': '201'}")
    before = edge.versions[association.arn]
    code = edge.versions[other.arn].code_dir
    edge.versions[association.arn] = replace(before, revision="s", code_dir=code)
    response = await edge.triggers.viewer_request(association, context(), get())
    assert isinstance(response, Response)
    assert response.status == 201


def test_a_replica_has_the_settings_of_its_function(tmp_path: Path) -> None:
    edge = Edge(tmp_path)
    function = edge.versions[edge.associate("return 1", memory_mb=512).arn]
    made = replica(function, "eu-west-1")
    assert made.qualified_arn == f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:us-east-1.f1:1"
    assert (made.memory_mb, made.handler, made.version) == (512, "app.handler", "1")
