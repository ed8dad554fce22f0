"""Lines of access logs."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.gateways.shared.access_log import (
    STREAM,
    AccessLog,
    access_log,
    found_in,
    log_group,
)

ARN = "arn:aws:logs:us-east-1:000000000000:log-group:/api/a"


class Sink:
    """Keeps what is logged."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str, int, str]] = []

    def put(self, group: str, stream: str, timestamp_ms: int, message: str) -> None:
        self.lines.append((group, stream, timestamp_ms, message))


@pytest.mark.parametrize(
    ("arn", "group"),
    [
        (ARN, "/api/a"),
        (f"{ARN}:*", "/api/a"),
        ("arn:aws-cn:logs:cn-north-1:000000000000:log-group:g", "g"),
        ("arn:aws:firehose:us-east-1:000000000000:deliverystream/amazon-apigateway-x", None),
        ("", None),
    ],
)
def test_destinations(arn: str, group: str | None) -> None:
    assert log_group(arn) == group


def test_a_stage_without_settings_has_no_log() -> None:
    assert access_log(None, None) is None
    assert access_log(ARN, "") is None
    assert access_log("", "$context.requestId") is None


def test_a_line_goes_to_the_group() -> None:
    log = access_log(f"{ARN}:*", "$context.requestId\n")
    assert log is not None
    sink = Sink()
    log.write(sink, {"requestId": "r"}.get, 17)
    assert sink.lines == [("/api/a", STREAM, 17, "r")]


def test_common_log_format() -> None:
    form = (
        '$context.identity.sourceIp - - [$context.requestTime] "$context.httpMethod '
        '$context.routeKey $context.protocol" $context.status $context.responseLength '
        "$context.requestId."
    )
    values = {
        "identity": {"sourceIp": "::1"},
        "requestTime": "02/Jan/2026:03:04:05 +0000",
        "httpMethod": "GET",
        "routeKey": "GET /x",
        "protocol": "HTTP/1.1",
        "status": 200,
        "responseLength": 0,
        "requestId": "r",
    }
    line = AccessLog("g", form).line(lambda name: found_in(values, name))
    assert line == '::1 - - [02/Jan/2026:03:04:05 +0000] "GET GET /x HTTP/1.1" 200 0 r.'


def test_claims_may_have_colons() -> None:
    log = AccessLog("g", "$context.authorizer.claims.cognito:username $context.stage:x")
    values = {"authorizer": {"claims": {"cognito:username": "ada"}}, "stage": "dev"}
    assert log.line(lambda name: found_in(values, name)) == "ada dev:x"


def test_only_what_a_format_names_is_worked_out() -> None:
    def no() -> str:
        raise AssertionError

    values = {"a": lambda: "x", "b": no, "c": {"d": no}}
    assert AccessLog("g", "$context.a").line(lambda name: found_in(values, name)) == "x"


@given(st.text())
def test_no_value_can_leave_its_field(value: str) -> None:
    line = AccessLog("g", '{"a":"$context.a","b":"1"}').line({"a": value}.get)
    assert "\n" not in line
    assert json.loads(line) == {"a": value or "-", "b": "1"}
