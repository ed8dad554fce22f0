"""Changes of alarms' states: history, actions, the composite alarms above, suppression."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch.alarms import alarm as alarms
from lambda_nb.engine.neighbours.services.cloudwatch.alarms import evaluating, history
from lambda_nb.engine.neighbours.services.cloudwatch.alarms.actions import Actions
from lambda_nb.engine.neighbours.services.cloudwatch.alarms.evaluating import Verdict
from lambda_nb.engine.neighbours.services.cloudwatch.alarms.messages import Change
from lambda_nb.engine.neighbours.services.cloudwatch.alarms.suppression import Suppression
from lambda_nb.rules.alarms import composite
from lambda_nb.rules.alarms.evaluation import ALARM, OK
from lambda_nb.rules.alarms.reasons import INITIAL, compact, iso, transitioned

MOST_LEVELS = 20
"""Composite alarms above one another; a circle of them would never end."""


class States:
    """The states of all alarms. One thread at a time changes them.

    Parameters
    ----------
    actions
        Carries out what a new state causes.
    """

    def __init__(self, actions: Actions) -> None:
        self._actions = actions
        self._suppression = Suppression(self.state_of)
        self.lock = threading.RLock()

    def evaluate(self, backend: Any, alarm: Any, end_s: int) -> None:
        """Evaluate a metric alarm for the time up to ``end_s``."""
        verdict = evaluating.evaluate(backend, alarm, end_s)
        with self.lock:
            if verdict is not None and backend.alarms.get(alarm.name) is alarm:
                self.set(backend, alarm, verdict)

    def set(
        self,
        backend: Any,
        alarm: Any,
        verdict: Verdict,
        children: Sequence[Any] = (),
        level: int = 0,
    ) -> None:
        """Give an alarm a state, with all that follows from it if the state is new."""
        with self.lock:
            if verdict.state == alarm.state_value:
                if alarm.state_reason == INITIAL:
                    alarm.state_reason, alarm.state_reason_data = verdict.reason, verdict.data
                return
            _note(backend)
            previous = alarms.state(alarm)
            at = alarms.now()
            # An alarm that is gone from the disk fires again: actions come first, then the state.
            fresh = _as_if(alarm, verdict, at)
            change = Change(fresh, previous, [_child(child) for child in children])
            history.state_update(backend, fresh, previous)
            if fresh.actions_enabled and not self._suppression.holds_back(
                backend, alarm, fresh, previous
            ):
                self._actions.carry_out(backend, change)
            self._actions.tell_state(backend, change)
            alarm.__dict__.update(fresh.__dict__)
            if level < MOST_LEVELS:
                for parent in list(_parents(backend, alarm)):
                    self.look(backend, parent, [alarm], level + 1)
                self._released(backend)

    def look(
        self, backend: Any, alarm: Any, children: Sequence[Any], level: int = 0, how: str = ""
    ) -> None:
        """Evaluate a composite alarm.

        Parameters
        ----------
        children
            The alarms that changed.
        how
            ``created`` or ``updated``, if the composite alarm itself changed.
        """
        with self.lock:
            rule = composite.parse(alarm.rule)
            state = ALARM if rule.holds(lambda name: self.state_of(backend, name)) else OK
            if how:
                reason = f"{alarm.alarm_arn} was {how} and its alarm rule evaluates to {state}"
            else:
                child = children[0]
                at = alarms.milliseconds(child.state_updated_timestamp)
                reason = transitioned(child.alarm_arn, child.state_value, at)
            data = compact({"triggeringAlarms": [_told(child) for child in children]})
            self.set(backend, alarm, Verdict(state, reason, data), children, level)

    @staticmethod
    def state_of(backend: Any, name: str) -> str | None:
        """The state of an alarm by its name or ARN."""
        found = find(backend, name)
        return None if found is None else str(found.state_value)

    def _released(self, backend: Any) -> None:
        """Carry out what is suppressed no longer."""
        for alarm, previous in self._suppression.released(backend, time.time()):
            _note(backend)
            self._actions.carry_out(backend, Change(alarm, previous))

    def tick(self, backend: Any, now: float) -> float | None:
        """Let suppression periods end; returns when the next one does."""
        with self.lock:
            self._released(backend)
            return self._suppression.next_end(backend, now)


def _note(backend: Any) -> None:
    """Have a backend saved: only looking it up tells that it changes."""
    from moto.cloudwatch.models import cloudwatch_backends

    cloudwatch_backends[backend.account_id][backend.region_name]


def find(backend: Any, name: str) -> Any:
    """An alarm by its name or ARN; ``None`` if there is none."""
    if name.startswith("arn:"):
        name = name.split(":", 6)[6]
    return backend.alarms.get(name)


def _as_if(alarm: Any, verdict: Verdict, at: Any) -> Any:
    """The alarm as it is after a change."""
    changed = copy.copy(alarm)
    changed.state_value = verdict.state
    changed.state_reason = verdict.reason
    changed.state_reason_data = verdict.data
    changed.state_updated_timestamp = changed.state_transitioned_timestamp = at
    return changed


def _parents(backend: Any, alarm: Any) -> Iterator[Any]:
    for other in list(backend.alarms.values()):
        if alarms.is_composite(other):
            names = composite.parse(other.rule).alarms
            if any(find(backend, name) is alarm for name in names):
                yield other


def children(backend: Any, alarm: Any) -> list[Any]:
    """The alarms that a composite alarm looks at and that exist."""
    found = (find(backend, name) for name in composite.parse(alarm.rule).alarms)
    return [child for child in found if child is not None]


def parents(backend: Any, alarm: Any) -> list[Any]:
    """The composite alarms that look at an alarm."""
    return list(_parents(backend, alarm))


def _told(child: Any) -> dict[str, Any]:
    at = iso(alarms.milliseconds(child.state_updated_timestamp))
    return {"arn": child.alarm_arn, "state": {"value": child.state_value, "timestamp": at}}


def _child(child: Any) -> dict[str, Any]:
    at = iso(alarms.milliseconds(child.state_updated_timestamp))
    return {"Arn": child.alarm_arn, "State": {"Value": child.state_value, "Timestamp": at}}
