"""What Lambda's own log lines share: levels, billing, and parts of their records."""

from __future__ import annotations

import math
from typing import Any

LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL")
"""Log levels, least severe first. System logs use DEBUG, INFO and WARN."""

SUCCESS = "success"
"""The status of a success."""


def passes(level: str, threshold: str) -> bool:
    """Whether a line of ``level`` is written when the function's log level is ``threshold``.

    An unknown level passes.
    """
    level, threshold = level.upper(), threshold.upper()
    if level == "WARNING":
        level = "WARN"
    if level == "CRITICAL":
        level = "FATAL"
    if level not in LEVELS or threshold not in LEVELS:
        return True
    return LEVELS.index(level) >= LEVELS.index(threshold)


def billed_ms(duration_ms: float, init_ms: float = 0.0) -> int:
    """Milliseconds billed: duration and init as the REPORT line shows them, added, rounded up.

    Init is billed for every package type since 1 August 2025 (133.61 + 80.00 -> 214).
    """
    hundredths = round(duration_ms * 100) + round(init_ms * 100)
    return math.ceil(hundredths / 100)


def failure(status: str | None, error_type: str) -> str:
    """The end of a text line about a failure; empty on success."""
    if status in (None, SUCCESS):
        return ""
    return f"\tStatus: {status}" + (f"\tError Type: {error_type}" if error_type else "")


def known(record: dict[str, Any]) -> dict[str, Any]:
    """The record without unknown values: AWS leaves such keys out."""
    return {key: value for key, value in record.items() if value is not None and value != ""}


def severity(status: str | None, otherwise: str) -> str:
    """The level of a line with this status: ``otherwise`` on success, else WARN."""
    return otherwise if status in (None, SUCCESS) else "WARN"


def tracing(trace: str) -> dict[str, str] | None:
    """An X-Ray header as JSON records have it."""
    if not trace:
        return None
    return known({"spanId": parent(trace), "type": "X-Amzn-Trace-Id", "value": trace})


def _part(trace: str, key: str) -> str:
    for part in trace.split(";"):
        name, _, value = part.strip().partition("=")
        if name == key:
            return value
    return ""


def root(trace: str) -> str:
    """The trace id of an X-Ray header."""
    return _part(trace, "Root")


def parent(trace: str) -> str:
    """The segment id of an X-Ray header."""
    return _part(trace, "Parent")
