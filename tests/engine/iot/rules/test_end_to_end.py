"""Topic rules of a real engine: devices publish, functions and services have it."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Ear, Engine
from topic_rules_lab import ROLE

PATIENCE_S = 30.0


def create_rule(engine: Engine, sql: str, *actions: Any, **more: Any) -> str:
    name = engine.name("rule").replace("-", "_")
    payload = {"sql": sql, "awsIotSqlVersion": "2016-03-23", "actions": list(actions), **more}
    engine.client("iot").create_topic_rule(ruleName=name, topicRulePayload=payload)
    return name


def function(engine: Engine, code: str, **settings: Any) -> tuple[str, dict[str, Any]]:
    """A function, and the action that invokes it."""
    name = engine.create(code, **settings)
    arn = engine.client().get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    return name, {"lambda": {"functionArn": arn}}


def let_in(engine: Engine, function_name: str, rule: str) -> None:
    """Allow a rule to invoke a function."""
    engine.client().add_permission(
        FunctionName=function_name,
        StatementId=rule,
        Action="lambda:InvokeFunction",
        Principal="iot.amazonaws.com",
        SourceArn=f"arn:aws:iot:{engine.region}:{engine.account}:rule/{rule}",
    )


def publish(engine: Engine, topic: str, document: Any) -> None:
    payload = json.dumps(document).encode()
    engine.client("iot-data").publish(topic=topic, qos=1, payload=payload)


def queue(engine: Engine) -> str:
    url: str = engine.client("sqs").create_queue(QueueName=engine.name("queue"))["QueueUrl"]
    return url


def received(engine: Engine, url: str, count: int = 1) -> list[Any]:
    """The documents in a queue, once there are so many."""
    found: list[Any] = []
    deadline = time.monotonic() + PATIENCE_S
    while len(found) < count:
        assert time.monotonic() < deadline, f"only {found}"
        answer = engine.client("sqs").receive_message(
            QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1
        )
        found += [json.loads(message["Body"]) for message in answer.get("Messages", [])]
    return found


def until(holds: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + PATIENCE_S
    while not (found := holds()):
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.02)
    return found


class Web:
    """A web server that keeps what is posted to it."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, str], Any]] = []
        self.slow_s = 0.0
        web = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                time.sleep(web.slow_s)
                headers = {name.lower(): value for name, value in self.headers.items()}
                web.posts.append((self.path, headers, json.loads(body)))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def documents(self, path: str) -> list[Any]:
        return [document for at, _, document in list(self.posts) if at == path]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    yield server
    server.close()


def confirm(engine: Engine, web: Web) -> str:
    """Make a destination of a web server and confirm it with what it was sent; its ARN."""
    iot = engine.client("iot")
    made = iot.create_topic_rule_destination(
        destinationConfiguration={"httpUrlConfiguration": {"confirmationUrl": web.url}}
    )["topicRuleDestination"]
    assert made["status"] == "IN_PROGRESS"
    path, headers, document = until(lambda: web.posts and web.posts[0], "a confirmation request")
    assert path == f"/?confirmationToken={document['confirmationToken']}"
    assert headers["x-amz-rules-engine-message-type"] == "DestinationConfirmation"
    assert headers["x-amz-rules-engine-destination-arn"] == document["arn"] == made["arn"]
    assert document["messageType"] == "DestinationConfirmation"
    iot.confirm_topic_rule_destination(confirmationToken=document["confirmationToken"])
    described = iot.get_topic_rule_destination(arn=made["arn"])["topicRuleDestination"]
    assert described["status"] == "ENABLED"
    web.posts.clear()
    arn: str = made["arn"]
    return arn


def test_a_rule_invokes_a_function(engine: Engine, ear: Ear) -> None:
    code = f"import json\n{ear.say}\ndef handler(event, context):\n    say(json.dumps(event))\n"
    name, action = function(engine, code)
    topic = engine.name("room")
    sql = f"SELECT temp, topic(2) AS room FROM '{topic}/+/sensor' WHERE temp > 30"
    rule = create_rule(engine, sql, action)
    let_in(engine, name, rule)
    publish(engine, f"{topic}/kitchen/sensor", {"temp": 30})
    publish(engine, f"{topic}/kitchen/sensor", {"temp": 31})
    ear.wait(lambda heard: len(heard) == 1)
    assert json.loads(ear.heard[0]) == {"temp": 31, "room": "kitchen"}
    publish(engine, f"$aws/rules/{rule}/a/b", {"temp": 32})
    ear.wait(lambda heard: len(heard) == 2)
    assert json.loads(ear.heard[1]) == {"temp": 32, "room": "b"}


