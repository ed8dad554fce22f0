"""Topics of a real Kafka broker as event sources, on a real engine."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import kafka_broker
import pytest
from engine_fixtures import Ear, Engine
from kafka_broker import Broker
from pipe_lab import arn_of, pipe, queue, receive, tell, until


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with kafka_broker.running(tmp_path_factory.mktemp("kafka")) as started:
        yield started


def mapped(engine: Engine, broker: Broker, topic: str, code: str, **settings: Any) -> str:
    """Map a topic to a new function and wait until it is read; the mapping's identifier."""
    made = engine.client().create_event_source_mapping(
        **{
            "FunctionName": engine.create(code),
            "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [broker.address]}},
            "SourceAccessConfigurations": [{"Type": "VPC_SUBNET", "URI": "subnet:subnet-1"}],
            "Topics": [topic],
            "StartingPosition": "TRIM_HORIZON",
            **settings,
        }
    )
    identifier = str(made["UUID"])
    until(lambda: state(engine, identifier)["State"] == "Enabled")
    return identifier


def state(engine: Engine, identifier: str) -> dict[str, Any]:
    told: dict[str, Any] = engine.client().get_event_source_mapping(UUID=identifier)
    return told


def values(ear: Ear) -> list[str]:
    return [
        base64.b64decode(record["value"]).decode()
        for text in ear.heard
        for part in json.loads(text)["records"].values()
        for record in part
    ]


def test_records_arrive_as_lambda_sends_them_and_are_committed(
    engine: Engine, broker: Broker, ear: Ear
) -> None:
    topic = broker.topic(engine.name("orders"))
    broker.put(topic, "a", key=b"k", headers=[("h", b"hi")])
    broker.put(topic, "b")
    identifier = mapped(engine, broker, topic, tell(ear))
    ear.wait(lambda said: len(values(ear)) == 2)
    event = json.loads(ear.heard[0])
    records = event.pop("records")
    assert event == {"eventSource": "SelfManagedKafka", "bootstrapServers": broker.address}
    first = records[f"{topic}-0"][0]
    assert abs(first.pop("timestamp") / 1000 - time.time()) < 60
    assert first == {
        "topic": topic,
        "partition": 0,
        "offset": 0,
        "timestampType": "CREATE_TIME",
        "key": base64.b64encode(b"k").decode(),
        "value": base64.b64encode(b"a").decode(),
        "headers": [{"h": [104, 105]}],
    }
    group = state(engine, identifier)["SelfManagedKafkaEventSourceConfig"]["ConsumerGroupId"]
    assert group == identifier
    until(lambda: broker.committed(group, topic) == 2)
    assert state(engine, identifier)["LastProcessingResult"] == "OK"


def test_a_failed_batch_is_tried_again_and_keeps_its_partition_only(
    engine: Engine, broker: Broker, ear: Ear
) -> None:
    topic = broker.topic(engine.name("orders"), 2)
    fail = (
        "    global tries\n"
        "    import base64\n"
        "    data = [base64.b64decode(r['value']) for p in event['records'].values() for r in p]\n"
        "    if b'bad' in data:\n"
        "        tries += 1\n"
        "        if tries < 4:\n            raise ValueError('no')\n"
    )
    mapped(engine, broker, topic, "tries = 0\n" + tell(ear, fail), BatchSize=1)
    broker.put(topic, "bad", "after", partition=0)
    broker.put(topic, "other", partition=1)
    ear.wait(lambda said: "after" in values(ear) and "other" in values(ear))
    got = values(ear)
    assert [value for value in got if value != "other"] == ["bad"] * 4 + ["after"]
    assert got.index("other") < len(got) - 2


