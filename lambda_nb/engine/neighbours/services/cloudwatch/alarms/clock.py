"""Evaluates each alarm when its period ends; sleeps in between."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch.alarms import alarm as alarms
from lambda_nb.engine.neighbours.services.cloudwatch.alarms.states import States
from lambda_nb.engine.neighbours.services.due_work import DueWork
from lambda_nb.rules.alarms.evaluation import every_s

log = logging.getLogger(__name__)

GRACE_S = 0.9
"""Seconds after a period's end: metrics of functions arrive once a second."""
_LONGEST_NAP_S = 30.0
"""Somebody may have set the machine's clock."""


class Clock:
    """Evaluates alarms in its own thread. A new one is evaluated at once.

    Parameters
    ----------
    states
        Evaluates.
    """

    def __init__(self, states: States) -> None:
        self._states = states
        self._due: dict[str, float] = {}
        self._told: set[str] = set()
        self._work = DueWork("CloudWatch's alarms", self._run)

    def start(self) -> None:
        """Start the thread."""
        self._work.start()

    def wake(self) -> None:
        """An alarm may be new or changed, or a suppression may end at another time."""
        self._work.wake()

    def _run(self) -> float:
        due = self.tick(time.time())
        return _LONGEST_NAP_S if due is None else min(due - time.time(), _LONGEST_NAP_S)

    def tick(self, now: float) -> float | None:
        """Evaluate what is due; returns when the next alarm is (seconds since 1970)."""
        alive: set[str] = set()
        ends: list[float] = []
        for backend in _backends():
            for alarm in list(backend.alarms.values()):
                if not alarms.is_composite(alarm):
                    alive.add(_version(alarm))
                    ends.append(self._look(backend, alarm, now))
            end = self._states.tick(backend, now)
            if end is not None:
                ends.append(end)
        for gone in self._due.keys() - alive:
            del self._due[gone]
        return min(ends, default=None)

    def _look(self, backend: Any, alarm: Any, now: float) -> float:
        """Evaluate an alarm if it is due; returns when it is the next time."""
        version = _version(alarm)
        every = every_s(alarms.period_of(alarms.requested(alarm)))
        due = self._due.get(version)
        if due is not None and now < due <= now + every + GRACE_S:  # else the clock was set back
            return due
        end = int(now - GRACE_S if due is not None else now) // every * every
        following = end + every + GRACE_S
        self._due[version] = following
        try:
            self._states.evaluate(backend, alarm, end)
        except Exception as error:
            if version not in self._told:
                self._told.add(version)
                log.warning("%s cannot be evaluated: %r", alarm.alarm_arn, error)
        return following


def _version(alarm: Any) -> str:
    """An alarm as it is configured now: once changed, it is evaluated at once."""
    return f"{alarm.alarm_arn} {alarm.configuration_updated_timestamp}"


def _backends() -> Iterator[Any]:
    found = sys.modules.get("moto.cloudwatch.models")
    if found is not None:
        for account in list(found.cloudwatch_backends.values()):
            yield from list(account.values())
