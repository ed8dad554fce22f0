"""Requests to parameters and responses to replies, for every operation that the model knows."""

from __future__ import annotations

import contextlib
import json
from datetime import datetime, timezone
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.awsrequest import create_request_object, prepare_request_dict
from botocore.eventstream import EventStreamBuffer
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine import service_model
from lambda_nb.engine.api.faults import lambda_fault, neighbour_fault
from lambda_nb.engine.api.lambda_api import event_json, parsing
from lambda_nb.engine.api.lambda_api.invoke import throttled_fault
from lambda_nb.engine.api.lambda_api.routing import Router
from lambda_nb.engine.api.lambda_api.serialising import serialise
from lambda_nb.engine.api.wire import event_stream
from lambda_nb.engine.api.wire.http import HttpRequest
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.model import Throttled

SERIALIZER = create_serializer("rest-json", include_validation=False)
OPERATIONS = [operation.name for operation in service_model.operations()]
ROUTER = Router()


def sample(shape: Any, depth: int = 0) -> Any:
    """A value with every member of a shape filled."""
    match shape.type_name:
        case "structure":
            if depth > 6:
                return {}
            return {name: sample(member, depth + 1) for name, member in shape.members.items()}
        case "list":
            return [sample(shape.member, depth + 1)]
        case "map":
            return {"key": sample(shape.value, depth + 1)}
        case "integer" | "long":
            return 7
        case "double" | "float":
            return 0.5
        case "boolean":
            return True
        case "blob":
            return b"\x00\xff"
        case "timestamp":
            return datetime(2026, 1, 2, 3, 4, 5, tzinfo=timezone.utc)
        case _:
            return (shape.enum or ["text with : / and ü"])[0]


def as_request(
    operation: Any, parameters: dict[str, Any]
) -> tuple[str, str, dict[str, str], bytes]:
    """Path, query, headers and body as botocore sends them."""
    wire = SERIALIZER.serialize_to_request(parameters, operation)
    prepare_request_dict(wire, "http://127.0.0.1:1")
    prepared = create_request_object(wire).prepare()
    parts = urlsplit(prepared.url)
    headers = {
        name.lower(): value.decode() if isinstance(value, bytes) else str(value)
        for name, value in prepared.headers.items()
    }
    body = prepared.body or b""
    return parts.path, parts.query, headers, body.encode() if isinstance(body, str) else body


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_botocore_sends_is_understood(name: str) -> None:
    operation = service_model.operation(name)
    parameters = sample(operation.input_shape)
    path, query, headers, body = as_request(operation, parameters)
    found = ROUTER.find(operation.http["method"], path, query)
    assert found is not None
    assert found[0] == name
    assert parsing.parse(operation, found[1], query, headers, body) == parameters


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_answered_is_understood_by_botocore(name: str) -> None:
    operation = service_model.operation(name)
    if operation.output_shape is None or operation.has_event_stream_output:
        return
    response = sample(operation.output_shape)
    for member, shape in operation.output_shape.members.items():
        if shape.serialization.get("location") == "statusCode":
            response[member] = operation.http["responseCode"]
    reply = serialise(operation, response, "request-id")
    assert reply.status == operation.http["responseCode"]
    headers = {key.decode().lower(): value.decode() for key, value in reply.headers}
    if operation.has_streaming_output or name == "Invoke":
        return
    parsed = create_parser("rest-json").parse(
        {"status_code": reply.status, "headers": headers, "body": reply.body},
        operation.output_shape,
    )
    assert parsed.pop("ResponseMetadata")["HTTPStatusCode"] == reply.status
    if reply.status != 204:
        assert parsed == response


def test_a_trailing_slash_is_no_matter() -> None:
    assert ROUTER.find("GET", "/2015-03-31/functions/", "") == ("ListFunctions", {})


def test_queries_tell_operations_apart() -> None:
    path = "/2018-10-31/layers"
    assert ROUTER.find("GET", path, "") == ("ListLayers", {})
    found = ROUTER.find("GET", path, "find=LayerVersion&Arn=a")
    assert found == ("GetLayerVersionByArn", {})


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/2015-03-31/functions/f"),
        ("GET", "/2015-03-31/functions//configuration"),
        ("GET", "/2015-03-31/nothing"),
        ("GET", "/"),
    ],
)
def test_unknown_paths(method: str, path: str) -> None:
    assert ROUTER.find(method, path, "") is None


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"MemorySize": "128"}, "STRING_VALUE cannot be converted to Integer"),
        ({"MemorySize": 1.5}, "DECIMAL_VALUE cannot be converted to Integer"),
        ({"Description": 5}, "NUMBER_VALUE cannot be converted to String"),
        ({"Description": True}, "TRUE_VALUE cannot be converted to String"),
        ({"Description": {}}, "Start of structure or map found where not expected."),
        ({"Description": []}, "Start of list found where not expected"),
        ({"Environment": "x"}, "Unexpected value type in payload"),
        ({"Environment": {"Variables": []}}, "Start of list found where not expected"),
        ({"Layers": "x"}, "Expected list or null"),
        ({"Publish": "yes"}, "STRING_VALUE cannot be converted to Boolean"),
        ([], "Start of list found where not expected"),
    ],
)
def test_wrong_types(document: Any, said: str) -> None:
    operation = service_model.operation("CreateFunction")
    with pytest.raises(AWSError) as caught:
        parsing.parse(operation, {}, "", {}, json.dumps(document).encode())
    assert (caught.value.code, caught.value.message) == ("SerializationException", said)


