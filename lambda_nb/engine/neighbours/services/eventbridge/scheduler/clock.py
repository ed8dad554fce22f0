"""The clock of EventBridge's scheduled rules and of EventBridge Scheduler; moto has none.

It sleeps until the next schedule is due. A schedule's next time is on disk, and changes in one
transaction with the deliveries of the time before: each time sends once, whenever the process ends.
"""

from __future__ import annotations

import json
import logging
import random
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lambda_nb.engine.neighbours.services.due_work import DueWork
from lambda_nb.engine.neighbours.services.eventbridge.bus import Buses
from lambda_nb.engine.neighbours.services.eventbridge.store import Store, Timed
from lambda_nb.engine.neighbours.services.eventbridge.targets.deliveries import Deliveries
from lambda_nb.engine.neighbours.services.eventbridge.targets.jobs import SCHEDULE, Job
from lambda_nb.engine.steady_clock import steady_time
from lambda_nb.rules.events.eventbridge.input_transformation import compact
from lambda_nb.rules.events.eventbridge.schedule_plans import Plan, is_missed

log = logging.getLogger(__name__)

_LONGEST_NAP_S = 30.0
"""Somebody may have set the machine's clock."""
_NOW_AND_THEN_S = 0.05
_SET_BACK_S = 60.0
"""Smaller steps of the machine's clock change nothing."""
_GONE_FOR_S = 10.0
"""moto's state is on disk by then: no restart brings back a schedule whose times are forgotten."""


@dataclass(slots=True)
class _Schedule:
    """A rule's schedule, or a schedule of Scheduler, with what it sends at a time."""

    arn: str
    plan: Plan
    zone: str
    window_s: float
    made: float
    jobs: Callable[[datetime, bool], list[Job]]

    @property
    def text(self) -> str:
        """Differs when the schedule has changed."""
        plan = self.plan
        between = str(plan.start), str(plan.end)
        told = (plan.expression, self.zone, self.window_s, *between, self.made)
        return json.dumps(told)


class Clock:
    """Fires rules and schedules that are due, in its own thread.

    Parameters
    ----------
    store
        Keeps their next times.
    buses
        Makes the deliveries of rules.
    deliveries
        Is told of new deliveries.
    """

    def __init__(self, store: Store, buses: Buses, deliveries: Deliveries) -> None:
        self._store = store
        self._buses = buses
        self._deliveries = deliveries
        self._timed: dict[str, Timed] = {}
        self._last = datetime.min.replace(tzinfo=timezone.utc)
        self._work = DueWork("schedules", self._run)
        self._told: set[str] = set()
        self._gone: dict[str, float] = {}

    def start(self) -> None:
        """Start the thread."""
        self._timed = self._store.timed()
        self._work.start()

    def wake(self) -> None:
        """A schedule may have changed."""
        self._work.wake()

    def empty(self) -> None:
        """Forget all schedules, which are gone from the services and from the store."""
        self._timed.clear()
        self._gone.clear()
        self.wake()

    def _run(self) -> float:
        due = self.tick(datetime.now(timezone.utc))
        left = _LONGEST_NAP_S if due is None else due - time.time()
        return min(max(left, _NOW_AND_THEN_S), _LONGEST_NAP_S)

    def tick(self, now: datetime) -> float | None:
        """Fire everything that is due at a time (UTC); returns when the next is due."""
        alive = set()
        for schedule in [*self._rules(now), *self._schedules()]:
            alive.add(schedule.arn)
            try:
                self._look(schedule, now, self._is_set_back(schedule, now))
            except (ValueError, ZoneInfoNotFoundError) as error:
                self._complain(f"{schedule.arn} never fires: {error}")
        self._last = now
        self._forget(alive)
        waiting = (self._timed[arn].fires for arn in alive if arn in self._timed)
        return min((fires for fires in waiting if fires is not None), default=None)

    def _is_set_back(self, schedule: _Schedule, now: datetime) -> bool:
        """Whether a schedule would wait for a time that the machine's clock has left."""
        timed = self._timed.get(schedule.arn)
        if timed is None or timed.fires is None:
            return False
        latest = now + timedelta(seconds=_SET_BACK_S)
        return latest < self._last or timed.since > latest.timestamp()

    def _forget(self, alive: set[str]) -> None:
        """Forget schedules that are gone, but not before this is saved on disk as well."""
        now = time.monotonic()
        gone = set(self._timed) - alive
        self._gone = {arn: self._gone.get(arn, now) for arn in gone}
        for arn in gone:
            if now - self._gone[arn] >= _GONE_FOR_S:
                del self._timed[arn]
                self._store.forget_schedule(arn)

    def _look(self, schedule: _Schedule, now: datetime, back: bool) -> None:
        timed = self._timed.get(schedule.arn)
        if timed is None or timed.plan != schedule.text:
            plan = schedule.plan
            timed = self._timed_at(schedule, plan.since.timestamp(), plan.first())
            self._keep(schedule, timed)
            if timed.due is None:
                words = f"{schedule.arn} never fires: {plan.expression} has no time to come"
                self._complain(words)
        elif back:
            since = now.timestamp()
            due = self._plan(schedule, timed._replace(since=since)).after(now)
            timed = self._timed_at(schedule, since, due)
            self._keep(schedule, timed)
        if timed.fires is None or timed.due is None or timed.fires > now.timestamp():
            return
        plan, due = self._plan(schedule, timed), _utc(timed.due)
        if is_missed(plan, _utc(timed.fires), now):
            log.warning("%s was due at %s while nobody was there", schedule.arn, due)
            self._keep(schedule, self._timed_at(schedule, timed.since, plan.after(now)))
            return
        following = plan.after(due)
        jobs = schedule.jobs(due, following is None)
        self._keep(schedule, self._timed_at(schedule, timed.since, following), jobs)

    @staticmethod
    def _plan(schedule: _Schedule, timed: Timed) -> Plan:
        plan = schedule.plan
        return Plan(
            plan.expression, plan.zone, _utc(timed.since), plan.start, plan.end, plan.at_once
        )

    @staticmethod
    def _timed_at(schedule: _Schedule, since: float, due: datetime | None) -> Timed:
        if due is None:
            return Timed(schedule.text, since, None, None)
        late = random.random() * schedule.window_s
        return Timed(schedule.text, since, due.timestamp(), due.timestamp() + late)

    def _keep(self, schedule: _Schedule, timed: Timed, jobs: list[Job] | None = None) -> None:
        self._store.fired(schedule.arn, timed, self._deliveries.waiting(jobs or ()))
        self._timed[schedule.arn] = timed
        if jobs:
            self._deliveries.wake()

    def _complain(self, words: str) -> None:
        if words not in self._told:
            self._told.add(words)
            log.warning("%s", words)

    def _rules(self, now: datetime) -> Iterator[_Schedule]:
        """Enabled rules with a schedule; none until EventBridge is used."""
        for backend in _backends("moto.events.models", "events_backends"):
            for rule in list(backend.event_buses["default"].rules.values()):
                if rule.scheduled_expression and rule.state != "DISABLED":
                    plan = Plan(rule.scheduled_expression, since=now)
                    found = _Schedule(rule.arn, plan, "UTC", 0.0, 0.0, self._of_rule(rule))
                    timed = self._timed.get(rule.arn)
                    if timed is not None and timed.plan == found.text:
                        found.plan = replace(plan, since=_utc(timed.since))
                    yield found

    def _of_rule(self, rule: Any) -> Callable[[datetime, bool], list[Job]]:
        def jobs(due: datetime, last: bool) -> list[Job]:
            return self._buses.of_rule(rule, scheduled_event(rule, due))

        return jobs

    def _schedules(self) -> Iterator[_Schedule]:
        """Enabled schedules of EventBridge Scheduler."""
        for backend in _backends("moto.scheduler.models", "scheduler_backends"):
            for group in list(backend.schedule_groups.values()):
                for schedule in list(group.schedules.values()):
                    if schedule.state != "DISABLED":
                        try:
                            yield _of_scheduler(schedule, backend)
                        except (ValueError, ZoneInfoNotFoundError) as error:
                            self._complain(f"{schedule.arn} never fires: {error}")


