"""``TestFunction`` and the reading of functions, with CloudFront's API in a real engine."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from botocore.parsers import create_parser
from engine_fixtures import Engine

from lambda_nb.engine import service_model
from lambda_nb.engine.api.neighbours.watched_calls import WatchedCall
from lambda_nb.engine.aws_calls.services import Services
from lambda_nb.engine.aws_calls.upstream import Upstream
from lambda_nb.engine.edge.functions.code import Code, NoCode
from lambda_nb.engine.edge.functions.sources import ApiSource
from lambda_nb.engine.edge.functions.test_function import FunctionTests

REQUEST = {
    "version": "1.0",
    "context": {"eventType": "viewer-request"},
    "viewer": {"ip": "192.0.2.1"},
    "request": {"method": "GET", "uri": "/", "querystring": {}, "headers": {}, "cookies": {}},
}
TEXT = """import cf from 'cloudfront';
async function handler(event) {
    console.log('<' + event.request.uri + '>');
    if (event.request.uri === '/fail') { throw new Error('as asked'); }
    if (event.request.uri === '/none') { return; }
    event.request.headers['x-kept'] = {value: await cf.kvs().get('key')};
    return event.request;
}"""


def of_kind(kind: str) -> dict[str, Any]:
    """The request, as an event of another type."""
    return {**REQUEST, "context": {"eventType": kind}}


def with_source(engine: Engine, work: Callable[[ApiSource], Awaitable[Any]]) -> Any:
    """What work gives that has a source of the engine's functions."""

    async def run() -> Any:
        upstream = Upstream(engine.url, tuple(engine.keys.values()))
        try:
            return await work(ApiSource(Services(upstream, "us-east-1"), lambda: 0))
        finally:
            await upstream.close()

    return asyncio.run(run())


def answered(engine: Engine, name: str, etag: str, event: object, **more: str) -> tuple[int, Any]:
    """The status and botocore's reading of a test's answer."""
    raw = event if isinstance(event, bytes) else json.dumps(event).encode()
    root = ElementTree.Element("TestFunctionRequest")
    given = {"Stage": "DEVELOPMENT", "EventObject": base64.b64encode(raw).decode(), **more}
    for member, text in given.items():
        ElementTree.SubElement(root, member).text = text
    call = WatchedCall(
        "us-east-1", "POST", "", {}, f"/2020-05-31/function/{name}/test", "",
        {"if-match": etag}, ElementTree.tostring(root),
    )  # fmt: skip
    reply = with_source(engine, lambda source: FunctionTests(source).asked(call))
    assert reply is not None
    headers = {key.decode(): text.decode() for key, text in reply.headers}
    answer = {"status_code": reply.status, "body": reply.body, "headers": headers}
    shape = service_model.operation("TestFunction", "cloudfront").output_shape
    return reply.status, create_parser("rest-xml").parse(answer, shape)


def put(engine: Engine, store: str, items: dict[str, str]) -> None:
    """Put items into a key value store; its service is not in every boto3."""

    async def run(source: ApiSource) -> None:
        upstream = Upstream(engine.url, tuple(engine.keys.values()))
        path = f"/key-value-stores/{quote(store, safe='')}"
        about = await source._get("cloudfront-keyvaluestore", path)
        etag = {key.lower(): text for key, text in about.headers}["etag"]
        puts = [{"Key": key, "Value": value} for key, value in items.items()]
        answer = await upstream.call_service(
            "cloudfront-keyvaluestore", "us-east-1", "POST", f"{path}/keys",
            {"Content-Type": "application/json", "If-Match": etag},
            json.dumps({"Puts": puts}).encode(), 10.0,
        )  # fmt: skip
        assert answer.status == 200, answer.body
        await upstream.close()

    with_source(engine, run)


@pytest.fixture(scope="module")
def function(engine: Engine) -> tuple[str, str, str]:
    """A function with a key value store: its name, its ETag, and the store's ARN."""
    client, name = engine.client("cloudfront"), engine.name("tested")
    store = client.create_key_value_store(Name=name)["KeyValueStore"]["ARN"]
    put(engine, store, {"key": "ü"})
    made = client.create_function(
        Name=name,
        FunctionConfig={
            "Comment": "a & b",
            "Runtime": "cloudfront-js-2.0",
            "KeyValueStoreAssociations": {"Quantity": 1, "Items": [{"KeyValueStoreARN": store}]},
        },
        FunctionCode=TEXT.encode(),
    )
    return name, made["ETag"], store