def test_given_up_records_go_to_the_failure_destination(
    engine: Engine, broker: Broker, ear: Ear
) -> None:
    topic = broker.topic(engine.name("orders"))
    dead_url, dead = queue(engine)
    fail = (
        "    import base64\n"
        "    data = [base64.b64decode(r['value']) for p in event['records'].values() for r in p]\n"
        "    if b'bad' in data:\n        raise ValueError('no')\n"
    )
    identifier = mapped(
        engine,
        broker,
        topic,
        tell(ear, fail),
        BatchSize=1,
        MaximumRetryAttempts=1,
        ProvisionedPollerConfig={"MinimumPollers": 1, "MaximumPollers": 2},
        DestinationConfig={"OnFailure": {"Destination": dead}},
        MetricsConfig={"Metrics": ["EventCount"]},
    )
    broker.put(topic, "bad", "good")
    (message,) = receive(engine, dead_url)
    told = json.loads(message["Body"])
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["requestContext"]["approximateInvokeCount"] == 2
    assert told["responseContext"]["functionError"] == "Unhandled"
    info = told["KafkaBatchInfo"]
    assert (info["batchSize"], info["bootstrapServers"]) == (1, broker.address)
    assert info["recordsInfo"][f"{topic}-0"]["firstRecordOffset"] == "0"
    ear.wait(lambda said: "good" in values(ear))
    shown = state(engine, identifier)
    assert shown["ProvisionedPollerConfig"] == {"MinimumPollers": 1, "MaximumPollers": 2}
    until(lambda: broker.committed(identifier, topic) == 2)


def test_only_the_failed_records_come_again(engine: Engine, broker: Broker, ear: Ear) -> None:
    topic = broker.topic(engine.name("orders"))
    report = (
        "    global tries\n    tries += 1\n"
        "    name, records = next(iter(event['records'].items()))\n"
        "    if tries == 1:\n"
        "        item = {'partition': name, 'offset': records[1]['offset']}\n"
        "        return {'batchItemFailures': [{'itemIdentifier': item}]}\n"
    )
    broker.put(topic, "a", "b", "c")
    mapped(
        engine,
        broker,
        topic,
        "tries = 0\n" + tell(ear, report),
        FunctionResponseTypes=["ReportBatchItemFailures"],
        ProvisionedPollerConfig={"MinimumPollers": 1},
    )
    ear.wait(lambda said: len(values(ear)) == 5)
    assert values(ear) == ["a", "b", "c", "b", "c"]


def test_filters_look_at_value_and_key(engine: Engine, broker: Broker, ear: Ear) -> None:
    topic = broker.topic(engine.name("orders"))
    pattern = json.dumps({"value": {"n": [2]}, "key": ["k"]})
    identifier = mapped(
        engine,
        broker,
        topic,
        tell(ear),
        FilterCriteria={"Filters": [{"Pattern": pattern}]},
    )
    broker.put(topic, '{"n": 1}', '{"n": 2}', key=b"k")
    broker.put(topic, '{"n": 2}', key=b"other")
    ear.wait(lambda said: len(said) == 1)
    until(lambda: broker.committed(identifier, topic) == 3)
    assert values(ear) == ['{"n": 2}']


def test_latest_begins_where_the_topic_ends(engine: Engine, broker: Broker, ear: Ear) -> None:
    topic = broker.topic(engine.name("orders"))
    broker.put(topic, "old")
    identifier = mapped(engine, broker, topic, tell(ear), StartingPosition="LATEST")
    until(lambda: broker.committed(identifier, topic) == 1)
    broker.put(topic, "new")
    ear.wait(lambda said: len(said) == 1)
    assert values(ear) == ["new"]


def test_a_broker_that_does_not_answer_is_a_problem(engine: Engine, broker: Broker) -> None:
    nobody = Broker("localhost:1", broker.process)
    identifier = engine.client().create_event_source_mapping(
        FunctionName=engine.create("def handler(event, context):\n    pass\n"),
        SelfManagedEventSource={"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [nobody.address]}},
        SourceAccessConfigurations=[{"Type": "VPC_SUBNET", "URI": "subnet:subnet-1"}],
        Topics=["t"],
        StartingPosition="LATEST",
    )["UUID"]

    def problem() -> bool:
        return "PROBLEM: Cannot connect" in state(engine, identifier)["LastProcessingResult"]

    until(problem)


def test_a_pipe_reads_a_topic(engine: Engine, broker: Broker, ear: Ear) -> None:
    topic = broker.topic(engine.name("orders"))
    broker.put(topic, '{"n": 1}')
    pipe(
        engine,
        f"smk://{broker.address}",
        arn_of(engine, engine.create(tell(ear))),
        SourceParameters={
            "SelfManagedKafkaParameters": {"TopicName": topic, "StartingPosition": "TRIM_HORIZON"}
        },
        TargetParameters={"InputTemplate": '{"n": <$.value.n>, "at": "<$.eventSourceKey>"}'},
    )
    ear.wait(lambda said: len(said) == 1)
    assert json.loads(ear.heard[0]) == [{"n": 1, "at": f"{topic}-0"}]
