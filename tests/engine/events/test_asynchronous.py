"""The asynchronous queue: no accepted event is lost, and every finished one is reported."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from engine_fixtures import Ear, Engine

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.events.asynchronous import queue as asynchronous
from lambda_nb.engine.events.asynchronous.queue import AsyncQueue
from lambda_nb.engine.model import (
    FunctionVersion,
    Invocation,
    InvocationResult,
    Named,
    Resolved,
    Throttled,
)
from lambda_nb.rules.events import retry

ARN = "arn:aws:lambda:us-east-1:000000000000:function:f"


def resolve(name: str, qualifier: str | None) -> Resolved:
    version = FunctionVersion(
        "000000000000", "us-east-1", name, "$LATEST", ARN, "r", "h", "python3.11", Path()
    )
    return Resolved(version, ARN)


def event(number: int = 0) -> Invocation:
    return Invocation(f"request-{number}", json.dumps({"n": number}).encode(), ARN)


def result(request_id: str, error: str | None = None) -> InvocationResult:
    payload = json.dumps({"errorMessage": "no", "errorType": error} if error else "done").encode()
    return InvocationResult(request_id, payload, "$LATEST", "Unhandled" if error else None, error)


class Configured:
    """Settings of the tests' function."""

    def __init__(self, config: Mapping[str, Any], dead_letter: str | None = None) -> None:
        self.config = config
        self.dead_letter = dead_letter
        self.reserved: int | None = None

    def named(self, function_name: str, qualifier: str | None) -> Named | None:
        return Named("f", qualifier, "7", ARN) if function_name == "f" else None

    def event_invoke_config(self, function_name: str, qualifier: str | None) -> Mapping[str, Any]:
        return self.config

    def dead_letter_target(self, function_name: str, version: str) -> str | None:
        return self.dead_letter

    def reserved_concurrency(self, function_name: str) -> int | None:
        return self.reserved


class Delivered:
    """A delivery that stores the events it gets."""

    def __init__(self) -> None:
        self.records: list[tuple[str, Mapping[str, Any]]] = []
        self.letters: list[tuple[str, str, Mapping[str, str]]] = []

    async def record(self, target: str, record: Mapping[str, Any]) -> None:
        self.records.append((target, record))

    async def dead_letter(self, target: str, body: str, attributes: Mapping[str, str]) -> None:
        self.letters.append((target, body, attributes))