def test_a_replaced_rule_is_the_new_one_at_once_and_a_deleted_one_is_gone(engine: Engine) -> None:
    url, topic = queue(engine), engine.name("topic")
    to_queue = {"sqs": {"queueUrl": url, "roleArn": ROLE}}
    rule = create_rule(engine, f"SELECT 1 AS v FROM '{topic}'", to_queue)
    iot = engine.client("iot")
    publish(engine, topic, {})
    new = {"sql": f"SELECT 2 AS v FROM '{topic}'", "actions": [to_queue]}
    iot.replace_topic_rule(ruleName=rule, topicRulePayload=new)
    publish(engine, topic, {})
    iot.disable_topic_rule(ruleName=rule)
    publish(engine, topic, {})
    iot.enable_topic_rule(ruleName=rule)
    publish(engine, topic, {})
    iot.delete_topic_rule(ruleName=rule)
    publish(engine, topic, {})
    last = create_rule(engine, f"SELECT 3 AS v FROM '{topic}'", to_queue)
    publish(engine, topic, {})
    assert sorted(one["v"] for one in received(engine, url, 4)) == [1, 2, 2, 3]
    iot.delete_topic_rule(ruleName=last)


def test_a_function_that_lets_nobody_in_goes_to_the_error_action(engine: Engine) -> None:
    name, action = function(engine, "def handler(event, context): pass\n")
    url, topic = queue(engine), engine.name("topic")
    to_queue = {"sqs": {"queueUrl": url, "roleArn": ROLE}}
    rule = create_rule(engine, f"SELECT * FROM '{topic}'", action, errorAction=to_queue)
    publish(engine, topic, {"n": 1})
    (document,) = received(engine, url)
    assert document["ruleName"] == rule
    (failure,) = document["failures"]
    assert failure["failedAction"] == "LambdaAction"
    assert "The error code is 403" in failure["errorMessage"]
    assert f"aws lambda add-permission --function-name {name}" in failure["errorMessage"]


def test_a_queue_that_is_missing_goes_to_the_error_action(engine: Engine) -> None:
    url, topic = queue(engine), engine.name("topic")
    missing = {"sqs": {"queueUrl": url + "-gone", "roleArn": ROLE}}
    to_queue = {"sqs": {"queueUrl": url, "roleArn": ROLE}}
    create_rule(engine, f"SELECT * FROM '{topic}'", missing, errorAction=to_queue)
    publish(engine, topic, {"n": 1})
    (document,) = received(engine, url)
    (failure,) = document["failures"]
    assert failure["failedResource"] == url + "-gone"


def test_republished_messages_are_messages_again(engine: Engine) -> None:
    url, topic = queue(engine), engine.name("topic")
    again = {"republish": {"topic": f"{topic}/${{kind}}", "qos": 1, "roleArn": ROLE}}
    create_rule(engine, f"SELECT *, clientid() AS c FROM '{topic}'", again)
    to_queue = {"sqs": {"queueUrl": url, "roleArn": ROLE}}
    create_rule(engine, f"SELECT *, topic() AS t FROM '{topic}/+'", to_queue)
    publish(engine, topic, {"kind": "k"})
    (document,) = received(engine, url)
    assert (document["kind"], document["t"]) == ("k", f"{topic}/k")


