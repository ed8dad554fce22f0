"""When a schedule of EventBridge invokes its target: start, end, time zone and flexible window.

Source: EventBridge Scheduler User Guide, schedule-types and managing-schedule-flexible-time-windows
(2026).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo

from lambda_nb.rules.events.schedules import next_moment, period_of

PRECISION_S = 60
"""AWS invokes within this time of the time that is due; one that is missed for longer is left out
here, unless it is the only one."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One schedule.

    Attributes
    ----------
    expression
        ``rate(...)``, ``cron(...)`` or ``at(...)``.
    zone
        Of its ``cron`` or ``at``.
    since
        When it was made; UTC.
    start, end
        Between which it invokes; UTC.
    at_once
        Whether a rate without a start invokes when it is made, as in Scheduler.
    """

    expression: str
    zone: tzinfo = timezone.utc
    since: datetime = datetime(1970, 1, 1, tzinfo=timezone.utc)
    start: datetime | None = None
    end: datetime | None = None
    at_once: bool = False

    @property
    def once(self) -> bool:
        """Whether it invokes a single time."""
        return self.expression.startswith("at(")

    def first(self) -> datetime | None:
        """When it is due first; ``None`` if never. A time in the past counts for nobody."""
        return self.after(self.since - timedelta(microseconds=1))

    def after(self, moment: datetime) -> datetime | None:
        """When it is due next, later than a moment (UTC).

        Examples
        --------
        >>> made = datetime(2026, 1, 1, tzinfo=timezone.utc)
        >>> plan = Plan("rate(1 hour)", since=made, at_once=True)
        >>> plan.first() == made, str(plan.after(made))
        (True, '2026-01-01 01:00:00+00:00')
        """
        begin = self.since
        if self.start is not None:
            begin = self.start
            moment = max(moment, self.start - timedelta(microseconds=1))
        period = period_of(self.expression, agreeing=False)
        if period is not None and (self.at_once or self.start is not None):
            begin -= period  # the first invocation is at the beginning itself
        found = next_moment(self.expression, self.zone, begin, moment)
        return None if found is None or (self.end is not None and found > self.end) else found


def is_missed(plan: Plan, fires: datetime, now: datetime) -> bool:
    """Whether a time is left out because nobody was there to invoke in time.

    Parameters
    ----------
    fires
        When the schedule was to invoke, its flexible window included.
    """
    return not plan.once and now - fires > timedelta(seconds=PRECISION_S)