class Noted:
    """Records the names of metrics."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def figure(self, function: str, name: str, unit: str, value: float) -> None:
        assert function == "f"
        assert value >= 0
        self.names.append(name)


async def drained(queue: AsyncQueue) -> None:
    deadline = time.monotonic() + 20
    while len(queue):
        assert time.monotonic() < deadline, f"{len(queue)} events are left"
        await asyncio.sleep(0.005)


async def test_events_run_with_the_request_id_and_payload_they_came_with(tmp_path: Path) -> None:
    seen: list[Invocation] = []

    async def invoke(resolved: Resolved, invocation: Invocation) -> InvocationResult:
        seen.append(invocation)
        return result(invocation.request_id)

    queue = AsyncQueue(tmp_path / "events.sqlite", resolve=resolve, invoke=invoke)
    await queue.start()
    for n in range(500):
        await queue.submit("f", None, event(n))
    await drained(queue)
    await queue.close()
    assert sorted(i.request_id for i in seen) == sorted(f"request-{n}" for n in range(500))
    assert {i.source for i in seen} == {"event"}
    assert json.loads(seen[0].payload) == {"n": int(seen[0].request_id.split("-")[1])}
    assert (tmp_path / "events.sqlite").stat().st_mode & 0o777 == 0o600


async def test_what_was_running_when_the_queue_closed_runs_again(tmp_path: Path) -> None:
    began = asyncio.Event()

    async def hang(resolved: Resolved, invocation: Invocation) -> InvocationResult:
        began.set()
        await asyncio.sleep(1000)
        raise AssertionError

    queue = AsyncQueue(tmp_path / "events.sqlite", resolve=resolve, invoke=hang)
    await queue.start()
    await queue.submit("f", None, event(7))
    await began.wait()
    await queue.close()

    seen: list[str] = []

    async def invoke(resolved: Resolved, invocation: Invocation) -> InvocationResult:
        seen.append(invocation.request_id)
        return result(invocation.request_id)

    again = AsyncQueue(tmp_path / "events.sqlite", resolve=resolve, invoke=invoke)
    await again.start()
    await drained(again)
    await again.close()
    assert seen == ["request-7"]


async def test_errors_are_tried_three_times_and_then_told(tmp_path: Path) -> None:
    tries: list[str] = []

    async def fail(resolved: Resolved, invocation: Invocation) -> InvocationResult:
        tries.append(invocation.request_id)
        return result(invocation.request_id, "ValueError")

    told = Delivered()
    config = {"DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:r:a:failed"}}}
    queue = AsyncQueue(
        tmp_path / "events.sqlite",
        retry_delay_s=0.01,
        resolve=resolve,
        invoke=fail,
        settings=Configured(config, "arn:aws:sqs:r:a:dead"),
        delivery=told,
    )
    await queue.start()
    await queue.submit("f", None, event(3))
    await drained(queue)
    await queue.close()
    assert tries == ["request-3"] * 3
    ((target, record),) = told.records
    assert target == "arn:aws:sqs:r:a:failed"
    assert record["requestContext"] == {
        "requestId": "request-3",
        "functionArn": f"{ARN}:$LATEST",
        "condition": "RetriesExhausted",
        "approximateInvokeCount": 3,
    }
    assert record["requestPayload"] == {"n": 3}
    assert record["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert record["responsePayload"]["errorType"] == "ValueError"
    ((target, body, attributes),) = told.letters
    assert (target, json.loads(body)) == ("arn:aws:sqs:r:a:dead", {"n": 3})
    assert attributes == {"RequestID": "request-3", "ErrorCode": "200", "ErrorMessage": "no"}


async def test_success_is_told_too(tmp_path: Path) -> None:
    async def invoke(resolved: Resolved, invocation: Invocation) -> InvocationResult:
        return result(invocation.request_id)

    told = Delivered()
    config = {"DestinationConfig": {"OnSuccess": {"Destination": "arn:aws:sns:r:a:done"}}}
    queue = AsyncQueue(
        tmp_path / "q", resolve=resolve, invoke=invoke, settings=Configured(config), delivery=told
    )
    await queue.start()
    await queue.submit("f", None, event())
    await drained(queue)
    await queue.close()
    ((_, record),) = told.records
    assert record["requestContext"]["condition"] == "Success"
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert "functionError" not in record["responseContext"]
    assert record["responsePayload"] == "done"


async def test_throttles_do_not_count_as_retries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "FIRST_BACKOFF_S", 0.0001)
    refusals = iter(range(8))

    async def invoke(resolved: Resolved, invocation: Invocation) -> InvocationResult:
        if next(refusals, None) is not None:
            raise Throttled("ConcurrentInvocationLimitExceeded")
        return result(invocation.request_id)

    told = Delivered()
    config = {
        "MaximumRetryAttempts": 0,
        "DestinationConfig": {"OnSuccess": {"Destination": "arn:aws:sqs:r:a:q"}},
    }
    queue = AsyncQueue(
        tmp_path / "q", resolve=resolve, invoke=invoke, settings=Configured(config), delivery=told
    )
    await queue.start()
    await queue.submit("f", None, event())
    await drained(queue)
    await queue.close()
    assert told.records[0][1]["requestContext"]["condition"] == "Success"


async def test_an_event_too_old_is_given_up(tmp_path: Path) -> None:
    async def refuse(resolved: Resolved, invocation: Invocation) -> InvocationResult:
        raise Throttled("ConcurrentInvocationLimitExceeded")

    told = Delivered()
    config = {
        "MaximumEventAgeInSeconds": 0.5,
        "DestinationConfig": {"OnFailure": {"Destination": "arn:aws:sqs:r:a:q"}},
    }
    queue = AsyncQueue(
        tmp_path / "q", resolve=resolve, invoke=refuse, settings=Configured(config), delivery=told
    )
    await queue.start()
    await queue.submit("f", None, event())
    await drained(queue)
    await queue.close()
    ((_, record),) = told.records
    assert record["requestContext"]["condition"] == "EventAgeExceeded"
    assert "responsePayload" not in record


@pytest.mark.parametrize("code", ["ResourceConflictException", "ServiceException"])
async def test_an_event_whose_function_stays_unready_is_given_up_when_too_old(
    tmp_path: Path, code: str
) -> None:
    def resolve_never(name: str, qualifier: str | None) -> Resolved:
        raise AWSError(code, "in the following state: Failed", 409)

    async def invoke(resolved: Resolved, invocation: Invocation) -> InvocationResult:
        raise AssertionError("must not run")

    config = {
        "MaximumEventAgeInSeconds": 0.5,
        "DestinationConfig": {"OnFailure": {"Destination": "failed"}},
    }
    delivered, noted = Delivered(), Noted()
    told: list[tuple[str, str, float | None]] = []
    queue = AsyncQueue(
        tmp_path / "q",
        resolve=resolve_never,
        invoke=invoke,
        settings=Configured(config, dead_letter="letters"),
        delivery=delivered,
        figures=noted,
        failed=lambda *failure: told.append(failure),
    )
    await queue.start()
    await queue.submit("f", "live", event(1))
    await drained(queue)
    await queue.close()
    ((target, record),) = delivered.records
    assert target == "failed"
    assert record["requestContext"] == {
        "requestId": "request-1",
        "functionArn": f"{ARN}:live",
        "condition": "EventAgeExceeded",
        "approximateInvokeCount": 0,
    }
    assert [letter[:2] for letter in delivered.letters] == [("letters", '{"n": 1}')]
    assert noted.names == ["AsyncEventsReceived", "AsyncEventAge", "AsyncEventsDropped"]
    assert told == [("request-1", "in the following state: Failed", None)]


async def test_an_event_whose_function_becomes_ready_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "FIRST_BACKOFF_S", 0.01)
    tries = 0

    def resolve_later(name: str, qualifier: str | None) -> Resolved:
        nonlocal tries
        tries += 1
        if tries < 4:
            raise AWSError("ResourceConflictException", "in the following state: Pending", 409)
        return resolve(name, qualifier)

    async def invoke(resolved: Resolved, invocation: Invocation) -> InvocationResult:
        return result(invocation.request_id)

    delivered = Delivered()
    queue = AsyncQueue(
        tmp_path / "q",
        resolve=resolve_later,
        invoke=invoke,
        settings=Configured({"DestinationConfig": {"OnSuccess": {"Destination": "done"}}}),
        delivery=delivered,
    )
    await queue.start()
    await queue.submit("f", None, event())
    await drained(queue)
    await queue.close()
    assert [target for target, _ in delivered.records] == ["done"]


@pytest.mark.parametrize("patient", [False, True])
async def test_events_of_a_missing_function_are_lost_at_once_or_after_a_rescue_when_too_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, patient: bool
) -> None:
    monkeypatch.setattr(retry, "FIRST_BACKOFF_S", 0.01)
    monkeypatch.setattr(retry, "MAX_AGE_S", 0.2)
    tries = 0

    def resolve_never(name: str, qualifier: str | None) -> Resolved:
        nonlocal tries
        tries += 1
        raise AWSError("ResourceNotFoundException", "Function not found", 404)

    async def invoke(resolved: Resolved, invocation: Invocation) -> InvocationResult:
        raise AssertionError("must not run")

    told: list[tuple[str, str, float | None]] = []
    queue = AsyncQueue(
        tmp_path / "q",
        resolve=resolve_never,
        invoke=invoke,
        settings=Configured({}),
        patient=patient,
        failed=lambda *failure: told.append(failure),
    )
    await queue.start()
    await queue.submit("gone", None, event(2))
    await drained(queue)
    await queue.close()
    assert (tries > 1) == patient
    assert told == [("request-2", "Function not found", None)]


async def test_with_nothing_reserved_events_are_given_up_unrun(tmp_path: Path) -> None:
    async def invoke(resolved: Resolved, invocation: Invocation) -> InvocationResult:
        raise AssertionError("must not run")

    configured = Configured({"DestinationConfig": {"OnFailure": {"Destination": "failed"}}})
    configured.reserved = 0
    delivered, noted = Delivered(), Noted()
    queue = AsyncQueue(
        tmp_path / "events.sqlite",
        resolve=resolve,
        invoke=invoke,
        settings=configured,
        delivery=delivered,
        figures=noted,
    )
    await queue.start()
    await queue.submit("f", None, event())
    await drained(queue)
    await queue.close()
    ((target, record),) = delivered.records
    assert target == "failed"
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert record["requestContext"]["approximateInvokeCount"] == 0
    assert "responseContext" not in record
    assert noted.names == ["AsyncEventsReceived", "AsyncEventAge", "AsyncEventsDropped"]


async def test_an_attempt_that_breaks_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "FIRST_BACKOFF_S", 0.01)
    tries = 0

    async def invoke(resolved: Resolved, invocation: Invocation) -> InvocationResult:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise RuntimeError("the engine's own fault")
        return result(invocation.request_id)

    queue = AsyncQueue(tmp_path / "events.sqlite", resolve=resolve, invoke=invoke)
    await queue.start()
    await queue.submit("f", None, event())
    await drained(queue)
    await queue.close()
    assert tries == 3


async def test_an_event_without_a_runtime_is_told_at_once_and_kept(tmp_path: Path) -> None:
    told: list[tuple[str, str, float | None]] = []
    why = "Runtime ruby3.4 cannot run: there is no ruby."

    async def invoke(resolved: Resolved, invocation: Invocation) -> InvocationResult:
        raise AWSError("InvalidRuntimeException", why, 502)

    queue = AsyncQueue(
        tmp_path / "events.sqlite",
        resolve=resolve,
        invoke=invoke,
        failed=lambda *failure: told.append(failure),
    )
    await queue.start()
    await queue.submit("f", None, event(3))
    deadline = time.monotonic() + 20
    while not told:
        assert time.monotonic() < deadline, "nobody was told"
        await asyncio.sleep(0.005)
    assert told[0] == ("request-3", why, None)
    assert len(queue) == 1  # somebody may install it
    await queue.close()


async def test_an_event_overtakes_none_of_its_function_that_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asynchronous, "AT_ONCE", 1)
    began: list[str] = []
    ended = asyncio.Semaphore(0)

    async def invoke(resolved: Resolved, invocation: Invocation) -> InvocationResult:
        began.append(invocation.request_id)
        await ended.acquire()
        return result(invocation.request_id)

    queue = AsyncQueue(tmp_path / "events.sqlite", resolve=resolve, invoke=invoke)
    await queue.submit("f", None, event(0))  # before the queue is processed
    await queue.start()
    for n in (1, 2):
        await queue.submit("f", None, event(n))
    for n in range(3, 40):
        ended.release()
        for _ in range(n % 7):  # at every stage of the event that has just ended
            await asyncio.sleep(0)
        await queue.submit("f", None, event(n))
    for _ in range(3):
        ended.release()
    await drained(queue)
    await queue.close()
    assert began == [f"request-{n}" for n in range(40)]


async def test_no_more_than_so_many_run_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asynchronous, "AT_ONCE", 4)
    running, most = 0, 0

    async def invoke(resolved: Resolved, invocation: Invocation) -> InvocationResult:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.002)
        running -= 1
        return result(invocation.request_id)

    queue = AsyncQueue(tmp_path / "q", resolve=resolve, invoke=invoke)
    for n in range(40):
        await queue.submit("f", None, event(n))
    await queue.start()
    await drained(queue)
    await queue.close()
    assert most == 4


COUNTER = """
import os
def handler(event, context):
    with open(os.environ["RESULTS"], "a") as results:
        results.write(f"{event}\\n")
