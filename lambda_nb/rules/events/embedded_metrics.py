"""Metrics in log events: CloudWatch's embedded metric format.

Source: CloudWatch User Guide, "Specification: Embedded metric format" (2026).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MARK = '"_aws"'
"""No event without it has metrics."""
MOST_METRICS = 100
MOST_VALUES = 100
MOST_DIMENSIONS = 30
"""In one directive, in one metric, in one set of dimensions."""


@dataclass(frozen=True)
class Datum:
    """One metric of an event, for one set of dimensions; the time in milliseconds."""

    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    values: tuple[float, ...]
    unit: str
    at_ms: int | None


def metrics_of(message: str) -> list[Datum]:
    """All metrics of an event; none if it does not keep to the format.

    Examples
    --------
    >>> directive = {"Namespace": "N", "Dimensions": [["d"]], "Metrics": [{"Name": "m"}]}
    >>> event = {"_aws": {"Timestamp": 5, "CloudWatchMetrics": [directive]}, "d": "x", "m": 2}
    >>> metrics_of(json.dumps(event))
    [Datum(namespace='N', name='m', dimensions=(('d', 'x'),), values=(2.0,), unit='None', at_ms=5)]
    """
    if MARK not in message:
        return []
    try:
        document = json.loads(message)
        metadata = document["_aws"]
        directives = metadata["CloudWatchMetrics"]
        at = metadata.get("Timestamp")
        return [
            datum
            for directive in directives
            for datum in _of_directive(document, directive, int(at) if at else None)
        ]
    except (ValueError, TypeError, KeyError, AttributeError):
        return []


def _of_directive(
    document: Mapping[str, Any], directive: Mapping[str, Any], at_ms: int | None
) -> Iterator[Datum]:
    namespace = str(directive["Namespace"])
    for metric in directive["Metrics"][:MOST_METRICS]:
        name = str(metric["Name"])
        values = _numbers(document.get(name))
        if not values:
            continue
        for names in directive.get("Dimensions") or [[]]:
            if len(names) > MOST_DIMENSIONS or not all(
                isinstance(document.get(one), (str, int, float)) for one in names
            ):
                continue
            dimensions = tuple((str(one), str(document[one])) for one in names)
            unit = str(metric.get("Unit") or "None")
            yield Datum(namespace, name, dimensions, values, unit, at_ms)


def _numbers(found: Any) -> tuple[float, ...]:
    items = found if isinstance(found, list) else [found]
    numbers = [
        float(item)
        for item in items[:MOST_VALUES]
        if isinstance(item, (int, float)) and not isinstance(item, bool)
    ]
    return tuple(numbers) if len(numbers) == len(items[:MOST_VALUES]) else ()
