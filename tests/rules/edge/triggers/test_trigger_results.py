"""What functions may return: each rule, broken once."""

from __future__ import annotations

import contextlib
import json
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

import pytest

from lambda_nb.rules.edge.triggers import events, headers, results
from lambda_nb.rules.edge.triggers.invalid_results import (
    BODY,
    NOT_AN_OBJECT,
    NOT_JSON,
    READ_ONLY_FIELD,
    READ_ONLY_HEADER,
    STRUCTURE,
    VALUE,
    InvalidResult,
)
from lambda_nb.rules.edge.triggers.results import RequestResult, ResponseResult

PAIRS = [("Host", "d1.cloudfront.net"), ("Accept", "*/*")]
RESPONSE_PAIRS = [("Content-Type", "text/html"), ("Content-Length", "5"), ("Via", "1.1 x")]
KB = 1024


def asked(event: str = "viewer-request", content: bytes | None = None) -> dict[str, Any]:
    made = events.request("192.0.2.1", headers.shown(PAIRS), "POST", "/a", "x=1")
    if content is not None:
        made["body"] = events.body(event, content)
    return made


def request(
    event: str = "viewer-request", content: bytes | None = None, **changes: Any
) -> RequestResult:
    """What a function makes of a request by changing some of its members."""
    before = asked(event, content)
    return results.request(event, {**before, **changes}, before, PAIRS)


def generated(event: str = "viewer-request", **members: Any) -> ResponseResult:
    return results.generated(event, {"status": "200", **members})


def response(event: str = "origin-response", **changes: Any) -> ResponseResult:
    before = events.response(200, "OK", headers.shown(RESPONSE_PAIRS))
    result = {name: value for name, value in {**before, **changes}.items() if value is not ...}
    return results.response(event, result, before, RESPONSE_PAIRS)


@contextlib.contextmanager
def refused(sentence: str, says: str) -> Iterator[None]:
    """What stands in its body is refused with this sentence and these words."""
    with pytest.raises(InvalidResult) as refusal:
        yield
    assert refusal.value.sentence == sentence
    assert says in refusal.value.detail


# --- what it is at all


@pytest.mark.parametrize(
    ("payload", "sentence", "says"),
    [
        (b"", NOT_JSON, "line 1"),
        (b"{", NOT_JSON, "line 1"),
        (b"null", NOT_AN_OBJECT, "It is null"),
        (b'"text"', NOT_AN_OBJECT, "It is a string"),
        (b"[]", NOT_AN_OBJECT, "It is an array"),
        (b"7", NOT_AN_OBJECT, "It is a number"),
    ],
)
def test_the_result_must_be_an_object(payload: bytes, sentence: str, says: str) -> None:
    with refused(sentence, says):
        results.returned(payload)


def test_a_result_is_a_request_or_a_response() -> None:
    assert results.is_response("viewer-request", results.returned(b'{"status": "200"}'))
    assert not results.is_response("viewer-request", asked())


@pytest.mark.parametrize(
    ("result", "says"),
    [
        ({}, "uri (a request) or status (a response)"),
        ({"Records": []}, "It is the whole event"),
        ({"statusCode": 200}, "It has statusCode"),
    ],
)
def test_a_result_that_is_neither(result: dict[str, Any], says: str) -> None:
    with refused(STRUCTURE, says):
        results.is_response("origin-request", result)


# --- requests


def test_a_request_that_is_left_alone() -> None:
    assert request() == RequestResult("/a", "x=1", PAIRS, None, None)


def test_a_request_with_another_address_and_header() -> None:
    made = request(
        uri="/b c/ü?x#y",
        querystring="y=ü&z=a?b",
        headers={**headers.shown(PAIRS), "x-new": [{"value": "1"}]},
    )
    assert made.uri == "/b%20c/%C3%BC%3Fx%23y"
    assert made.querystring == "y=%C3%BC&z=a?b"
    assert made.headers == [*PAIRS, ("X-New", "1")]


@pytest.mark.parametrize("uri", ["b", "", None, 7, "http://elsewhere/"])
def test_a_uri_begins_with_a_slash(uri: object) -> None:
    with refused(VALUE, "must begin with a slash"):
        request(uri=uri)


def test_a_uri_without_control_characters() -> None:
    with refused(VALUE, "has control characters"):
        request(uri="/a\r\nX: y")


