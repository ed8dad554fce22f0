"""The clock of schedules: each time sends once, also over a restart, a jump and a long absence."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from lambda_nb.engine.neighbours.services.eventbridge.bus import Buses
from lambda_nb.engine.neighbours.services.eventbridge.metrics import Metrics
from lambda_nb.engine.neighbours.services.eventbridge.scheduler.clock import Clock
from lambda_nb.engine.neighbours.services.eventbridge.store import Store
from lambda_nb.engine.neighbours.services.eventbridge.targets.deliveries import Deliveries
from lambda_nb.engine.neighbours.services.eventbridge.targets.jobs import IN_PROCESS, Job

ACCOUNT, REGION = "111111111111", "eu-central-1"
NOW = datetime.now(timezone.utc).replace(microsecond=0)
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:q"


class Desk:
    """A clock over a store, without threads; a new one is a restart."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._number = 0
        self.restart()

    def restart(self) -> None:
        metrics = Metrics()
        self._store = Store(self._directory)
        buses = Buses(metrics)
        buses.deliveries = Deliveries(self._store, lambda job: None, metrics)
        self._clock = Clock(self._store, buses, buses.deliveries)
        self._clock._timed = self._store.timed()

    def tick(self, moment: datetime) -> list[Job]:
        """What is sent new at a moment."""
        self._clock.tick(moment)
        rows = self._store.due(IN_PROCESS, time.time() + 1e9, (), (), 1000)
        new = [Job.of(text) for number, _, text in rows if number > self._number]
        self._number = max([self._number, *(row[0] for row in rows)])
        return new


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


@pytest.fixture
def backend() -> Iterator[Any]:
    from moto.scheduler.models import scheduler_backends

    found = scheduler_backends[ACCOUNT][REGION]
    yield found
    found.schedule_groups["default"].schedules.clear()


def schedule(backend: Any, expression: str, made: datetime = NOW, **settings: Any) -> Any:
    told = {
        "description": None, "end_date": None, "flexible_time_window": {"Mode": "OFF"},
        "group_name": None, "kms_key_arn": None, "name": "s", "schedule_expression": expression,
        "schedule_expression_timezone": None, "start_date": None, "state": None,
        "target": {"Arn": QUEUE, "RoleArn": "r"}, "action_after_completion": None, **settings,
    }  # fmt: skip
    found = backend.create_schedule(**told)
    found.creation_date = found.last_modified_date = made.timestamp()
    return found


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_rate_sends_at_each_time_once(desk: Desk, backend: Any) -> None:
    schedule(backend, "rate(1 minute)")
    sent = [desk.tick(after(seconds)) for seconds in (0, 1, 59, 60, 61, 121)]
    assert [len(jobs) for jobs in sent] == [1, 0, 0, 1, 0, 1]
    assert sent[3][0].scheduled == f"{after(60):%Y-%m-%dT%H:%M:%SZ}"


def test_a_restart_neither_repeats_nor_forgets(desk: Desk, backend: Any) -> None:
    schedule(backend, "rate(1 minute)")
    assert len(desk.tick(after(0))) == 1
    desk.restart()
    assert len(desk.tick(after(1))) == 0
    desk.restart()
    assert len(desk.tick(after(60))) == 1


def test_a_time_missed_for_long_is_left_out_but_a_short_absence_is_not(
    desk: Desk, backend: Any
) -> None:
    schedule(backend, "rate(1 hour)")
    assert len(desk.tick(after(0))) == 1
    desk.restart()
    assert len(desk.tick(after(3600 + 59))) == 1  # within the minute that AWS takes, too
    desk.restart()
    assert len(desk.tick(after(3 * 3600 + 600))) == 0
    (job,) = desk.tick(after(4 * 3600))
    assert job.scheduled == f"{after(4 * 3600):%Y-%m-%dT%H:%M:%SZ}"


def test_one_time_is_made_up_for_and_then_done(desk: Desk, backend: Any) -> None:
    made = schedule(backend, f"at({after(100):%Y-%m-%dT%H:%M:%S})")
    made.action_after_completion = "DELETE"
    assert desk.tick(after(99)) == []
    desk.restart()
    (job,) = desk.tick(after(10_000))
    assert (job.scheduled, job.last) == (f"{after(100):%Y-%m-%dT%H:%M:%SZ}", True)
    desk.restart()
    assert desk.tick(after(10_001)) == []


