"""Provisioned concurrency that follows the load: target tracking, as Application Auto Scaling does.

Source: Lambda Developer Guide, provisioned-concurrency (2026); facts/scaling-and-cost.md section 1:
two alarms on ProvisionedConcurrencyUtilization, one datapoint a minute. The policy scales
out after three minutes above the target, and in after fifteen below 90 % of it; no cool-down.
A minute without a request gives no datapoint; an alarm that lacks one changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

PERIOD_S = 60.0
"""Seconds that a datapoint covers."""
OUT_PERIODS = 3
IN_PERIODS = 15
IN_SHARE = 0.9
"""Scale in when utilization stays below this share of the target."""
START_DELAY_S = 60.0
"""Seconds (AWS: one to two minutes) before provisioned environments begin to start."""
STARTS_PER_S = 100.0
"""Provisioned environments that start in a second (6000 a minute)."""


@dataclass(frozen=True, slots=True)
class TargetTracking:
    """Keep utilization of provisioned concurrency near a target.

    Parameters
    ----------
    minimum, maximum
        Fewest and most provisioned environments; the policy begins with ``minimum``.
    target
        Share of them that should be in use (AWS: 0.7 is usual).
    statistic
        Which utilization of a minute counts: the ``average`` over its requests (AWS's default) or
        the ``maximum``, which also sees short bursts.

    Raises
    ------
    ValueError
        When a figure makes no sense.
    """

    minimum: int
    maximum: int
    target: float = 0.7
    statistic: Literal["average", "maximum"] = "average"

    def __post_init__(self) -> None:
        if not 1 <= self.minimum <= self.maximum:
            raise ValueError(
                f"minimum={self.minimum}, maximum={self.maximum}: give 1 <= minimum <= maximum"
            )
        if not 0 < self.target <= 1:
            raise ValueError(f"target is {self.target!r}; give a share above 0, up to 1")
        if self.statistic not in ("average", "maximum"):
            raise ValueError(f"statistic is {self.statistic!r}; give 'average' or 'maximum'")

    def desired(self, capacity: int, utilization: Sequence[float]) -> int:
        """How many environments there should be now.

        Parameters
        ----------
        capacity
            How many there are.
        utilization
            One value a minute, the newest last; NaN for a minute without requests.
        """
        out, quiet = utilization[-OUT_PERIODS:], utilization[-IN_PERIODS:]
        wanted = capacity
        if len(out) == OUT_PERIODS and all(value > self.target for value in out):
            wanted = math.ceil(capacity * out[-1] / self.target - 1e-9)
        elif len(quiet) == IN_PERIODS and all(value < IN_SHARE * self.target for value in quiet):
            wanted = math.ceil(capacity * max(quiet) / self.target - 1e-9)
        return min(self.maximum, max(self.minimum, wanted))
