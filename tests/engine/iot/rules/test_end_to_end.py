"""Topic rules of a real engine: devices publish, functions and services have it."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Ear, Engine
from topic_rules_engine import (
    PATIENCE_S,
    Web,
    confirm,
    create_rule,
    device,
    function,
    let_in,
    publish,
    queue,
    received,
    until,
)
from topic_rules_lab import ROLE


@pytest.fixture
def web() -> Iterator[Web]:
    server = Web()
    yield server
    server.close()


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


def test_a_rule_knows_the_device_that_published(engine: Engine, tmp_path: Path) -> None:
    url, topic = queue(engine), engine.name("topic")
    to_queue = {"sqs": {"queueUrl": url, "roleArn": ROLE}}
    sql = f"SELECT n, clientid() AS c, principal() AS p, sourceip() AS ip FROM '{topic}/#'"
    create_rule(engine, sql, to_queue)
    with device(engine, "sensor-1", tmp_path) as client:
        client.publish(f"{topic}/x", b'{"n": 1}', 1).wait_for_publish(PATIENCE_S)
    (told,) = received(engine, url)
    assert len(told.pop("p")) == 64
    assert told == {"n": 1, "c": "sensor-1", "ip": "127.0.0.1"}


def test_sql_asks_a_function_and_a_shadow(engine: Engine) -> None:
    name, action = function(engine, "def handler(event, context): return {'d': event['n'] * 2}\n")
    arn = action["lambda"]["functionArn"]
    thing, url, topic = engine.name("thing"), queue(engine), engine.name("topic")
    shadow = json.dumps({"state": {"desired": {"on": True}}}).encode()
    engine.client("iot-data").update_thing_shadow(thingName=thing, payload=shadow)
    to_queue = {"sqs": {"queueUrl": url, "roleArn": ROLE}}
    sql = (
        f"SELECT aws_lambda('{arn}', {{'n': n}}).d AS doubled, "
        f"get_thing_shadow('{thing}', '{ROLE}').state.desired.on AS is_on FROM '{topic}'"
    )
    rule = create_rule(engine, sql, to_queue)
    let_in(engine, name, rule)
    publish(engine, topic, {"n": 21})
    assert received(engine, url) == [{"doubled": 42, "is_on": True}]


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


@pytest.mark.parametrize(
    ("sql", "actions", "code"),
    [
        ("SELECT FROM 'a'", [], "SqlParseException"),
        ("SELECT * FROM 'a'", [{"salesforce": {"token": "t" * 40, "url": "https://x"}}], "Invalid"),
    ],
)
def test_rules_that_cannot_run_are_refused(
    engine: Engine, sql: str, actions: list[Any], code: str
) -> None:
    with pytest.raises(ClientError, match=code):
        create_rule(engine, sql, *actions)


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