@pytest.mark.parametrize("bad", [" ", "#", "\n", "\x7f"], ids=["space", "hash", "line", "delete"])
def test_a_query_string_without_some_characters(bad: str) -> None:
    with refused(VALUE, "percent-encode spaces"):
        request(querystring=f"a={bad}")


def test_a_query_string_is_text() -> None:
    with refused(VALUE, "must be a text"):
        request(querystring=None)


def test_an_address_is_shorter_than_8192_characters() -> None:
    assert request(uri="/" + "a" * 8188, querystring="b").querystring == "b"
    with refused(VALUE, "have 8192 characters, at most 8191"):
        request(uri="/" + "a" * 8189, querystring="b")
    with refused(VALUE, "have 8192 characters"):
        request(uri="/" + "a" * 8191, querystring="")


@pytest.mark.parametrize(("name", "value"), [("method", "GET"), ("clientIp", "192.0.2.2")])
def test_fields_that_are_read_only(name: str, value: str) -> None:
    with refused(READ_ONLY_FIELD, f"{name} is {value!r}"):
        changes: dict[str, Any] = {name: value}
        request(**changes)


@pytest.mark.parametrize("name", ["method", "headers"])
def test_fields_that_must_be_there(name: str) -> None:
    before = asked()
    result = {key: value for key, value in before.items() if key != name}
    with refused(STRUCTURE, f"lacks {name}"):
        results.request("viewer-request", result, before, PAIRS)


def test_a_read_only_header_of_a_request() -> None:
    with refused(READ_ONLY_HEADER, "may not delete host"):
        request(headers={})


def test_an_origin_counts_at_origin_requests_only() -> None:
    assert request(origin="nonsense").origin is None
    before = {**asked("origin-request"), "origin": {"custom": {}}}
    with pytest.raises(InvalidResult, match="neither custom nor s3"):
        results.request("origin-request", {**before, "origin": {}}, before, PAIRS)


# --- bodies of requests


def body(**members: Any) -> dict[str, Any]:
    return {"action": "replace", "encoding": "text", "data": "new", **members}


def test_a_body_is_replaced_by_text_or_base64() -> None:
    assert request(content=b"old", body=body()).body == b"new"
    coded = b64encode(b"\x00\xff").decode()
    assert request(content=b"old", body=body(encoding="base64", data=coded)).body == b"\x00\xff"
    assert request(content=b"old", body={"action": "replace", "data": coded}).body == b"\x00\xff"


@pytest.mark.parametrize("changes", [{"action": "read-only"}, {"action": ...}])
def test_a_body_that_is_read_only_stays(changes: dict[str, Any]) -> None:
    members = {name: value for name, value in body(**changes).items() if value is not ...}
    assert request(content=b"old", body=members).body is None


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("text", "body is a string"),
        (body(action="append"), "must be read-only or replace"),
        (body(encoding="gzip"), "must be text or base64"),
        (body(data=None), "The body is null"),
        (body(data=7), "The body is a number"),
        (body(encoding="base64", data="!"), "not valid base64"),
    ],
    ids=["no object", "action", "encoding", "null", "number", "base64"],
)
def test_a_body_that_is_refused(given: object, says: str) -> None:
    with refused(BODY, says):
        request(content=b"old", body=given)


def test_without_include_body_nothing_can_be_replaced() -> None:
    with refused(BODY, "choose Include Body"):
        request(body=body())


@pytest.mark.parametrize(
    ("event", "most"), [("viewer-request", 40 * KB), ("origin-request", KB * KB)]
)
@pytest.mark.parametrize("encoding", ["text", "base64"])
def test_how_large_a_new_body_may_be(event: str, most: int, encoding: str) -> None:
    def data(size: int) -> str:
        content = b"x" * size
        return content.decode() if encoding == "text" else b64encode(content).decode()

    new = request(event, b"old", body=body(encoding=encoding, data=data(most))).body
    assert new is not None
    assert len(new) == most
    with refused(BODY, f"{most + 1} bytes, in {event} events {most} are allowed"):
        request(event, b"old", body=body(encoding=encoding, data=data(most + 1)))


# --- responses that functions make


def test_only_the_status_of_a_response_is_needed() -> None:
    assert generated() == ResponseResult(200, "", [], b"")


def test_a_whole_response() -> None:
    location = {"location": [{"key": "Location", "value": "/b"}]}
    made = generated(status=302, statusDescription="Found", headers=location, body="gone")
    assert made == ResponseResult(302, "Found", [("Location", "/b")], b"gone")
    coded = b64encode(b"\x00").decode()
    assert generated(body=coded, bodyEncoding="base64").body == b"\x00"


