"""The event of a load balancer's request."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.gateways.load_balancer.event import event, health_check

ARN = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/my-tg/6d0ecf831eec9f09"
HEADERS = [(b"host", b"h"), (b"x-a", b"1"), (b"x-a", b"2")]


def made(
    query: str = "",
    headers: list[tuple[bytes, bytes]] = HEADERS,
    body: bytes = b"",
    *,
    multi_value: bool = False,
) -> dict[str, Any]:
    text = event(ARN, "GET", "/a%20b", query, headers, body, multi_value=multi_value)
    told: dict[str, Any] = json.loads(text)
    return told


def test_the_last_value_is_told() -> None:
    assert made("a=1&b=%2F+x&a=2&c") == {
        "requestContext": {"elb": {"targetGroupArn": ARN}},
        "httpMethod": "GET",
        "path": "/a%20b",
        "queryStringParameters": {"a": "2", "b": "%2F+x", "c": ""},
        "headers": {"host": "h", "x-a": "2"},
        "body": "",
        "isBase64Encoded": False,
    }


def test_every_value_is_told_where_the_group_wants_it() -> None:
    told = made("a=1&a=%31", multi_value=True)
    assert told["multiValueQueryStringParameters"] == {"a": ["1", "%31"]}
    assert told["multiValueHeaders"] == {"host": ["h"], "x-a": ["1", "2"]}
    assert not {"headers", "queryStringParameters"} & told.keys()


@pytest.mark.parametrize(
    ("content_type", "encoding", "as_text"),
    [
        ("text/csv", None, True),
        ("application/json; charset=utf-8", None, True),
        ("application/javascript", None, True),
        ("application/xml", None, True),
        ("application/json", "gzip", False),
        ("application/x-www-form-urlencoded", None, False),
        ("image/png", None, False),
        (None, None, False),
    ],
)
def test_a_body_is_text_by_its_type(
    content_type: str | None, encoding: str | None, as_text: bool
) -> None:
    headers = [
        (name, value.encode())
        for name, value in ((b"content-type", content_type), (b"content-encoding", encoding))
        if value is not None
    ]
    told = made(headers=headers, body=b"a=1")
    assert told["isBase64Encoded"] is not as_text
    assert told["body"] == ("a=1" if as_text else "YT0x")


@given(st.binary(min_size=1))
def test_no_body_is_lost(body: bytes) -> None:
    told = made(headers=[(b"content-type", b"text/plain")], body=body)
    text = told["body"]
    assert (base64.b64decode(text) if told["isBase64Encoded"] else text.encode()) == body


def test_a_health_check_looks_as_on_aws() -> None:
    assert json.loads(health_check(ARN, "/up", multi_value=False)) == {
        "requestContext": {"elb": {"targetGroupArn": ARN}},
        "httpMethod": "GET",
        "path": "/up",
        "queryStringParameters": {},
        "headers": {"user-agent": "ELB-HealthChecker/2.0"},
        "body": "",
        "isBase64Encoded": False,
    }


def test_powertools_takes_the_events() -> None:
    parser = pytest.importorskip("aws_lambda_powertools.utilities.parser.models")
    classes = pytest.importorskip("aws_lambda_powertools.utilities.data_classes")
    told = made("a=1", body=b"x")
    assert parser.AlbModel(**told).headers["host"] == "h"
    seen = classes.ALBEvent(told)
    assert seen.request_context.elb_target_group_arn == ARN
    assert seen.query_string_parameters == {"a": "1"}
    many = classes.ALBEvent(made("a=1&a=2", multi_value=True))
    assert many.resolved_query_string_parameters == {"a": ["1", "2"]}
