"""Logs, metrics and the invocation log: through the same API that a client reads on AWS."""

from __future__ import annotations

import asyncio
import json
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from engine_fixtures import Engine

from lambda_nb.engine.aws_calls.endpoint import Endpoint
from lambda_nb.engine.model import InvocationRecord
from lambda_nb.engine.neighbours.process.supervisor import Neighbours
from lambda_nb.engine.telemetry.log_lines import LogShipper
from lambda_nb.engine.telemetry.metrics import Metrics
from lambda_nb.engine.telemetry.records import INVOCATION_LOG

CODE = """
def handler(event, context):
    print("seen", event)
    if event.get("bad"):
        raise ValueError("bad")
"""


def events_of(engine: Engine, group: str, pattern: str, count: int) -> list[str]:
    """Messages of a log group that contain a text; waits until there are ``count``."""
    logs = engine.client("logs")
    deadline = time.monotonic() + 15
    found: list[str] = []
    while len(found) < count and time.monotonic() < deadline:
        time.sleep(0.05)
        groups = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
        if groups:
            pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
            messages = [event["message"] for page in pages for event in page["events"]]
            found = [message for message in messages if pattern in message]
    return found


def test_log_lines_are_readable_through_cloudwatch_logs(engine: Engine) -> None:
    name = engine.create(CODE)
    answer = engine.client().invoke(FunctionName=name, Payload=b'{"n": 1}')
    request_id = answer["ResponseMetadata"]["RequestId"]
    group = f"/aws/lambda/{name}"
    (report,) = events_of(engine, group, "REPORT", 1)
    assert request_id in report
    (seen,) = events_of(engine, group, "seen", 1)
    assert seen.strip() == "seen {'n': 1}"
    streams = engine.client("logs").describe_log_streams(logGroupName=group)["logStreams"]
    assert len(streams) == 1
    assert "/[$LATEST]" in streams[0]["logStreamName"]


def test_streams_in_a_group_of_several_functions_say_whose_they_are(engine: Engine) -> None:
    group = f"/shared/{engine.name('group')}"
    names = [engine.create(CODE, LoggingConfig={"LogGroup": group}) for _ in range(2)]
    for name in names:
        engine.client().invoke(FunctionName=name, Payload=b"{}")
    events_of(engine, group, "REPORT", 2)
    streams = engine.client("logs").describe_log_streams(logGroupName=group)["logStreams"]
    told = {stream["logStreamName"].rpartition("/")[2].partition("]")[0] for stream in streams}
    assert told == {f"{name}[$LATEST" for name in names}


def test_the_invocation_log_has_one_record_an_attempt(engine: Engine) -> None:
    name = engine.create(CODE)
    for payload in (b"{}", b'{"bad": 1}', b"{}"):
        engine.client().invoke(FunctionName=name, Payload=payload)
    messages = events_of(engine, INVOCATION_LOG, f'"{name}"', 3)
    records = [json.loads(message) for message in messages]
    assert [r["start"] for r in records] == ["cold", "warm", "warm"]
    assert [r["status"] for r in records] == ["success", "error", "success"]
    times = [t for r in records for t in (r["arrival_ns"], r["finish_ns"])]
    assert times == sorted(set(times))
    assert len({r["environment"] for r in records}) == 1


def test_metrics_are_those_of_cloudwatch(engine: Engine) -> None:
    name = engine.create(CODE)
    for payload in (b"{}", b'{"bad": 1}', b"{}"):
        engine.client().invoke(FunctionName=name, Payload=payload)

    def total(metric: str, statistic: str) -> float:
        now = datetime.now(timezone.utc)
        points = engine.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Lambda",
            MetricName=metric,
            Dimensions=[{"Name": "FunctionName", "Value": name}],
            StartTime=now - timedelta(minutes=10),
            EndTime=now + timedelta(minutes=1),
            Period=60,
            Statistics=[statistic],
        )["Datapoints"]
        return float(sum(point[statistic] for point in points))

    deadline = time.monotonic() + 15
    while total("Invocations", "Sum") < 3 and time.monotonic() < deadline:
        time.sleep(0.1)
    assert total("Invocations", "Sum") == 3
    assert total("Errors", "Sum") == 1
    assert total("Throttles", "Sum") == 0
    assert total("Duration", "SampleCount") == 3


def test_a_throttle_is_a_metric_and_a_record(engine: Engine) -> None:
    name = engine.create(CODE)
    client: Any = engine.client()
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    for _ in range(2):
        try:
            client.invoke(FunctionName=name)
        except client.exceptions.TooManyRequestsException:
            continue
        raise AssertionError("not throttled")
    records = [json.loads(m) for m in events_of(engine, INVOCATION_LOG, f'"{name}"', 2)]
    assert [r["start"] for r in records] == ["throttle", "throttle"]
    assert {r["reason"] for r in records} == {"ReservedFunctionConcurrentInvocationLimitExceeded"}
    assert all(r["arrival_ns"] == r["finish_ns"] for r in records)


async def test_more_than_a_batch_arrives_whole_and_in_order(tmp_path: Path) -> None:
    neighbours = Neighbours(account="000000000000", region="us-east-1", work_dir=tmp_path)
    await neighbours.start()
    try:
        logs = LogShipper(lambda: neighbours.endpoint)
        now = time.time_ns() // 1_000_000
        for n in range(12_000):
            logs.put("group", "stream", now, f"line {n}")
        logs.put("group", "stream", now, "x" * 200_000)
        logs.put("group", "stream", now, "   ")
        await logs.flush()
        await logs.close()
        found = _all_events(neighbours.endpoint)
        assert found[:-1] == [f"line {n}" for n in range(12_000)]
        assert len(found[-1]) == 200_000
    finally:
        await neighbours.close()


