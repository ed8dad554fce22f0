"""EventBridge Scheduler: what it invokes, how often, and what it refuses."""

from __future__ import annotations

import json
import re
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Ear, Engine
from eventbridge_lab import ROLE, Queue, attributes, until

OFF = {"Mode": "OFF"}


def soon(seconds: float = 1.5) -> str:
    return f"at({datetime.now(timezone.utc) + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S})"


def schedule(
    engine: Engine, target: dict[str, Any], expression: str | None = None, **settings: Any
) -> str:
    name = engine.name("schedule")
    engine.client("scheduler").create_schedule(
        **{
            "Name": name,
            "ScheduleExpression": expression or soon(),
            "FlexibleTimeWindow": OFF,
            "Target": {"RoleArn": ROLE, **target},
            **settings,
        }
    )
    return name


def arn_of(engine: Engine, name: str, group: str = "default") -> str:
    return f"arn:aws:scheduler:{engine.region}:{engine.account}:schedule/{group}/{name}"


def test_one_time_with_context_and_deletion(engine: Engine) -> None:
    queue, scheduler = Queue(engine), engine.client("scheduler")
    attributes_ = ("schedule-arn", "scheduled-time", "execution-id", "attempt-number")
    told = json.dumps({name: f"<aws.scheduler.{name}>" for name in attributes_})
    expression = soon()
    name = schedule(
        engine, {"Arn": queue.arn, "Input": told}, expression, ActionAfterCompletion="DELETE"
    )
    assert scheduler.get_schedule(Name=name)["ActionAfterCompletion"] == "DELETE"
    (body,) = queue.bodies()
    assert body["schedule-arn"] == arn_of(engine, name)
    assert body["scheduled-time"] == expression[3:-1] + "Z"
    assert re.fullmatch("[0-9a-f]{16}", body["execution-id"])
    assert body["attempt-number"] == "1"
    until(lambda: name not in names(scheduler))
    with pytest.raises(ClientError, match=f"Schedule {name} does not exist"):
        scheduler.get_schedule(Name=name)
    assert queue.is_empty()


def names(scheduler: Any, **asked: Any) -> list[str]:
    return [one["Name"] for one in scheduler.list_schedules(**asked)["Schedules"]]


def test_a_rate_begins_at_once_with_the_default_notification(engine: Engine, ear: Ear) -> None:
    code = f"import json\n{ear.say}\ndef handler(event, context):\n    say(json.dumps(event))\n"
    function = engine.create(code)
    arn = f"arn:aws:lambda:{engine.region}:{engine.account}:function:{function}"
    name = schedule(engine, {"Arn": arn}, "rate(1 hour)")
    ear.wait(lambda heard: len(heard) == 1)
    event = json.loads(ear.heard[0])
    assert (event["source"], event["detail-type"]) == ("aws.scheduler", "Scheduled Event")
    assert (event["resources"], event["detail"]) == ([arn_of(engine, name)], "{}")


