"""Statistics of metrics: percentiles, periods, units, metric math; by the API and on their own."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Engine
from hypothesis import given
from hypothesis import strategies as st
from moto.cloudwatch.models import CloudWatchBackend

from lambda_nb.engine.neighbours.services.cloudwatch import metric_data, statistics

MINUTE = 1_700_000_040  # the start of a minute
DIMENSIONS = [{"Name": "Way", "Value": "GET"}]


def data_of(*told: dict[str, Any]) -> list[Any]:
    """The data that are kept of what is put at one moment."""
    backend = CloudWatchBackend("us-east-1", "123456789012")
    at = datetime.fromtimestamp(MINUTE, timezone.utc)
    for metric in told:
        metric_data.add(backend, "N", {"MetricName": "m", "Timestamp": at, **metric})
    return list(backend.metric_data)


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("Sum", 55.0), ("Average", 5.5), ("Minimum", 1.0), ("Maximum", 10.0), ("SampleCount", 10.0),
        ("p0", 1.0), ("p50", 5.5), ("p90", 9.1), ("p100", 10.0), ("tm90", 5.0), ("tc90", 9.0),
        ("ts90", 45.0), ("IQM", 5.5),
    ],
)  # fmt: skip
def test_statistics(statistic: str, expected: float) -> None:
    data = data_of({"Values": [float(n) for n in range(1, 11)]})
    assert statistics.value(statistic, data) == pytest.approx(expected)


def test_percentiles_of_statistic_sets_are_not_known() -> None:
    """Guide, "Percentiles": unless all values are the same."""
    told = {"SampleCount": 4.0, "Sum": 10.0, "Minimum": 1.0, "Maximum": 4.0}
    assert statistics.value("p50", data_of({"StatisticValues": told})) is None
    assert statistics.value("Average", data_of({"StatisticValues": told})) == 2.5
    same = {"SampleCount": 4.0, "Sum": 8.0, "Minimum": 2.0, "Maximum": 2.0}
    assert statistics.value("p50", data_of({"StatisticValues": same})) == 2.0


@given(st.lists(st.floats(0.001, 1e6), min_size=1, max_size=400), st.integers(0, 100))
def test_many_values_are_kept_within_two_percent(numbers: list[float], percent: int) -> None:
    data = data_of(*({"Value": number} for number in numbers))
    assert len(data) == 1
    ranked = sorted(numbers)
    rank = (len(ranked) - 1) * percent / 100
    low, high = ranked[int(rank)], ranked[min(int(rank) + 1, len(ranked) - 1)]
    found = statistics.value(f"p{percent}", data)
    assert found is not None
    assert low * 0.98 <= found <= high * 1.02


@pytest.fixture(scope="module")
def cloudwatch(engine: Engine) -> Any:
    return engine.client("cloudwatch")


@pytest.fixture(scope="module")
def namespace(engine: Engine, cloudwatch: Any) -> str:
    """Two minutes of ``calls`` (1, 2, 3 and 4), and one of ``errors`` (1)."""
    name = engine.name("Metrics")
    start = datetime.fromtimestamp(int(time.time()) // 60 * 60 - 600, timezone.utc)
    for minute, values in enumerate(((1.0, 2.0), (3.0, 4.0))):
        at = start + timedelta(minutes=minute)
        for value, unit in zip(values, ("Count", "None"), strict=True):
            calls = {"MetricName": "calls", "Dimensions": DIMENSIONS, "Timestamp": at}
            cloudwatch.put_metric_data(
                Namespace=name, MetricData=[{**calls, "Value": value, "Unit": unit}]
            )
    errors = {"MetricName": "errors", "Dimensions": DIMENSIONS, "Timestamp": start, "Value": 1.0}
    cloudwatch.put_metric_data(Namespace=name, MetricData=[errors])
    return name


def window() -> dict[str, datetime]:
    now = datetime.now(timezone.utc)
    return {"StartTime": now - timedelta(minutes=30), "EndTime": now}


def test_metric_data(cloudwatch: Any, namespace: str) -> None:
    def query(name: str, **more: Any) -> dict[str, Any]:
        metric = {"Namespace": namespace, "MetricName": name, "Dimensions": DIMENSIONS}
        return {"Id": name, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum", **more}}

    found = cloudwatch.get_metric_data(
        MetricDataQueries=[
            {"Id": "rate", "Expression": "100 * FILL(errors, 0) / calls", "Label": "rate"},
            query("calls"),
            {**query("errors"), "ReturnData": False},
        ],
        ScanBy="TimestampAscending",
        **window(),
    )["MetricDataResults"]
    told = {one["Id"]: one["Values"] for one in found}
    assert told == {"rate": [pytest.approx(100 / 3), 0.0], "calls": [3.0, 7.0]}
    one = cloudwatch.get_metric_data(
        MetricDataQueries=[query("calls", Unit="Count", Period=3600)], **window()
    )["MetricDataResults"][0]
    assert sum(one["Values"]) == 4.0
    with pytest.raises(ClientError, match="the function SEARCH is not supported"):
        cloudwatch.get_metric_data(
            MetricDataQueries=[{"Id": "x", "Expression": "SEARCH('a', 'Sum')"}], **window()
        )


def test_metric_statistics(cloudwatch: Any, namespace: str) -> None:
    asked = {"Namespace": namespace, "MetricName": "calls", "Dimensions": DIMENSIONS, **window()}
    (point,) = cloudwatch.get_metric_statistics(
        Period=3600, Statistics=["Average"], ExtendedStatistics=["p100"], **asked
    )["Datapoints"]
    assert (point["Average"], point["ExtendedStatistics"]) == (2.5, {"p100": 4.0})
    with pytest.raises(ClientError, match="exceeds the limit of 1,440"):
        cloudwatch.get_metric_statistics(Period=1, Statistics=["Sum"], **asked)
    with pytest.raises(ClientError, match="The value p101 for parameter ExtendedStatistics"):
        cloudwatch.get_metric_statistics(Period=60, ExtendedStatistics=["p101"], **asked)


def test_each_metric_is_listed_once(cloudwatch: Any, namespace: str) -> None:
    found = cloudwatch.list_metrics(Namespace=namespace)["Metrics"]
    assert sorted(one["MetricName"] for one in found) == ["calls", "errors"]
    assert found[0]["Dimensions"] == DIMENSIONS
    named = cloudwatch.list_metrics(Namespace=namespace, Dimensions=[{"Name": "Way"}])["Metrics"]
    assert len(named) == 2
    assert cloudwatch.list_metrics(Namespace=namespace, MetricName="calls")["Metrics"] != []
