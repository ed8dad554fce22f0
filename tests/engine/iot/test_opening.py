"""AWS IoT is opened by its first use, and by nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable

from engine_fixtures import Ear, Engine


def has_been_opened(engine: Engine) -> bool:
    return (engine.data_dir / "iot").exists()


def test_an_engine_without_devices_does_not_open_it(start_engine: Callable[..., Engine]) -> None:
    engine = start_engine()
    engine.client("sqs").create_queue(QueueName="q")
    engine.client("iot").list_things()
    assert not has_been_opened(engine)
    assert engine.stop() == 0
    assert engine.log_file.read_text() == ""


def test_it_goes_on_after_a_restart_without_a_word(
    start_engine: Callable[..., Engine], ear: Ear
) -> None:
    engine = start_engine()
    name = engine.create(
        f"import json\n{ear.say}\ndef handler(event, context):\n    say(json.dumps(event))\n"
    )
    arn = engine.client().get_function_configuration(FunctionName=name)["FunctionArn"]
    engine.client().add_permission(
        FunctionName=name,
        StatementId="iot",
        Action="lambda:InvokeFunction",
        Principal="iot.amazonaws.com",
    )
    engine.client("iot").create_topic_rule(
        ruleName="told",
        topicRulePayload={
            "sql": "SELECT n FROM 'a/b'",
            "actions": [{"lambda": {"functionArn": arn}}],
        },
    )
    engine.client("iot-data").publish(topic="a/b", qos=1, payload=json.dumps({"n": 1}))
    ear.wait(lambda said: len(said) == 1)
    assert has_been_opened(engine)
    assert engine.stop() == 0
    again = start_engine()
    again.client("iot-data").publish(topic="a/b", qos=1, payload=json.dumps({"n": 2}))
    ear.wait(lambda said: len(said) == 2)
    assert again.stop() == 0
    told = again.log_file.read_text().splitlines()
    assert [line for line in told if "WARNING" in line or "ERROR" in line] == []
