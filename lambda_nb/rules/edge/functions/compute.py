"""How much of its time a CloudFront Function took, and when it is throttled.

CloudFront Developer Guide, test-function ("Understand compute utilization") and
cloudfront-function-restrictions, 2026: a number from 0 to 100, the time that a function took as a
percentage of the maximum; a function that exceeds it continuously is throttled. AWS states neither
the maximum ("submillisecond") nor how often is continuously: here it is 1 ms of CPU time, and
:data:`RUN` calls one after another, and then no call for :data:`PAUSE_S`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from lambda_nb.rules.quotas import CF_FUNCTION_US

RUN = 10
"""Calls above the maximum, one after another, after which a function is throttled."""

PAUSE_S = 10.0
"""Seconds until a throttled function is tried again."""


def utilisation(seconds: float) -> int:
    """Compute utilisation of a call, 1 to 100.

    Examples
    --------
    >>> utilisation(0.00021), utilisation(0.5)
    (21, 100)
    """
    return max(1, min(100, math.ceil(round(seconds * 1e8 / CF_FUNCTION_US.value, 6))))


@dataclass(slots=True)
class Throttle:
    """Whether a function may run. Times are seconds of any clock that never goes back."""

    over: int = 0
    until: float = -math.inf

    def admits(self, now: float) -> bool:
        """Whether a call at ``now`` may run."""
        return now >= self.until

    def ran(self, now: float, seconds: float) -> None:
        """Take note that a call took so much CPU time."""
        if seconds * 1e6 <= CF_FUNCTION_US.value:
            self.over = 0
            return
        self.over += 1
        if self.over >= RUN:
            self.until = now + PAUSE_S
