"""Keep-alive policies that give, once for each idle period, the seconds an environment may idle.

A policy draws no random number and reads no clock. When an environment goes idle, the driver calls
:meth:`KeepAlive.idle_limit` with a number ``u`` that it drew uniformly from [0, 1); a policy that
is not random ignores ``u``. The answer goes to ``fleet.finish``.
"""

from __future__ import annotations

import bisect
import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

DEFAULT_KEEP_ALIVE = 600.0
"""Seconds. AWS promises none; of the published figures 10 minutes is the nearest to its logs
(facts/simulation.md section 3)."""


@runtime_checkable
class KeepAlive(Protocol):
    """What any keep-alive policy can do."""

    def idle_limit(self, function: str, now: float, u: float) -> float:
        """Seconds that an environment of ``function``, idle from ``now`` on, may wait for its next
        request."""


def idle_limit(policy: KeepAlive, function: str, now: float, u: float) -> float:
    """A policy's answer, checked because a user may have written the policy.

    Raises
    ------
    ValueError
        When the answer is not 0 seconds or more; the message names policy, answer and function.
    """
    answer: object = policy.idle_limit(function, now, u)
    if isinstance(answer, float) and answer >= 0:
        return answer
    try:
        seconds = math.nan if isinstance(answer, (str, bytes, bool)) else float(answer)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        seconds = math.nan
    if not seconds >= 0:
        raise ValueError(
            f"keep-alive policy {type(policy).__name__} answered {answer!r} for function "
            f"{function!r} at {now:g} s; idle_limit must give seconds, 0 or more (math.inf: for "
            "ever)"
        )
    return seconds


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same number of seconds for every idle period.

    Raises
    ------
    ValueError
        When ``seconds`` is negative or not a number.
    """

    seconds: float = DEFAULT_KEEP_ALIVE

    def __post_init__(self) -> None:
        if not self.seconds >= 0:
            raise ValueError(
                f"keep-alive is {self.seconds!r} s; give a number of seconds that is not negative"
            )

    def idle_limit(self, function: str, now: float, u: float) -> float:
        """``seconds``, whatever the function."""
        return self.seconds


@dataclass(frozen=True, slots=True)
class Hazard:
    """Idle times drawn from a survival curve, as real logs show them.

    Parameters
    ----------
    gaps
        Seconds of idleness, increasing, starting at 0.
    survival
        Share of environments still alive after each gap: 1 at gap 0, never increasing. Straight
        lines between; environments that survive the last gap live for ever.

    Raises
    ------
    ValueError
        When the two differ in length, gaps do not increase from 0, or survival is not a falling
        share from 1.
    """

    gaps: Sequence[float]
    survival: Sequence[float]

    def __post_init__(self) -> None:
        gaps, survival = list(self.gaps), list(self.survival)
        if len(gaps) != len(survival) or len(gaps) < 2:
            raise ValueError(
                f"gaps and survival have {len(gaps)} and {len(survival)} values; "
                "give two or more of each"
            )
        if gaps[0] != 0 or any(b <= a for a, b in itertools.pairwise(gaps)):
            raise ValueError(f"gaps {gaps} must start at 0 and increase")
        falling = all(b <= a for a, b in itertools.pairwise(survival))
        if survival[0] != 1 or not falling or survival[-1] < 0:
            raise ValueError(
                f"survival {survival} must start at 1 and never increase or pass below 0"
            )

    def idle_limit(self, function: str, now: float, u: float) -> float:
        """The gap that a share ``1 - u`` of environments survives."""
        return inverse_survival(1.0 - u, self.gaps, self.survival)


def inverse_survival(share: float, gaps: Sequence[float], survival: Sequence[float]) -> float:
    """The first gap at which survival has come down to ``share``; ``inf`` if it never does.

    ``survival`` falls from 1; between its points it is a straight line.
    """
    if share < survival[-1]:
        return math.inf
    i = bisect.bisect_left(survival, -share, key=lambda value: -value)
    if i == 0:
        return gaps[0]
    above, below = survival[i - 1], survival[i]
    part = (above - share) / (above - below)
    return gaps[i - 1] + part * (gaps[i] - gaps[i - 1])


def share_left(gap: float, gaps: Sequence[float], survival: Sequence[float]) -> float:
    """The share of environments that survives ``gap`` idle seconds (the curve itself)."""
    i = bisect.bisect_right(gaps, gap)
    if i >= len(gaps):
        return survival[-1]
    part = (gap - gaps[i - 1]) / (gaps[i] - gaps[i - 1])
    return survival[i - 1] + part * (survival[i] - survival[i - 1])
