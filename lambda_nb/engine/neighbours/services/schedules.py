"""The clock for EventBridge's scheduled rules and EventBridge Scheduler; moto has none."""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timezone
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lambda_nb.engine.neighbours.services import event_bus as bus
from lambda_nb.rules.events import schedules

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.5


class Clock:
    """Fires rules and schedules that are due, in its own thread.

    Parameters
    ----------
    targets
        Where payloads go.
    """

    def __init__(self, targets: bus.Targets) -> None:
        self._targets = targets
        # By ARN: the expression and zone, when it was first seen, when it fires next.
        self._due: dict[str, tuple[tuple[str, str], datetime, datetime | None]] = {}
        self._last = datetime.min.replace(tzinfo=timezone.utc)

    def start(self) -> None:
        """Start the thread."""
        threading.Thread(target=self._run, name="schedules", daemon=True).start()

    def _run(self) -> None:
        while True:
            time.sleep(_LOOK_EVERY_S)
            try:
                self.tick(datetime.now(timezone.utc))
            except Exception:  # one bad schedule must not stop the others for ever
                log.exception("schedules stumbled")

    def tick(self, now: datetime) -> None:
        """Fire everything that is due at a time (UTC)."""
        if now < self._last:  # the machine's clock was set back: no schedule waits for the old time
            self._due.clear()
        self._last = now
        alive = set()
        for rule in list(_scheduled_rules()):
            alive.add(rule.arn)
            if self._is_due(rule.arn, rule.scheduled_expression, "UTC", now):
                event = _scheduled_event(rule, now)
                for target in rule.targets:
                    if self._targets.knows(target["Arn"]):
                        self._targets.send(target, bus.payload_for(target, event, event))
        for schedule in list(_schedules()):
            alive.add(schedule.arn)
            zone = schedule.schedule_expression_timezone
            if self._is_due(
                schedule.arn, schedule.schedule_expression, zone, now
            ) and self._targets.knows(schedule.target["Arn"]):
                payload = schedule.target.get("Input") or json.dumps({})
                self._targets.send(schedule.target, payload)
        for arn in set(self._due) - alive:
            del self._due[arn]

    def _is_due(self, arn: str, expression: str, zone: str, now: datetime) -> bool:
        known = self._due.get(arn)
        if known is None or known[0] != (expression, zone):
            self._due[arn] = ((expression, zone), now, _next(expression, zone, now, now))
            return False
        _, since, due = known
        if due is None or due > now:
            return False
        self._due[arn] = ((expression, zone), since, _next(expression, zone, since, now))
        return True


def _next(expression: str, zone: str, since: datetime, after: datetime) -> datetime | None:
    try:
        place = ZoneInfo(zone)
        found = schedules.next_time(expression, since.astimezone(place), after.astimezone(place))
    except (ValueError, ZoneInfoNotFoundError) as error:
        log.warning("a schedule never fires: %s", error)
        return None
    return found.astimezone(timezone.utc) if found is not None else None


def _scheduled_rules() -> Iterator[Any]:
    """Enabled rules with a schedule; none until EventBridge is used."""
    module = sys.modules.get("moto.events.models")
    if module is None:
        return
    for account in list(module.events_backends.values()):
        for backend in list(account.values()):
            for event_bus in list(backend.event_buses.values()):
                for rule in list(event_bus.rules.values()):
                    if rule.scheduled_expression and rule.state == "ENABLED":
                        yield rule


def _schedules() -> Iterator[Any]:
    """Enabled schedules of EventBridge Scheduler."""
    module = sys.modules.get("moto.scheduler.models")
    if module is None:
        return
    for account in list(module.scheduler_backends.values()):
        for backend in list(account.values()):
            for group in list(backend.schedule_groups.values()):
                for schedule in list(group.schedules.values()):
                    if schedule.state == "ENABLED":
                        yield schedule


def _scheduled_event(rule: Any, now: datetime) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": rule.account_id,
        "time": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "region": rule.region_name,
        "resources": [rule.arn],
        "detail": {},
    }
