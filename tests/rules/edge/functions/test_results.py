"""What a CloudFront Function may return, and what becomes of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.functions import events, results
from lambda_nb.rules.edge.functions.invalid_values import InvalidValue

HEADERS = [
    ("Host", "example.com"),
    ("ACCEPT", "a/b"),
    ("x-multi", "1"),
    ("X-Multi", "2"),
    ("Connection", "keep-alive"),
    ("Cookie", "a=1; b=2"),
]
QUERY = "x=1&y=2&y=3&z"
Change = Callable[[dict[str, Any]], None]


def after(change: Change, method: str = "GET") -> results.RequestResult:
    """The request after a function made a change to it."""
    before = events.request_fields(method, "/a%20b", QUERY, HEADERS)
    result = copy.deepcopy(before)
    change(result)
    return results.request(method, "/a%20b", QUERY, HEADERS, before, result)


def nothing(request: dict[str, Any]) -> None:
    """Change nothing."""


def test_what_is_not_changed_stays_byte_for_byte():
    """Spelling, order, repeated headers, and those the function never saw."""
    assert after(nothing) == ("/a%20b", QUERY, HEADERS)


def test_added_and_changed_headers_are_capitalised_in_their_places():
    """functions-event-structure, "Headers": the first letter of each word."""

    def change(request: dict[str, Any]) -> None:
        request["headers"]["accept"]["value"] = "c/d"
        request["headers"]["example-header-name"] = {"value": "grün"}

    made = after(change).headers
    assert made[1] == ("Accept", "c/d")
    assert made[-1] == ("Example-Header-Name", "grün".encode().decode("latin-1"))
    assert made[2:6] == HEADERS[2:6]


def test_a_deleted_header_is_gone():
    """And with it all its lines."""
    made = after(lambda request: request["headers"].pop("x-multi")).headers
    assert [name for name, _ in made] == ["Host", "ACCEPT", "Connection", "Cookie"]


def test_a_changed_value_leaves_the_other_values():
    """functions-event-structure, multiValue, rule 2."""
    made = after(lambda request: request["headers"]["x-multi"].update(value="9")).headers
    assert made[2:4] == [("X-Multi", "9"), ("X-Multi", "2")]


def test_a_changed_multi_value_wins():
    """functions-event-structure, multiValue, rule 1."""

    def change(request: dict[str, Any]) -> None:
        request["headers"]["x-multi"]["value"] = "ignored"
        request["headers"]["x-multi"]["multiValue"].append({"value": "3"})

    made = after(change).headers
    assert [value for name, value in made if name == "X-Multi"] == ["1", "2", "3"]


def test_a_query_string_as_an_object():
    """It is written anew."""

    def change(request: dict[str, Any]) -> None:
        request["querystring"]["y"]["multiValue"].pop()
        request["querystring"]["new"] = {"value": "a%2Fb"}

    assert after(change).querystring == "x=1&y=2&z=&new=a%2Fb"


def test_a_query_string_as_text():
    """Its order is the function's."""
    made = after(lambda request: request.update(querystring="z&y=3"))
    assert made.querystring == "z&y=3"


def test_cookies_are_one_header():
    """Whichever were changed."""

    def change(request: dict[str, Any]) -> None:
        request["cookies"]["a"]["value"] = "9"
        request["cookies"]["new"] = {"value": "x"}

    assert after(change).headers[-1] == ("Cookie", "a=9; b=2; new=x")
    assert "Cookie" not in dict(after(lambda request: request.update(cookies={})).headers)


def test_a_path_is_percent_encoded():
    """What cannot stand in a path; what is encoded stays."""
    made = after(lambda request: request.update(uri="/ü b?c#d%20"))
    assert made.uri == "/%C3%BC%20b%3Fc%23d%20"


