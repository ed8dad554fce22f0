"""Read the fields that CloudWatch Logs Insights discovers: ``@duration``, ``@memorySize``, ...

A query over a function's log group returns the figures of REPORT lines as fields, with or without
``@message``. They are empty for other lines. Memory is in bytes, a megabyte is a million bytes;
durations are in milliseconds (CloudWatch Logs User Guide, "Supported logs and discovered fields",
2026).
"""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

from lambda_nb.traces.schema import TraceError

NEEDED = ("@timestamp", "@requestId", "@duration", "@memorySize")
"""Fields that every invocation needs."""
_WISHED = {
    "@initDuration": "cold starts cannot be told from warm ones",
    "@billedDuration": "what was billed is not known",
    "@maxMemoryUsed": "the memory that was used is not known",
    "@logStream": "which environment served a request is not known",
}
_FIGURES = ("@duration", "@billedDuration", "@initDuration", "@maxMemoryUsed", "@memorySize")


class Figures(NamedTuple):
    """The figures of one REPORT line; durations in milliseconds, memory in MB."""

    request_id: str
    duration_ms: float
    billed_ms: int | None
    memory_mb: int
    max_memory_mb: int | None
    init_ms: float | None


def has_figures(names: Collection[str]) -> bool:
    """Whether the fields describe invocations without ``@message``."""
    return "@message" not in names and any(name in names for name in _FIGURES)


def check(names: Collection[str], place: str) -> None:
    """Check that a query has the needed fields, and warn about missing optional ones.

    Raises
    ------
    TraceError
        A needed field is missing.
    """
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise TraceError(
            f"{place} has no {' and no '.join(missing)}: add it to the query, as in "
            f"'fields {', '.join((*NEEDED, *_WISHED))} | filter @type = \"REPORT\"'"
        )
    unknown = [f"{name} ({what})" for name, what in _WISHED.items() if name not in names]
    if unknown:
        warnings.warn(
            f"{place} has no {', no '.join(unknown)}; add to the query what you need",
            stacklevel=2,
        )


def figures(row: Mapping[str, Any], place: str) -> Figures | None:
    """The figures of a row; ``None`` if the row is not a REPORT line.

    Raises
    ------
    TraceError
        A figure is not a number.
    """
    if not row.get("@duration"):
        return None
    duration, billed = _number(row, "@duration", place), _number(row, "@billedDuration", place)
    memory, most = _number(row, "@memorySize", place), _number(row, "@maxMemoryUsed", place)
    if duration is None or memory is None or not row.get("@requestId"):
        raise TraceError(f"{place}: a row with @duration has no @requestId or no @memorySize")
    return Figures(
        str(row["@requestId"]),
        duration,
        None if billed is None else round(billed),
        _megabytes(memory),
        None if most is None else _megabytes(most),
        _number(row, "@initDuration", place),
    )


def _number(row: Mapping[str, Any], name: str, place: str) -> float | None:
    text = row.get(name)
    if text is None or text == "":
        return None
    try:
        return float(text)
    except (TypeError, ValueError):
        raise TraceError(f"{place}: {name} is {text!r}, not a number") from None


def _megabytes(size: float) -> int:
    return round(size / 1e6)
