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
def test_events_and_times_are_not_lost_and_come_once(start_engine: StartEngine) -> None:
    engine = start_engine()
    queue, timed, scheduler = Queue(engine), Queue(engine), engine.client("scheduler")
    moment = datetime.now(timezone.utc) + timedelta(seconds=4)
    once, often = f"at({moment:%Y-%m-%dT%H:%M:%S})", "rate(1 day)"
    for expression in (once, often):
        scheduler.create_schedule(
            Name=expression.partition("(")[0],
            ScheduleExpression=expression,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": timed.arn, "RoleArn": ROLE, "Input": expression},
        )
    assert timed.receive()[0]["Body"] == often
    name = rule(engine, {"Arn": queue.arn})
    identifiers = {put(engine, name) for _ in range(20)}
    os.kill(engine.process.pid, signal.SIGKILL)  # the services save and end by themselves
    engine.process.wait()
    until(lambda: datetime.now(timezone.utc) > moment)
    sqs = start_engine().client("sqs")

    def received(arn: str, wait_s: int) -> list[str]:
        url = sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        asked = {"QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": wait_s}
        return [message["Body"] for message in sqs.receive_message(**asked).get("Messages", [])]

    found: set[str] = set()

    def all_there() -> bool:
        found.update(json.loads(body)["id"] for body in received(queue.arn, 0))
        return found == identifiers

    until(all_there)
    assert until(lambda: received(timed.arn, 1)) == [once]
    assert received(timed.arn, 2) == []