@pytest.mark.parametrize("status", ["199", "600", 100, 0, "", "abc", "20", None, True, 200.0, []])
@pytest.mark.parametrize("event", ["viewer-request", "origin-request", "origin-response"])
def test_a_status_is_from_200_to_599(event: str, status: object) -> None:
    with refused(VALUE, "must be a number from 200 to 599"):
        if event == "origin-response":
            response(status=status)
        else:
            generated(event, status=status)


@pytest.mark.parametrize("status", ["200", 200, "599", 599])
def test_a_status_is_text_or_a_number(status: object) -> None:
    assert generated(status=status).status == int(str(status))


@pytest.mark.parametrize("reason", ["a\r\nb", 7])
def test_a_status_description_is_one_line(reason: object) -> None:
    with refused(VALUE, "must be one line of text"):
        generated(statusDescription=reason)


@pytest.mark.parametrize(
    ("members", "says"),
    [
        ({"body": {"a": 1}}, "The body is an object, not a string"),
        ({"body": 7}, "The body is a number, not a string"),
        ({"body": "!", "bodyEncoding": "base64"}, "not valid base64"),
        ({"body": "x", "bodyEncoding": "gzip"}, "must be text or base64"),
    ],
    ids=["object", "number", "base64", "encoding"],
)
@pytest.mark.parametrize("event", ["viewer-request", "origin-request", "origin-response"])
def test_bodies_of_responses_that_are_refused(
    event: str, members: dict[str, Any], says: str
) -> None:
    with refused(BODY, says):
        if event == "origin-response":
            response(**members)
        else:
            generated(event, **members)


def test_no_content_has_no_body() -> None:
    assert generated(status="204", body="").status == 204
    assert generated("origin-request", status="204", body="x").status == 204
    with refused(BODY, "204 (No Content) may have no body"):
        generated(status="204", body="x")


@pytest.mark.parametrize(
    ("event", "most"),
    [("viewer-request", 40 * KB), ("origin-request", KB * KB), ("origin-response", KB * KB)],
)
def test_how_large_a_response_may_be_with_its_headers(event: str, most: int) -> None:
    def make(size: int) -> ResponseResult:
        if event == "origin-response":
            return response(body="x" * size, headers=headers.shown(RESPONSE_PAIRS[2:]))
        return generated(event, body="x" * size, headers={"via2": [{"value": "1.1 x"}]})

    overhead = len("Via: 1.1 x\r\n" if event == "origin-response" else "Via2: 1.1 x\r\n")
    assert make(most - overhead).body is not None
    with refused(BODY, f"have {most + 1} bytes, in {event} events {most} are allowed"):
        make(most - overhead + 1)


# --- responses that functions change


def test_a_response_that_is_left_alone() -> None:
    assert response() == ResponseResult(200, "OK", RESPONSE_PAIRS, None)


def test_an_origin_response_is_replaced() -> None:
    made = response(status=302, statusDescription=..., body="")
    assert (made.status, made.reason, made.body) == (302, "", b"")


@pytest.mark.parametrize("event", ["origin-response", "viewer-response"])
def test_a_response_needs_its_status(event: str) -> None:
    with refused(STRUCTURE, "no response"):
        response(event, status=...)
    with refused(STRUCTURE, "the whole event"):
        response(event, status=..., Records=[])


def test_a_viewer_response_keeps_its_status_and_body() -> None:
    assert response("viewer-response", statusDescription="Fine").reason == "Fine"
    with refused(READ_ONLY_FIELD, "viewer-response events cannot change it"):
        response("viewer-response", status="404")
    with refused(BODY, "cannot replace the body"):
        response("viewer-response", body="x")


@pytest.mark.parametrize(
    ("event", "name"),
    [("origin-response", "via"), ("viewer-response", "via"), ("viewer-response", "content-length")],
)
def test_a_new_response_loses_read_only_headers(event: str, name: str) -> None:
    kept = headers.shown(pair for pair in RESPONSE_PAIRS if pair[0].lower() != name)
    with refused(READ_ONLY_HEADER, f"may not delete {name}"):
        response(event, headers=kept)


def test_what_is_returned_is_read_as_json() -> None:
    assert results.returned(json.dumps(asked()).encode()) == asked()
