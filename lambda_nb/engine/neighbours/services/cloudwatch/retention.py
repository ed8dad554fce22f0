"""How long metric data are kept, and how fine: older data are added up to longer periods.

Source: CloudWatch User Guide, "Metrics retention" (2026).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import Any

_DAY_S = 86_400
PERIODS_S = ((3 * 3600, 60), (15 * _DAY_S, 300), (63 * _DAY_S, 3600))
"""From which age on data have which period, in seconds."""
LONGEST_S = 455 * _DAY_S
EVERY_S = 600
"""How often data are added up, in seconds."""


def rolled_up(
    data: list[Any],
    last_s: float,
    now_s: float,
    seconds: Callable[[Any], int],
    move: Callable[[Any, int], None],
    add: Callable[[Any, Any], None],
) -> bool:
    """Add up what has become old in a series since the last time; whether anything changed.

    Parameters
    ----------
    data
        Of one series, by time; changed in place.
    last_s, now_s
        The last time and this time (seconds since 1970).
    seconds
        The time of a datum.
    move
        Gives a datum another time.
    add
        Adds the second datum to the first.
    """
    changed = False
    gone = bisect_left(data, now_s - LONGEST_S, key=seconds)
    if gone:
        del data[:gone]
        changed = True
    for age_s, period_s in PERIODS_S:
        start = (last_s - age_s) // period_s * period_s
        end = (now_s - age_s) // period_s * period_s
        first = bisect_left(data, start, key=seconds)
        last = bisect_left(data, end, key=seconds)
        kept: dict[tuple[int, Any], Any] = {}
        for datum in data[first:last]:
            at = seconds(datum) // period_s * period_s
            same = kept.setdefault((at, datum.unit), datum)
            if same is datum:
                move(datum, at)
            else:
                add(same, datum)
        if len(kept) < last - first:
            data[first:last] = kept.values()
            changed = True
    return changed
