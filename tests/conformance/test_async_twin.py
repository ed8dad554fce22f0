"""Events that must wait: the engine's durable queue and the simulator treat them alike."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from engine_fixtures import Ear, Engine

from lambda_nb import Trace, simulate
from lambda_nb.simulator import Asynchronous, Queue

HANDLER = """
import time
def handler(event, context):
    records = event.get("Records", [event])
    time.sleep(0.5 * len(records))
    if event.get("bad"):
        raise ValueError("bad")
"""


SLOW_FIRST = """
import time
def handler(event, context):
    if event == 0:
        time.sleep(3)
    say(str(event))
"""
HOLDS = """
import time
def handler(event, context):
    say(event)
    time.sleep(8)
"""


@pytest.mark.slow
@pytest.mark.parametrize("reserved", [1, 2])
def test_events_wait_for_concurrency_as_simulated(engine: Engine, reserved: int) -> None:
    name = engine.create(HANDLER, Timeout=10)
    client = engine.client()
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=reserved)
    for i in range(8):
        client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps({"n": i}))
    # No event is refused: each runs as soon as an earlier one has ended.
    real = Trace.from_logs(name, client=engine.client("logs"), expect=8).to_pandas()
    first = real.sort_values("arrival").iloc[:reserved]
    arrivals = pd.DataFrame(
        {
            "arrival": [0.0] * 8,
            "function": name,
            "duration": float(real["duration"].median()),
            "init": float(first["init"].median()),
        }
    )
    simulated = simulate(
        Trace.from_pandas(arrivals), reserved={name: reserved}, source=Asynchronous()
    ).invocations
    assert _starts(simulated) == _starts(real) == {"cold": reserved, "warm": 8 - reserved}
    assert _in_turn(simulated) == _in_turn(real)


def _starts(attempts: pd.DataFrame) -> dict[str, int]:
    return attempts["start"].astype(str).value_counts().to_dict()  # type: ignore[no-any-return]


def _in_turn(attempts: pd.DataFrame) -> list[int]:
    """How many events each environment served."""
    return sorted(attempts.groupby("environment").size().tolist())


def test_a_backlog_behind_a_slow_event_drains_at_once(engine: Engine, ear: Ear) -> None:
    name = engine.create(f"{ear.say}{SLOW_FIRST}", Timeout=60)
    client = engine.client()
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    for i in range(15):
        client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(i))
    ear.wait(lambda heard: len(heard) == 15)
    assert ear.heard == [str(i) for i in range(15)]  # in the order of arrival
    real = Trace.from_logs(name, client=engine.client("logs"), expect=15).to_pandas()
    assert _starts(real) == {"cold": 1, "warm": 14}


def test_an_event_that_waits_too_long_is_given_up(engine: Engine, ear: Ear) -> None:
    name = engine.create(f"{ear.say}{HOLDS}", Timeout=300)
    client, sqs = engine.client(), engine.client("sqs")
    queue = sqs.create_queue(QueueName=f"{name}-given-up")["QueueUrl"]
    arn = f"arn:aws:sqs:{engine.region}:{engine.account}:{name}-given-up"
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    client.put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnFailure": {"Destination": arn}}
    )
    client.invoke(FunctionName=name, InvocationType="Event", Payload=b'"holds"')
    ear.wait(lambda heard: heard == ["holds"])
    client.invoke(FunctionName=name, InvocationType="Event", Payload=b'"waits"')
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=20)["Messages"]
    record = json.loads(messages[0]["Body"])
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert record["requestPayload"] == "waits"


@pytest.mark.slow
def test_batches_of_a_queue_are_as_many_as_simulated(engine: Engine) -> None:
    name = engine.create(HANDLER, Timeout=10)
    queue = engine.client("sqs").create_queue(QueueName=f"{name}-queue")["QueueUrl"]
    entries = [{"Id": str(i), "MessageBody": "x"} for i in range(10)]
    for _ in range(2):
        engine.client("sqs").send_message_batch(QueueUrl=queue, Entries=entries)
    mapping = engine.client().create_event_source_mapping(
        FunctionName=name,
        EventSourceArn=f"arn:aws:sqs:{engine.region}:{engine.account}:{name}-queue",
        BatchSize=4,
        ScalingConfig={"MaximumConcurrency": 2},
    )
    try:
        real = Trace.from_logs(name, client=engine.client("logs"), expect=5).to_pandas()
    finally:
        engine.client().delete_event_source_mapping(UUID=mapping["UUID"])
    waiting = Trace({"arrival": [0.0] * 20, "function": [name] * 20, "duration": [0.5] * 20})
    # The window collects the messages that are in the queue when the mapping starts.
    source = Queue(batch_size=4, maximum_concurrency=2, window=0.01)
    simulated = simulate(waiting, source=source).invocations
    assert len(real) == len(simulated) == 5
    assert list(simulated["records"]) == [4] * 5
    assert _starts(real) == _starts(simulated)
