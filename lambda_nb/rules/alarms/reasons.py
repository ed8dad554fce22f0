"""The texts that say why an alarm is in its state, as CloudWatch words them.

Source: events and notifications in the CloudWatch User Guide, "Alarm events and EventBridge", and
in public records of notifications (2020 to 2026).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from decimal import Decimal
from typing import Any

from lambda_nb.rules.alarms.evaluation import (
    ALARM,
    BREACHING,
    IGNORE,
    INSUFFICIENT_DATA,
    NOT_BREACHING,
    Criterion,
    Decision,
)

INITIAL = "Unchecked: Initial alarm creation"
_WORDS = {
    "GreaterThanThreshold": "greater than",
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
_TREATED = {BREACHING: "Breaching", NOT_BREACHING: "NonBreaching", IGNORE: "Ignore"}
_PLAIN_FROM, _PLAIN_TO = 1e-3, 1e7
"""Where Java writes a double without an exponent."""


@dataclass(frozen=True)
class Point:
    """One data point: the start of its period (seconds since 1970), its value and sample count.

    The value is ``None`` where data is missing; the count where it is unknown (metric math).
    """

    start_s: int
    value: float | None
    samples: float | None = None


def reason(test: Criterion, points: Sequence[Point], decision: Decision, explicit: bool) -> str:
    """Why an evaluation came to its state.

    Parameters
    ----------
    explicit
        Whether the alarm's configuration names the data points to alarm.
    """
    if decision.state == INSUFFICIENT_DATA:
        verb = "was" if decision.filled == 1 else "were"
        return f"Insufficient Data: {_count(decision.filled, 'datapoint')} {verb} unknown."
    if not decision.used:
        periods = _count(decision.filled, "period")
        received = f"no datapoints were received for {periods}"
        return f"Threshold Crossed: {received} and {_filled(test, decision)}."
    return f"Threshold Crossed: {_crossed(test, points, decision, explicit)}."


def _crossed(test: Criterion, points: Sequence[Point], decision: Decision, explicit: bool) -> str:
    bad = decision.state == ALARM
    values = [(points[i], points[i].value) for i in decision.used]
    chosen = [(p, v) for p, v in values if v is not None and test.breaches(v) is bad]
    shown = ", ".join(f"{java(v)} ({_short(p.start_s)})" for p, v in chosen)
    number = len(chosen)
    verb = ("was" if number == 1 else "were") + ("" if bad else " not")
    if explicit:
        head = f"{number} out of the last {test.periods} datapoints"
    else:
        head = _count(number, "datapoint")
    text = (
        f"{head} [{shown}] {verb} {_WORDS[test.comparison]} the threshold ({java(test.threshold)})"
    )
    if decision.filled and test.missing in (BREACHING, NOT_BREACHING):
        text += f" and {_filled(test, decision)}"
    if explicit:
        least = test.to_alarm if bad else test.periods - test.to_alarm + 1
        way = "OK -> ALARM" if bad else "ALARM -> OK"
        text += f" (minimum {_count(least, 'datapoint')} for {way} transition)"
    return text


def _filled(test: Criterion, decision: Decision) -> str:
    verb = "was" if decision.filled == 1 else "were"
    treated = _TREATED.get(test.missing, "Missing")
    return f"{_count(decision.filled, 'missing datapoint')} {verb} treated as [{treated}]"


def reason_data(
    test: Criterion,
    points: Sequence[Point],
    decision: Decision,
    now_ms: int,
    settings: dict[str, Any],
) -> str:
    """The same as JSON text.

    Parameters
    ----------
    settings
        ``period``, and ``statistic`` and ``unit`` where the alarm has them.
    """
    used = [points[i] for i in decision.used]
    document: dict[str, Any] = {"version": "1.0", "queryDate": iso(now_ms)}
    if used:
        document["startDate"] = iso(used[0].start_s * 1000)
    document.update(settings)
    document["recentDatapoints"] = [point.value for point in used]
    document["threshold"] = float(test.threshold)
    document["evaluatedDatapoints"] = [_evaluated(point) for point in reversed(used)] or [
        {"timestamp": iso(point.start_s * 1000)} for point in reversed(points[-test.periods :])
    ]
    return compact(document)


def _evaluated(point: Point) -> dict[str, Any]:
    told: dict[str, Any] = {"timestamp": iso(point.start_s * 1000)}
    if point.samples is not None:
        told["sampleCount"] = float(point.samples)
    told["value"] = point.value
    return told


def compact(document: Any) -> str:
    """JSON text without spaces."""
    return json.dumps(document, separators=(",", ":"))


def iso(ms: int) -> str:
    """A time as alarms write it: ``2026-11-23T10:00:00.000+0000``."""
    moment = datetime.fromtimestamp(ms / 1000, timezone.utc)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}+0000"


def transitioned(arn: str, state: str, at_ms: int) -> str:
    """Why a composite alarm changed: another alarm did."""
    moment = datetime.fromtimestamp(at_ms / 1000, timezone.utc)
    return f"{arn} transitioned to {state} at {moment:%A %d %B, %Y %H:%M:%S} UTC"


def java(number: float) -> str:
    """A number as Java writes a double.

    >>> java(5), java(0.1), java(12345678), java(0.0001)
    ('5.0', '0.1', '1.2345678E7', '1.0E-4')
    """
    value = float(number)
    if value == 0 or _PLAIN_FROM <= abs(value) < _PLAIN_TO:
        return repr(value)
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    if not isinstance(exponent, int):
        return {"Infinity": "Infinity", "-Infinity": "-Infinity"}.get(str(Decimal(value)), "NaN")
    text = "".join(map(str, digits))
    power = len(text) - 1 + exponent
    return f"{'-' * sign}{text[0]}.{text[1:].rstrip('0') or '0'}E{power}"


def _short(start_s: int) -> str:
    return f"{datetime.fromtimestamp(start_s, timezone.utc):%d/%m/%y %H:%M:%S}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
