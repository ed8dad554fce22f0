"""CloudWatch metrics of an event source mapping."""

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
    """Receives CloudWatch metrics."""

    def figure(self, function: str, name: str, unit: str, value: float) -> None:
        """Record one metric value of a function."""

    def mapping_figure(self, mapping: str, name: str, value: float) -> None:
        """Record a count of an event source mapping."""


class Tally(Protocol):
    """Counts what happens to the events of one source."""

    def add(self, name: Name, events: int) -> None:
        """Count events."""

    def polled(self, events: int, let_through: int) -> None:
        """Count the events read, and those that filters let through."""

    def invoked(self, events: int, failed: int, *, ran: bool) -> None:
        """Count the events of one batch, and those that failed."""

    def given_up(self, events: int, *, delivered: bool) -> None:
        """Count events given up."""

    def iterator_age(self, arrived_s: float) -> None:
        """Record the age of the last record in a batch."""

    def offset_lag(self, records: int) -> None:
        """Record how many records of Kafka come after a batch."""


class Counts:
    """Counts what happens to the events of one mapping.

    The counts are opt-in (``MetricsConfig`` with ``EventCount``), ``IteratorAge`` is not. Source:
    Lambda Developer Guide, monitoring-metrics-types; facts/scaling-and-cost.md section 6.

    Parameters
    ----------
    mapping
        The mapping.
    figures
        Sends them to CloudWatch.
    """

    def __init__(self, mapping: EventSourceMapping, figures: Figures) -> None:
        self._mapping = mapping
        self._figures = figures
        wanted = (mapping.config.get("MetricsConfig") or {}).get("Metrics") or []
        self._counting = "EventCount" in wanted

    def add(self, name: Name, events: int) -> None:
        """Count events; zero is not reported."""
        if self._counting and events:
            self._figures.mapping_figure(self._mapping.identifier, name, float(events))

    def polled(self, events: int, let_through: int) -> None:
        """Count the events read, and those that filters removed."""
        self.add("PolledEventCount", events)
        self.add("FilteredOutEventCount", events - let_through)

    def invoked(self, events: int, failed: int, *, ran: bool) -> None:
        """Count the events of one batch that reached the function, and those that failed."""
        if ran:
            self.add("InvokedEventCount", events)
        self.add("FailedInvokeEventCount", failed)

    def given_up(self, events: int, *, delivered: bool) -> None:
        """Count events given up: dropped, or sent to the failure destination."""
        name: Name = "OnFailureDestinationDeliveredEventCount" if delivered else "DroppedEventCount"
        self.add(name, events)

    def iterator_age(self, arrived_s: float) -> None:
        """Record the age of the last record in a batch for the function."""
        function = self._mapping.function_arn.split(":")[6]
        age_ms = max(0.0, (time.time() - arrived_s) * 1000)
        self._figures.figure(function, "IteratorAge", "Milliseconds", age_ms)

    def offset_lag(self, records: int) -> None:
        """Record how many records of a partition of Kafka come after a batch, for the function."""
        function = self._mapping.function_arn.split(":")[6]
        self._figures.figure(function, "OffsetLag", "Count", float(records))
