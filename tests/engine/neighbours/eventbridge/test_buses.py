"""PutEvents, event buses, events that go from one bus to another, and metrics."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Engine
from eventbridge_lab import ROLE, Queue, attributes, put, rule, until


def entry(**changes: Any) -> dict[str, Any]:
    told = {"Source": "my.app", "DetailType": "t", "Detail": "{}", **changes}
    return {name: value for name, value in told.items() if value is not None}


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"Detail": "[1]"}, "MalformedDetail", "Detail is malformed."),
        ({"Detail": "{"}, "MalformedDetail", "Detail is malformed."),
        ({"Detail": '{"n": NaN}'}, "MalformedDetail", "Detail is malformed."),
        ({"Detail": '{"n": 1e999}'}, "MalformedDetail", "Detail is malformed."),
        ({"Detail": '{"half": "\\ud800"}'}, "MalformedDetail", "Detail is malformed."),
        ({"Detail": '{"half": "\ud800"}'}, "MalformedDetail", "Detail is malformed."),
        (
            {"Detail": '{"n":' * 3000 + "1" + "}" * 3000},
            "MalformedDetail",
            "Detail is malformed.",
        ),
        (
            {"Resources": ["\ud800"]},
            "InvalidArgument",
            "Parameter Resources is not valid. Reason: Resources is no text in UTF-8.",
        ),
        (
            {"Detail": None},
            "InvalidArgument",
            "Parameter Detail is not valid. Reason: Detail is a required argument.",
        ),
        (
            {"DetailType": None},
            "InvalidArgument",
            "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
        ),
        (
            {"Source": "aws.ec2"},
            "NotAuthorizedForSourceException",
            "Not authorized for the source.",
        ),
        (
            {"Source": None},
            "InvalidArgument",
            "Parameter Source is not valid. Reason: Source is a required argument.",
        ),
    ],
)
def test_bad_entries_are_told_beside_good_ones(
    engine: Engine, changes: dict[str, Any], code: str, message: str
) -> None:
    answer = engine.client("events").put_events(Entries=[entry(**changes), entry()])
    assert answer["FailedEntryCount"] == 1
    assert answer["Entries"][0] == {"ErrorCode": code, "ErrorMessage": message}
    assert "EventId" in answer["Entries"][1]


def test_limits_of_a_call(engine: Engine) -> None:
    events = engine.client("events")
    with pytest.raises(ClientError, match="Member must have length less than or equal to 10"):
        events.put_events(Entries=[entry()] * 11)
    large = json.dumps({"x": "y" * 600_000})
    with pytest.raises(
        ClientError, match="Total size of the entries in the request is over the limit"
    ):
        events.put_events(Entries=[entry(Detail=large)] * 2)
    assert events.put_events(Entries=[entry(Detail=large)])["FailedEntryCount"] == 0


def test_an_event_for_an_unknown_bus_is_taken_and_dropped(engine: Engine) -> None:
    answer = engine.client("events").put_events(Entries=[entry(EventBusName="nowhere")])
    assert answer["FailedEntryCount"] == 0


def test_a_bus_by_name_and_by_arn(engine: Engine) -> None:
    events, queue, bus = engine.client("events"), Queue(engine), engine.name("bus")
    arn = events.create_event_bus(Name=bus)["EventBusArn"]
    name = rule(engine, {"Arn": queue.arn}, bus=bus)
    put(engine, name, {"n": 1}, EventBusName=bus)
    put(engine, name, {"n": 2}, EventBusName=arn)
    put(engine, name, {"n": 3})
    assert [body["detail"]["n"] for body in queue.bodies(2)] == [1, 2]
    assert queue.is_empty()
    with pytest.raises(ClientError, match="has rules"):
        events.delete_event_bus(Name=bus)
    events.update_event_bus(Name=bus, Description="d", DeadLetterConfig={"Arn": queue.arn})
    told = events.describe_event_bus(Name=bus)
    assert (told["Description"], told["DeadLetterConfig"]) == ("d", {"Arn": queue.arn})


def chain(engine: Engine, places: list[str], queue: Queue) -> tuple[str, str]:
    """Buses in Regions, each sends on to the next, the last to a queue; the source and the bus."""
    source, arns = engine.name("source"), []
    clients = [engine.client("events", region_name=region) for region in places]
    for events in clients:
        arns.append(events.create_event_bus(Name=engine.name("bus"))["EventBusArn"])
    for events, arn, target in zip(clients, arns, [*arns[1:], queue.arn], strict=True):
        name, bus = engine.name("rule"), arn.rpartition("/")[2]
        pattern = json.dumps({"source": [source]})
        events.put_rule(Name=name, EventBusName=bus, EventPattern=pattern)
        told = {"Id": "1", "Arn": target, "RoleArn": ROLE}
        dead = {"DeadLetterConfig": {"Arn": queue.arn}}
        events.put_targets(Rule=name, EventBusName=bus, Targets=[{**told, **dead}])
    return source, arns[0].rpartition("/")[2]


def test_an_event_goes_on_to_another_bus_as_it_is(engine: Engine) -> None:
    queue = Queue(engine)
    source, bus = chain(engine, [engine.region] * 2, queue)
    identifier = put(engine, source, {"n": 1}, EventBusName=bus)
    (body,) = queue.bodies()
    assert (body["id"], body["detail"], body["region"]) == (identifier, {"n": 1}, engine.region)


def test_an_event_goes_on_only_once_in_its_region(engine: Engine) -> None:
    queue = Queue(engine)
    source, bus = chain(engine, [engine.region] * 3, queue)
    put(engine, source, EventBusName=bus)
    (dead,) = queue.receive()
    assert attributes(dead)["ERROR_CODE"] == "THIRD_ACCOUNT_HOP_DETECTED"


def test_an_event_goes_on_to_another_region(engine: Engine) -> None:
    queue = Queue(engine, region_name="eu-west-1")
    source, bus = chain(engine, [engine.region, "eu-west-1"], queue)
    put(engine, source, EventBusName=bus)
    assert queue.bodies()[0]["region"] == engine.region


def test_a_loop_between_two_buses_ends(engine: Engine) -> None:
    events, queue = engine.client("events"), Queue(engine)
    source, bus = chain(engine, [engine.region] * 2, queue)
    arn = events.describe_event_bus(Name=bus)["Arn"]
    other = next(
        one["Name"]
        for one in events.list_event_buses()["EventBuses"]
        if one["Name"] != bus and any(queue.arn == t["Arn"] for t in targets(events, one["Name"]))
    )
    (name,) = [one["Name"] for one in events.list_rules(EventBusName=other)["Rules"]]
    back = {"Id": "back", "Arn": arn, "RoleArn": ROLE}
    events.put_targets(Rule=name, EventBusName=other, Targets=[back])
    put(engine, source, EventBusName=bus)
    assert queue.bodies()[0]["source"] == source
    assert queue.is_empty()


def targets(events: Any, bus: str) -> list[dict[str, Any]]:
    rules = events.list_rules(EventBusName=bus)["Rules"]
    return [
        target
        for one in rules
        for target in events.list_targets_by_rule(Rule=one["Name"], EventBusName=bus)["Targets"]
    ]


def test_metrics(engine: Engine) -> None:
    queue, dead = Queue(engine), Queue(engine)
    missing = f"arn:aws:sqs:{engine.region}:{engine.account}:{engine.name('missing')}"
    name = rule(
        engine,
        {"Arn": queue.arn},
        {"Arn": missing, "DeadLetterConfig": {"Arn": dead.arn}},
    )
    put(engine, name)
    dead.receive()
    assert metric(engine, "Invocations", name, 2)
    expected = {"TriggeredRules": 1, "FailedInvocations": 1, "InvocationsSentToDlq": 1}
    for metric_name, value in expected.items():
        assert metric(engine, metric_name, name, value)


def metric(engine: Engine, name: str, rule_name: str, value: float) -> bool:
    """Waits until a rule's metric has a sum."""
    cloudwatch = engine.client("cloudwatch")

    def total() -> bool:
        now = datetime.now(timezone.utc)
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/Events",
            MetricName=name,
            Dimensions=[{"Name": "RuleName", "Value": rule_name}],
            StartTime=now - timedelta(minutes=5),
            EndTime=now + timedelta(minutes=1),
            Period=600,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(point["Sum"] for point in points) == value

    return bool(until(total))