REQUESTS: dict[str, tuple[Change, str]] = {
    "method": (lambda r: r.update(method="POST"), "method is read-only"),
    "uri without a slash": (lambda r: r.update(uri="a"), "begin with a slash"),
    "uri no text": (lambda r: r.update(uri=None), "begin with a slash"),
    "space in query": (lambda r: r.update(querystring="a=b c"), "%20"),
    "fragment in query": (lambda r: r["querystring"].update(q={"value": "#"}), "%23"),
    "too long": (lambda r: r.update(querystring="a" * 8192), "at most 8191"),
    "host": (lambda r: r["headers"].pop("host"), "host is read-only and was deleted"),
    "host changed": (lambda r: r["headers"]["host"].update(value="x"), "was changed"),
    "via": (lambda r: r["headers"].update(via={"value": "1"}), "via is read-only and was added"),
    "content-length": (
        lambda r: r["headers"].update({"content-length": {"value": "1"}}),
        "content-length is read-only",
    ),
    "capital": (lambda r: r["headers"].update(Upper={"value": ""}), "header names in lower case"),
    "disallowed": (lambda r: r["headers"].update(connection={"value": ""}), "CloudFront sets"),
    "disallowed prefix": (lambda r: r["headers"].update({"x-edge-a": {"value": ""}}), "CloudFront"),
    "bad name": (lambda r: r["headers"].update({"a b": {"value": ""}}), "cannot be the name"),
    "cookie header": (lambda r: r["headers"].update(cookie={"value": "a=1"}), "request.cookies"),
    "number": (lambda r: r["headers"].update(x={"value": 1}), "a number, not a string"),
    "no object": (lambda r: r["headers"].update(x="1"), "make it {value: ...}"),
    "no value": (lambda r: r["headers"].update(x={}), "null, not a string"),
    "line break": (lambda r: r["headers"].update(x={"value": "a\r\nb"}), "%0D"),
    "multi no array": (
        lambda r: r["headers"].update(x={"value": "", "multiValue": "1"}),
        "not an array",
    ),
    "multi no text": (
        lambda r: r["headers"].update(x={"value": "", "multiValue": [{"value": 1}]}),
        "a number, not a string",
    ),
    "headers no object": (lambda r: r.update(headers=[]), "an array"),
    "cookie name": (lambda r: r["cookies"].update({"a;b": {"value": ""}}), "name of a cookie"),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_refused_requests(name: str):
    """Each rule of the guide, broken once."""
    change, said = REQUESTS[name]
    with pytest.raises(
        InvalidValue, match="The CloudFront function returned an invalid value"
    ) as e:
        after(change)
    assert said in str(e.value)


@pytest.mark.parametrize("result", [None, "text", [], 1, True])
def test_what_is_no_request(result: object):
    """A function returns an object."""
    before = events.request_fields("GET", "/", "", [])
    with pytest.raises(InvalidValue, match=r"return event\.request"):
        results.request("GET", "/", "", [], before, result)


def changed(change: Change) -> results.ResponseResult:
    """The response after a function made a change to it."""
    before = events.response_fields(200, "OK", RESPONSE)
    result = copy.deepcopy(before)
    change(result)
    return results.response(RESPONSE, before, result)


RESPONSE = [
    ("content-TYPE", "text/html"),
    ("Content-Length", "12"),
    ("Via", "1.1 x"),
    ("Set-Cookie", "a=1; Path=/"),
]


def test_a_response_left_as_it_was():
    """No body is set."""
    assert changed(nothing) == (200, "OK", RESPONSE, None)


def test_a_changed_response():
    """Status, headers and cookies; the length of a new body is not the function's to say."""

    def change(response: dict[str, Any]) -> None:
        response.update(statusCode=404, statusDescription="", body="neu: ü")
        response["cookies"]["b"] = {"value": "2", "attributes": "Secure"}

    assert changed(change) == (
        404,
        "",
        [*RESPONSE[:1], RESPONSE[2], ("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; Secure")],
        "neu: ü".encode(),
    )


@pytest.mark.parametrize(
    ("body", "bytes_"),
    [
        ("", b""),
        ({"encoding": "text", "data": "x"}, b"x"),
        ({"encoding": "base64", "data": "AP8="}, b"\x00\xff"),
        ({"data": ""}, b""),
    ],
    ids=["none", "text", "base64", "removed"],
)
def test_bodies(body: object, bytes_: bytes):
    """In each form that the guide names."""
    assert changed(lambda response: response.update(body=body)).body == bytes_


def test_a_generated_response():
    """Only a status is needed."""
    assert results.generated({"statusCode": 401}) == (401, "", [], None)
    made = results.generated({"statusCode": 302, "headers": {"location": {"value": "/a"}}})
    assert made.headers == [("Location", "/a")]
    assert results.is_response({"statusCode": 401})
    assert not results.is_response({"method": "GET"})
    assert not results.is_response(None)


RESPONSES: dict[str, tuple[Change, str]] = {
    "status text": (lambda r: r.update(statusCode="200"), "a whole number"),
    "status true": (lambda r: r.update(statusCode=True), "a whole number"),
    "status low": (lambda r: r.update(statusCode=199), "from 200 to 599"),
    "status high": (lambda r: r.update(statusCode=600), "from 200 to 599"),
    "no status": (lambda r: r.pop("statusCode"), "None"),
    "reason": (lambda r: r.update(statusDescription="a\nb"), "one line"),
    "via": (lambda r: r["headers"].pop("via"), "via is read-only and was deleted"),
    "warning": (lambda r: r["headers"].update(warning={"value": "1"}), "warning is read-only"),
    "set-cookie": (
        lambda r: r["headers"].update({"set-cookie": {"value": "a=1"}}),
        "put cookies into response.cookies",
    ),
    "capital": (lambda r: r["headers"].update(Upper={"value": ""}), "header names in lower case"),
    "base64": (lambda r: r.update(body={"encoding": "base64", "data": "!"}), "not valid base64"),
    "encoding": (lambda r: r.update(body={"encoding": "hex", "data": ""}), "text or base64"),
    "data": (lambda r: r.update(body={"data": 1}), "a number, not a string"),
    "body": (lambda r: r.update(body=1), "make it a string"),
    "204": (lambda r: r.update(statusCode=204, body="x"), "a response of 204 has none"),
    "attributes": (lambda r: r["cookies"]["a"].update(attributes=1), "attributes"),
}


@pytest.mark.parametrize("name", RESPONSES)
def test_refused_responses(name: str):
    """Each rule of the guide, broken once."""
    change, said = RESPONSES[name]
    with pytest.raises(InvalidValue) as caught:
        changed(change)
    assert said in str(caught.value)


def test_content_encoding_may_change():
    """Unlike in Lambda@Edge's viewer-response event."""
    made = changed(
        lambda response: response["headers"].update({"content-encoding": {"value": "br"}})
    )
    assert made.headers[-1] == ("Content-Encoding", "br")


_LINES = st.lists(
    st.tuples(st.sampled_from(["A", "a-B", "x", "Cookie"]), st.text("ab;= ", max_size=5)),
    max_size=6,
)


@given(_LINES, st.text("ab=&", max_size=8))
def test_returning_the_event_changes_nothing(headers: list[tuple[str, str]], query: str):
    """Whatever the request."""
    before = events.request_fields("GET", "/", query, headers)
    made = results.request("GET", "/", query, headers, before, copy.deepcopy(before))
    assert made == ("/", query, headers)
