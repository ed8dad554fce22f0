"""Metric filters, and events in the embedded metric format, of any log and of functions' logs."""

from __future__ import annotations

import json
import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError
from cloudwatch_lab import until
from engine_fixtures import Engine


@pytest.fixture(scope="module")
def logs(engine: Engine) -> Any:
    return engine.client("logs")


@pytest.fixture
def group(engine: Engine, logs: Any) -> str:
    name = f"/{engine.name('filters')}"
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")
    return name


def write(logs: Any, group: str, *messages: str) -> None:
    now = time.time_ns() // 1_000_000
    events = [{"timestamp": now, "message": message} for message in messages]
    logs.put_log_events(logGroupName=group, logStreamName="s", logEvents=events)


def put_filter(logs: Any, group: str, pattern: str, **transformation: Any) -> str:
    """A filter whose metric is named like the group; returns the namespace."""
    told = {"metricName": group, "metricNamespace": "Filtered", "metricValue": "1"}
    logs.put_metric_filter(
        logGroupName=group,
        filterName="f",
        filterPattern=pattern,
        metricTransformations=[{**told, **transformation}],
    )
    return "Filtered"


def statistics(
    engine: Engine, namespace: str, name: str, dimensions: dict[str, str] | None = None
) -> dict[str, Any]:
    """Sum, count and unit of a metric in the last minutes; empty while it has no data."""
    now = datetime.now(timezone.utc)
    found = engine.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": n, "Value": v} for n, v in (dimensions or {}).items()],
        StartTime=now - timedelta(minutes=30),
        EndTime=now + timedelta(minutes=1),
        Period=3600,
        Statistics=["Sum", "SampleCount", "Maximum"],
    )["Datapoints"]
    return dict(found[0]) if found else {}


def test_a_filter_counts_what_matches(engine: Engine, logs: Any, group: str) -> None:
    put_filter(logs, group, "ERROR", unit="Count")
    write(logs, group, "ERROR one", "fine", "ERROR two")
    found = statistics(engine, "Filtered", group)
    assert (found["Sum"], found["SampleCount"], found["Unit"]) == (2.0, 2.0, "Count")


def test_values_and_dimensions_of_json(engine: Engine, logs: Any, group: str) -> None:
    put_filter(
        logs, group, "{ $.latency = * }", metricValue="$.latency", dimensions={"Way": "$.way"}
    )
    write(
        logs,
        group,
        '{"latency": 50, "way": "GET"}',
        '{"latency": 7.5, "way": "GET"}',
        '{"latency": 9, "way": "PUT"}',
        '{"latency": 11}',
        '{"way": "GET"}',
    )
    found = statistics(engine, "Filtered", group, {"Way": "GET"})
    assert (found["Sum"], found["Maximum"], found["SampleCount"]) == (57.5, 50.0, 2.0)
    assert statistics(engine, "Filtered", group, {"Way": "PUT"})["Sum"] == 9.0
    assert statistics(engine, "Filtered", group) == {}


def test_values_of_fields(engine: Engine, logs: Any, group: str) -> None:
    put_filter(logs, group, "[ip, ..., code = 4*, size]", metricValue="$size")
    write(logs, group, '10.0.0.1 - "GET / HTTP" 404 1534', '10.0.0.1 - "GET / HTTP" 200 7')
    assert statistics(engine, "Filtered", group)["Sum"] == 1534.0


def test_a_default_value_stands_for_minutes_without_a_match(
    engine: Engine, logs: Any, group: str
) -> None:
    put_filter(logs, group, "ERROR", defaultValue=0)
    write(logs, group, "fine")
    found = statistics(engine, "Filtered", group)
    assert (found["Sum"], found["SampleCount"]) == (0.0, 1.0)