def test_code_is_read(engine: Engine, function: tuple[str, str, str]):
    """With runtime and store; at the stage LIVE once it is published."""
    name, _, store = function
    code = with_source(engine, lambda source: source.code(name, "DEVELOPMENT"))
    assert code == Code(name, TEXT, "2.0", store)
    other = engine.name("live")
    client = engine.client("cloudfront")
    config = {"Comment": "", "Runtime": "cloudfront-js-1.0"}
    made = client.create_function(Name=other, FunctionConfig=config, FunctionCode=b"var x;")
    with pytest.raises(NoCode, match="LIVE"):
        with_source(engine, lambda source: source.code(other, "LIVE"))
    client.publish_function(Name=other, IfMatch=made["ETag"])
    assert with_source(engine, lambda source: source.code(other, "LIVE")) == Code(
        other, "var x;", "1.0"
    )


def test_a_store_is_read_whole(engine: Engine, function: tuple[str, str, str]):
    """More items than a page has."""
    _, _, store = function
    for start in (0, 40):  # a call takes at most 50
        put(engine, store, {f"k{i}": f"v{i}" for i in range(start, start + 40)})
    found = with_source(engine, lambda source: source.store(store))
    assert found.items == {**{f"k{i}": f"v{i}" for i in range(80)}, "key": "ü"}
    assert found.created.endswith("Z")


def test_a_test(engine: Engine, function: tuple[str, str, str]):
    """Output, logs, compute utilisation and the function's summary."""
    name, etag, _ = function
    status, result = answered(engine, name, etag, REQUEST)
    told = result["TestResult"]
    assert status == 200
    assert told["FunctionErrorMessage"] == ""
    output = json.loads(told["FunctionOutput"])
    assert output["request"]["headers"] == {"x-kept": {"value": "ü"}}
    assert told["FunctionExecutionLogs"] == ["</>"]
    assert 1 <= int(told["ComputeUtilization"]) <= 100
    assert told["FunctionSummary"]["Name"] == name
    assert told["FunctionSummary"]["FunctionConfig"]["Comment"] == "a & b"
    assert told["FunctionSummary"]["FunctionMetadata"]["Stage"] == "DEVELOPMENT"


def test_a_test_that_fails(engine: Engine, function: tuple[str, str, str]):
    """The test succeeds, and says why the function failed."""
    name, etag, _ = function
    asked = {**REQUEST["request"], "uri": "/fail"}
    _, result = answered(engine, name, etag, {**REQUEST, "request": asked})
    told = result["TestResult"]
    assert told["FunctionErrorMessage"].endswith("could not run. Error: as asked in 4")
    assert (told["FunctionOutput"], told["FunctionExecutionLogs"]) == ("", ["</fail>"])


def test_a_test_without_a_result(engine: Engine, function: tuple[str, str, str]):
    """A function must return something."""
    name, etag, _ = function
    asked = {**REQUEST["request"], "uri": "/none"}
    _, result = answered(engine, name, etag, {**REQUEST, "request": asked})
    assert "invalid value" in result["TestResult"]["FunctionErrorMessage"]


@pytest.mark.parametrize(
    ("event", "more", "code", "said"),
    [
        (b"no json", {}, "InvalidArgument", "not JSON"),
        ([], {}, "InvalidArgument", "not a JSON object"),
        ({"version": "2.0"}, {}, "InvalidArgument", "it needs '1.0'"),
        (of_kind("origin-request"), {}, "InvalidArgument", "viewer-request"),
        ({**REQUEST, "request": 1}, {}, "InvalidArgument", "no request"),
        (of_kind("viewer-response"), {}, "InvalidArgument", "no response"),
        ({**REQUEST, "more": "x" * 40_960}, {}, "InvalidArgument", "at most 40960"),
        (REQUEST, {"Stage": "BETA"}, "InvalidArgument", "DEVELOPMENT or LIVE"),
        (REQUEST, {"EventObject": "!"}, "InvalidArgument", "base64"),
        (REQUEST, {"Stage": "LIVE"}, "NoSuchFunctionExists", ""),
    ],
    ids=[
        "json", "array", "version", "kind", "request", "response", "size", "stage", "base64",
        "live",
    ],
)  # fmt: skip
def test_refused_tests(
    engine: Engine,
    function: tuple[str, str, str],
    event: object,
    more: dict[str, str],
    code: str,
    said: str,
):
    """In AWS's error codes."""
    name, etag, _ = function
    status, result = answered(engine, name, etag, event, **more)
    assert result["Error"]["Code"] == code
    assert said in result["Error"]["Message"]
    assert status == (404 if code == "NoSuchFunctionExists" else 400)


def test_the_version_is_checked(engine: Engine, function: tuple[str, str, str]):
    """If-Match names the code that is tested."""
    name, _, _ = function
    status, result = answered(engine, name, "other", REQUEST)
    assert (status, result["Error"]["Code"]) == (400, "InvalidIfMatchVersion")


def test_other_calls_are_passed_on(engine: Engine):
    """A test is a POST to one path."""
    for method, path in (("GET", "/2020-05-31/function/f/test"), ("POST", "/2020-05-31/function")):
        call = WatchedCall("us-east-1", method, "", {}, path)
        asked = with_source(engine, lambda source, call=call: FunctionTests(source).asked(call))
        assert asked is None
