"""``AWS::Events::*``, ``AWS::Scheduler::*`` and ``AWS::Pipes::Pipe``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from engine_fixtures import ROLE, Engine, error_of
from stack_types_lab import Lab, Resource

from lambda_nb.engine.stacks.model import Refused
from lambda_nb.engine.stacks.types.messaging.event_buses import (
    ApiDestination,
    Archive,
    Connection,
    EventBus,
    EventBusPolicy,
)
from lambda_nb.engine.stacks.types.messaging.event_pipes import Pipe
from lambda_nb.engine.stacks.types.messaging.event_rules import Rule
from lambda_nb.engine.stacks.types.messaging.queues import Queue
from lambda_nb.engine.stacks.types.messaging.schedules import Schedule, ScheduleGroup

NO_ASSOCIATION = (
    "AuthParameters.ConnectivityParameters.ResourceParameters.ResourceAssociationArn",
    "InvocationConnectivityParameters.ResourceParameters.ResourceAssociationArn",
)


def queue_for(lab: Lab, service: str, logical_id: str = "Queue") -> Resource:
    """A queue that a service may send to."""
    queue = lab.create(Queue(), {}, logical_id)
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": "sqs:SendMessage",
        "Resource": queue.attribute("Arn"),
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    lab.engine.client("sqs").set_queue_attributes(QueueUrl=queue.ref, Attributes={"Policy": policy})
    return queue


def next_body(engine: Engine, queue: Resource) -> Any:
    calls = engine.client("sqs")
    (message,) = calls.receive_message(QueueUrl=queue.ref, WaitTimeSeconds=10)["Messages"]
    calls.delete_message(QueueUrl=queue.ref, ReceiptHandle=message["ReceiptHandle"])
    return json.loads(message["Body"])


def put(engine: Engine, source: str, detail: Mapping[str, Any], bus: str = "default") -> None:
    entry = {"Source": source, "DetailType": "t", "Detail": json.dumps(detail)}
    answer = engine.client("events").put_events(Entries=[{**entry, "EventBusName": bus}])
    assert answer["FailedEntryCount"] == 0


def test_a_rule_and_its_targets(engine: Engine) -> None:
    lab, source = Lab(engine), engine.name("source")
    first = queue_for(lab, "events.amazonaws.com", "First")
    second = queue_for(lab, "events.amazonaws.com", "Second")
    pattern = {"source": [source]}
    kept = {"Id": "kept", "Arn": first.attribute("Arn"), "InputPath": "$.detail"}
    rule = lab.create(Rule(), {"EventPattern": pattern, "Targets": [kept]}, "Rule")
    put(engine, source, {"n": 1})
    assert next_body(engine, first) == {"n": 1}

    changed = {**kept, "Input": '{"n": "fixed"}'}
    del changed["InputPath"]
    added = {"Id": "added", "Arn": second.attribute("Arn")}
    rule = lab.update(rule, {"EventPattern": pattern, "Targets": [changed, added]})
    put(engine, source, {"n": 2})
    assert next_body(engine, first) == {"n": "fixed"}
    assert next_body(engine, second)["detail"] == {"n": 2}

    rule = lab.update(rule, {"EventPattern": pattern, "Targets": [added], "State": "DISABLED"})
    calls = engine.client("events")
    (left,) = calls.list_targets_by_rule(Rule=rule.ref)["Targets"]
    assert left["Id"] == "added"
    assert calls.describe_rule(Name=rule.ref)["State"] == "DISABLED"
    assert calls.describe_rule(Name=rule.ref)["Arn"] == rule.attribute("Arn")
    lab.delete(rule)
    assert error_of(lambda: calls.describe_rule(Name=rule.ref))[0] == "ResourceNotFoundException"


def test_a_bus_with_rules_and_statements(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("events")
    bus = lab.create(EventBus(), {"Name": engine.name("bus"), "Description": "d"}, "Bus")
    queue = queue_for(lab, "events.amazonaws.com")
    properties = {
        "EventBusName": bus.attribute("Arn"),
        "EventPattern": {"source": ["x"]},
        "Targets": [{"Id": "a", "Arn": queue.attribute("Arn")}],
    }
    rule = lab.create(Rule(), properties, "Rule")
    assert rule.ref == f"{bus.ref}|{rule.attribute('RuleName')}"
    put(engine, "x", {"n": 1}, bus.ref)
    assert next_body(engine, queue)["detail"] == {"n": 1}
    assert Rule().replacing(properties, {**properties, "EventBusName": "default"})

    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
        "Action": "events:PutEvents",
    }
    place = {"EventBusName": bus.ref}
    one = lab.create(EventBusPolicy(), {**place, "StatementId": "one", "Statement": statement})
    simple = {**place, "StatementId": "two", "Action": "events:PutEvents", "Principal": "*"}
    two = lab.create(EventBusPolicy(), simple)

    def sids() -> set[str]:
        policy = calls.describe_event_bus(Name=bus.ref).get("Policy")
        return {one["Sid"] for one in json.loads(policy)["Statement"]} if policy else set()

    assert sids() == {"one", "two"}
    lab.delete(one)
    assert sids() == {"two"}
    lab.delete(two)
    lab.delete(rule)
    lab.update(bus, {"Name": bus.ref})
    assert not calls.describe_event_bus(Name=bus.ref).get("Description")
    lab.delete(bus)


def test_a_target_that_is_refused_fails_the_rule(engine: Engine) -> None:
    lab = Lab(engine)
    wrong = {"Id": "a", "Arn": "arn:aws:nothing:us-east-1:000000000000:x"}
    properties = {"EventPattern": {"source": ["x"]}, "Targets": [wrong]}
    code, _ = error_of(lambda: lab.create(Rule(), properties))
    assert code == "ValidationException"


def test_archives_connections_and_destinations(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("events")
    bus = lab.create(EventBus(), {"Name": engine.name("bus")}, "Bus")
    source = {"SourceArn": bus.attribute("Arn")}
    archive = lab.create(
        Archive(), {**source, "EventPattern": {"source": ["x"]}, "RetentionDays": "3"}
    )
    archive = lab.update(archive, {**source, "EventPattern": {"source": ["y"]}})
    told = calls.describe_archive(ArchiveName=archive.ref)
    assert json.loads(told["EventPattern"]) == {"source": ["y"]}
    assert told["RetentionDays"] == 0
    lab.delete(archive)

    secret = {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}}
    connection = lab.create(
        Connection(),
        {"AuthorizationType": "API_KEY", "AuthParameters": secret},
        "Connection",
        without=NO_ASSOCIATION,
    )
    properties = {
        "ConnectionArn": connection.attribute("Arn"),
        "HttpMethod": "POST",
        "InvocationEndpoint": "https://127.0.0.1:1/x",
    }
    destination = lab.create(ApiDestination(), properties)
    destination = lab.update(destination, {**properties, "HttpMethod": "PUT"})
    assert calls.describe_api_destination(Name=destination.ref)["HttpMethod"] == "PUT"
    lab.delete(destination)
    lab.delete(connection)


def test_schedules(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("scheduler")
    group = lab.create(ScheduleGroup(), {"Name": engine.name("group")}, "Group")
    queue = queue_for(lab, "scheduler.amazonaws.com")
    properties = {
        "GroupName": group.ref,
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "ScheduleExpression": "at(2020-01-01T00:00:00)",
        "Target": {"Arn": queue.attribute("Arn"), "RoleArn": ROLE, "Input": '{"n": 1}'},
    }
    schedule = lab.create(
        Schedule(), {**properties, "ScheduleExpression": "rate(1 hour)", "Description": "d"}
    )
    schedule = lab.update(
        schedule, {**properties, "ScheduleExpression": "rate(2 hours)", "State": "DISABLED"}
    )
    told = calls.get_schedule(Name=schedule.ref, GroupName=group.ref)
    assert (told["ScheduleExpression"], told["State"]) == ("rate(2 hours)", "DISABLED")
    assert "Description" not in told
    assert told["Arn"] == schedule.attribute("Arn")
    assert Schedule().replacing(properties, {**properties, "GroupName": "x"}) == {"GroupName"}
    lab.delete(schedule)
    lab.delete(group)


def test_a_pipe_moves_messages_from_its_creation_on(engine: Engine) -> None:
    lab, calls = Lab(engine), engine.client("sqs")
    source, target = lab.create(Queue(), {}, "Source"), lab.create(Queue(), {}, "Target")
    properties = {
        "RoleArn": ROLE,
        "Source": source.attribute("Arn"),
        "Target": target.attribute("Arn"),
        "SourceParameters": {"SqsQueueParameters": {"BatchSize": "1"}},
    }
    pipe = lab.create(Pipe(), properties, "Pipe", without=("StateReason",))
    assert pipe.attribute("CurrentState") == "RUNNING"
    calls.send_message(QueueUrl=source.ref, MessageBody='{"n": 1}')
    assert json.loads(next_body(engine, target)["body"]) == {"n": 1}
    pipe = lab.update(pipe, {**properties, "DesiredState": "STOPPED"})
    assert pipe.attribute("CurrentState") == "STOPPED"
    lab.delete(pipe)
    gone = error_of(lambda: engine.client("pipes").describe_pipe(Name=pipe.ref))
    assert gone[0] == "NotFoundException"


def test_a_pipe_that_cannot_be_is_refused(engine: Engine) -> None:
    lab = Lab(engine)
    code, _ = error_of(
        lambda: lab.create(Pipe(), {"RoleArn": ROLE, "Source": "x", "Target": "y"}, "Pipe")
    )
    assert code == "ValidationException"


def test_what_is_not_here_is_refused(engine: Engine) -> None:
    lab = Lab(engine)
    properties = {
        "AuthorizationType": "API_KEY",
        "AuthParameters": {"ApiKeyAuthParameters": {"ApiKeyName": "k", "ApiKeyValue": "v"}},
        "Name": engine.name(),
    }
    context = lab.context()
    with pytest.raises(Refused, match="AuthParameters is 'x', not an object"):
        Connection().create(context, {**properties, "AuthParameters": "x"})
