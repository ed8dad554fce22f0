"""What pipes deliver to each kind of target, on a real engine."""

from __future__ import annotations

import base64
import contextlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from engine_fixtures import Ear, Engine
from pipe_lab import arn_of, pipe, queue, receive, send, tell, until

DONE = "def handler(event, context):\n    return 'done'\n"


@contextlib.contextmanager
def serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """A server on a free port; its address."""
    running = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_address[1]}"
    finally:
        running.shutdown()
        running.server_close()
        thread.join()


@pytest.fixture
def server() -> Iterator[tuple[str, list[tuple[str, dict[str, str], str]]]]:
    """A server that takes every request."""
    requests: list[tuple[str, dict[str, str], str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            requests.append((self.path, dict(self.headers.items()), body))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"answered": true}')

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with serving(Handler) as at:
        yield at, requests


@pytest.fixture
def meeting() -> Iterator[tuple[str, threading.Event]]:
    """A server that answers nobody before eight have asked; and whether it has answered."""
    barrier, met = threading.Barrier(8), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            barrier.wait(60)
            met.set()
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with serving(Handler) as at:
        yield at, met
        barrier.abort()


def destination(engine: Engine, url: str) -> str:
    events, name = engine.client("events"), engine.name("api")
    connection = events.create_connection(
        Name=name,
        AuthorizationType="API_KEY",
        AuthParameters={"ApiKeyAuthParameters": {"ApiKeyName": "x-key", "ApiKeyValue": "secret"}},
    )["ConnectionArn"]
    made = events.create_api_destination(
        Name=name, ConnectionArn=connection, InvocationEndpoint=url, HttpMethod="POST"
    )
    return str(made["ApiDestinationArn"])


def test_a_topic_gets_each_event(engine: Engine) -> None:
    url, source = queue(engine)
    heard, heard_arn = queue(engine)
    topic = engine.client("sns").create_topic(Name=engine.name("topic"))["TopicArn"]
    engine.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=heard_arn)
    pipe(engine, source, topic, TargetParameters={"InputTemplate": "Hello <$.body.who>"})
    send(engine, url, {"who": "Ann"})
    (message,) = receive(engine, heard)
    assert json.loads(message["Body"])["Message"] == "Hello Ann"