def test_a_change_counts_from_the_change(desk: Desk, backend: Any) -> None:
    made = schedule(backend, "rate(1 hour)")
    assert len(desk.tick(after(0))) == 1
    made.schedule_expression, made.last_modified_date = "rate(2 hours)", after(60).timestamp()
    assert len(desk.tick(after(60))) == 1
    assert len(desk.tick(after(3600))) == 0
    assert len(desk.tick(after(60 + 7200))) == 1


def test_start_end_and_zone(desk: Desk, backend: Any) -> None:
    start, end = after(600).timestamp(), after(600 + 3600).timestamp()
    schedule(backend, "rate(30 minutes)", start_date=start, end_date=end)
    moments = (0, 599, 600, 600 + 1800, 600 + 3600, 600 + 5400)
    assert [len(desk.tick(after(moment))) for moment in moments] == [0, 0, 1, 1, 1, 0]


def test_a_flexible_window_only_delays(desk: Desk, backend: Any) -> None:
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 10}
    schedule(backend, f"at({after(60):%Y-%m-%dT%H:%M:%S})", flexible_time_window=window)
    assert desk.tick(after(59)) == []
    assert len(desk.tick(after(60 + 600))) == 1
    timed = desk._store.timed()[f"arn:aws:scheduler:{REGION}:{ACCOUNT}:schedule/default/s"]
    assert timed.fires is None


def test_a_clock_that_is_set_back_makes_nobody_wait(desk: Desk, backend: Any) -> None:
    schedule(backend, "rate(1 hour)")
    schedule(backend, f"at({after(5):%Y-%m-%dT%H:%M:%S})", name="once")
    assert len(desk.tick(after(86_400))) == 1
    assert desk.tick(after(0)) == []  # nor does what is done come again
    assert len(desk.tick(after(3600))) == 1
    desk.restart()
    assert desk.tick(after(-86_400)) == []
    assert len(desk.tick(after(-86_400 + 3600))) == 1


def test_a_small_step_back_of_the_clock_changes_nothing(desk: Desk, backend: Any) -> None:
    schedule(backend, "rate(1 hour)")
    desk.tick(after(10))
    desk.tick(after(5))
    assert len(desk.tick(after(3600))) == 1


def test_a_disabled_schedule_is_left_alone(desk: Desk, backend: Any) -> None:
    made = schedule(backend, "rate(1 minute)", state="DISABLED")
    assert desk.tick(after(0)) == []
    made.state = "ENABLED"
    assert len(desk.tick(after(1))) == 1


def test_a_scheduled_rule(desk: Desk) -> None:
    from moto.events.models import events_backends

    events = events_backends[ACCOUNT][REGION]
    events.put_rule("r", scheduled_expression="rate(1 minute)")
    events.put_targets("r", None, [{"Id": "1", "Arn": QUEUE}])
    try:
        assert desk.tick(datetime.now(timezone.utc)) == []
        (job,) = desk.tick(datetime.now(timezone.utc) + timedelta(seconds=61))
        event = json.loads(job.payload)
        assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
        assert event["resources"] == [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/r"]
    finally:
        events.remove_targets("r", None, ["1"])
        events.delete_rule("r", None)


def test_a_changed_schedule_of_a_rule_counts_from_the_change(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    from moto.events.models import events_backends

    events, now = events_backends[ACCOUNT][REGION], datetime.now(timezone.utc)
    events.put_rule("r", scheduled_expression="rate(1 day)")
    events.put_targets("r", None, [{"Id": "1", "Arn": QUEUE}])
    try:
        assert desk.tick(now) == []
        later = now + timedelta(seconds=90)
        events.put_rule("r", scheduled_expression="rate(1 minute)")
        assert desk.tick(later) == []
        assert len(desk.tick(later + timedelta(seconds=59))) == 0
        assert len(desk.tick(later + timedelta(seconds=60))) == 1
        assert "while nobody was there" not in caplog.text
    finally:
        events.remove_targets("r", None, ["1"])
        events.delete_rule("r", None)


@pytest.mark.parametrize("expression", ["at(2020-01-01T00:00:00)", "cron(0 0 31 2 ? *)"])
def test_what_never_fires_is_said(
    desk: Desk, backend: Any, caplog: pytest.LogCaptureFixture, expression: str
) -> None:
    made = schedule(backend, expression)
    assert desk.tick(after(0)) == desk.tick(after(1)) == []
    assert caplog.text.count(f"{made.arn} never fires: {expression} has no time to come") == 1
