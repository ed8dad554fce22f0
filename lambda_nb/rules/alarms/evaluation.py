"""An alarm's state from the data points of its metric.

Source: CloudWatch User Guide, "Alarm evaluation" and "Configuring how CloudWatch alarms treat
missing data" (2026). The tables of that page are tests.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass

OK, ALARM, INSUFFICIENT_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"
STATES = (OK, ALARM, INSUFFICIENT_DATA)

MISSING, IGNORE, BREACHING, NOT_BREACHING = "missing", "ignore", "breaching", "notBreaching"
TREATMENTS = (MISSING, IGNORE, BREACHING, NOT_BREACHING)

SECONDS_UNDER_A_MINUTE = (10, 20, 30)
"""Periods of high-resolution alarms (API reference, ``PutMetricAlarm``)."""
_EXTRA_PERIODS = 2
"""The guide's tables retrieve five data points for three evaluation periods."""
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86_400

_BREACHES: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
COMPARISONS = tuple(_BREACHES)


@dataclass(frozen=True)
class Criterion:
    """What an alarm compares, and how many data points must breach.

    Attributes
    ----------
    comparison
        One of :data:`COMPARISONS`.
    periods
        Evaluation periods (N).
    to_alarm
        Data points to alarm (M); at most ``periods``.
    missing
        One of :data:`TREATMENTS`.
    """

    comparison: str
    threshold: float
    periods: int
    to_alarm: int
    missing: str = MISSING

    def breaches(self, value: float) -> bool:
        """Whether one data point violates the threshold."""
        return _BREACHES[self.comparison](value, self.threshold)


@dataclass(frozen=True)
class Decision:
    """What an evaluation found.

    Attributes
    ----------
    state
        The new state; ``None`` if the alarm keeps the state it has.
    used
        Indexes of the data points that were evaluated, oldest first.
    filled
        How many missing data points were filled in.
    """

    state: str | None
    used: tuple[int, ...]
    filled: int


def evaluation_range(periods: int) -> int:
    """How many data points an evaluation of N periods retrieves."""
    return periods + _EXTRA_PERIODS


def every_s(period_s: int) -> int:
    """Seconds between an alarm's evaluations (guide, "Evaluating an alarm").

    >>> every_s(10), every_s(300), every_s(86400)
    (10, 60, 3600)
    """
    if period_s < _MINUTE_S:
        return SECONDS_UNDER_A_MINUTE[0]
    return _MINUTE_S if period_s < _DAY_S else _HOUR_S


def windows(end_s: int, period_s: int, count: int) -> list[int]:
    """Starts of the periods, oldest first, of which the last ends at a time (seconds)."""
    return [end_s - period_s * i for i in range(count, 0, -1)]


def decide(points: Sequence[float | None], test: Criterion) -> Decision:
    """Decide the state.

    Parameters
    ----------
    points
        The data points of the evaluation range, oldest first; ``None`` where one is missing.

    Examples
    --------
    >>> test = Criterion("GreaterThanThreshold", 5, periods=3, to_alarm=3)
    >>> decide([0, 9, 9, None, 9], test).state
    'ALARM'
    """
    real = [i for i, value in enumerate(points) if value is not None]
    used = tuple(real[-test.periods :])
    bad = sum(_breach(points[i], test) for i in used)
    filled = test.periods - len(used)
    if not filled or bad >= test.to_alarm:
        return Decision(ALARM if bad >= test.to_alarm else OK, used, max(filled, 0))
    if test.missing == NOT_BREACHING:
        return Decision(OK, used, filled)
    if test.missing == BREACHING:
        return Decision(ALARM if bad + filled >= test.to_alarm else OK, used, filled)
    if not used:
        return Decision(None if test.missing == IGNORE else INSUFFICIENT_DATA, used, filled)
    if bad < len(used):
        return Decision(OK, used, filled)
    return Decision(_premature(points, used, test), used, filled)


def _premature(points: Sequence[float | None], used: Sequence[int], test: Criterion) -> str | None:
    """The state where all data there is breaches, but is less than it takes.

    It is ``ALARM`` once the oldest one is as old as the data points to alarm: no later data can
    then have been in time to prevent it.
    """
    if test.missing == IGNORE:
        return None
    return ALARM if len(points) - used[0] >= test.to_alarm else OK


def _breach(value: float | None, test: Criterion) -> bool:
    return value is not None and test.breaches(value)
