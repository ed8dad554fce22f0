"""The record of each attempt: an event of the invocation log, and figures for CloudWatch."""

from __future__ import annotations

import json
import time
from functools import lru_cache

from lambda_nb.engine.model import InvocationRecord, LogSink

INVOCATION_LOG = "/lambda-nb/invocations"
"""Log group with one JSON event an attempt: the fields of ``InvocationRecord``."""
Dimensions = tuple[tuple[str, str], ...]
"""Names and values that a figure is kept under."""

_DAY_NS = 24 * 3600 * 1_000_000_000
_ENCODE = json.JSONEncoder(separators=(",", ":")).encode


def write(record: InvocationRecord, logs: LogSink) -> None:
    """Write an attempt to the invocation log, a stream a day."""
    day = _day(record.arrival_ns // _DAY_NS)
    logs.put(INVOCATION_LOG, day, record.finish_ns // 1_000_000, _ENCODE(record._asdict()))


def figures(record: InvocationRecord) -> list[tuple[str, str, float]]:
    """CloudWatch's name, unit and value of what one attempt adds.

    Source: facts/scaling-and-cost.md section 6.
    """
    if record.status == "throttle":
        return [
            ("Throttles", "Count", 1.0),
            ("Invocations", "Count", 0.0),
            ("Errors", "Count", 0.0),
        ]
    figures = [
        ("Invocations", "Count", 1.0),
        ("Errors", "Count", 0.0 if record.status == "success" else 1.0),
        ("Throttles", "Count", 0.0),
        ("Duration", "Milliseconds", round(record.duration_ms, 2)),
        ("ConcurrentExecutions", "Count", float(record.concurrency)),
    ]
    if record.start == "provisioned":
        figures.append(("ProvisionedConcurrencyInvocations", "Count", 1.0))
    return figures


def dimensions(record: InvocationRecord) -> list[Dimensions]:
    """The sets of dimensions that AWS keeps each figure under."""
    name = ("FunctionName", record.function)
    resource = record.alias or (record.version if record.version != "$LATEST" else "")
    sets: list[Dimensions] = [(), (name,)]
    if resource:
        sets.append((name, ("Resource", f"{record.function}:{resource}")))
    else:
        sets.append((name, ("Resource", record.function)))
    return sets


@lru_cache(maxsize=4)
def _day(number: int) -> str:
    """A day, counted from the epoch, as the names of log streams begin with it."""
    return time.strftime("%Y/%m/%d", time.gmtime(number * _DAY_NS / 1e9))
