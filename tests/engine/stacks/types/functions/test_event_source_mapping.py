"""``AWS::Lambda::EventSourceMapping``: it delivers, and its settings change."""

from __future__ import annotations

from typing import Any

from engine_fixtures import Ear, Engine, error_of
from stack_types_lab import Lab

from lambda_nb.engine.stacks.types.functions.event_source_mapping import EventSourceMapping

MAPPING = EventSourceMapping()


def queue_of(engine: Engine) -> tuple[str, str]:
    sqs = engine.client("sqs")
    url = sqs.create_queue(QueueName=engine.name("q"))["QueueUrl"]
    asked = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, asked["Attributes"]["QueueArn"]


def test_a_queue_s_messages_reach_the_function(engine: Engine, ear: Ear) -> None:
    lab, calls = Lab(engine), engine.client()
    url, arn = queue_of(engine)
    name = engine.create(
        ear.say
        + "def handler(event, context):\n"
        + "    for record in event['Records']:\n        say(record['body'])\n"
    )
    given: dict[str, Any] = {"EventSourceArn": arn, "FunctionName": name}
    mapping = lab.create(
        MAPPING,
        {
            **given,
            "BatchSize": "5",
            "FilterCriteria": {"Filters": [{"Pattern": '{"body": ["wanted"]}'}]},
            "FunctionResponseTypes": ["ReportBatchItemFailures"],
            "ScalingConfig": {"MaximumConcurrency": "2"},
            "Tags": [{"Key": "colour", "Value": "red"}],
        },
    )
    config = calls.get_event_source_mapping(UUID=mapping.ref)
    assert config["State"] == "Enabled"
    assert config["BatchSize"] == 5
    assert config["ScalingConfig"] == {"MaximumConcurrency": 2}
    tags = calls.list_tags(Resource=mapping.attribute("EventSourceMappingArn"))["Tags"]
    assert tags["colour"] == "red"
    engine.client("sqs").send_message(QueueUrl=url, MessageBody="wanted")
    ear.wait(lambda heard: heard == ["wanted"])

    stopped = lab.update(mapping, {**given, "Enabled": "false"})
    config = calls.get_event_source_mapping(UUID=mapping.ref)
    assert config["State"] == "Disabled"
    assert config["BatchSize"] == 10
    assert not config.get("FilterCriteria", {}).get("Filters")
    assert not config.get("ScalingConfig")
    assert config["FunctionResponseTypes"] == []
    found = MAPPING.read(stopped.context, stopped.made, {**given, "Enabled": True})
    assert found is not None
    assert found["Enabled"] is False
    lab.delete(stopped)
    code, _ = error_of(lambda: calls.get_event_source_mapping(UUID=mapping.ref))
    assert code == "ResourceNotFoundException"


def test_settings_of_a_stream(engine: Engine) -> None:
    lab, kinesis, stream = Lab(engine), engine.client("kinesis"), engine.name("s")
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName=stream)["StreamDescriptionSummary"][
        "StreamARN"
    ]
    dead = queue_of(engine)[1]
    name = engine.create("def handler(event, context):\n    return 1\n")
    given: dict[str, Any] = {
        "EventSourceArn": arn,
        "FunctionName": name,
        "StartingPosition": "AT_TIMESTAMP",
        "StartingPositionTimestamp": "1600000000",
    }
    mapping = lab.create(
        MAPPING,
        {
            **given,
            "BisectBatchOnFunctionError": True,
            "DestinationConfig": {"OnFailure": {"Destination": dead}},
            "MaximumRecordAgeInSeconds": 100,
            "MaximumRetryAttempts": "2",
            "ParallelizationFactor": 2,
            "TumblingWindowInSeconds": 30,
        },
    )
    calls = engine.client()
    config = calls.get_event_source_mapping(UUID=mapping.ref)
    assert config["DestinationConfig"] == {"OnFailure": {"Destination": dead}}
    assert config["MaximumRetryAttempts"] == 2
    bare = lab.update(mapping, given)
    config = calls.get_event_source_mapping(UUID=mapping.ref)
    assert not config["DestinationConfig"].get("OnFailure")
    assert config["MaximumRetryAttempts"] == -1
    assert config["ParallelizationFactor"] == 1
    assert config["TumblingWindowInSeconds"] == 0
    assert config["BisectBatchOnFunctionError"] is False
    lab.delete(bare)


def test_another_source_is_another_mapping() -> None:
    old = {"EventSourceArn": "a", "FunctionName": "f", "Topics": ["t"]}
    assert MAPPING.replacing(old, {**old, "EventSourceArn": "b"}) == {"EventSourceArn"}
    assert MAPPING.replacing(old, {**old, "Topics": ["u"]}) == {"Topics"}
    assert MAPPING.replacing(old, {**old, "BatchSize": 2}) == set()