"""


@pytest.mark.slow
def test_kill_9_of_the_engine_loses_no_accepted_event(
    start_engine: Callable[..., Engine], tmp_path: Path
) -> None:
    count = int(os.environ.get("LAMBDA_NB_EVENTS", "1000"))
    results = tmp_path / "results"
    results.touch()
    engine = start_engine("--isolation", "L0")
    name = engine.create(COUNTER, Environment={"Variables": {"RESULTS": str(results)}})
    client = engine.client()
    for n in range(count):
        payload = str(n).encode()
        answer = client.invoke(FunctionName=name, InvocationType="Event", Payload=payload)
        assert answer["StatusCode"] == 202
        if n == count // 2:
            engine.process.send_signal(signal.SIGKILL)
            engine.process.wait()
            engine = start_engine("--isolation", "L0")
            client = engine.client()
    deadline = time.monotonic() + 60
    while len(set(results.read_text().split())) < count and time.monotonic() < deadline:
        time.sleep(0.1)
    assert set(results.read_text().split()) == {str(n) for n in range(count)}


def test_destinations_of_real_services(engine: Engine) -> None:
    code = (
        "def handler(event, context):\n    if event.get('bad'): raise ValueError('x')\n    return 1"
    )
    name = engine.create(code)
    queues, topics, buckets = engine.client("sqs"), engine.client("sns"), engine.client("s3")
    failed = queues.create_queue(QueueName=f"{name}-failed")["QueueUrl"]
    done = queues.create_queue(QueueName=f"{name}-done")["QueueUrl"]
    buckets.create_bucket(Bucket=name.lower())
    topic = topics.create_topic(Name=f"{name}-topic")["TopicArn"]
    heard = queues.create_queue(QueueName=f"{name}-heard")["QueueUrl"]

    def arn(url: str) -> str:
        found = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return str(found["Attributes"]["QueueArn"])

    topics.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn(heard))
    cases = [
        (arn(done), arn(failed), {"bad": True}, failed),
        (arn(done), arn(failed), {}, done),
        (topic, arn(failed), {}, heard),
    ]
    for success, failure, payload, where in cases:
        engine.client().put_function_event_invoke_config(
            FunctionName=name,
            MaximumRetryAttempts=0,
            DestinationConfig={
                "OnSuccess": {"Destination": success},
                "OnFailure": {"Destination": failure},
            },
        )
        answer = engine.client().invoke(
            FunctionName=name, InvocationType="Event", Payload=json.dumps(payload)
        )
        message = queues.receive_message(QueueUrl=where, WaitTimeSeconds=10)["Messages"][0]
        body = json.loads(message["Body"])
        record = json.loads(body["Message"]) if "Message" in body else body
        request_id = answer["ResponseMetadata"]["RequestId"]
        assert record["requestContext"]["requestId"] == request_id
        assert record["requestPayload"] == payload
        queues.delete_message(QueueUrl=where, ReceiptHandle=message["ReceiptHandle"])


def test_a_dead_letter_queue_gets_the_event_itself(engine: Engine) -> None:
    queues = engine.client("sqs")
    url = queues.create_queue(QueueName=engine.name("dead"))["QueueUrl"]
    found = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    name = engine.create(
        "def handler(event, context): raise KeyError('lost')",
        DeadLetterConfig={"TargetArn": found["Attributes"]["QueueArn"]},
    )
    engine.client().put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    engine.client().invoke(FunctionName=name, InvocationType="Event", Payload=b'{"a": 1}')
    message = queues.receive_message(
        QueueUrl=url, WaitTimeSeconds=10, MessageAttributeNames=["All"]
    )["Messages"][0]
    assert json.loads(message["Body"]) == {"a": 1}
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "'lost'"
    assert message["MessageAttributes"]["ErrorCode"]["StringValue"] == "200"


async def test_a_slow_function_does_not_hold_up_others(tmp_path: Path) -> None:
    release = asyncio.Event()
    most = 0
    running = 0
    quick: list[str] = []

    def find(name: str, qualifier: str | None) -> Resolved:
        version = resolve(name, qualifier).function
        return Resolved(version, f"{ARN[:-1]}{name}")

    async def invoke(resolved: Resolved, invocation: Invocation) -> InvocationResult:
        nonlocal most, running
        if resolved.function.name == "quick":
            quick.append(invocation.request_id)
            return result(invocation.request_id)
        running += 1
        most = max(most, running)
        await release.wait()
        running -= 1
        return result(invocation.request_id)

    queue = AsyncQueue(tmp_path / "events.sqlite", resolve=find, invoke=invoke)
    await queue.start()
    for n in range(asynchronous.AT_ONCE + 100):
        await queue.submit("slow", None, event(n))
    for n in range(50):
        await queue.submit("quick", None, event(n))
    deadline = time.monotonic() + 20
    while len(quick) < 50:
        assert time.monotonic() < deadline, f"only {len(quick)} quick events ran"
        await asyncio.sleep(0.005)
    assert running == most == asynchronous.AT_ONCE
    release.set()
    await drained(queue)
    await queue.close()
    assert most == asynchronous.AT_ONCE


def test_stopping_in_the_middle_of_an_event_leaves_no_complaint(
    start_engine: Callable[..., Engine], ear: Ear
) -> None:
    engine = start_engine()
    code = (
        f"import time\n{ear.say}\ndef handler(event, context):\n    say('on')\n    time.sleep(60)\n"
    )
    name = engine.create(code, Timeout=100)
    engine.client().invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
    ear.wait(lambda said: said == ["on"])
    assert engine.stop() == 0
    assert engine.log_file.read_text() == ""
