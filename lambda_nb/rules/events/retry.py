"""When asynchronous events are tried again (facts/executor.md section 11)."""

from __future__ import annotations

from typing import Literal

MAX_ATTEMPTS = 2
"""Retries after a function error, unless the function's event invoke config says otherwise."""
MAX_AGE_S = 21_600
"""Seconds an event may wait, unless the event invoke config says otherwise."""
ERROR_DELAYS_S = (60.0, 120.0)
"""Seconds before the first and the second retry after a function error."""
FIRST_BACKOFF_S = 1.0
MOST_BACKOFF_S = 300.0
"""Seconds. Throttles and service errors are tried again after 1 s, 2 s, 4 s ... 5 minutes, until
the event is too old; they do not count as retries."""


def after_error(
    failures: int, max_attempts: int = MAX_ATTEMPTS, first_s: float = ERROR_DELAYS_S[0]
) -> float | None:
    """Seconds to wait after so many function errors; ``None`` when there is no further try.

    ``first_s`` is the wait before the first retry; the other waits scale with it.
    """
    if failures > max_attempts:
        return None
    delay_s = ERROR_DELAYS_S[min(failures, len(ERROR_DELAYS_S)) - 1]
    return delay_s * first_s / ERROR_DELAYS_S[0]


def after_throttle(throttles: int) -> float:
    """Seconds until the next try after ``throttles`` refusals in a row."""
    return float(min(MOST_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(throttles - 1, 30)))


def after_attempt(
    *,
    refused: bool,
    failures: int,
    throttles: int,
    age_s: float,
    max_attempts: int = MAX_ATTEMPTS,
    max_age_s: float = MAX_AGE_S,
    first_s: float = ERROR_DELAYS_S[0],
) -> float | Literal["RetriesExhausted", "EventAgeExceeded"]:
    """What happens to an event after a failed attempt: seconds until the next, or why there is none
    (AWS's word in destination records).

    Parameters
    ----------
    refused
        Whether the function did not run at all (throttle, service error).
    failures, throttles
        Function errors so far, and refusals in a row, this attempt included.
    age_s
        Seconds since the event was accepted.
    first_s
        Seconds before the first retry after a function error.
    """
    delay = after_throttle(throttles) if refused else after_error(failures, max_attempts, first_s)
    if delay is None:
        return "RetriesExhausted"
    if age_s + delay > max_age_s:
        return "EventAgeExceeded"
    return delay
