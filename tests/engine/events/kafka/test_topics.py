"""Topics of a real Kafka broker as event sources, on a real engine.

The broker takes some seconds to let a member into a group. So all mappings are made at once.
"""

from __future__ import annotations

import base64
import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import kafka_broker
import pytest
from engine_fixtures import Ear, Engine
from kafka_broker import Broker
from pipe_lab import arn_of, pipe, queue, receive, tell, until

DATA = (
    "    import base64\n"
    "    data = [base64.b64decode(r['value']) for p in event['records'].values() for r in p]\n"
)
FAILS_UNTIL_MENDED = (
    f"    import os\n{DATA}"
    "    if b'bad' in data and 'MENDED' not in os.environ:\n        raise ValueError('no')\n"
)
REPORTS = (
    "    global tries\n    tries += 1\n"
    "    name, records = next(iter(event['records'].items()))\n"
    "    if tries == 1:\n"
    "        item = {'partition': name, 'offset': records[1]['offset']}\n"
    "        return {'batchItemFailures': [{'itemIdentifier': item}]}\n"
)
PATTERN = json.dumps({"value": {"n": [2]}, "key": ["k"]})
PROVISIONED = {"ProvisionedPollerConfig": {"MinimumPollers": 1, "MaximumPollers": 2}}
SCENES: dict[str, dict[str, Any]] = {
    "plain": {},
    "retried": {"code": FAILS_UNTIL_MENDED, "partitions": 2, "BatchSize": 1},
    "given-up": {
        "code": f"{DATA}    if b'bad' in data:\n        raise ValueError('no')\n",
        "BatchSize": 1,
        "MaximumRetryAttempts": 1,
        "MetricsConfig": {"Metrics": ["EventCount"]},
        **PROVISIONED,
    },
    "reporting": {
        "code": REPORTS,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        **PROVISIONED,
    },
    "filtering": {"FilterCriteria": {"Filters": [{"Pattern": PATTERN}]}},
    "latest": {"StartingPosition": "LATEST"},
    "timed-out": {"code": "    import time\n    time.sleep(2)\n", "Timeout": 1},
}


class Scene:
    """A topic, a function that tells what it gets, and a mapping of the one to the other."""

    def __init__(self, engine: Engine, broker: Broker, name: str, stack: ExitStack) -> None:
        settings = dict(SCENES[name])
        self.engine, self.broker, self.ear = engine, broker, Ear()
        stack.callback(self.ear.close)
        self.topic = broker.topic(engine.name(name), settings.pop("partitions", 1))
        if name == "latest":
            broker.put(self.topic, "old")
        if name == "reporting":
            broker.put(self.topic, "a", "b", "c")
        self.dead_url, dead = queue(engine)
        if name == "given-up":
            settings["DestinationConfig"] = {"OnFailure": {"Destination": dead}}
        code = "tries = 0\n" + tell(self.ear, settings.pop("code", ""))
        function = engine.create(code, Timeout=settings.pop("Timeout", 10))
        self.identifier = mapped(engine, broker, self.topic, function, **settings)

    @property
    def state(self) -> dict[str, Any]:
        told: dict[str, Any] = self.engine.client().get_event_source_mapping(UUID=self.identifier)
        return told

    def values(self) -> list[str]:
        return [
            base64.b64decode(record["value"]).decode()
            for text in list(self.ear.heard)
            for part in json.loads(text)["records"].values()
            for record in part
        ]

    def committed(self, offset: int) -> None:
        until(lambda: self.broker.committed(self.identifier, self.topic) == offset)


def mapped(engine: Engine, broker: Broker, topic: str, function: str, **settings: Any) -> str:
    made = engine.client().create_event_source_mapping(
        **{
            "FunctionName": function,
            "SelfManagedEventSource": {"Endpoints": {"KAFKA_BOOTSTRAP_SERVERS": [broker.address]}},
            "SourceAccessConfigurations": [{"Type": "VPC_SUBNET", "URI": "subnet:subnet-1"}],
            "Topics": [topic],
            "StartingPosition": "TRIM_HORIZON",
            **settings,
        }
    )
    return str(made["UUID"])


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    with kafka_broker.running(tmp_path_factory.mktemp("kafka")) as started:
        yield started


@pytest.fixture(scope="module")
def scenes(engine: Engine, broker: Broker) -> Iterator[dict[str, Scene]]:
    with ExitStack() as stack:
        made = {name: Scene(engine, broker, name, stack) for name in SCENES}
        yield made
        for scene in made.values():
            until(lambda one=scene: one.state["State"] == "Enabled")
            engine.client().delete_event_source_mapping(UUID=scene.identifier)


def test_records_arrive_as_lambda_sends_them_and_are_committed(scenes: dict[str, Scene]) -> None:
    scene = scenes["plain"]
    topic, broker = scene.topic, scene.broker
    broker.put(topic, "a", key=b"k", headers=[("h", b"hi")])
    broker.put(topic, "b")
    scene.ear.wait(lambda said: len(scene.values()) == 2)
    event = json.loads(scene.ear.heard[0])
    records = event.pop("records")
    assert event == {"eventSource": "SelfManagedKafka", "bootstrapServers": broker.address}
    first = records[f"{topic}-0"][0]
    assert abs(first.pop("timestamp") / 1000 - time.time()) < 120
    assert first == {
        "topic": topic,
        "partition": 0,
        "offset": 0,
        "timestampType": "CREATE_TIME",
        "key": base64.b64encode(b"k").decode(),
        "value": base64.b64encode(b"a").decode(),
        "headers": [{"h": [104, 105]}],
    }
    told = scene.state["SelfManagedKafkaEventSourceConfig"]
    assert told == {"ConsumerGroupId": scene.identifier}
    scene.committed(2)
    assert scene.state["LastProcessingResult"] == "OK"