async def test_what_comes_late_is_put_in_order_and_days_are_parted(tmp_path: Path) -> None:
    neighbours = Neighbours(account="000000000000", region="us-east-1", work_dir=tmp_path)
    await neighbours.start()
    try:
        logs = LogShipper(lambda: neighbours.endpoint)
        now = time.time_ns() // 1_000_000
        hour = 3_600_000
        for hours_ago in (1, 0, 30, 2, 60):
            logs.put("group", "stream", now - hours_ago * hour, str(hours_ago))
        await logs.flush()
        await logs.close()
        assert _all_events(neighbours.endpoint) == ["60", "30", "2", "1", "0"]
    finally:
        await neighbours.close()


async def test_the_invocation_log_is_there_before_a_line_of_a_function(tmp_path: Path) -> None:
    neighbours = Neighbours(account="000000000000", region="us-east-1", work_dir=tmp_path)
    await neighbours.start()
    try:
        logs = LogShipper(lambda: neighbours.endpoint, first=INVOCATION_LOG)
        logs.put("group", "stream", time.time_ns() // 1_000_000, "a line")
        await logs.flush()
        await logs.close()
        told = await asyncio.to_thread(_logs(neighbours.endpoint).describe_log_groups)
        made = {group["logGroupName"]: group["creationTime"] for group in told["logGroups"]}
        assert made.keys() == {INVOCATION_LOG, "group"}
        assert made[INVOCATION_LOG] <= made["group"]
    finally:
        await neighbours.close()


def test_an_engine_makes_the_invocation_log_first(engine: Engine) -> None:
    name = engine.create(CODE)
    engine.client().invoke(FunctionName=name)
    events_of(engine, f"/aws/lambda/{name}", "REPORT", 1)
    pages = engine.client("logs").get_paginator("describe_log_groups").paginate()
    made = {one["logGroupName"]: one["creationTime"] for page in pages for one in page["logGroups"]}
    assert made[INVOCATION_LOG] <= min(made.values())


async def test_a_deleted_log_group_comes_back_and_a_refused_batch_holds_up_nothing(
    tmp_path: Path,
) -> None:
    neighbours = Neighbours(account="000000000000", region="us-east-1", work_dir=tmp_path)
    await neighbours.start()
    try:
        logs = LogShipper(lambda: neighbours.endpoint)
        now = time.time_ns() // 1_000_000
        logs.put("group", "stream", now, "before")
        await logs.flush()
        await asyncio.to_thread(_logs(neighbours.endpoint).delete_log_group, logGroupName="group")
        logs.put("not a name that CloudWatch takes", "stream", now, "refused")
        logs.put("group", "stream", now, "after")
        await logs.flush()
        await logs.close()
        assert _all_events(neighbours.endpoint) == ["after"]
    finally:
        await neighbours.close()


def _logs(at: Endpoint) -> Any:
    import boto3

    made = boto3.client(
        "logs",
        endpoint_url=at.url,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    return at.reach(made)


def _all_events(at: Endpoint) -> list[str]:
    logs = _logs(at)
    messages: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = logs.get_log_events(
            logGroupName="group", logStreamName="stream", startFromHead=True, **token
        )
        if not page["events"]:
            return messages
        messages += [event["message"] for event in page["events"]]
        token = {"nextToken": page["nextForwardToken"]}


async def test_what_waits_is_sent_when_the_neighbours_come(tmp_path: Path) -> None:
    neighbours = Neighbours(account="000000000000", region="us-east-1", work_dir=tmp_path)
    logs = LogShipper(lambda: neighbours.endpoint)
    metrics = Metrics(lambda: neighbours.endpoint)
    logs.put("group", "stream", time.time_ns() // 1_000_000, "early")
    now = time.time_ns()
    metrics.record(InvocationRecord("f", "1", "r", now, now + 1, "warm", "success"))
    await neighbours.start()
    try:
        await logs.flush()
        await metrics.flush()
        assert _all_events(neighbours.endpoint) == ["early"]
    finally:
        await logs.close()
        await metrics.close()
        await neighbours.close()


async def test_figures_of_other_services_have_their_own_namespace(tmp_path: Path) -> None:
    neighbours = Neighbours(account="000000000000", region="us-east-1", work_dir=tmp_path)
    metrics = Metrics(lambda: neighbours.endpoint)
    await neighbours.start()
    try:
        for _ in range(3):
            dimensions = (("RuleName", "r"),)
            metrics.service_figure("AWS/IoT", "TopicMatch", dimensions, "Count", 1.0)
        metrics.figure("f", "AsyncEventsReceived", "Count", 1.0)
        await metrics.flush()
        assert await asyncio.to_thread(_listed, neighbours.endpoint) == [
            ("AWS/IoT", "TopicMatch", "r"),
            ("AWS/Lambda", "AsyncEventsReceived", ""),
            ("AWS/Lambda", "AsyncEventsReceived", "f"),
        ]
    finally:
        await metrics.close()
        await neighbours.close()


def _listed(at: Endpoint) -> list[tuple[str, str, str]]:
    import boto3

    made = boto3.client(
        "cloudwatch",
        endpoint_url=at.url,
        region_name="us-east-1",
        aws_access_key_id="x",
        aws_secret_access_key="x",
    )
    listed = at.reach(made).list_metrics()["Metrics"]
    return sorted(
        (one["Namespace"], one["MetricName"], "".join(d["Value"] for d in one["Dimensions"]))
        for one in listed
    )
