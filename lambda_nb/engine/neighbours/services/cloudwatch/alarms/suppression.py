"""Suppression of a composite alarm's actions by another alarm.

Source: CloudWatch User Guide, "Composite alarm action suppression" (2026). Actions wait while the
suppressor may still go into ALARM (wait period), while it is in ALARM, and for a while after
(extension period). They are carried out then if the composite alarm still has the same state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch.alarms import alarm as alarms
from lambda_nb.rules.alarms.evaluation import ALARM

BY_ALARM, BY_WAIT, BY_EXTENSION = "Alarm", "WaitPeriod", "ExtensionPeriod"


class Suppression:
    """Says which actions wait, and until when. What it knows is kept with the alarm.

    Parameters
    ----------
    state_of
        Finds an alarm's state.
    """

    def __init__(self, state_of: Callable[[Any, str], str | None]) -> None:
        self._state_of = state_of

    def holds_back(
        self, backend: Any, alarm: Any, changed: Any, previous: Mapping[str, Any]
    ) -> bool:
        """Whether the actions of a changed alarm have to wait."""
        changed.suppressed_by = changed.suppressed_until = changed.suppressed_from = None
        asked = alarms.requested(alarm)
        suppressor = asked.get("ActionsSuppressor")
        if not suppressor or changed.state_value != ALARM:
            return False
        changed.suppressed_from = dict(previous)
        if self._state_of(backend, suppressor) == ALARM:
            changed.suppressed_by = BY_ALARM
        else:
            at = alarms.milliseconds(changed.state_updated_timestamp) / 1000
            changed.suppressed_by = BY_WAIT
            changed.suppressed_until = at + int(asked.get("ActionsSuppressorWaitPeriod") or 0)
        return True

    def released(self, backend: Any, now: float) -> Iterator[tuple[Any, Mapping[str, Any]]]:
        """Alarms whose actions need not wait any longer, with their states before."""
        for alarm in _held(backend):
            asked = alarms.requested(alarm)
            suppressing = self._state_of(backend, asked["ActionsSuppressor"]) == ALARM
            if suppressing:
                alarm.suppressed_by, alarm.suppressed_until = BY_ALARM, None
            elif alarm.suppressed_by == BY_ALARM:
                alarm.suppressed_by = BY_EXTENSION
                extension = int(asked.get("ActionsSuppressorExtensionPeriod") or 0)
                alarm.suppressed_until = now + extension
            elif alarm.suppressed_until is not None and alarm.suppressed_until <= now:
                previous = alarm.suppressed_from
                alarm.suppressed_by = alarm.suppressed_until = alarm.suppressed_from = None
                yield alarm, previous

    @staticmethod
    def next_end(backend: Any, now: float) -> float | None:
        """When the next wait or extension ends (seconds since 1970)."""
        ends = [alarm.suppressed_until for alarm in _held(backend)]
        return min((end for end in ends if end is not None), default=None)


def _held(backend: Any) -> list[Any]:
    return [a for a in list(backend.alarms.values()) if a.__dict__.get("suppressed_by")]
