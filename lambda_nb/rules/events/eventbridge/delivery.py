"""When EventBridge tries again to deliver an event to a rule's or a schedule's target.

Source: EventBridge User Guide, eb-rule-event-delivery; Scheduler User Guide, RetryPolicy (2026):
24 hours and 185 retries by default, with exponential back-off and jitter. AWS does not publish the
waits. These here double from one second to ten minutes, so that 185 of them take about 24 hours.
"""

from __future__ import annotations

from typing import Literal

MOST_RETRIES = 185
"""Retries of a target without a policy; also the most that a policy may ask for."""
MOST_AGE_S = 86_400
"""Seconds an event is tried for without a policy; also the most that a policy may ask for."""
FIRST_WAIT_S = 1.0
MOST_WAIT_S = 600.0

Exhausted = Literal["MaximumRetryAttempts", "MaximumEventAgeInSeconds"]
"""AWS's names, as in the attribute EXHAUSTED_RETRY_CONDITION of a dead letter."""


def next_try(
    retries: int,
    age_s: float,
    jitter: float,
    *,
    most_retries: int = MOST_RETRIES,
    most_age_s: float = MOST_AGE_S,
    retry_after_s: float = 0.0,
) -> float | Exhausted:
    """Seconds until the next try after a failed one, or which limit is reached.

    Parameters
    ----------
    retries
        Retries made so far; 0 after the first try.
    age_s
        Seconds since the event was accepted.
    jitter
        A random number from 0 to 1: how much of the second half of the wait is used.
    most_retries, most_age_s
        The target's retry policy.
    retry_after_s
        What the target asked for; the longer of both waits counts.

    Examples
    --------
    >>> next_try(0, 0.0, 1.0), next_try(3, 9.0, 0.0), next_try(2, 9.0, 0.5, most_retries=2)
    (1.0, 4.0, 'MaximumRetryAttempts')
    """
    if retries >= most_retries:
        return "MaximumRetryAttempts"
    whole = min(MOST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(retries, 30))
    wait = max(whole * (0.5 + jitter / 2), retry_after_s)
    if age_s + wait > most_age_s:
        return "MaximumEventAgeInSeconds"
    return wait
