"""Events that must wait: what the engine's durable queue did, and what the simulator says of it."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from engine_fixtures import Engine

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


@pytest.mark.slow
def test_throttled_events_are_tried_as_often_as_simulated(engine: Engine) -> None:
    name = engine.create(HANDLER, Timeout=10)
    client = engine.client()
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
    for i in range(8):
        client.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps({"n": i}))
    # Two run, the others are tried again after 1, 2 and 4 s: 8 + 6 + 4 + 2 attempts.
    real = Trace.from_logs(name, client=engine.client("logs"), expect=20).to_pandas()
    served = real[real["start"] != "throttle"]
    first = served.sort_values("arrival").iloc[:2]

    arrivals = pd.DataFrame(
        {
            "arrival": real.sort_values("arrival")["arrival"].to_numpy()[:8],
            "function": name,
            "duration": float(served["duration"].median()),
            "init": float(first["init"].median()),
        }
    )
    simulated = simulate(
        Trace.from_pandas(arrivals), reserved={name: 2}, source=Asynchronous()
    ).invocations
    assert _starts(simulated) == _starts(real)
    assert _rounds(simulated) == _rounds(real) == [(8, 2), (6, 2), (4, 2), (2, 2)]


def _starts(attempts: pd.DataFrame) -> dict[str, int]:
    return attempts["start"].astype(str).value_counts().to_dict()  # type: ignore[no-any-return]


def _rounds(attempts: pd.DataFrame) -> list[tuple[int, int]]:
    """How many events were tried at about the same time, and how many of them were served."""
    ordered = attempts.sort_values("arrival")
    ordered = ordered.assign(round=(ordered["arrival"].diff() > 0.4).cumsum())
    return [
        (len(rows), int((rows["start"] != "throttle").sum()))
        for _, rows in ordered.groupby("round")
    ]


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
    # The window gathers what lies in the queue already when the mapping begins.
    source = Queue(batch_size=4, maximum_concurrency=2, window=0.01)
    simulated = simulate(waiting, source=source).invocations
    assert len(real) == len(simulated) == 5
    assert list(simulated["records"]) == [4] * 5
    assert _starts(real) == _starts(simulated)