def test_a_universal_target(engine: Engine) -> None:
    queue = Queue(engine)
    told = {"QueueUrl": queue.url, "MessageBody": '{"at": "<aws.scheduler.scheduled-time>"}'}
    expression = soon()
    target = {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:sendMessage", "Input": json.dumps(told)}
    schedule(engine, target, expression)
    assert queue.bodies() == [{"at": expression[3:-1] + "Z"}]


def test_an_event_bus(engine: Engine) -> None:
    queue, events, source = Queue(engine), engine.client("events"), engine.name("source")
    rule = engine.name("rule")
    events.put_rule(Name=rule, EventPattern=json.dumps({"source": [source]}))
    events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": queue.arn}])
    target = {
        "Arn": f"arn:aws:events:{engine.region}:{engine.account}:event-bus/default",
        "EventBridgeParameters": {"DetailType": "tick", "Source": source},
        "Input": '{"n": 1}',
    }
    schedule(engine, target)
    (event,) = queue.bodies()
    assert (event["detail-type"], event["detail"]) == ("tick", {"n": 1})


def test_a_missing_target_is_a_dead_letter(engine: Engine) -> None:
    dead = Queue(engine)
    missing = f"arn:aws:sqs:{engine.region}:{engine.account}:{engine.name('missing')}"
    told = '{"n": 1}'
    target = {"Arn": missing, "Input": told, "DeadLetterConfig": {"Arn": dead.arn}}
    expression = soon()
    name = schedule(engine, target, expression)
    (message,) = dead.receive()
    found = attributes(message)
    assert message["Body"] == told
    assert (found["ERROR_CODE"], found["RETRY_ATTEMPTS"]) == ("NO_RESOURCE", "0")
    assert found["SCHEDULE_ARN"] == arn_of(engine, name)
    assert found["SCHEDULED_TIME"] == expression[3:-1] + "Z"
    assert found["TARGET_ARN"] == missing
    for metric in ("InvocationDroppedCount", "InvocationsSentToDeadLetterCount"):
        assert until(lambda metric=metric: counted(engine, metric))


def counted(engine: Engine, metric: str) -> bool:
    now = datetime.now(timezone.utc)
    points = engine.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Scheduler",
        MetricName=metric,
        Dimensions=[{"Name": "ScheduleGroup", "Value": "default"}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
        Period=600,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(point["Sum"] for point in points) >= 1


def test_a_disabled_schedule_invokes_when_it_is_enabled(engine: Engine) -> None:
    queue, scheduler = Queue(engine), engine.client("scheduler")
    target = {"Arn": queue.arn, "RoleArn": ROLE, "Input": "x"}
    name = schedule(engine, target, "rate(1 hour)", State="DISABLED")
    whole = {"ScheduleExpression": "rate(1 hour)", "FlexibleTimeWindow": OFF, "Target": target}
    assert scheduler.get_schedule(Name=name)["State"] == "DISABLED"
    assert queue.is_empty()
    scheduler.update_schedule(Name=name, State="ENABLED", **whole)
    assert queue.receive()[0]["Body"] == "x"


def test_a_flexible_window_is_kept_and_delays(engine: Engine) -> None:
    queue = Queue(engine)
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 1440}
    name = schedule(engine, {"Arn": queue.arn, "Input": "x"}, soon(), FlexibleTimeWindow=window)
    told = engine.client("scheduler").get_schedule(Name=name)
    assert told["FlexibleTimeWindow"] == window
    assert queue.is_empty()
    engine.client("scheduler").delete_schedule(Name=name)


def test_groups(engine: Engine) -> None:
    scheduler, group = engine.client("scheduler"), engine.name("group")
    arn = scheduler.create_schedule_group(Name=group, Tags=[{"Key": "k", "Value": "v"}])[
        "ScheduleGroupArn"
    ]
    assert scheduler.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "k", "Value": "v"}]
    target = {"Arn": Queue(engine).arn}
    name = schedule(engine, target, "cron(0 12 * * ? *)", GroupName=group)
    assert names(scheduler, GroupName=group) == [name]
    assert scheduler.get_schedule(Name=name, GroupName=group)["GroupName"] == group
    with pytest.raises(ClientError, match=f"Schedule group {group} already exists"):
        scheduler.create_schedule_group(Name=group)
    scheduler.delete_schedule_group(Name=group)
    for call in (scheduler.get_schedule_group, scheduler.delete_schedule_group):
        with pytest.raises(ClientError, match=f"Schedule group {group} does not exist"):
            call(Name=group)
    with pytest.raises(ClientError, match="does not exist"):
        schedule(engine, target, "rate(1 day)", GroupName=group)


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"ScheduleExpression": "rate(0 hours)"}, "Invalid Schedule Expression rate(0 hours)."),
        (
            {"ScheduleExpression": "rate(99999999 days)"},
            "Invalid Schedule Expression rate(99999999 days).",
        ),
        (
            {"ScheduleExpression": "cron(0 12 * * * *)"},
            "Invalid Schedule Expression cron(0 12 * * * *).",
        ),
        (
            {"ScheduleExpressionTimezone": "Mars/Base"},
            "Invalid ScheduleExpressionTimezone Mars/Base.",
        ),
        ({"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}}, "MaximumWindowInMinutes must be specified"),
        ({"StartDate": datetime(2020, 1, 1)}, "cannot be earlier than 5 minutes ago."),
        ({"EndDate": datetime(2020, 1, 1)}, "The EndDate you specify"),
        ({"Name": "no spaces"}, "failed to satisfy constraint: Member must satisfy regular"),
        (
            {"Target": {"Arn": "nonsense", "RoleArn": ROLE}},
            "Provided Arn is not in correct format.",
        ),
        (
            {"Target": {"Arn": "arn:aws:lambda:us-east-1:000000000000:function:f", "Input": "{"}},
            "The target input must be well-formed JSON.",
        ),
        (
            {"Target": {"Arn": "arn:aws:lambda:us-east-1:000000000000:function:f", "Input": "NaN"}},
            "The target input must be well-formed JSON.",
        ),
        (
            {"Target": {"Arn": "arn:aws:ecs:us-east-1:000000000000:cluster/c"}},
            "lambda_nb runs no schedules with the target",
        ),
        (
            {"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:receiveMessage", "Input": "{}"}},
            "receiveMessage is not supported: it only reads.",
        ),
        (
            {"Target": {"Arn": "arn:aws:scheduler:::aws-sdk:sqs:fly", "Input": "{}"}},
            "fly is not an operation of sqs.",
        ),
    ],
)
def test_schedules_that_are_refused(engine: Engine, settings: dict[str, Any], text: str) -> None:
    whole = {"ScheduleExpression": "rate(1 day)", "Target": {"Arn": Queue(engine).arn}, **settings}
    with pytest.raises(ClientError) as told:
        schedule(engine, whole.pop("Target"), whole.pop("ScheduleExpression"), **whole)
    assert told.value.response["Error"]["Code"] == "ValidationException"
    assert text in told.value.response["Error"]["Message"]


def test_the_same_token_makes_one_schedule(engine: Engine) -> None:
    name, target = engine.name("schedule"), {"Arn": Queue(engine).arn}
    for _ in range(2):
        schedule(engine, target, "rate(1 day)", Name=name, ClientToken="once")
    with pytest.raises(ClientError, match=f"Schedule {name} already exists"):
        schedule(engine, target, "rate(1 day)", Name=name, ClientToken="twice")
