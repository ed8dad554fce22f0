"""Pipes from queues to functions, on a real engine."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Ear, Engine
from pipe_lab import ROLE, arn_of, pipe, queue, reach, receive, send, tell, until


def filtered(pattern: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"FilterCriteria": {"Filters": [{"Pattern": json.dumps(pattern)}]}, **more}


def test_messages_reach_a_function_as_an_array_of_records(engine: Engine, ear: Ear) -> None:
    url, source = queue(engine)
    pipe(engine, source, arn_of(engine, engine.create(tell(ear))))
    send(engine, url, "hello")
    ear.wait(lambda said: len(said) == 1)
    (record,) = json.loads(ear.heard[0])
    assert record.pop("messageId")
    assert record.pop("receiptHandle")
    attributes = record.pop("attributes")
    assert attributes["ApproximateReceiveCount"] == "1"
    assert record == {
        "body": "hello",
        "messageAttributes": {},
        "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
        "eventSource": "aws:sqs",
        "eventSourceARN": source,
        "awsRegion": engine.region,
    }


def test_messages_are_filtered_enriched_and_transformed(engine: Engine, ear: Ear) -> None:
    url, source = queue(engine)
    enrich = engine.create(
        "def handler(event, context):\n"
        "    return [{**one, 'double': 2 * one['n']} for one in event]\n"
    )
    name = pipe(
        engine,
        source,
        arn_of(engine, engine.create(tell(ear))),
        SourceParameters=filtered(
            {"body": {"n": [{"numeric": [">", 1]}]}}, SqsQueueParameters={"BatchSize": 1}
        ),
        Enrichment=arn_of(engine, enrich),
        EnrichmentParameters={"InputTemplate": '{"n": <$.body.n>, "by": "<aws.pipes.pipe-name>"}'},
        TargetParameters={"InputTemplate": '{"twice": <$.double>, "by": <$.by>}'},
    )
    send(engine, url, {"n": 1}, {"n": 2})
    ear.wait(lambda said: len(said) == 1)
    assert json.loads(ear.heard[0]) == [{"twice": 4, "by": name}]


def test_an_enrichment_that_returns_nothing_ends_the_execution(engine: Engine, ear: Ear) -> None:
    url, source = queue(engine)
    code = f"{ear.say}\ndef handler(event, context):\n    say('asked')\n    return []\n"
    pipe(
        engine,
        source,
        arn_of(engine, engine.create(tell(ear))),
        Enrichment=arn_of(engine, engine.create(code)),
    )
    send(engine, url, "a")
    ear.wait(lambda said: said == ["asked"])
    attributes = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]

    def empty() -> bool:
        told = engine.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=attributes)
        return all(int(told["Attributes"][one]) == 0 for one in attributes)

    until(empty)
    assert ear.heard == ["asked"]


def test_failed_messages_come_again_and_then_to_the_dead_letter_queue(
    engine: Engine, ear: Ear
) -> None:
    dead_url, dead = queue(engine)
    redrive = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 2})
    url, source = queue(engine, RedrivePolicy=redrive, VisibilityTimeout="1")
    report = (
        "    bad = [{'itemIdentifier': r['messageId']} for r in event if r['body'] == 'bad']\n"
        "    return {'batchItemFailures': bad}\n"
    )
    name = pipe(engine, source, arn_of(engine, engine.create(tell(ear, report))))
    send(engine, url, "good", "bad")
    (message,) = receive(engine, dead_url)
    assert message["Body"] == "bad"
    tried = [record["body"] for text in ear.heard for record in json.loads(text)]
    assert sorted(tried) == ["bad", "bad", "good"]
    now = datetime.now(timezone.utc)

    def total(metric: str) -> float:
        points = engine.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/EventBridge/Pipes",
            MetricName=metric,
            Dimensions=[{"Name": "PipeName", "Value": name}],
            StartTime=now - timedelta(minutes=10),
            EndTime=now + timedelta(minutes=2),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return float(sum(point["Sum"] for point in points))

    until(lambda: total("EventCount") == 3)
    assert total("ExecutionPartiallyFailed") == 2
    assert total("ExecutionFailed") == 0


def test_a_function_that_raises_or_times_out_gets_the_message_again(
    engine: Engine, ear: Ear
) -> None:
    url, source = queue(engine, VisibilityTimeout="2")
    twice = (
        "    count = int(event[0]['attributes']['ApproximateReceiveCount'])\n"
        "    if count == 1:\n        raise ValueError('no')\n"
        "    if count == 2:\n        import time; time.sleep(5)\n"
        "    say('done')\n"
    )
    pipe(engine, source, arn_of(engine, engine.create(tell(ear, twice), Timeout=1)))
    send(engine, url, "a")
    ear.wait(lambda said: "done" in said)
    assert len(ear.heard) == 4


def test_a_pipe_stops_starts_changes_and_is_deleted(engine: Engine, ear: Ear) -> None:
    pipes, (url, source) = engine.client("pipes"), queue(engine)
    name = engine.name("pipe")
    target = arn_of(engine, engine.create(tell(ear)))
    made = pipes.create_pipe(
        Name=name, Source=source, Target=target, RoleArn=ROLE, DesiredState="STOPPED"
    )
    assert (made["CurrentState"], made["DesiredState"]) == ("CREATING", "STOPPED")
    reach(engine, name, "STOPPED")
    send(engine, url, "kept")
    assert pipes.start_pipe(Name=name)["CurrentState"] == "STARTING"
    ear.wait(lambda said: len(said) == 1)
    reach(engine, name, "RUNNING")
    changed = pipes.update_pipe(
        Name=name, RoleArn=ROLE, TargetParameters={"InputTemplate": '"new <$.body>"'}
    )
    assert changed["CurrentState"] == "UPDATING"
    reach(engine, name, "RUNNING")
    send(engine, url, "text")
    ear.wait(lambda said: len(said) == 2)
    assert json.loads(ear.heard[1]) == ["new text"]
    assert pipes.stop_pipe(Name=name)["CurrentState"] == "STOPPING"
    reach(engine, name, "STOPPED")
    send(engine, url, "nobody reads it")
    (message,) = receive(engine, url)
    assert message["Body"] == "nobody reads it"
    assert pipes.delete_pipe(Name=name)["CurrentState"] == "DELETING"

    def gone() -> bool:
        try:
            pipes.describe_pipe(Name=name)
        except pipes.exceptions.NotFoundException:
            return True
        return False

    until(gone)


def test_a_pipe_whose_source_is_missing_fails_and_says_why(engine: Engine) -> None:
    pipes, name = engine.client("pipes"), engine.name("pipe")
    _, here = queue(engine)
    missing = here + "-missing"
    pipes.create_pipe(Name=name, Source=missing, Target=here, RoleArn=ROLE)
    told = reach(engine, name, "CREATE_FAILED")
    assert "NonExistentQueue" in told["StateReason"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"Source": "arn:aws:mq:us-east-1:000000000000:broker:b"}, "lambda_nb has no Amazon MQ"),
        ({"Source": "arn:aws:s3:::bucket"}, "is not a valid source"),
        ({"SourceParameters": {"SqsQueueParameters": {"BatchSize": 11}}}, "at most 10"),
        ({"Target": "arn:aws:batch:us-east-1:000000000000:job-queue/q"}, "AWS Batch"),
        ({"TargetParameters": {"InputTemplate": "<aws.pipes.x>"}}, "no variable of pipes"),
    ],
)
def test_what_cannot_run_is_refused(engine: Engine, changes: dict[str, Any], says: str) -> None:
    _, arn = queue(engine)
    told = {"Source": arn, "Target": arn, "RoleArn": ROLE, "Name": engine.name("pipe"), **changes}
    with pytest.raises(ClientError, match=says) as refused:
        engine.client("pipes").create_pipe(**told)
    assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_names_are_unique(engine: Engine) -> None:
    _, arn = queue(engine)
    name = pipe(engine, arn, arn, DesiredState="RUNNING")
    with pytest.raises(engine.client("pipes").exceptions.ConflictException, match="already exists"):
        engine.client("pipes").create_pipe(Name=name, Source=arn, Target=arn, RoleArn=ROLE)


@pytest.mark.slow
def test_nothing_is_lost_when_the_engine_is_killed(
    start_engine: Callable[..., Engine], ear: Ear
) -> None:
    first = start_engine()
    url, source = queue(first, VisibilityTimeout="1")
    slow = "    import time; time.sleep(30)\n"
    name = pipe(first, source, arn_of(first, first.create(tell(ear, slow), Timeout=60)))
    send(first, url, "a")
    ear.wait(lambda said: len(said) == 1)
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    second = start_engine()
    reach(second, name, "RUNNING")
    ear.wait(lambda said: len(said) >= 2)
    (record,) = json.loads(ear.heard[1])
    assert record["body"] == "a"


def test_a_target_that_is_missing_is_said_in_the_log(engine: Engine) -> None:
    url, source = queue(engine, VisibilityTimeout="1")
    name = pipe(engine, source, arn_of(engine, engine.name("missing")))
    send(engine, url, "a")
    until(lambda: f"pipe {name}: PROBLEM" in engine.log_file.read_text())
    engine.client("pipes").delete_pipe(Name=name)