def test_filters_are_described_replaced_and_deleted(logs: Any, group: str) -> None:
    put_filter(logs, group, "a")
    put_filter(logs, group, "b", defaultValue=0)
    (told,) = logs.describe_metric_filters(logGroupName=group)["metricFilters"]
    assert told["filterPattern"] == "b"
    assert told["metricTransformations"] == [
        {
            "metricName": group,
            "metricNamespace": "Filtered",
            "metricValue": "1",
            "defaultValue": 0.0,
            "unit": "None",
        }
    ]
    logs.delete_metric_filter(logGroupName=group, filterName="f")
    assert logs.describe_metric_filters(logGroupName=group)["metricFilters"] == []
    with pytest.raises(ClientError, match="The specified metric filter does not exist"):
        logs.delete_metric_filter(logGroupName=group, filterName="f")


@pytest.mark.parametrize(
    ("pattern", "transformation", "message"),
    [
        ("{ $.a = ", {}, "Invalid metric filter pattern"),
        ("a", {"metricValue": "many"}, "many is no number"),
        (
            "a",
            {"dimensions": {"A": "$.a"}, "defaultValue": 0},
            "dimensions and default value are mutually exclusive",
        ),
    ],
)
def test_wrong_filters_are_refused(
    logs: Any, group: str, pattern: str, transformation: dict[str, Any], message: str
) -> None:
    with pytest.raises(ClientError, match=message) as error:
        put_filter(logs, group, pattern, **transformation)
    assert error.value.response["Error"]["Code"] == "InvalidParameterException"


def test_a_filter_can_be_tested(logs: Any) -> None:
    """The examples of the API reference."""
    line = '127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 200 1534'
    found = logs.test_metric_filter(filterPattern="[..., size]", logEventMessages=["x", line])
    assert [match["eventNumber"] for match in found["matches"]] == [1, 2]
    assert found["matches"][1]["extractedValues"] == {
        "$1": "127.0.0.1",
        "$2": "-",
        "$3": "frank",
        "$4": "10/Oct/2000:13:25:15 -0700",
        "$5": "GET /apache_pb.gif HTTP/1.0",
        "$6": "200",
        "$size": "1534",
    }
    found = logs.test_metric_filter(
        filterPattern='{ $.kind = "a" && $.n > 3 }',
        logEventMessages=['{"kind": "a", "n": 4}', '{"kind": "b", "n": 4}'],
    )
    (match,) = found["matches"]
    assert match["extractedValues"] == {"$.kind": "a", "$.n": "4"}
    found = logs.test_metric_filter(filterPattern="ERROR", logEventMessages=["ERROR 1"])
    assert found["matches"][0]["extractedValues"] == {}


def test_functions_logs_make_metrics(engine: Engine, logs: Any) -> None:
    """The embedded metric format as Powertools writes it, and a filter on the function's group."""
    namespace = engine.name("Emf")
    event = {
        "_aws": {
            "Timestamp": 0,
            "CloudWatchMetrics": [
                {
                    "Namespace": namespace,
                    "Dimensions": [["service"]],
                    "Metrics": [{"Name": "Orders", "Unit": "Count"}],
                }
            ],
        },
        "service": "shop",
        "Orders": [2.0, 3.0],
    }
    code = (
        f"import json, time\nEVENT = json.loads({json.dumps(json.dumps(event))})\n"
        "def handler(event, context):\n"
        "    EVENT['_aws']['Timestamp'] = int(time.time() * 1000)\n"
        "    print(json.dumps(EVENT))\n"
        "    print('order taken')\n"
    )
    name = engine.create(code)
    group = f"/aws/lambda/{name}"
    engine.client().invoke(FunctionName=name)
    until(lambda: statistics(engine, namespace, "Orders", {"service": "shop"}))
    found = statistics(engine, namespace, "Orders", {"service": "shop"})
    assert (found["Sum"], found["SampleCount"], found["Unit"]) == (5.0, 2.0, "Count")
    put_filter(logs, group, '"order taken"')
    engine.client().invoke(FunctionName=name)
    until(lambda: statistics(engine, "Filtered", group))
    assert statistics(engine, "Filtered", group)["Sum"] == 1.0