@pytest.mark.parametrize("body", [b"{", b"nope", b'{"a":NaN}', b"\xff", b"[" * 100_000])
def test_malformed_json(body: bytes) -> None:
    with pytest.raises(AWSError) as caught:
        parsing.parse(service_model.operation("CreateFunction"), {}, "", {}, body)
    assert caught.value.code == "SerializationException"


def test_null_is_absent() -> None:
    body = b'{"FunctionName": "f", "Description": null, "Unknown": 1}'
    parameters = parsing.parse(service_model.operation("CreateFunction"), {}, "", {}, body)
    assert parameters == {"FunctionName": "f"}


# Texts recorded from AWS or its parser; facts/api.md section 6.
@pytest.mark.parametrize(
    ("payload", "said"),
    [
        (
            b"not json",
            "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token "
            "'null', 'true' or 'false')\n at [Source: (byte[])\"not json\"; line: 1, column: 4]",
        ),
        (b"{", "Unexpected end-of-input"),
        (b"{'a': 1}", "Unexpected character (''' (code 39)): was expecting double-quote to start"),
        (b"[1 2]", "Unexpected character ('2' (code 50)): was expecting comma"),
        (b"NaN", "Unrecognized token 'NaN'"),
        (b'"\xff"', "Invalid UTF-8 start byte 0xff"),
    ],
)
def test_events_that_are_no_json(payload: bytes, said: str) -> None:
    with pytest.raises(AWSError) as caught:
        event_json.check(payload)
    assert caught.value.code == "InvalidRequestContentException"
    prefix = "Could not parse request body into json: Could not parse payload into json: "
    assert caught.value.message.startswith(prefix + said)


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_events_that_are_json(value: Any) -> None:
    event_json.check(json.dumps(value).encode())


@given(st.binary())
def test_any_event_is_looked_at_without_a_crash(payload: bytes) -> None:
    with contextlib.suppress(AWSError):
        event_json.check(payload)


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_botocore_reads_the_event_stream(chunks: list[bytes]) -> None:
    buffer = EventStreamBuffer()
    for chunk in chunks:
        buffer.add_data(event_stream.event("PayloadChunk", chunk, "application/octet-stream"))
    messages = list(buffer)
    assert [message.payload for message in messages] == chunks
    for message in messages:
        assert message.headers == {
            ":message-type": "event",
            ":event-type": "PayloadChunk",
            ":content-type": "application/octet-stream",
        }


def test_a_throttle_on_the_wire() -> None:
    error = throttled_fault(Throttled("ReservedFunctionConcurrentInvocationLimitExceeded"))
    reply = lambda_fault(error, "id")
    assert reply.status == 429
    assert json.loads(reply.body) == {
        "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
        "Type": "User",
        "message": "Rate Exceeded.",
    }
    assert (b"Retry-After", b"1") in reply.headers


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("ResourceNotFoundException", {"Type": "User", "Message": "m"}),
        ("ResourceConflictException", {"Type": "User", "message": "m"}),
        ("ValidationException", {"message": "m"}),
        ("RequestEntityTooLargeException", {"message": "m"}),
        ("AccessDeniedException", {"Message": "m"}),
    ],
)
def test_the_shape_of_errors(code: str, body: dict[str, str]) -> None:
    reply = lambda_fault(AWSError(code, "m"), "id")
    assert json.loads(reply.body) == body
    assert (b"x-amzn-ErrorType", code.encode()) in reply.headers


@pytest.mark.parametrize(
    ("service_name", "headers", "code"),
    [
        ("s3", {}, "SignatureDoesNotMatch"),
        ("iam", {"content-type": "application/x-www-form-urlencoded"}, "SignatureDoesNotMatch"),
        ("sqs", {"x-amz-target": "AmazonSQS.SendMessage"}, "InvalidSignatureException"),
        ("monitoring", {"smithy-protocol": "rpc-v2-cbor"}, "InvalidSignatureException"),
        ("apigateway", {}, "InvalidSignatureException"),
    ],
)
def test_refusals_in_the_protocol_of_the_service(
    service_name: str, headers: dict[str, str], code: str
) -> None:
    async def nothing() -> dict[str, Any]:
        raise AssertionError

    request = HttpRequest("POST", "/", "", headers, nothing)
    error = AWSError("InvalidSignatureException", "<no>", 403)
    reply = neighbour_fault(error, service_name, request, "id")
    parser = {
        "s3": "rest-xml",
        "iam": "query",
        "sqs": "json",
        "monitoring": "smithy-rpc-v2-cbor",
        "apigateway": "rest-json",
    }[service_name]
    parsed = create_parser(parser).parse(
        {
            "status_code": reply.status,
            "headers": {k.decode().lower(): v.decode() for k, v in reply.headers},
            "body": reply.body,
        },
        None,
    )
    assert parsed["Error"]["Code"] == code
    assert parsed["Error"]["Message"] == "<no>"