def _of_scheduler(schedule: Any, backend: Any) -> _Schedule:
    zone = schedule.schedule_expression_timezone or "UTC"
    window = schedule.flexible_time_window or {}
    minutes = window.get("MaximumWindowInMinutes") or 0
    plan = Plan(
        schedule.schedule_expression,
        zone_of(zone),
        _utc(schedule.last_modified_date),
        None if schedule.start_date is None else _utc(schedule.start_date),
        None if schedule.end_date is None else _utc(schedule.end_date),
        at_once=schedule.schedule_expression.startswith("rate("),
    )

    def jobs(due: datetime, last: bool) -> list[Job]:
        job = Job(
            SCHEDULE,
            schedule.arn,
            schedule.target,
            schedule.target.get("Input") or compact(_notification(schedule, backend, due)),
            steady_time(),
            scheduled=f"{due:%Y-%m-%dT%H:%M:%SZ}",
            last=last and schedule.action_after_completion == "DELETE",
        )
        return [job]

    flexible = window.get("Mode") == "FLEXIBLE"
    window_s = minutes * 60.0 if flexible else 0.0
    return _Schedule(schedule.arn, plan, zone, window_s, float(schedule.creation_date), jobs)


def zone_of(name: str) -> tzinfo:
    """The time zone of a name.

    Raises
    ------
    ValueError
        There is none.
    """
    if name == "UTC":
        return timezone.utc
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"{name!r} is no time zone") from error


def scheduled_event(rule: Any, due: datetime) -> dict[str, Any]:
    """The event of a scheduled rule."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": rule.account_id,
        "time": f"{due:%Y-%m-%dT%H:%M:%SZ}",
        "region": rule.region_name,
        "resources": [rule.arn],
        "detail": {},
    }


def _notification(schedule: Any, backend: Any, due: datetime) -> dict[str, Any]:
    """What a target without an input gets."""
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": backend.account_id,
        "time": f"{due:%Y-%m-%dT%H:%M:%SZ}",
        "region": backend.region_name,
        "resources": [schedule.arn],
        "detail": "{}",
    }


def _backends(module: str, name: str) -> Iterator[Any]:
    found = sys.modules.get(module)
    if found is not None:
        for account in list(getattr(found, name).values()):
            yield from list(account.values())


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(float(seconds), timezone.utc)
