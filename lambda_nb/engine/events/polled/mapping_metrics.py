"""CloudWatch's figures of an event source mapping."""

from __future__ import annotations

import time
from typing import Literal, Protocol

from lambda_nb.engine.events.polled.mapping import EventSourceMapping

Name = Literal[
    "PolledEventCount",
    "FilteredOutEventCount",
    "InvokedEventCount",
    "FailedInvokeEventCount",
    "DroppedEventCount",
    "DeletedEventCount",
    "OnFailureDestinationDeliveredEventCount",
]


class Figures(Protocol):
    """Takes CloudWatch's figures."""

    def figure(self, function: str, name: str, unit: str, value: float) -> None:
        """Take note of one figure of a function."""

    def mapping_figure(self, mapping: str, name: str, value: float) -> None:
        """Take note of a count of an event source mapping."""


class Counts:
    """What happened to the events of one mapping.

    The counts are opt-in (``MetricsConfig`` with ``EventCount``), ``IteratorAge`` is not. Source:
    Lambda Developer Guide, monitoring-metrics-types; facts/scaling-and-cost.md section 6.

    Parameters
    ----------
    mapping
        Whose events they are.
    figures
        Takes them to CloudWatch.
    """

    def __init__(self, mapping: EventSourceMapping, figures: Figures) -> None:
        self._mapping = mapping
        self._figures = figures
        wanted = (mapping.config.get("MetricsConfig") or {}).get("Metrics") or []
        self._counting = "EventCount" in wanted

    def add(self, name: Name, events: int) -> None:
        """Count events; nothing is told of none."""
        if self._counting and events:
            self._figures.mapping_figure(self._mapping.identifier, name, float(events))

    def polled(self, events: int, let_through: int) -> None:
        """Count what was read, and what the filters kept back."""
        self.add("PolledEventCount", events)
        self.add("FilteredOutEventCount", events - let_through)

    def invoked(self, events: int, failed: int, *, ran: bool) -> None:
        """Count the events of one batch that reached the function, and those that failed."""
        if ran:
            self.add("InvokedEventCount", events)
        self.add("FailedInvokeEventCount", failed)

    def given_up(self, events: int, *, delivered: bool) -> None:
        """Count events that are tried no more: dropped, or with the failure destination."""
        name: Name = "OnFailureDestinationDeliveredEventCount" if delivered else "DroppedEventCount"
        self.add(name, events)

    def iterator_age(self, arrived_s: float) -> None:
        """Note how old the last record of a batch is that goes to the function."""
        function = self._mapping.function_arn.split(":")[6]
        age_ms = max(0.0, (time.time() - arrived_s) * 1000)
        self._figures.figure(function, "IteratorAge", "Milliseconds", age_ms)
