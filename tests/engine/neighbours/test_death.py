"""The neighbours' process is killed: the engine starts another, and everything works again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Ear, Engine

from lambda_nb.engine.neighbours.process import supervisor as child_module
from lambda_nb.engine.neighbours.process.supervisor import Neighbours, NeighboursError


def child_of(process: int) -> psutil.Process:
    """The neighbours' process of an engine."""
    (child,) = [
        p
        for p in psutil.Process(process).children()
        if "lambda_nb.engine.neighbours.process.server" in p.cmdline()
    ]
    return child


def make_sources(engine: Engine) -> None:
    """The queue and the stream that the test's mappings read."""
    engine.client("sqs").create_queue(QueueName="a-queue")
    engine.client("kinesis").create_stream(StreamName="a-stream", ShardCount=1)


@pytest.mark.slow
def test_after_a_kill_services_logs_pushes_and_sources_work_again(
    start_engine: Callable[..., Engine], ear: Ear
) -> None:
    engine = start_engine()
    name = engine.create(
        f"import json\n{ear.say}\ndef handler(event, context):\n    say(json.dumps(event))\n"
    )
    sqs, kinesis = engine.client("sqs"), engine.client("kinesis")
    account = f"us-east-1:{engine.account}"
    make_sources(engine)
    for service, rest in (("sqs", "a-queue"), ("kinesis", "stream/a-stream")):
        start = {"StartingPosition": "TRIM_HORIZON"} if service == "kinesis" else {}
        engine.client().create_event_source_mapping(
            FunctionName=name, EventSourceArn=f"arn:aws:{service}:{account}:{rest}", **start
        )
    kinesis.put_record(StreamName="a-stream", PartitionKey="k", Data=b"first")
    ear.wait(lambda said: len(said) == 1)

    kept = engine.data_dir / "services"
    deadline = time.monotonic() + 30
    while not all(
        any(mark in file.read_bytes() for file in kept.glob(f"moto.{service}*@us-east-1.state"))
        for service, mark in (("sqs", b"a-queue"), ("kinesis", b"Zmlyc3Q="))
    ):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    before = child_of(engine.process.pid)
    before.send_signal(signal.SIGKILL)
    before.wait(10)
    # Calls that come now wait until the new process serves; it holds what was saved.
    assert len(sqs.list_queues()["QueueUrls"]) == 1
    after = child_of(engine.process.pid)
    assert after.pid != before.pid

    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="a-queue")["QueueUrl"], MessageBody="q")
    kinesis.put_record(StreamName="a-stream", PartitionKey="k", Data=b"second")
    topic = engine.client("sns").create_topic(Name="t")["TopicArn"]
    arn = engine.client().get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    engine.client().add_permission(
        FunctionName=name,
        StatementId="sns",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    engine.client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    engine.client("sns").publish(TopicArn=topic, Message="pushed")
    ear.wait(lambda said: len(said) >= 4)
    told = " ".join(ear.heard[1:])
    assert "Zmlyc3Q=" not in told, "the stream was read from its beginning again"
    assert all(source in told for source in ("aws:kinesis", "aws:sqs", "aws:sns"))

    engine.client().invoke(FunctionName=name, Payload=b'"logged"')
    deadline = time.monotonic() + 20
    found: list[str] = []
    while not found and time.monotonic() < deadline:
        with contextlib.suppress(ClientError):  # the group comes with its first event
            answer = engine.client("logs").filter_log_events(
                logGroupName=f"/aws/lambda/{name}", filterPattern="REPORT"
            )
            found = [event["message"] for event in answer["events"]]
        time.sleep(0.05)
    assert found
    assert "started again with what they held" in engine.log_file.read_text()


def test_a_call_in_flight_gets_an_error_that_clients_retry(
    start_engine: Callable[..., Engine],
) -> None:
    engine = start_engine()
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName="q")["QueueUrl"]
    status: list[int] = []

    def receive() -> None:
        try:
            engine.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=20)
        except ClientError as error:
            status.append(error.response["ResponseMetadata"]["HTTPStatusCode"])

    waiting = threading.Thread(target=receive)
    waiting.start()
    child = child_of(engine.process.pid)
    while len(child.net_connections("unix")) < 2:  # the listener, and the call's connection
        time.sleep(0.01)
    time.sleep(0.2)  # until the service handles the call
    child.kill()
    waiting.join(30)
    assert status == [503]


@pytest.mark.slow
async def test_what_dies_again_and_again_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(child_module, "MOST_QUICK_DEATHS", 2)
    restarts: list[None] = []
    neighbours = Neighbours(
        account="000000000000",
        region="eu-west-1",
        work_dir=tmp_path,
        emptied=lambda: restarts.append(None),
    )
    await neighbours.start()
    try:
        child_of(os.getpid()).kill()
        while len(restarts) < 2:
            await asyncio.sleep(0.01)
        assert neighbours.endpoint
        child_of(os.getpid()).kill()
        with contextlib.suppress(NeighboursError):
            while neighbours.endpoint:
                await asyncio.sleep(0.01)
        with pytest.raises(NeighboursError, match=r"2 times in a row.*Restart the engine"):
            _ = neighbours.endpoint
    finally:
        await neighbours.close()
    assert len(restarts) == 2  # the first two children started without saved data
    assert "started again" in caplog.text
