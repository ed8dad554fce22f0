"""Archives keep what matches, count it truly, and replay a window of it."""

from __future__ import annotations

import json
from datetime import datetime, timezone
from typing import Any

import pytest
from botocore.exceptions import ClientError
from engine_fixtures import Engine
from eventbridge_lab import Queue, put, rule, until

BEGIN = 1767323045


def at(second: int) -> datetime:
    return datetime.fromtimestamp(BEGIN + second, timezone.utc)


def archived(engine: Engine, count: int = 5) -> tuple[str, str, str, Queue]:
    """A bus with an archive and some events in it, a second apart: bus, source, archive, queue."""
    events, queue, bus = engine.client("events"), Queue(engine), engine.name("bus")
    arn = events.create_event_bus(Name=bus)["EventBusArn"]
    name, archive = rule(engine, {"Arn": queue.arn}, bus=bus), engine.name("archive")
    pattern = json.dumps({"source": [name]})
    events.create_archive(
        ArchiveName=archive, EventSourceArn=arn, EventPattern=pattern, RetentionDays=0
    )
    for number in range(count):
        put(engine, name, {"n": number}, EventBusName=bus, Time=BEGIN + number)
    put(engine, "other", EventBusName=bus)
    queue.receive(count)
    return bus, name, archive, queue


def replay(engine: Engine, bus: str, archive: str, begin: int, end: int, **more: Any) -> str:
    events, name = engine.client("events"), engine.name("replay")
    where = f"arn:aws:events:{engine.region}:{engine.account}"
    answer = events.start_replay(
        ReplayName=name,
        EventSourceArn=f"{where}:archive/{archive}",
        EventStartTime=at(begin),
        EventEndTime=at(end),
        Destination={"Arn": f"{where}:event-bus/{bus}", **more},
    )
    assert answer["State"] == "STARTING"
    return name


def test_an_archive_counts_what_it_keeps(engine: Engine) -> None:
    events = engine.client("events")
    _, name, archive, _ = archived(engine)
    told = events.describe_archive(ArchiveName=archive)
    assert (told["State"], told["EventCount"], told["RetentionDays"]) == ("ENABLED", 5, 0)
    assert 1000 < told["SizeBytes"] < 1500
    pattern = json.dumps({"source": [name], "detail": {"n": [7]}})
    events.update_archive(ArchiveName=archive, EventPattern=pattern, Description="d")
    told = events.describe_archive(ArchiveName=archive)
    assert (told["EventPattern"], told["Description"]) == (pattern, "d")
    (listed,) = events.list_archives(NamePrefix=archive)["Archives"]
    assert listed["EventCount"] == 5


def test_retention_counts_from_the_arrival_not_from_the_time_of_the_event(engine: Engine) -> None:
    events = engine.client("events")
    _, _, archive, _ = archived(engine)
    events.update_archive(ArchiveName=archive, RetentionDays=1)
    assert events.describe_archive(ArchiveName=archive)["RetentionDays"] == 1
    assert events.describe_archive(ArchiveName=archive)["EventCount"] == 5


def test_a_window_is_replayed_with_the_name_of_the_replay(engine: Engine) -> None:
    events = engine.client("events")
    bus, _, archive, queue = archived(engine)
    name = replay(engine, bus, archive, 1, 3)
    bodies = queue.bodies(3)
    assert [body["detail"]["n"] for body in bodies] == [1, 2, 3]
    assert {body["replay-name"] for body in bodies} == {name}
    until(lambda: events.describe_replay(ReplayName=name)["State"] == "COMPLETED")
    told = events.describe_replay(ReplayName=name)
    assert told["EventLastReplayedTime"] == at(3)
    assert told["ReplayEndTime"] >= told["ReplayStartTime"]
    assert events.describe_archive(ArchiveName=archive)["EventCount"] == 5  # not once more
    with pytest.raises(ClientError, match="not in a valid state"):
        events.cancel_replay(ReplayName=name)
    (listed,) = events.list_replays(NamePrefix=name)["Replays"]
    assert listed["State"] == "COMPLETED"


def test_a_replay_to_some_rules_only(engine: Engine) -> None:
    events = engine.client("events")
    bus, source, archive, queue = archived(engine)
    other, chosen = Queue(engine), engine.name("rule")
    arn = events.put_rule(
        Name=chosen, EventBusName=bus, EventPattern=json.dumps({"source": [source]})
    )["RuleArn"]
    target = {"Id": "1", "Arn": other.arn}
    events.put_targets(Rule=chosen, EventBusName=bus, Targets=[target])
    name = replay(engine, bus, archive, 0, 10, FilterArns=[arn])
    assert len(other.receive(5)) == 5
    until(lambda: events.describe_replay(ReplayName=name)["State"] == "COMPLETED")
    assert queue.is_empty()


def test_a_deleted_archive_is_gone_with_its_rule(engine: Engine) -> None:
    events = engine.client("events")
    bus, _, archive, _ = archived(engine)
    rules = [one["Name"] for one in events.list_rules(EventBusName=bus)["Rules"]]
    assert f"Events-Archive-{archive}" in rules
    events.delete_archive(ArchiveName=archive)
    assert len(events.list_rules(EventBusName=bus)["Rules"]) == 1
    with pytest.raises(ClientError, match="does not exist"):
        events.describe_archive(ArchiveName=archive)


def test_windows_that_are_none(engine: Engine) -> None:
    bus, _, archive, _ = archived(engine, 1)
    with pytest.raises(ClientError, match="EventStartTime must be before EventEndTime"):
        replay(engine, bus, archive, 3, 3)
