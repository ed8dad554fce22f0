"""What metric filters take from log events."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.rules.events.embedded_metrics import metrics_of
from lambda_nb.rules.events.log_fields import extracted, number

LINE = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534'


def test_named_fields() -> None:
    """The example of the API reference, ``TestMetricFilter``."""
    pattern = "[ip, identity, user_id, timestamp, request, status_code = 2*, size]"
    assert extracted(pattern, LINE) == {
        "$ip": "127.0.0.1",
        "$identity": "-",
        "$user_id": "frank",
        "$timestamp": "10/Oct/2000:13:25:15 -0700",
        "$request": "GET /apache_pb.gif HTTP/1.0",
        "$status_code": "200",
        "$size": "1534",
    }


@pytest.mark.parametrize(
    ("pattern", "message", "selector", "value"),
    [
        ("[ip, ..., size]", LINE, "$size", 1534.0),
        ("[ip, ..., size]", LINE, "$2", None),
        ("{ $.a = * }", '{"a": 1, "b": {"c": [2.5]}}', "$.b.c[0]", 2.5),
        ("{ $.a = * }", '{"a": "7"}', "$.a", 7.0),
        ("{ $.a = * }", '{"a": "x"}', "$.a", None),
        ("ERROR", "ERROR 5", "3", 3.0),
        ("ERROR", "ERROR 5", "$.a", None),
    ],
)
def test_values(pattern: str, message: str, selector: str, value: float | None) -> None:
    assert number(pattern, message, selector) == value


def event(directive: dict[str, object], **root: object) -> str:
    return json.dumps({"_aws": {"Timestamp": 7, "CloudWatchMetrics": [directive]}, **root})


def test_each_set_of_dimensions_has_the_metric() -> None:
    """Specification: Embedded metric format."""
    directive = {
        "Namespace": "N",
        "Dimensions": [["a"], ["a", "b"], []],
        "Metrics": [{"Name": "m", "Unit": "Milliseconds"}, {"Name": "absent"}],
    }
    found = metrics_of(event(directive, a="x", b="y", m=[1, 2.5]))
    assert [datum.dimensions for datum in found] == [
        (("a", "x"),),
        (("a", "x"), ("b", "y")),
        (),
    ]
    assert {(datum.values, datum.unit, datum.at_ms) for datum in found} == {
        ((1.0, 2.5), "Milliseconds", 7)
    }


@pytest.mark.parametrize(
    "message",
    [
        '"_aws"',
        '{"_aws": 5}',
        '{"_aws": {"CloudWatchMetrics": [{"Namespace": "N"}]}}',
        event({"Namespace": "N", "Metrics": [{"Name": "m"}]}, m="text"),
        event({"Namespace": "N", "Dimensions": [["gone"]], "Metrics": [{"Name": "m"}]}, m=1),
    ],
)
def test_what_does_not_keep_to_the_format_is_no_metric(message: str) -> None:
    assert metrics_of(message) == []


@given(st.recursive(st.none() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_no_event_breaks_it(anything: object) -> None:
    metrics_of(json.dumps({"_aws": anything}))
    metrics_of(json.dumps({"_aws": {"CloudWatchMetrics": anything}}))
    extracted("[a, ..., b]", str(anything))
