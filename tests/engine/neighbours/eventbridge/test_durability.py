"""Nothing that EventBridge has accepted is lost, and no time sends twice, when the engine dies."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone

import psutil
import pytest
from engine_fixtures import Engine, lives
from eventbridge_lab import ROLE, Answer, Endpoint, Queue, Request, put, rule, until

StartEngine = Callable[..., Engine]


def kill(engine: Engine) -> None:
    """Kill the engine and its services at once, as a power cut would."""
    children = psutil.Process(engine.process.pid).children(recursive=True)
    os.kill(engine.process.pid, signal.SIGSTOP)
    for process in children:
        os.kill(process.pid, signal.SIGKILL)
    os.kill(engine.process.pid, signal.SIGKILL)
    engine.process.wait()
    until(lambda: not any(lives(process.pid) for process in children))


@pytest.mark.slow
def test_what_waits_for_another_try_outlives_the_engine(
    start_engine: StartEngine, endpoint: Endpoint
) -> None:
    engine = start_engine()
    endpoint.answer = lambda request: (503, {}, "{}")
    events = engine.client("events")
    key = {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}
    connection = events.create_connection(
        Name="c", AuthorizationType="API_KEY", AuthParameters=key
    )["ConnectionArn"]
    arn = events.create_api_destination(
        Name="d", ConnectionArn=connection, InvocationEndpoint=endpoint.url, HttpMethod="POST"
    )["ApiDestinationArn"]
    name = rule(engine, {"Arn": arn, "RoleArn": ROLE})
    time.sleep(2.5)  # the rule is on disk: its service saves once a second
    identifiers = {put(engine, name) for _ in range(5)}
    until(lambda: len(endpoint.requests) >= 5)
    kill(engine)
    arrived: set[str] = set()

    def answer(request: Request) -> Answer:
        arrived.add(json.loads(request.body)["id"])
        return 200, {}, "{}"

    endpoint.answer = answer
    start_engine()
    until(lambda: arrived == identifiers)


@pytest.mark.slow
def test_events_accepted_just_before_the_end_are_delivered(start_engine: StartEngine) -> None:
    engine = start_engine()
    queue = Queue(engine)
    name = rule(engine, {"Arn": queue.arn})
    time.sleep(2.5)  # queue and rule are on disk
    for process in psutil.Process(engine.process.pid).children():
        assert process.is_running()
    identifiers = {put(engine, name) for _ in range(20)}
    os.kill(engine.process.pid, signal.SIGKILL)  # the services save and end by themselves
    engine.process.wait()
    again = start_engine()
    sqs = again.client("sqs")
    url = sqs.get_queue_url(QueueName=queue.arn.rpartition(":")[2])["QueueUrl"]
    found: set[str] = set()

    def all_there() -> bool:
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)
        found.update(json.loads(one["Body"])["id"] for one in answer.get("Messages", []))
        return found == identifiers

    until(all_there)


@pytest.mark.slow
def test_a_single_time_that_passes_while_nobody_is_there_fires_later_and_once(
    start_engine: StartEngine,
) -> None:
    engine = start_engine()
    queue, scheduler = Queue(engine), engine.client("scheduler")
    moment = datetime.now(timezone.utc) + timedelta(seconds=4)
    for name, expression in (
        ("once", f"at({moment:%Y-%m-%dT%H:%M:%S})"),
        ("often", "rate(1 day)"),
    ):
        scheduler.create_schedule(
            Name=name,
            ScheduleExpression=expression,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": queue.arn, "RoleArn": ROLE, "Input": name},
        )
    assert queue.receive()[0]["Body"] == "often"
    time.sleep(2.0)  # what the services hold is on disk
    kill(engine)
    while datetime.now(timezone.utc) < moment:
        time.sleep(0.1)
    again = start_engine()
    sqs = again.client("sqs")
    url = sqs.get_queue_url(QueueName=queue.arn.rpartition(":")[2])["QueueUrl"]

    def received(wait_s: int) -> list[str]:
        answer = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=wait_s)
        return [message["Body"] for message in answer.get("Messages", [])]

    assert until(lambda: received(1)) == ["once"]
    assert received(2) == []
