"""How fast a job reaches its things (jobs-configurations-details, "Job rollout rates", 2026)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FASTEST = 1000
"""Executions a minute without a configuration (job-limits, "Active and concurrent jobs", 2026)."""


def rate(config: Mapping[str, Any], notified: int, succeeded: int) -> float:
    """Executions a minute, once so many things were notified and have succeeded."""
    most = float(config.get("maximumPerMinute") or FASTEST)
    growing = config.get("exponentialRate")
    if not growing:
        return most
    criteria = growing["rateIncreaseCriteria"]
    if criteria.get("numberOfNotifiedThings"):
        steps = notified // criteria["numberOfNotifiedThings"]
    else:
        steps = succeeded // criteria["numberOfSucceededThings"]
    # The power would overflow long before a job has so many things.
    return float(
        min(most, growing["baseRatePerMinute"] * growing["incrementFactor"] ** min(steps, 60))
    )


def due(config: Mapping[str, Any], last_minute: int, notified: int, succeeded: int) -> int:
    """How many things may be notified now.

    Parameters
    ----------
    config
        ``jobExecutionsRolloutConfig``.
    last_minute
        Things that were notified in the last minute.
    notified, succeeded
        Things in all.
    """
    return max(0, int(rate(config, notified, succeeded)) - last_minute)