def test_metrics_and_the_log(engine: Engine) -> None:
    iot = engine.client("iot")
    url, topic = queue(engine), engine.name("topic")
    to_queue = {"sqs": {"queueUrl": url, "roleArn": ROLE}}
    rule = create_rule(engine, f"SELECT * FROM '{topic}'", to_queue)
    iot.set_v2_logging_options(roleArn=ROLE, defaultLogLevel="INFO")
    try:
        publish(engine, topic, {})
        received(engine, url)

        def metrics() -> set[tuple[str, str]]:
            listed = engine.client("cloudwatch").list_metrics(Namespace="AWS/IoT")["Metrics"]
            return {
                (one["MetricName"], "".join(d["Value"] for d in one["Dimensions"]))
                for one in listed
            }

        wanted = {("TopicMatch", rule), ("RulesExecuted", ""), ("Success", rule + "SQS")}
        until(lambda: wanted <= metrics(), "the rule's metrics")

        def entries() -> list[Any]:
            with contextlib.suppress(ClientError):
                logs = engine.client("logs")
                found = logs.filter_log_events(logGroupName="AWSIotLogsV2", filterPattern=rule)
                return [json.loads(event["message"]) for event in found["events"]]
            return []

        until(lambda: len(entries()) == 2, "the rule's log entries")
        assert {one["eventType"] for one in entries()} == {"RuleMatch", "RuleExecution"}
    finally:
        iot.set_v2_logging_options(roleArn=ROLE, defaultLogLevel="DISABLED")


def test_http_with_confirmation_down_and_up_again(engine: Engine, web: Web) -> None:
    url, topic = queue(engine), engine.name("topic")
    to_web = {"http": {"url": f"{web.url}data", "confirmationUrl": web.url}}
    to_queue = {"sqs": {"queueUrl": url, "roleArn": ROLE}}
    create_rule(engine, f"SELECT * FROM '{topic}'", to_web, errorAction=to_queue)
    publish(engine, topic, {"n": 1})
    (document,) = received(engine, url)
    assert "is ENABLED: confirm it" in document["failures"][0]["errorMessage"]

    known = engine.client("iot").list_topic_rule_destinations()["destinationSummaries"]
    for one in known:  # AWS makes one of the rule; a second for its URL would be refused
        if one["httpUrlSummary"]["confirmationUrl"] == web.url:
            engine.client("iot").delete_topic_rule_destination(arn=one["arn"])
    web.posts.clear()
    arn = confirm(engine, web)
    publish(engine, topic, {"n": 2})
    until(lambda: web.documents("/data"), "a request")
    assert web.documents("/data") == [{"n": 2}]

    engine.client("iot").update_topic_rule_destination(arn=arn, status="DISABLED")
    publish(engine, topic, {"n": 3})
    assert "is ENABLED" in received(engine, url)[0]["failures"][0]["errorMessage"]
    engine.client("iot").update_topic_rule_destination(arn=arn, status="ENABLED")
    publish(engine, topic, {"n": 4})
    until(lambda: len(web.documents("/data")) == 2, "a request")
    engine.client("iot").delete_topic_rule_destination(arn=arn)


@pytest.mark.slow
def test_a_failing_function_is_retried_by_lambda(
    start_engine: Callable[..., Engine], ear: Ear
) -> None:
    engine = start_engine("--retry-delay", "0.2")
    code = f"{ear.say}\ndef handler(event, context):\n    say('try')\n    raise ValueError('bad')\n"
    name, action = function(engine, code)
    rule = create_rule(engine, "SELECT * FROM 'a'", action)
    let_in(engine, name, rule)
    publish(engine, "a", {})
    ear.wait(lambda heard: len(heard) == 3)


@pytest.mark.slow
def test_nothing_acknowledged_is_lost_when_the_engine_is_killed(
    start_engine: Callable[..., Engine], ear: Ear, web: Web
) -> None:
    first = start_engine()
    code = f"import json\n{ear.say}\ndef handler(event, context):\n    say(str(event['n']))\n"
    name, action = function(first, code)
    confirm(first, web)
    rule = create_rule(first, "SELECT n FROM 'a/#'", action, {"http": {"url": f"{web.url}data"}})
    let_in(first, name, rule)
    web.slow_s = 0.5
    for number in range(40):
        publish(first, f"a/{number % 2}", {"n": number})
    assert len(web.documents("/data")) < 40
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    web.slow_s = 0.0
    start_engine()
    everything = set(range(40))
    until(lambda: everything <= {one["n"] for one in web.documents("/data")}, "all requests")
    ear.wait(lambda heard: everything <= {int(one) for one in heard})