def test_a_stream_gets_records_with_keys_from_the_event(engine: Engine) -> None:
    url, source = queue(engine)
    kinesis, name = engine.client("kinesis"), engine.name("stream")
    kinesis.create_stream(StreamName=name, ShardCount=1)
    told = kinesis.describe_stream_summary(StreamName=name)["StreamDescriptionSummary"]
    pipe(
        engine,
        source,
        told["StreamARN"],
        TargetParameters={
            "InputTemplate": "<$.body>",
            "KinesisStreamParameters": {"PartitionKey": "$.body.user"},
        },
    )
    send(engine, url, {"user": "u7"})
    start = {"ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
    iterator = kinesis.get_shard_iterator(StreamName=name, **start)["ShardIterator"]
    (record,) = until(lambda: kinesis.get_records(ShardIterator=iterator)["Records"])
    assert (record["PartitionKey"], json.loads(record["Data"])) == ("u7", {"user": "u7"})


def test_a_bus_gets_events_that_say_where_they_are_from(engine: Engine) -> None:
    url, source = queue(engine)
    heard, heard_arn = queue(engine)
    events, bus = engine.client("events"), engine.name("bus")
    bus_arn = events.create_event_bus(Name=bus)["EventBusArn"]
    events.put_rule(Name=bus, EventBusName=bus, EventPattern='{"account": [{"exists": true}]}')
    events.put_targets(Rule=bus, EventBusName=bus, Targets=[{"Id": "q", "Arn": heard_arn}])
    template = {"InputTemplate": '{"n": <$.body.n>}'}
    plain = pipe(engine, source, bus_arn, TargetParameters=template)
    send(engine, url, {"n": 1})
    (message,) = receive(engine, heard)
    event = json.loads(message["Body"])
    assert (event["source"], event["detail-type"]) == (f"Pipe {plain}", "Event from aws:sqs")
    assert event["detail"] == {"n": 1}
    engine.client("pipes").stop_pipe(Name=plain)
    url, source = queue(engine)
    told = {
        "DetailType": "$.body.kind",
        "Source": "my.shop",
        "Resources": ["$.eventSourceARN"],
        "Time": "$.body.at",
    }
    pipe(
        engine,
        source,
        bus_arn,
        TargetParameters={**template, "EventBridgeEventBusParameters": told},
    )
    send(engine, url, {"n": 2, "kind": "order", "at": "2026-01-02T03:04:05Z"})
    (message,) = receive(engine, heard)
    event = json.loads(message["Body"])
    assert (event["source"], event["detail-type"]) == ("my.shop", "order")
    assert (event["resources"], event["time"]) == ([source], "2026-01-02T03:04:05Z")


def test_a_log_group_gets_lines(engine: Engine) -> None:
    url, source = queue(engine)
    logs, group = engine.client("logs"), engine.name("/pipes/")
    logs.create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:{engine.region}:{engine.account}:log-group:{group}"
    told = {"LogStreamName": "$.body.stream"}
    pipe(
        engine,
        source,
        arn,
        TargetParameters={"InputTemplate": "<$.body.text>", "CloudWatchLogsParameters": told},
    )
    send(engine, url, {"stream": "s", "text": "one line"})

    def lines() -> list[dict[str, Any]]:
        try:
            told = logs.get_log_events(logGroupName=group, logStreamName="s")
        except logs.exceptions.ResourceNotFoundException:
            return []
        return list(told["events"])

    assert until(lines)[0]["message"] == "one line"


def test_a_function_is_invoked_asynchronously_if_asked_for(engine: Engine, ear: Ear) -> None:
    url, source = queue(engine)
    target = arn_of(engine, engine.create(tell(ear)))
    told = {"LambdaFunctionParameters": {"InvocationType": "FIRE_AND_FORGET"}}
    pipe(engine, source, target, TargetParameters=told)
    send(engine, url, "a")
    ear.wait(lambda said: len(said) == 1)
    assert json.loads(ear.heard[0])[0]["body"] == "a"


def test_state_machines_enrich_and_are_started(engine: Engine, ear: Ear) -> None:
    states, name = engine.client("stepfunctions"), engine.name("machine")
    add = {"StartAt": "P", "States": {"P": {"Type": "Pass", "Result": {"n": 7}, "End": True}}}
    call = {"StartAt": "T", "States": {"T": {"Type": "Task", "End": True}}}
    call["States"]["T"]["Resource"] = arn_of(engine, engine.create(tell(ear)))  # type: ignore[index]
    made = [
        states.create_state_machine(
            name=f"{name}-{i}",
            definition=json.dumps(definition),
            roleArn="arn:aws:iam::000000000000:role/r",
            type=kind,
        )["stateMachineArn"]
        for i, (definition, kind) in enumerate([(add, "EXPRESS"), (call, "STANDARD")])
    ]
    url, source = queue(engine)
    told = {"StepFunctionStateMachineParameters": {"InvocationType": "FIRE_AND_FORGET"}}
    pipe(engine, source, made[1], Enrichment=made[0], TargetParameters=told)
    send(engine, url, "a")
    ear.wait(lambda said: len(said) == 1)
    assert json.loads(ear.heard[0]) == [{"n": 7}]


def test_executions_that_wait_for_functions_hold_no_threads(
    engine: Engine, meeting: tuple[str, threading.Event]
) -> None:
    at, met = meeting
    code = (
        "import urllib.request\n"
        "def handler(event, context):\n"
        f"    urllib.request.urlopen({at!r}, timeout=60).read()\n"
    )
    function = arn_of(engine, engine.create(code, Timeout=90))
    task = {"StartAt": "T", "States": {"T": {"Type": "Task", "Resource": function, "End": True}}}
    machine = engine.client("stepfunctions").create_state_machine(
        name=engine.name("machine"),
        definition=json.dumps(task),
        roleArn="arn:aws:iam::000000000000:role/r",
        type="EXPRESS",
    )["stateMachineArn"]
    told = {"StepFunctionStateMachineParameters": {"InvocationType": "REQUEST_RESPONSE"}}
    one = {"SqsQueueParameters": {"BatchSize": 1}}
    sources = [queue(engine) for _ in range(2)]
    for url, _ in sources:
        send(engine, url, *"abcd")  # a pipe runs five at once from the start
    for _, source in sources:
        pipe(engine, source, machine, TargetParameters=told, SourceParameters=one)
    until(met.is_set, within_s=60)


def test_an_api_destination_is_called_with_the_connections_key(
    engine: Engine, server: tuple[str, list[tuple[str, dict[str, str], str]]]
) -> None:
    at, requests = server
    url, source = queue(engine)
    pipe(
        engine,
        source,
        destination(engine, f"{at}/orders/*"),
        TargetParameters={
            "InputTemplate": '{"n": <$.body.n>}',
            "HttpParameters": {
                "PathParameterValues": ["$.body.id"],
                "HeaderParameters": {"x-who": "$.body.who"},
                "QueryStringParameters": {"q": "1 2"},
            },
        },
    )
    send(engine, url, {"n": 1, "id": "a/b", "who": "Ann"})
    path, headers, body = until(lambda: requests)[0]
    assert (path, json.loads(body)) == ("/orders/a%2Fb?q=1+2", {"n": 1})
    lower = {name.lower(): value for name, value in headers.items()}
    assert (lower["x-key"], lower["x-who"]) == ("secret", "Ann")


def test_an_api_destination_enriches(
    engine: Engine, ear: Ear, server: tuple[str, list[tuple[str, dict[str, str], str]]]
) -> None:
    at, _ = server
    url, source = queue(engine)
    pipe(
        engine,
        source,
        arn_of(engine, engine.create(tell(ear))),
        Enrichment=destination(engine, f"{at}/ask"),
    )
    send(engine, url, "a")
    ear.wait(lambda said: len(said) == 1)
    assert json.loads(ear.heard[0]) == [{"answered": True}]


def test_the_log_of_a_pipe_has_its_steps(engine: Engine) -> None:
    url, source = queue(engine)
    logs, group = engine.client("logs"), engine.name("/pipes/")
    logs.create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:{engine.region}:{engine.account}:log-group:{group}"
    name = pipe(
        engine,
        source,
        arn_of(engine, engine.create(DONE)),
        LogConfiguration={
            "Level": "TRACE",
            "IncludeExecutionData": ["ALL"],
            "CloudwatchLogsLogDestination": {"LogGroupArn": arn},
        },
    )
    send(engine, url, "a")

    def records() -> list[dict[str, Any]]:
        found = logs.filter_log_events(logGroupName=group)["events"]
        told = [json.loads(event["message"]) for event in found]
        return told if len(told) == 6 else []

    told = until(records)
    assert [one["messageType"] for one in told] == [
        "EXECUTION_STARTED",
        "TARGET_STAGE_ENTERED",
        "TARGET_INVOCATION_STARTED",
        "TARGET_INVOCATION_SUCCEEDED",
        "TARGET_STAGE_SUCCEEDED",
        "EXECUTION_SUCCEEDED",
    ]
    assert json.loads(told[0]["payload"])[0]["body"] == "a"
    assert {one["resourceArn"].rpartition("/")[2] for one in told} == {name}
    assert len({one["executionId"] for one in told}) == 1


def test_an_api_of_api_gateway_is_called(engine: Engine, ear: Ear) -> None:
    api = engine.client("apigatewayv2")
    function = arn_of(engine, engine.create(tell(ear)))
    engine.client().add_permission(
        FunctionName=function,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
    )
    made = api.create_api(Name=engine.name("api"), ProtocolType="HTTP", Target=function)["ApiId"]
    url, source = queue(engine)
    arn = f"arn:aws:execute-api:{engine.region}:{engine.account}:{made}/$default/POST/orders/*"
    told = {"HttpParameters": {"PathParameterValues": ["$.body.id"]}}
    pipe(engine, source, arn, TargetParameters={**told, "InputTemplate": '{"n": <$.body.n>}'})
    send(engine, url, {"id": "7", "n": 1})
    ear.wait(lambda said: len(said) == 1)
    event = json.loads(ear.heard[0])
    body = event["body"]
    if event["isBase64Encoded"]:
        body = base64.b64decode(body)
    assert (event["rawPath"], json.loads(body)) == ("/orders/7", {"n": 1})
