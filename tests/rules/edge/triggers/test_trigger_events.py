"""The four events, against the examples of CloudFront's Developer Guide."""

from __future__ import annotations

from base64 import b64decode

import pytest

from lambda_nb.rules.edge.triggers import events, headers


def test_viewer_request() -> None:
    shown = headers.shown([("Host", "d1.cloudfront.net"), ("accept", "*/*")])
    request = events.request("203.0.113.178", shown, "GET", "/", "")
    assert events.event("viewer-request", "E1", "d1.cloudfront.net", "id==", request) == {
        "Records": [
            {
                "cf": {
                    "config": {
                        "distributionDomainName": "d1.cloudfront.net",
                        "distributionId": "E1",
                        "eventType": "viewer-request",
                        "requestId": "id==",
                    },
                    "request": {
                        "clientIp": "203.0.113.178",
                        "headers": {
                            "host": [{"key": "Host", "value": "d1.cloudfront.net"}],
                            "accept": [{"key": "accept", "value": "*/*"}],
                        },
                        "method": "GET",
                        "querystring": "",
                        "uri": "/",
                    },
                }
            }
        ]
    }


def test_origin_events_have_the_origin_and_responses_a_status_as_text() -> None:
    origin = events.custom_origin("o", "/p", 443, "https", ("TLSv1.2",), 30.0, 5.0, None, ())
    request = events.request("192.0.2.1", {}, "GET", "/a", "x=1", origin=origin)
    response = events.response(404, "Not Found", headers.shown([("Server", "s")]))
    event = events.event("origin-response", "E1", "d1", "id", request, response)
    cf = event["Records"][0]["cf"]
    assert cf["request"]["origin"] == {
        "custom": {
            "customHeaders": {},
            "domainName": "o",
            "keepaliveTimeout": 5,
            "path": "/p",
            "port": 443,
            "protocol": "https",
            "readTimeout": 30,
            "sslProtocols": ["TLSv1.2"],
        }
    }
    assert cf["response"] == {
        "headers": {"server": [{"key": "Server", "value": "s"}]},
        "status": "404",
        "statusDescription": "Not Found",
    }


def test_a_completion_timeout_is_shown_if_there_is_one() -> None:
    made = events.custom_origin("o", "", 80, "http", ("SSLv3",), 30, 5, 60.0, [("X-K", "v")])
    assert made["custom"]["responseCompletionTimeout"] == 60
    assert made["custom"]["customHeaders"] == {"x-k": [{"key": "X-K", "value": "v"}]}


def test_an_origin_of_s3() -> None:
    assert events.s3_origin("b.s3.amazonaws.com", "/p", "eu-west-1", "none", [("X-K", "v")]) == {
        "s3": {
            "authMethod": "none",
            "customHeaders": {"x-k": [{"key": "X-K", "value": "v"}]},
            "domainName": "b.s3.amazonaws.com",
            "path": "/p",
            "region": "eu-west-1",
        }
    }


@pytest.mark.parametrize(
    ("event", "most"), [("viewer-request", 40 * 1024), ("origin-request", 1024 * 1024)]
)
def test_a_body_is_cut_off_at_the_limit_of_its_event(event: str, most: int) -> None:
    whole, longer = events.body(event, b"x" * most), events.body(event, b"x" * (most + 1))
    assert (whole["inputTruncated"], longer["inputTruncated"]) == (False, True)
    assert len(b64decode(longer["data"])) == most
    assert whole["encoding"] == "base64"
    assert whole["action"] == "read-only"


def test_text_that_is_no_ascii_is_seen_as_utf_8() -> None:
    wire = "ü".encode().decode("latin-1")
    request = events.request("192.0.2.1", {}, "GET", f"/{wire}", f"q={wire}")
    assert (request["uri"], request["querystring"]) == ("/ü", "q=ü")
