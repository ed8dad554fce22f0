"""When schedules fire: ``rate(...)``, ``cron(...)`` and ``at(...)`` of EventBridge.

Source: EventBridge User Guide, eb-scheduled-rule-pattern; facts/events.md section 4 (2026).
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone, tzinfo

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)(s?)\)")
_CRON = re.compile(r"cron\((.+)\)")
_AT = re.compile(r"at\((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)\)")
_UNITS = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_FIRST_YEAR, _LAST_YEAR = 1970, 2199


def next_time(expression: str, since: datetime, after: datetime) -> datetime | None:
    """When a schedule fires next.

    Parameters
    ----------
    expression
        ``rate(5 minutes)``, ``cron(0 12 * * ? *)`` or ``at(2026-12-31T23:59:00)``.
    since
        When the schedule began; a rate counts from there.
    after
        The answer is later than this. All times are naive, or all are aware.

    Returns
    -------
    datetime or None
        ``None`` if it never fires again.

    Raises
    ------
    ValueError
        For an expression that is none of these.

    Examples
    --------
    >>> next_time("cron(30 9 ? * MON-FRI *)", datetime(2026, 1, 2), datetime(2026, 1, 2, 10))
    datetime.datetime(2026, 1, 5, 9, 30)
    """
    period = period_of(expression)
    if period is not None:
        return _next_of(period, since, after, expression)
    if found := _AT.fullmatch(expression):
        moment = datetime.fromisoformat(found[1]).replace(tzinfo=after.tzinfo)
        return moment if moment > after else None
    if found := _CRON.fullmatch(expression):
        return _Cron.parse(found[1]).after(after)
    raise ValueError(f"{expression!r} is neither rate(...), cron(...) nor at(...)")


def _next_of(period: timedelta, since: datetime, after: datetime, expression: str) -> datetime:
    passed = max(0, (after - since) // period)
    try:
        return since + (passed + 1) * period
    except OverflowError:
        raise ValueError(f"{expression!r} is longer than time is counted") from None


def period_of(expression: str, *, agreeing: bool = True) -> timedelta | None:
    """The time between two invocations of a ``rate(...)``; ``None`` for other expressions.

    Parameters
    ----------
    expression
        As for :func:`next_time`.
    agreeing
        Whether the unit must agree with the number, as rules of EventBridge want it. EventBridge
        Scheduler takes ``rate(1 hours)`` and ``rate(5 minute)`` as well.

    Raises
    ------
    ValueError
        For a rate that is written wrongly.
    """
    found = _RATE.fullmatch(expression)
    if found is None:
        return None
    count, plural = int(found[1]), bool(found[3])
    if count < 1 or (agreeing and plural is (count == 1)):
        raise ValueError(f"{expression!r}: write rate(1 minute) or rate(5 minutes)")
    try:
        return timedelta(seconds=count * _UNITS[found[2]])
    except OverflowError:
        raise ValueError(f"{expression!r} is longer than time is counted") from None


def next_moment(expression: str, zone: tzinfo, since: datetime, after: datetime) -> datetime | None:
    """When a schedule in a time zone fires next; daylight saving as in EventBridge Scheduler.

    A time that the clocks skip in spring is left out for ``cron``; a time that they repeat in
    autumn counts once, the first time. A rate is in real hours: a day has 24 (Scheduler User Guide,
    schedule-types). ``at`` a time that the clocks skip is as much later as they skip.

    Parameters
    ----------
    expression
        As for :func:`next_time`.
    zone
        Where the times of ``cron`` and ``at`` are meant.
    since, after
        As for :func:`next_time`, in UTC.

    Returns
    -------
    datetime or None
        In UTC; ``None`` if it never fires again.

    Raises
    ------
    ValueError
        For an expression that is none.

    Examples
    --------
    >>> from zoneinfo import ZoneInfo
    >>> before = datetime(2026, 3, 28, 12, tzinfo=timezone.utc)
    >>> berlin = ZoneInfo("Europe/Berlin")  # from 02:00 to 03:00 on 29 March
    >>> str(next_moment("cron(30 2 * * ? *)", berlin, before, before))
    '2026-03-30 00:30:00+00:00'
    """
    period = period_of(expression, agreeing=False)
    if period is not None:
        return _next_of(period, since, after, expression)
    local = after.astimezone(zone).replace(tzinfo=None)
    if _AT.fullmatch(expression):
        wanted = next_time(expression, local, datetime.min)
        if wanted is None:
            return None
        moment = wanted.replace(tzinfo=zone).astimezone(timezone.utc)
        return moment if moment > after else None
    while True:
        found = next_time(expression, local, local)
        if found is None:
            return None
        moment = found.replace(tzinfo=zone).astimezone(timezone.utc)
        exists = moment.astimezone(zone).replace(tzinfo=None) == found
        if exists and moment > after:
            return moment
        local = found


@dataclass(frozen=True, slots=True)
class _Cron:
    minutes: frozenset[int]
    hours: frozenset[int]
    day_of_month: str
    months: frozenset[int]
    day_of_week: str
    years: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> _Cron:
        fields = text.split()
        if len(fields) != 6:
            raise ValueError(f"cron({text}) has {len(fields)} fields, not 6")
        minutes, hours, day, months, weekday, years = fields
        if (day == "?") is (weekday == "?"):
            raise ValueError(f"cron({text}): exactly one of day-of-month and day-of-week is '?'")
        cron = cls(
            _numbers(minutes, 0, 59),
            _numbers(hours, 0, 23),
            day,
            _numbers(months, 1, 12, _MONTHS),
            weekday,
            _numbers(years, _FIRST_YEAR, _LAST_YEAR),
        )
        cron._days(2000, 1)  # raises now if a day field cannot be read
        return cron

    def after(self, moment: datetime) -> datetime | None:
        start = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        for year in sorted(y for y in self.years if y >= start.year):
            for month in sorted(self.months):
                if (year, month) < (start.year, start.month):
                    continue
                for day in sorted(self._days(year, month)):
                    found = self._time_of_day(start, year, month, day)
                    if found is not None:
                        return found
        return None

    def _time_of_day(self, start: datetime, year: int, month: int, day: int) -> datetime | None:
        if date(year, month, day) < start.date():
            return None
        for hour in sorted(self.hours):
            for minute in sorted(self.minutes):
                found = datetime(year, month, day, hour, minute, tzinfo=start.tzinfo)
                if found >= start:
                    return found
        return None

    def _days(self, year: int, month: int) -> set[int]:
        last = calendar.monthrange(year, month)[1]
        if self.day_of_month != "?":
            return _month_days(self.day_of_month, year, month, last)
        return _week_days(self.day_of_week, year, month, last)


def _month_days(field: str, year: int, month: int, last: int) -> set[int]:
    if field == "L":
        return {last}
    if field.endswith("W") and field[:-1].isdecimal():
        return _nearest_weekday(min(int(field[:-1]), last), year, month, last)
    return {day for day in _numbers(field, 1, 31) if day <= last}


def _nearest_weekday(day: int, year: int, month: int, last: int) -> set[int]:
    weekday = date(year, month, day).weekday()
    if weekday == 5:
        day = day - 1 if day > 1 else day + 2
    elif weekday == 6:
        day = day + 1 if day < last else day - 2
    return {day}


def _week_days(field: str, year: int, month: int, last: int) -> set[int]:
    """Days of a month on the weekdays of a field: 1 or SUN to 7 or SAT, ``5L``, ``3#2``."""

    def on(weekday: int) -> list[int]:
        return [
            day
            for day in range(1, last + 1)
            if (date(year, month, day).weekday() + 1) % 7 + 1 == weekday
        ]

    if field == "L":
        return set(on(7))
    if field.endswith("L"):
        return {on(_number(field[:-1], 1, 7, _DAYS))[-1]}
    if "#" in field:
        weekday, _, occurrence = field.partition("#")
        nth = _number(occurrence, 1, 5, ())
        return set(on(_number(weekday, 1, 7, _DAYS))[nth - 1 : nth])
    return {day for weekday in _numbers(field, 1, 7, _DAYS) for day in on(weekday)}


def _numbers(field: str, low: int, high: int, names: list[str] | tuple[()] = ()) -> frozenset[int]:
    """The numbers a field stands for: ``*``, ``a``, ``a-b``, ``a,b``, each with ``/step``."""
    found: set[int] = set()
    for part in field.split(","):
        span, slash, step_text = part.partition("/")
        step = _number(step_text, 1, high, ()) if slash else 1
        first, dash, final = span.partition("-")
        start = low if span == "*" else _number(first, low, high, names)
        open_end = high if span == "*" or slash else start
        end = _number(final, low, high, names) if dash else open_end
        if start <= end:
            found.update(range(start, end + 1, step))
        else:  # 20-2 wraps around
            found.update([*range(start, high + 1), *range(low, end + 1)][::step])
    if not found:
        raise ValueError(f"{field!r} stands for no number from {low} to {high}")
    return frozenset(found)


def _number(text: str, low: int, high: int, names: list[str] | tuple[()]) -> int:
    if text.upper() in names:
        return names.index(text.upper()) + low
    if not text.isdecimal() or not low <= int(text) <= high:
        raise ValueError(f"{text!r} is not a number from {low} to {high}")
    return int(text)
