"""Invocations as rows of a page, and what they come to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from lambda_nb.notebook.connection.invocation_log import Record, counts
from lambda_nb.rules.pricing import Usage, bill

_STATUS = {"throttle": "throttled"}


def row(record: Record) -> dict[str, Any]:
    """An attempt as a row of ``IActivity.invocations``."""
    return {
        "request_id": record.request_id,
        "environment": record.environment,
        "version": record.version,
        "at": int(record.arrival * 1000),
        "init_ms": round(record.init_ms, 2),
        "duration_ms": round(record.duration_ms, 2),
        "billed_ms": record.billed_ms,
        "max_memory_mb": record.max_memory_mb or None,
        "status": _STATUS.get(record.status, record.status),
        "start": "" if record.throttled else record.start,
    }


def of(records: Sequence[Record]) -> dict[str, Any]:
    """``IActivity.summary`` of some attempts."""
    served = [record for record in records if not record.throttled]
    durations = sorted(record.duration_ms for record in served)
    return {
        **counts(records)._asdict(),
        "p50_ms": quantile(durations, 0.5),
        "p99_ms": quantile(durations, 0.99),
        "max_memory_mb": max((record.max_memory_mb for record in served), default=None),
        "cost_per_million": cost_per_million(served),
    }


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The smallest of some ordered figures that at least ``share`` of them do not exceed.

    Examples
    --------
    >>> quantile([1.0, 2.0, 3.0, 4.0], 0.5), quantile([], 0.5)
    (2.0, None)
    """
    if not ordered:
        return None
    return round(ordered[max(0, math.ceil(share * len(ordered)) - 1)], 2)


def cost_per_million(served: Sequence[Record]) -> float | None:
    """Dollars for a million invocations like these, without the free tier (us-east-1)."""
    if not served:
        return None
    gb_s: dict[str, float] = {}
    for record in served:
        used = record.billed_ms / 1000 * record.memory_mb / 1024
        gb_s[record.architecture] = gb_s.get(record.architecture, 0.0) + used
    total = sum(bill(Usage(requests=len(served), gb_s=gb_s)).values())
    return total / len(served) * 1e6