def test_a_failed_batch_is_tried_again_and_keeps_its_partition_only(
    scenes: dict[str, Scene],
) -> None:
    scene = scenes["retried"]
    scene.broker.put(scene.topic, "bad", "after", partition=0)
    scene.broker.put(scene.topic, "other", partition=1)
    scene.ear.wait(lambda said: "other" in scene.values() and scene.values().count("bad") >= 3)
    assert "after" not in scene.values()
    scene.engine.client().update_function_configuration(
        FunctionName=scene.state["FunctionArn"], Environment={"Variables": {"MENDED": "1"}}
    )
    scene.ear.wait(lambda said: "after" in scene.values())
    *bad, last = [value for value in scene.values() if value != "other"]
    assert set(bad) == {"bad"}
    assert last == "after"


def test_given_up_records_go_to_the_failure_destination(scenes: dict[str, Scene]) -> None:
    scene = scenes["given-up"]
    scene.broker.put(scene.topic, "bad", "good")
    (message,) = receive(scene.engine, scene.dead_url)
    told = json.loads(message["Body"])
    assert told["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert told["requestContext"]["approximateInvokeCount"] == 2
    assert told["responseContext"]["functionError"] == "Unhandled"
    info = told["KafkaBatchInfo"]
    assert (info["batchSize"], info["bootstrapServers"]) == (1, scene.broker.address)
    assert info["recordsInfo"][f"{scene.topic}-0"]["firstRecordOffset"] == "0"
    scene.ear.wait(lambda said: "good" in scene.values())
    assert scene.state["ProvisionedPollerConfig"] == {"MinimumPollers": 1, "MaximumPollers": 2}
    scene.committed(2)


def test_only_the_failed_records_come_again(scenes: dict[str, Scene]) -> None:
    scene = scenes["reporting"]
    scene.ear.wait(lambda said: len(scene.values()) == 5)
    assert scene.values() == ["a", "b", "c", "b", "c"]
    scene.committed(3)


def test_filters_look_at_value_and_key(scenes: dict[str, Scene]) -> None:
    scene = scenes["filtering"]
    scene.broker.put(scene.topic, '{"n": 1}', '{"n": 2}', key=b"k")
    scene.broker.put(scene.topic, '{"n": 2}', key=b"other")
    scene.ear.wait(lambda said: len(said) == 1)
    scene.committed(3)
    assert scene.values() == ['{"n": 2}']


def test_latest_begins_where_the_topic_ends(scenes: dict[str, Scene]) -> None:
    scene = scenes["latest"]
    scene.committed(1)
    scene.broker.put(scene.topic, "new")
    scene.ear.wait(lambda said: len(said) == 1)
    assert scene.values() == ["new"]


def test_a_function_that_times_out_gets_the_records_again(scenes: dict[str, Scene]) -> None:
    scene = scenes["timed-out"]
    scene.broker.put(scene.topic, "a")
    scene.ear.wait(lambda said: len(scene.values()) >= 2)
    scene.engine.client().update_function_configuration(
        FunctionName=scene.state["FunctionArn"], Timeout=30
    )
    scene.committed(1)


def test_a_broker_that_does_not_answer_is_a_problem(engine: Engine, broker: Broker) -> None:
    nobody = Broker("localhost:1", broker.process)
    function = engine.create("def handler(event, context):\n    pass\n")
    identifier = mapped(engine, nobody, "topic", function)

    def problem() -> bool:
        told = engine.client().get_event_source_mapping(UUID=identifier)
        return "PROBLEM: Cannot connect" in told["LastProcessingResult"]

    until(problem)


def test_what_is_not_read_says_so(engine: Engine) -> None:
    arn = f"arn:aws:mq:{engine.region}:{engine.account}:broker:b:b-1"
    made = engine.client().create_event_source_mapping(
        FunctionName=engine.create("def handler(event, context):\n    pass\n"),
        EventSourceArn=arn,
        Queues=["q"],
        SourceAccessConfigurations=[{"Type": "BASIC_AUTH", "URI": f"{arn}:secret"}],
    )

    def said() -> bool:
        told = engine.client().get_event_source_mapping(UUID=made["UUID"])
        return told["LastProcessingResult"] == (
            "PROBLEM: This engine reads nothing from Amazon MQ brokers."
        )

    until(said)
    assert "reads nothing from Amazon MQ brokers" in engine.log_file.read_text()


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


@pytest.mark.slow
def test_nothing_is_lost_when_the_engine_is_killed(
    start_engine: Callable[..., Engine], ear: Ear, tmp_path: Path
) -> None:
    with kafka_broker.running(tmp_path) as broker:
        first = start_engine()
        topic = broker.topic("orders")
        slow = f"{DATA}    import time\n    time.sleep(30 if b'2' in data else 0)\n"
        function = first.create(tell(ear, slow), Timeout=60)
        identifier = mapped(first, broker, topic, function, BatchSize=1)
        broker.put(topic, "1", "2", "3")
        ear.wait(lambda said: len(said) == 2)
        until(lambda: broker.committed(identifier, topic) == 1)
        first.process.send_signal(signal.SIGKILL)
        first.process.wait()
        start_engine()
        ear.wait(lambda said: len(said) >= 3)
        (records,) = json.loads(ear.heard[2])["records"].values()
        assert [base64.b64decode(one["value"]) for one in records] == [b"2"]
