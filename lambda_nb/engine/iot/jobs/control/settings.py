"""Checks what CreateJob and UpdateJob are given, beyond the shapes of botocore's model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

from lambda_nb.rules.iot.job_executions import LONGEST_TIMER_MINUTES, JobError

CONFIGURATIONS = (
    "presignedUrlConfig",
    "jobExecutionsRolloutConfig",
    "abortConfig",
    "timeoutConfig",
    "jobExecutionsRetryConfig",
)
"""What CreateJob, UpdateJob and job templates have in common."""

NO_WINDOWS = "lambda_nb runs no recurring maintenance windows: leave maintenanceWindows out."
NO_PARAMETERS = (
    "lambda_nb has no managed templates, and documentParameters is only for jobs made from one."
)
NO_NAMESPACES = "lambda_nb has no namespaces of AWS IoT Greengrass: leave namespaceId out."
NO_PACKAGES = "lambda_nb keeps no software packages: leave destinationPackageVersions out."

_MOST_RETRIES = 10
_SHORTEST = timedelta(minutes=30)
_LONGEST_WAIT = timedelta(days=365)
_LONGEST = timedelta(days=730)


def check(given: Mapping[str, Any]) -> None:
    """Check a job's configurations.

    Raises
    ------
    JobError
        ``InvalidRequest``.
    """
    _range(given, "timeoutConfig", "inProgressTimeoutInMinutes", 1, LONGEST_TIMER_MINUTES)
    _range(given, "presignedUrlConfig", "expiresInSec", 60, 3600)
    rollout = given.get("jobExecutionsRolloutConfig", {})
    _range(given, "jobExecutionsRolloutConfig", "maximumPerMinute", 1, 1000)
    growing = rollout.get("exponentialRate")
    if growing is not None:
        criteria = growing.get("rateIncreaseCriteria", {})
        if len(criteria) != 1:
            raise _invalid("rateIncreaseCriteria has one of its two numbers.")
        if not 1 <= growing.get("baseRatePerMinute", 0) <= 1000:
            raise _invalid("baseRatePerMinute is from 1 to 1000.")
        if not 1.1 <= growing.get("incrementFactor", 0) <= 5:
            raise _invalid("incrementFactor is from 1.1 to 5.")
    retries = given.get("jobExecutionsRetryConfig", {}).get("criteriaList", ())
    for criterion in retries:
        if not 0 <= criterion["numberOfRetries"] <= _MOST_RETRIES:
            raise _invalid(f"numberOfRetries is from 0 to {_MOST_RETRIES}.")
    if sum(criterion["numberOfRetries"] for criterion in retries) > _MOST_RETRIES:
        raise _invalid(f"A job has at most {_MOST_RETRIES} retries in all.")
    for criterion in given.get("abortConfig", {}).get("criteriaList", ()):
        if not 0 < criterion["thresholdPercentage"] <= 100:
            raise _invalid("thresholdPercentage is more than 0 and at most 100.")
        if criterion["minNumberOfExecutedThings"] < 1:
            raise _invalid("minNumberOfExecutedThings is at least 1.")


def check_support(given: Mapping[str, Any]) -> None:
    """Refuse what would have no effect here.

    Raises
    ------
    JobError
        ``InvalidRequest``.
    """
    if given.get("schedulingConfig", {}).get("maintenanceWindows"):
        raise _invalid(NO_WINDOWS)
    if given.get("documentParameters"):
        raise _invalid(NO_PARAMETERS)
    if given.get("namespaceId"):
        raise _invalid(NO_NAMESPACES)
    if given.get("destinationPackageVersions"):
        raise _invalid(NO_PACKAGES)


def schedule(given: Mapping[str, Any], now_ms: int) -> tuple[int | None, int | None]:
    """When a job starts and ends, in milliseconds since 1970; ``None`` for at once and never.

    Raises
    ------
    JobError
        ``InvalidRequest``: the times are none, or are not allowed.
    """
    config = given.get("schedulingConfig", {})
    now = datetime.fromtimestamp(now_ms / 1000, timezone.utc)
    start, end = _time(config, "startTime"), _time(config, "endTime")
    if config.get("endBehavior") and end is None:
        raise _invalid("endBehavior needs an endTime.")
    if start is not None and not now <= start <= now + _LONGEST_WAIT:
        raise _invalid("startTime is at most a year in the future.")
    if end is not None and not (start or now) + _SHORTEST <= end <= now + _LONGEST:
        raise _invalid("endTime is at least 30 minutes after the start and at most in two years.")
    return _ms(start), _ms(end)


def _time(config: Mapping[str, Any], name: str) -> datetime | None:
    text = config.get(name)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text.replace("Z", "+00:00"))
        return found if found.tzinfo else found.replace(tzinfo=timezone.utc)
    except ValueError:
        problem = f"{name} is a time such as '2026-05-01 12:00' (UTC), not '{text}'."
        raise _invalid(problem) from None


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


def _range(given: Mapping[str, Any], config: str, name: str, least: int, most: int) -> None:
    value = given.get(config, {}).get(name)
    if value is not None and not least <= value <= most:
        raise _invalid(f"{name} is from {least} to {most}, not {value}.")


def _invalid(text: str) -> JobError:
    return JobError("InvalidRequest", text)
