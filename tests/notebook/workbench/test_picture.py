"""The picture: functions and the services around them, read from a real engine."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from engine_fixtures import Engine
from workbench_tools import as_aws, connected

from lambda_nb.notebook.connection.session import Session
from lambda_nb.notebook.workbench.calls import Calls
from lambda_nb.notebook.workbench.clients import Clients
from lambda_nb.notebook.workbench.picture.functions import Functions, epoch_ms
from lambda_nb.notebook.workbench.picture.painter import Painter
from lambda_nb.notebook.workbench.picture.services import Services

CODE = "def handler(event, context):\n    return 1 / event['n']\n"


class Painted:
    """Looks when a test says so."""

    def __init__(self, session: Session) -> None:
        self.shown: list[dict[str, Any]] = []
        clients = Clients(session)
        self.calls = Calls(lambda: None)
        functions = Functions(clients, self.calls, lambda name: None)
        self.painter = Painter(clients, functions, Services(clients), self.shown.append)

    def look(self, wanted: Callable[[dict[str, Any]], Any] = bool) -> Any:
        deadline = time.monotonic() + 60
        while True:
            self.painter._look()
            if self.shown and (found := wanted(self.shown[-1])):
                return found
            assert time.monotonic() < deadline, self.shown[-1]
            time.sleep(0.05)


@pytest.fixture(scope="module")
def session(engine: Engine) -> Iterator[Session]:
    with connected(engine) as made:
        yield made


@pytest.fixture
def painted(session: Session) -> Painted:
    return Painted(session)


def named(kind: str, name: str, key: str = "name") -> Callable[[dict[str, Any]], Any]:
    return lambda picture: next((one for one in picture[kind] if one[key] == name), None)


def test_a_function_with_its_figures(painted: Painted, engine: Engine) -> None:
    name = engine.create(CODE, MemorySize=256, Description="divides")
    for n in (1, 2, 0):
        engine.client().invoke(FunctionName=name, Payload=json.dumps({"n": n}).encode())
    row = painted.look(
        lambda picture: (
            (row := named("functions", name)(picture)) and row["invocations"] == 3 and row
        )
    )
    assert (row["errors"], row["throttles"], row["cold"]) == (1, 0, 1)
    assert row["median_ms"] > 0
    assert row["memory_mb"] == 256
    assert row["environments"] == {"running": 0, "initialising": 0, "idle": 1}
    assert abs(row["modified_at"] - time.time() * 1000) < 60_000
    assert row["last"] is None  # this notebook did not invoke it
    assert row["cell"] is None
    picture = painted.shown[-1]
    assert picture["place"] == "engine"
    assert picture["endpoint"] == engine.url
    assert picture["account"] == engine.account


def test_queues_with_their_depth_and_dead_letters(painted: Painted, engine: Engine) -> None:
    sqs, name = engine.client("sqs"), engine.name("jobs")
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]
    policy = json.dumps({"deadLetterTargetArn": arn["QueueArn"], "maxReceiveCount": 2})
    url = sqs.create_queue(QueueName=name, Attributes={"RedrivePolicy": policy})["QueueUrl"]
    for _ in range(3):
        sqs.send_message(QueueUrl=url, MessageBody="x")
    sqs.receive_message(QueueUrl=url)
    row = painted.look(lambda p: (row := named("queues", name)(p)) and row["in_flight"] and row)
    assert (row["visible"], row["in_flight"], row["delayed"]) == (2, 1, 0)
    assert row["url"].endswith(name)
    function = engine.create(CODE, DeadLetterConfig={"TargetArn": arn["QueueArn"]})
    row = painted.look(
        lambda p: (
            (row := named("queues", f"{name}-dead")(p)) and len(row["dead_letters_of"]) == 2 and row
        )
    )
    assert row["dead_letters_of"] == sorted([function, name])


@pytest.mark.slow
def test_streams_tables_buckets_topics(painted: Painted, engine: Engine) -> None:
    name = engine.name("data")
    engine.client("kinesis").create_stream(StreamName=name, ShardCount=2)
    engine.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"},
    )
    engine.client("dynamodb").put_item(TableName=name, Item={"id": {"S": "1"}})
    engine.client("s3").create_bucket(Bucket=name)
    engine.client("s3").put_object(Bucket=name, Key="cat.jpg", Body=b"x")
    topic = engine.client("sns").create_topic(Name=name)["TopicArn"]
    engine.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="a@b.example")

    def streams(picture: dict[str, Any]) -> Any:
        rows = {one["kind"]: one for one in picture["streams"] if one["name"] == name}
        return len(rows) == 2 and rows

    rows = painted.look(streams)
    assert rows["kinesis"]["shards"] == 2
    assert rows["dynamodb"]["shards"] >= 1
    assert rows["kinesis"]["iterator_age_ms"] is None
    table = painted.look(lambda p: (row := named("tables", name)(p)) and row["items"] and row)
    assert table["items"] == 1
    assert table["stream_arn"] == rows["dynamodb"]["arn"]
    bucket = painted.look(lambda p: (row := named("buckets", name)(p)) and row["objects"] and row)
    assert bucket == {"name": name, "objects": 1, "more": False}
    assert painted.look(named("topics", name))["arn"] == topic


@pytest.mark.slow
def test_how_far_behind_a_stream_is(painted: Painted, engine: Engine) -> None:
    name = engine.create("import time\ndef handler(event, context):\n    time.sleep(0.3)\n")
    kinesis = engine.client("kinesis")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    arn = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]["StreamARN"]
    for number in range(4):
        kinesis.put_record(StreamName=name, Data=b"x", PartitionKey=str(number))
    mapping = engine.client().create_event_source_mapping(
        FunctionName=name, EventSourceArn=arn, StartingPosition="TRIM_HORIZON", BatchSize=1
    )
    row = painted.look(
        lambda p: (row := named("streams", name)(p)) and row["iterator_age_ms"] is not None and row
    )
    assert row["iterator_age_ms"] >= 0
    engine.client().delete_event_source_mapping(UUID=mapping["UUID"])


@pytest.mark.slow
def test_apis_distributions_layers_stacks(painted: Painted, engine: Engine) -> None:
    name = engine.name("web")
    v2 = engine.client("apigatewayv2")
    http = v2.create_api(Name=name, ProtocolType="HTTP")
    v2.create_stage(ApiId=http["ApiId"], StageName="$default", AutoDeploy=True)
    socket = v2.create_api(
        Name=name, ProtocolType="WEBSOCKET", RouteSelectionExpression="$request.body.action"
    )
    rest = engine.client("apigateway").create_rest_api(name=name)
    template = {"Resources": {"Q": {"Type": "AWS::SQS::Queue"}}}
    stacks = engine.client("cloudformation")
    stacks.create_stack(StackName=name, TemplateBody=json.dumps(template))
    soon = {"Delay": 0.05, "MaxAttempts": 600}
    stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig=soon)

    def apis(picture: dict[str, Any]) -> Any:
        rows = {one["kind"]: one for one in picture["apis"] if one["name"] == name}
        return len(rows) == 3 and rows

    rows = painted.look(apis)
    assert rows["http"]["id"] == http["ApiId"]
    assert rows["http"]["address"].startswith("http")
    assert rows["websocket"]["id"] == socket["ApiId"]
    assert rows["rest"] == {"id": rest["id"], "name": name, "kind": "rest", "address": ""}
    assert painted.look(named("stacks", name))["status"] == "CREATE_COMPLETE"


@pytest.mark.slow
def test_services_that_nobody_uses_are_not_asked(start_engine: Callable[..., Engine]) -> None:
    with connected(start_engine()) as session:
        painted = Painted(session)
        picture = painted.look(lambda picture: picture)
        assert picture["queues"] == picture["buckets"] == picture["stacks"] == []
        status = Clients(session).engine()
        assert status is not None
        assert status["services"] == {}
        session.client("s3").create_bucket(Bucket="used")
        assert painted.look(named("buckets", "used"))
        status = Clients(session).engine()
        assert status is not None
        assert status["services"] == {"s3": 1}


@pytest.mark.slow
def test_an_endpoint_that_is_gone_is_told_with_what_was_there(
    start_engine: Callable[..., Engine],
) -> None:
    short = start_engine()
    with connected(short) as session:
        painted = Painted(session)
        short.create(CODE, FunctionName="was-there")
        painted.look(named("functions", "was-there"))
        short.process.terminate()
        short.process.wait()
        picture = painted.look(lambda p: p["error"] and p)
        assert "Could not connect to the endpoint URL" in picture["error"]
        assert [one["name"] for one in picture["functions"]] == ["was-there"]
        assert picture["lost"] is False


def test_on_aws_services_are_read_when_a_user_asks(engine: Engine) -> None:
    name = engine.create(CODE)
    engine.client("sqs").create_queue(QueueName=name)
    with as_aws(engine) as session:
        painted = Painted(session)
        row = painted.look(named("functions", name))
        assert row["environments"] is None
        assert row["cold"] is None
        picture = painted.shown[-1]
        assert picture["place"] == "aws"
        assert picture["queues"] == picture["layers"] == []
        painted.painter.refresh()
        assert named("queues", name)(painted.shown[-1])
        engine.client("sqs").delete_queue(QueueUrl=named("queues", name)(painted.shown[-1])["url"])
        painted.painter._look()
        assert named("queues", name)(painted.shown[-1])  # as last seen


def test_without_a_connection() -> None:
    session = Session()
    try:
        painted = Painted(session)
        painted.look()
        assert painted.shown[-1]["place"] == "none"
    finally:
        session.close()


def test_the_calls_of_a_notebook_are_its_figures_on_aws(session: Session, engine: Engine) -> None:
    name = engine.create(CODE)
    painted = Painted(session)
    client = session.new_client("lambda", session.connection)
    painted.calls.listen(client)
    client.invoke(FunctionName=name, Payload=b'{"n": 1}', LogType="Tail")
    client.invoke(FunctionName=f"{engine.account}:function:{name}", Payload=b'{"n": 0}')
    rows = painted.painter._functions.rows(None)
    row = next(one for one in rows if one["name"] == name)
    assert (row["invocations"], row["errors"], row["environments"]) == (2, 1, None)
    assert row["median_ms"] > 0
    assert row["last"]["status"] == "error"


@pytest.mark.parametrize(
    ("told", "wanted"),
    [("2026-11-30T17:00:00.250+0000", 1_796_058_000_250), ("", 0), ("yesterday", 0)],
)
def test_times_of_lambda(told: str, wanted: int) -> None:
    assert epoch_ms(told) == wanted


def test_nobody_is_asked_while_no_page_looks(session: Session) -> None:
    clients, looking = Clients(session), [True]
    functions = Functions(clients, Calls(lambda: None), lambda name: None)
    painter = Painter(
        clients, functions, Services(clients), lambda picture: None, lambda: bool(looking)
    )
    assert painter._pause() is not None
    looking.clear()
    assert painter._pause() is None
    painter.wake()
    painter.close()  # also while it rests
    painter.join(30.0)
    assert painter._thread is not None
    assert not painter._thread.is_alive()
