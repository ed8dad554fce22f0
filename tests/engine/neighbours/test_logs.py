"""CloudWatch Logs and CloudWatch in the neighbours: data on disk and summed up, not in memory."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import boto3
import psutil
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from lambda_nb.engine.neighbours.process.supervisor import Neighbours
from lambda_nb.engine.neighbours.services.cloudwatch.log_store import (
    EVENT_OVERHEAD,
    LogStore,
    Place,
)

GROUP, STREAM = "/g", "s"
MESSAGES = st.text(max_size=3) | st.text(max_size=3).map(lambda text: text + "report " * 40 + text)


@pytest.fixture
async def neighbours(tmp_path: Path) -> AsyncIterator[Neighbours]:
    made = Neighbours(account="000000000000", region="eu-west-1", work_dir=tmp_path)
    await made.start()
    yield made
    await made.close()


@pytest.fixture
def client(neighbours: Neighbours) -> Any:
    def connect(service: str) -> Any:
        at = neighbours.endpoint
        made = boto3.client(
            service,
            endpoint_url=at.url,
            region_name="eu-west-1",
            aws_access_key_id="x",
            aws_secret_access_key="x",
        )
        return at.reach(made)

    return connect


@pytest.fixture
def logs(client: Any) -> Any:
    made = client("logs")
    made.create_log_group(logGroupName=GROUP)
    made.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    return made


def put(logs: Any, messages: list[str], start_ms: int, stream: str = STREAM) -> None:
    logs.put_log_events(
        logGroupName=GROUP,
        logStreamName=stream,
        logEvents=[{"timestamp": start_ms + i, "message": m} for i, m in enumerate(messages)],
    )


def now_ms() -> int:
    return int(time.time() * 1000)


async def test_many_events_cost_disk_and_little_memory(
    neighbours: Neighbours, logs: Any, tmp_path: Path
) -> None:
    (child,) = [p for p in psutil.Process().children() if str(tmp_path) in " ".join(p.cmdline())]
    at = now_ms() - 100_000
    put(logs, ["warm up"], at - 1)
    before = child.memory_info().rss
    for batch in range(50):
        put(logs, [f"{batch * 1000 + i} " + "x" * 400 for i in range(1000)], at + batch * 1000)
    grown = child.memory_info().rss - before
    assert grown < 50_000 * 1000  # Python objects take more than 1 KB each; the cache is 16 MB

    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP)
    seen = [int(event["message"].split()[0]) for page in pages for event in page["events"][1:]]
    assert len(seen) >= 49_000
    answer = logs.filter_log_events(logGroupName=GROUP, filterPattern='"49999 "')
    assert [e["message"].split()[0] for e in answer["events"]] == ["49999"]
    newest = logs.get_log_events(logGroupName=GROUP, logStreamName=STREAM, limit=2)["events"]
    assert [event["message"].split()[0] for event in newest] == ["49998", "49999"]


async def test_every_event_is_on_one_page(logs: Any) -> None:
    at = now_ms() - 10_000
    logs.create_log_stream(logGroupName=GROUP, logStreamName="other")
    put(logs, [f"a{i}" for i in range(25)], at)
    put(logs, [f"b{i}" for i in range(25)], at, "other")
    paginator = logs.get_paginator("filter_log_events")
    pages = list(paginator.paginate(logGroupName=GROUP, PaginationConfig={"PageSize": 7}))
    messages = [event["message"] for page in pages for event in page["events"]]
    assert [len(page["events"]) for page in pages] == [7] * 7 + [1]
    assert messages == [f"{letter}{i}" for i in range(25) for letter in "ab"]
    one = logs.filter_log_events(logGroupName=GROUP, logStreamNames=["other"])["events"]
    assert {event["logStreamName"] for event in one} == {"other"}
    some = logs.filter_log_events(logGroupName=GROUP, startTime=at + 3, endTime=at + 4)["events"]
    assert [event["message"] for event in some] == ["a3", "b3", "a4", "b4"]
    with pytest.raises(ClientError, match="nextToken"):
        logs.filter_log_events(logGroupName=GROUP, nextToken="nonsense")


async def test_a_stream_is_read_both_ways_and_followed(logs: Any) -> None:
    at = now_ms() - 10_000
    put(logs, [str(i) for i in range(10)], at)

    def read(**options: Any) -> tuple[list[str], str, str]:
        answer = logs.get_log_events(logGroupName=GROUP, logStreamName=STREAM, limit=4, **options)
        messages = [event["message"] for event in answer["events"]]
        return messages, answer["nextBackwardToken"], answer["nextForwardToken"]

    messages, back, forward = read()
    assert messages == ["6", "7", "8", "9"]
    assert read(nextToken=back)[0] == ["2", "3", "4", "5"]
    messages, back, again = read(nextToken=forward)
    assert (messages, again) == ([], forward)
    assert read(nextToken=back)[0] == ["6", "7", "8", "9"]
    put(logs, ["new"], at + 10)
    assert read(nextToken=forward)[0] == ["new"]
    messages, _, forward = read(startFromHead=True)
    assert messages == ["0", "1", "2", "3"]
    assert read(nextToken=forward)[0] == ["4", "5", "6", "7"]
    assert read(startFromHead=True, startTime=at + 1, endTime=at + 3)[0] == ["1", "2"]


async def test_retention_and_deletion(logs: Any) -> None:
    day = 86_400_000
    put(logs, ["old"], now_ms() - 3 * day)
    put(logs, ["new"], now_ms())
    (stream,) = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert stream["storedBytes"] == 2 * (3 + EVENT_OVERHEAD)
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=1)
    events = logs.filter_log_events(logGroupName=GROUP)["events"]
    assert [event["message"] for event in events] == ["new"]
    (stream,) = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert stream["storedBytes"] == 3 + EVENT_OVERHEAD
    assert stream["firstEventTimestamp"] == stream["lastEventTimestamp"] > now_ms() - day
    logs.delete_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    logs.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    assert logs.filter_log_events(logGroupName=GROUP)["events"] == []
    (stream,) = logs.describe_log_streams(logGroupName=GROUP)["logStreams"]
    assert stream["storedBytes"] == 0
    assert "firstEventTimestamp" not in stream


async def test_insights_read_the_same_events(logs: Any) -> None:
    put(logs, ["one", "two"], now_ms())
    second = int(time.time())
    query = logs.start_query(
        logGroupName=GROUP,
        startTime=second - 60,
        endTime=second + 60,
        queryString="fields @message | sort @timestamp desc | limit 1",
    )
    (row,) = logs.get_query_results(queryId=query["queryId"])["results"]
    assert {field["field"]: field["value"] for field in row}["@message"] == "two"


def test_a_full_group_loses_its_oldest_events(tmp_path: Path) -> None:
    store = LogStore(tmp_path, group_bytes=100_000)
    store.append(2, 20, [(1, "of another group")], 0)
    for i in range(400):
        store.append(1, 10 + i % 2, [(i * 10 + j, "x" * 74) for j in range(10)], 0)
    kept = list(store.of_group(1))
    assert sum(event.size for event in kept) <= 100_000
    assert kept[-1].timestamp == 3999
    assert kept[0].timestamp > 2000
    assert store.stored_bytes(10) + store.stored_bytes(11) == 100 * len(kept)
    assert [event.message for event in store.of_group(2)] == ["of another group"]


def test_nothing_is_left_on_disk(tmp_path: Path) -> None:
    store = LogStore(tmp_path)
    store.append(1, 1, [(i, "x" * 1000) for i in range(50_000)], 0)
    assert list(tmp_path.iterdir()) == []


@given(
    st.lists(st.tuples(st.integers(1, 2), st.integers(0, 20), MESSAGES), max_size=60),
    st.integers(0, 21),
)
def test_events_come_in_order_of_time_then_arrival(
    tmp_path_factory: pytest.TempPathFactory, put: list[tuple[int, int, str]], start: int
) -> None:
    store = LogStore(tmp_path_factory.getbasetemp())
    for stream, timestamp, message in put:
        store.append(1, stream, [(timestamp, message)], 0)
    expected = sorted((t, i, s, m) for i, (s, t, m) in enumerate(put, 1) if t >= start)
    after = Place(start, 0)
    got = [(e.timestamp, e.event_id, e.stream, e.message) for e in store.of_group(1, after)]
    assert got == expected
    ours = [(e.timestamp, e.event_id) for e in store.of_stream(1, after, newest_first=True)]
    assert ours == [(t, i) for t, i, s, _ in reversed(expected) if s == 1]


async def test_figures_are_summed_up(client: Any) -> None:
    cloudwatch = client("cloudwatch")
    moment = datetime.now(timezone.utc).replace(second=0, microsecond=0)

    def data(**fields: Any) -> dict[str, Any]:
        dimensions = [{"Name": "FunctionName", "Value": "f"}]
        return {"MetricName": "Duration", "Timestamp": moment, "Dimensions": dimensions, **fields}

    for _ in range(3):
        cloudwatch.put_metric_data(
            Namespace="N", MetricData=[data(Values=[1.0, 5.0], Counts=[10_000.0, 1.0])]
        )
    statistics = {"Minimum": 0.5, "Maximum": 9.0, "SampleCount": 2, "Sum": 9.5}
    cloudwatch.put_metric_data(
        Namespace="N", MetricData=[data(Value=2.0), data(StatisticValues=statistics)]
    )
    (point,) = cloudwatch.get_metric_statistics(
        Namespace="N",
        MetricName="Duration",
        Dimensions=[{"Name": "FunctionName", "Value": "f"}],
        StartTime=moment - timedelta(minutes=1),
        EndTime=moment + timedelta(minutes=1),
        Period=60,
        Statistics=["Sum", "SampleCount", "Minimum", "Maximum"],
    )["Datapoints"]
    assert point["SampleCount"] == 30_006
    assert point["Sum"] == pytest.approx(3 * 10_005 + 2 + 9.5)
    assert (point["Minimum"], point["Maximum"]) == (0.5, 9.0)
    assert len(cloudwatch.list_metrics(Namespace="N")["Metrics"]) == 1
