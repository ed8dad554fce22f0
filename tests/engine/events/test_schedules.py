"""Schedules of EventBridge, which moto keeps but never fires: our clock does."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import pytest
from engine_fixtures import Ear, Engine


def told(engine: Engine, ear: Ear) -> str:
    """The ARN of a function that reports its event."""
    name = engine.create(
        f"import json\n{ear.say}\ndef handler(event, context):\n    say(json.dumps(event))\n"
    )
    arn: str = engine.client().get_function(FunctionName=name)["Configuration"]["FunctionArn"]
    return arn


def test_scheduler_invokes_once_at_a_time(engine: Engine, ear: Ear) -> None:
    at = datetime.now(timezone.utc) + timedelta(seconds=3)
    engine.client("scheduler").create_schedule(
        Name=engine.name("schedule"),
        ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": told(engine, ear),
            "RoleArn": "arn:aws:iam::000000000000:role/scheduler",
            "Input": json.dumps({"scheduled": True}),
        },
    )
    ear.wait(lambda said: len(said) == 1)
    assert json.loads(ear.heard[0]) == {"scheduled": True}


@pytest.mark.slow
def test_a_rule_invokes_every_minute(engine: Engine, ear: Ear) -> None:
    events, rule = engine.client("events"), engine.name("rule")
    rule_arn = events.put_rule(Name=rule, ScheduleExpression="rate(1 minute)")["RuleArn"]
    events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": told(engine, ear)}])
    ear.wait(lambda said: len(said) == 1, within_s=75)
    event = json.loads(ear.heard[0])
    assert event["detail-type"] == "Scheduled Event"
    assert event["source"] == "aws.events"
    assert event["account"] == engine.account
    assert event["resources"] == [rule_arn]
    assert event["detail"] == {}
    events.put_events(Entries=[{"Source": "x", "DetailType": "t", "Detail": "{}"}])
    assert len(ear.heard) == 1  # a rule with only a schedule takes no other events
