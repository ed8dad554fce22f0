"""The API of rules: what is refused, and with which words."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Engine
from eventbridge_lab import ROLE, Queue, put, rule

EVENT = {
    "id": "1", "account": "1", "source": "a", "time": "2026-01-02T03:04:05Z", "region": "r",
    "resources": [], "detail-type": "t", "detail": {"n": 5},
}  # fmt: skip


def refused(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as told:
        call(**arguments)
    error = told.value.response["Error"]
    return error["Code"], error["Message"]


def test_patterns_are_checked_when_a_rule_is_put(engine: Engine) -> None:
    events = engine.client("events")
    assert refused(events.put_rule, Name="r", EventPattern='{"source":"aws.ec2"}') == (
        "InvalidEventPatternException",
        'Event pattern is not valid. Reason: "source" must be an object or an array\n'
        ' at [Source: (String)"{"source":"aws.ec2"}"; line: 1, column: 12]',
    )


@pytest.mark.parametrize(
    ("pattern", "matched"),
    [
        ({"detail": {"n": [{"numeric": [">", 4]}]}}, True),
        ({"source": ["b"]}, False),
        ({"source": [{"exactly": "a"}]}, True),
    ],
)
def test_a_pattern_is_tried(engine: Engine, pattern: dict[str, Any], matched: bool) -> None:
    answer = engine.client("events").test_event_pattern(
        EventPattern=json.dumps(pattern), Event=json.dumps(EVENT)
    )
    assert answer["Result"] is matched


def test_an_event_to_try_needs_its_fields(engine: Engine) -> None:
    events = engine.client("events")
    event = json.dumps({"source": "a"})
    code, text = refused(events.test_event_pattern, EventPattern='{"source":["a"]}', Event=event)
    assert (code, "id is a required field" in text) == ("ValidationException", True)


@pytest.mark.parametrize(
    ("settings", "code", "text"),
    [
        (
            {"ScheduleExpression": "rate(1 minutes)"},
            "ValidationException",
            "Parameter ScheduleExpression is not valid.",
        ),
        (
            {"ScheduleExpression": "rate(999999999999 days)"},
            "ValidationException",
            "Parameter ScheduleExpression is not valid.",
        ),
        (
            {"ScheduleExpression": "at(2030-01-01T00:00:00)"},
            "ValidationException",
            "Parameter ScheduleExpression is not valid.",
        ),
        (
            {},
            "ValidationException",
            "Parameter(s) EventPattern or ScheduleExpression must be specified.",
        ),
        (
            {"EventPattern": '{"a":["b"]}', "EventBusName": "nowhere"},
            "ResourceNotFoundException",
            "Event bus nowhere does not exist.",
        ),
        (
            {"EventPattern": '{"a":["b"]}', "Name": "no spaces"},
            "ValidationException",
            "1 validation error detected: Value 'no spaces' at 'name' failed to satisfy "
            r"constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+",
        ),
    ],
)
def test_rules_that_are_refused(
    engine: Engine, settings: dict[str, Any], code: str, text: str
) -> None:
    events = engine.client("events")
    assert refused(events.put_rule, **{"Name": engine.name("rule"), **settings}) == (code, text)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (
            {"Arn": "nonsense"},
            "Parameter nonsense is not valid. Reason: Provided Arn is not in correct format.",
        ),
        (
            {"Arn": "arn:aws:ecs:us-east-1:000000000000:cluster/c", "RoleArn": ROLE},
            "lambda_nb delivers no events to ecs, the service of target 1",
        ),
        (
            {"Arn": "arn:aws:states:us-east-1:000000000000:stateMachine:m"},
            "RoleArn is required for target arn:aws:states:us-east-1:000000000000:stateMachine:m.",
        ),
        (
            {"Arn": "arn:aws:sqs:us-east-1:000000000000:q.fifo"},
            "Parameter(s) SqsParameters must be specified for target: 1.",
        ),
        (
            {"Input": "{}", "InputPath": "$.detail"},
            "Only one of Input, InputPath, or InputTransformer must be provided for target 1.",
        ),
        ({"InputPath": "detail"}, "InputPath for target 1 is not valid: detail."),
        (
            {"InputTransformer": {"InputTemplate": '"<nothing>"'}},
            "InputTemplate for target 1 contains invalid placeholder nothing.",
        ),
        (
            {"RetryPolicy": {"MaximumRetryAttempts": 186}},
            "1 validation error detected: Value '186' at "
            "'targets.1.member.retryPolicy.maximumRetryAttempts' failed to satisfy constraint: "
            "Member must have value less than or equal to 185",
        ),
        (
            {"DeadLetterConfig": {"Arn": "arn:aws:sqs:us-east-1:000000000000:q.fifo"}},
            "A dead-letter queue must be a standard queue.",
        ),
    ],
)
def test_targets_that_are_refused(engine: Engine, target: dict[str, Any], text: str) -> None:
    events, name = engine.client("events"), rule(engine, {"Arn": Queue(engine).arn})
    whole = {"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{engine.account}:q", **target}
    code, told = refused(events.put_targets, Rule=name, Targets=[whole])
    assert code == "ValidationException"
    assert text in told


def test_a_rule_has_five_targets_at_most(engine: Engine) -> None:
    events, queue = engine.client("events"), Queue(engine)
    name = rule(engine, *[{"Arn": queue.arn}] * 5)
    code, _ = refused(events.put_targets, Rule=name, Targets=[{"Id": "sixth", "Arn": queue.arn}])
    assert code == "LimitExceededException"
    assert name in events.list_rule_names_by_target(TargetArn=queue.arn)["RuleNames"]


def test_a_disabled_rule_takes_nothing(engine: Engine) -> None:
    events, queue = engine.client("events"), Queue(engine)
    name = rule(engine, {"Arn": queue.arn})
    events.disable_rule(Name=name)
    put(engine, name, {"n": 1})
    events.enable_rule(Name=name)
    put(engine, name, {"n": 2})
    assert [body["detail"]["n"] for body in queue.bodies()] == [2]
    assert events.describe_rule(Name=name)["State"] == "ENABLED"


def test_a_name_prefix_is_no_regular_expression(engine: Engine) -> None:
    events, name = engine.client("events"), rule(engine, {"Arn": Queue(engine).arn})
    assert len(events.list_rules(NamePrefix=name)["Rules"]) == 1
    assert events.list_rules(NamePrefix=name[:-1] + ".")["Rules"] == []


def test_tags(engine: Engine) -> None:
    events, name = engine.client("events"), engine.name("rule")
    arn = events.put_rule(Name=name, EventPattern='{"a":["b"]}', Tags=[{"Key": "k", "Value": "v"}])[
        "RuleArn"
    ]
    events.tag_resource(ResourceARN=arn, Tags=[{"Key": "l", "Value": "w"}])
    events.untag_resource(ResourceARN=arn, TagKeys=["k"])
    assert events.list_tags_for_resource(ResourceARN=arn)["Tags"] == [{"Key": "l", "Value": "w"}]


def test_policies_of_a_bus(engine: Engine) -> None:
    events, bus = engine.client("events"), engine.name("bus")
    arn = events.create_event_bus(Name=bus)["EventBusArn"]
    events.put_permission(
        EventBusName=bus, Action="events:PutEvents", Principal="111122223333", StatementId="one"
    )

    def statements() -> Any:
        return json.loads(events.describe_event_bus(Name=bus)["Policy"])["Statement"]

    (statement,) = statements()
    assert statement == {
        "Sid": "one",
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "events:PutEvents",
        "Resource": arn,
    }
    whole = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "two",
                "Effect": "Allow",
                "Principal": "*",
                "Action": ["events:PutEvents", "events:PutRule"],
                "Resource": arn,
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}},
            }
        ],
    }
    events.put_permission(EventBusName=bus, Policy=json.dumps(whole))
    assert statements() == whole["Statement"]
    events.remove_permission(EventBusName=bus, StatementId="two")
    assert "Policy" not in events.describe_event_bus(Name=bus)


def test_partners_are_refused(engine: Engine) -> None:
    events = engine.client("events")
    code, _ = refused(events.list_partner_event_sources, NamePrefix="aws.partner/x")
    assert code == "OperationDisabledException"
