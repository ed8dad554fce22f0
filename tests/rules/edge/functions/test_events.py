"""How requests and responses look to a CloudFront Function."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.edge.functions import events


def test_the_guides_example_of_a_request():
    """functions-event-structure, "Example event object": the request."""
    headers = [
        ("Host", "video.example.com"),
        ("Accept", "application/json"),
        ("Accept", "application/xml"),
        ("Accept", "text/html"),
        ("Cookie", "Cookie1=value1; cookie_consent=true; cookiemv=value3; cookiemv=value4"),
    ]
    query = "ID=42&NoValue=&querymv=val1&querymv=val2,val3"
    made = events.request_fields("GET", "/media/index.mpd", query, headers)
    assert made == {
        "method": "GET",
        "uri": "/media/index.mpd",
        "querystring": {
            "ID": {"value": "42"},
            "NoValue": {"value": ""},
            "querymv": {
                "value": "val1",
                "multiValue": [{"value": "val1"}, {"value": "val2,val3"}],
            },
        },
        "headers": {
            "host": {"value": "video.example.com"},
            "accept": {
                "value": "application/json",
                "multiValue": [
                    {"value": "application/json"},
                    {"value": "application/xml"},
                    {"value": "text/html"},
                ],
            },
        },
        "cookies": {
            "Cookie1": {"value": "value1"},
            "cookie_consent": {"value": "true"},
            "cookiemv": {
                "value": "value3",
                "multiValue": [{"value": "value3"}, {"value": "value4"}],
            },
        },
    }


def test_cookies_of_a_response_have_attributes():
    """Each Set-Cookie line is an entry; the same name twice makes multiValue."""
    lines = [
        ("Content-Type", "text/plain"),
        ("Set-Cookie", "id=1"),
        ("Set-Cookie", "c=a=b; Secure; Path=/"),
        ("Set-Cookie", "c=2; Path=/cat"),
    ]
    made = events.response_fields(200, "OK", lines)
    assert made["headers"] == {"content-type": {"value": "text/plain"}}
    first = {"value": "a=b", "attributes": "Secure; Path=/"}
    assert made["cookies"] == {
        "id": {"value": "1"},
        "c": {**first, "multiValue": [first, {"value": "2", "attributes": "Path=/cat"}]},
    }
    assert "body" not in made


def test_what_functions_may_not_see():
    """Disallowed headers are not in an event."""
    lines = [("Connection", "close"), ("X-Edge-Location", "FRA"), ("X-Ok", "1")]
    assert events.header_fields(lines, "cookie") == {"x-ok": {"value": "1"}}


def test_bytes_of_the_wire_are_shown_as_utf8():
    """And as ISO-8859-1 where they are not UTF-8."""
    utf8 = "grün".encode().decode("latin-1")
    lines = [("X-Utf8", utf8), ("X-Latin", "grün")]
    made = events.request_fields("GET", "/" + utf8, "q=" + utf8, lines)
    assert (made["uri"], made["querystring"]["q"]["value"]) == ("/grün", "grün")
    assert [field["value"] for field in made["headers"].values()] == ["grün", "grün"]


def test_a_whole_event():
    """Context and viewer; a response only in the viewer-response event."""
    made = events.event(
        "viewer-request",
        domain="d1.cloudfront.net",
        distribution="E1",
        request_id="r",
        ip="192.0.2.1",
        request={"method": "GET"},
    )
    assert made == {
        "version": "1.0",
        "context": {
            "distributionDomainName": "d1.cloudfront.net",
            "distributionId": "E1",
            "eventType": "viewer-request",
            "requestId": "r",
        },
        "viewer": {"ip": "192.0.2.1"},
        "request": {"method": "GET"},
    }


_NAMES = st.text("abXY-1", min_size=1, max_size=3)


@given(st.lists(st.tuples(_NAMES, st.text("xyz=,%", max_size=4)), max_size=6))
def test_no_parameter_is_lost(pairs: list[tuple[str, str]]):
    """Every value of a query string is in its field, in its order."""
    query = "&".join(f"{name}={value}" for name, value in pairs)
    fields = events.query_fields(query)
    for name in {name for name, _ in pairs}:
        values = [value for given_name, value in pairs if given_name == name]
        entry = fields[name]
        assert entry["value"] == values[0]
        several = [one["value"] for one in entry.get("multiValue", [entry])]
        assert several == values
        assert ("multiValue" in entry) == (len(values) > 1)
