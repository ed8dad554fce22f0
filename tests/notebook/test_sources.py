"""``--on``: sources that really invoke a function of a cell."""

from __future__ import annotations

import atexit
import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from engine_fixtures import Ear, Engine
from IPython.core.interactiveshell import InteractiveShell

from lambda_nb.notebook.errors import AWSError, UsageError
from lambda_nb.notebook.magics import extension

Deploy = Callable[[str], str]


@pytest.fixture(scope="module")
def shell(engine: Engine) -> Iterator[InteractiveShell]:
    made = InteractiveShell()
    made.history_manager.enabled = False
    extension.load_ipython_extension(made)
    made.run_line_magic("lambda", f"connect {engine.url} --credentials {engine.credentials_file}")
    yield made
    extension.unload_ipython_extension(made)
    atexit.unregister(made.atexit_operations)
    made.atexit_operations()


@pytest.fixture
def deploy(shell: InteractiveShell, ear: Ear) -> Deploy:
    """Deploy a function that reports its events, twice, as when a cell runs again; its name."""

    def make(options: str) -> str:
        name = Engine.name("on")
        source = f"import json\n{ear.say}\ndef handler(event, context):\n    say(json.dumps(event))"
        for _ in range(2):
            shell.run_cell(f"%%lambda {name} {options}\n{source}").raise_error()
        return name

    return make


def heard(ear: Ear) -> Any:
    ear.wait(lambda said: bool(said))
    return json.loads(ear.heard[0])


def test_a_queue(deploy: Deploy, engine: Engine, ear: Ear) -> None:
    queue = engine.name("queue")
    url = engine.client("sqs").create_queue(QueueName=queue)["QueueUrl"]
    name = deploy(f"--on sqs:{queue}")
    engine.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    assert heard(ear)["Records"][0]["body"] == "hello"
    mappings = engine.client().list_event_source_mappings(FunctionName=name)
    assert len(mappings["EventSourceMappings"]) == 1


def test_a_stream_is_read_from_now_on(deploy: Deploy, engine: Engine, ear: Ear) -> None:
    stream = engine.name("stream")
    kinesis = engine.client("kinesis")
    kinesis.create_stream(StreamName=stream, ShardCount=1)
    kinesis.get_waiter("stream_exists").wait(StreamName=stream, WaiterConfig={"Delay": 1})
    kinesis.put_record(StreamName=stream, Data=b"before", PartitionKey="k")
    name = deploy(f"--on kinesis:{stream}")
    (mapping,) = engine.client().list_event_source_mappings(FunctionName=name)[
        "EventSourceMappings"
    ]
    assert mapping["State"] == "Enabled"
    kinesis.put_record(StreamName=stream, Data=b"after", PartitionKey="k")
    (record,) = heard(ear)["Records"]
    assert base64.b64decode(record["kinesis"]["data"]) == b"after"


def test_a_bucket(deploy: Deploy, engine: Engine, ear: Ear) -> None:
    bucket = engine.name("bucket")
    engine.client("s3").create_bucket(Bucket=bucket)
    deploy(f"--on s3:{bucket}")
    engine.client("s3").put_object(Bucket=bucket, Key="cat.jpg", Body=b"x")
    assert heard(ear)["Records"][0]["s3"]["object"]["key"] == "cat.jpg"


def test_a_topic(deploy: Deploy, engine: Engine, ear: Ear) -> None:
    topic = engine.name("topic")
    arn = engine.client("sns").create_topic(Name=topic)["TopicArn"]
    deploy(f"--on sns:{topic}")
    engine.client("sns").publish(TopicArn=arn, Message="hello")
    assert heard(ear)["Records"][0]["Sns"]["Message"] == "hello"


def test_a_schedule_is_a_rule_with_the_function_as_its_target(
    deploy: Deploy, engine: Engine
) -> None:
    name = deploy("--on 'rate(5 minutes)'")
    events = engine.client("events")
    rule = events.describe_rule(Name=f"lambda-nb-{name}")
    assert rule["ScheduleExpression"] == "rate(5 minutes)"
    (target,) = events.list_targets_by_rule(Rule=f"lambda-nb-{name}")["Targets"]
    assert target["Arn"].endswith(f":function:{name}")


def test_a_source_that_is_refused_leaves_the_handle(shell: InteractiveShell) -> None:
    source = "def handler(event, context):\n    return 'here'"
    cell = shell.run_cell(f"%%lambda still_there --on sqs:nowhere\n{source}")
    assert isinstance(cell.error_in_exec, AWSError)
    assert shell.run_cell("still_there({})").result == "here"


def test_a_source_that_is_not_there_and_one_of_no_form(deploy: Deploy) -> None:
    with pytest.raises(AWSError, match=r"QueueDoesNotExist|NonExistentQueue") as refused:
        deploy("--on sqs:nowhere")
    assert "is deployed, but sqs:nowhere does not invoke it" in str(refused.value)
    assert 'lambda_nb.client("sqs").create_queue(QueueName="nowhere")' in str(refused.value)
    with pytest.raises(UsageError, match=r"--on ftp:x: give one of sqs:QUEUE"):
        deploy("--on ftp:x")
