"""An event that leaves the queue: its record goes to a destination or a dead-letter queue."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from lambda_nb.engine.events.asynchronous import outcome_records
from lambda_nb.engine.events.asynchronous.outcome_records import Condition
from lambda_nb.engine.model import InvocationResult, Named, Resolved
from lambda_nb.engine.steady_clock import steady_time

log = logging.getLogger(__name__)


class Settings(Protocol):
    """The configuration of asynchronous invocation."""

    def named(self, function_name: str, qualifier: str | None) -> Named | None:
        """What a name means, whether it can be invoked now or not; ``None`` if there is none."""

    def event_invoke_config(self, function_name: str, qualifier: str | None) -> Mapping[str, Any]:
        """``MaximumRetryAttempts``, ``MaximumEventAgeInSeconds``, ``DestinationConfig``."""

    def dead_letter_target(self, function_name: str, version: str) -> str | None:
        """The ARN of the dead-letter queue or topic."""

    def reserved_concurrency(self, function_name: str) -> int | None:
        """Environments reserved for the function; ``None`` if none are."""


class Delivery(Protocol):
    """Sends finished events to their destinations."""

    async def record(self, target: str, record: Mapping[str, Any]) -> None:
        """Send the record of an invocation to a destination; raises if it cannot."""

    async def dead_letter(self, target: str, body: str, attributes: Mapping[str, str]) -> None:
        """Send an event that was given up to a dead-letter queue; raises if it cannot."""


class Figures(Protocol):
    """Receives the queue's CloudWatch metrics."""

    def figure(self, function: str, name: str, unit: str, value: float) -> None:
        """Record one metric value of a function."""


Failed = Callable[[str, str, "float | None"], None]
"""Is told that an event failed: its request ID, why, and the seconds until it is tried again;
``None`` if nobody should wait for it: it is given up, or this machine lacks its runtime."""


@dataclass(slots=True)
class Leaving:
    """An event that may leave the queue; ``attempts`` counts the function's runs."""

    row: sqlite3.Row
    named: Named
    config: Mapping[str, Any]
    attempts: int = field(init=False)

    def __post_init__(self) -> None:
        self.attempts = self.row["failures"]


class Reports:
    """Tells everybody who wants to know how an event ended.

    Parameters
    ----------
    settings
        Destinations of functions; ``None`` if they have none.
    delivery
        Sends records to destinations and dead-letter queues.
    figures
        Receives the queue's metrics.
    failed
        Is told of each attempt that failed.
    """

    def __init__(
        self,
        settings: Settings | None,
        delivery: Delivery | None,
        figures: Figures | None,
        failed: Failed | None,
    ) -> None:
        self._settings = settings
        self._delivery = delivery
        self._figures = figures
        self._failed = failed

    def failed(self, row: sqlite3.Row, why: str, again_in_s: float | None) -> None:
        """An attempt failed."""
        if self._failed is not None:
            self._failed(row["request_id"], why, again_in_s)

    def note(self, function: str, name: str, unit: str = "Count", value: float = 1.0) -> None:
        """Record one metric value."""
        if self._figures is not None:
            self._figures.figure(function, name, unit, value)

    async def left(
        self,
        leaving: Leaving,
        condition: Condition,
        result: InvocationResult | None,
        why: str | None = None,
    ) -> None:
        """Send an event's record to its destination and dead-letter queue.

        Parameters
        ----------
        condition
            AWS's word for its end.
        result
            The last attempt's; ``None`` if the function did not run.
        why
            What stopped it, if the condition does not say it.
        """
        row, named = leaving.row, leaving.named
        age_ms = (steady_time() - row["accepted"]) * 1000
        self.note(named.name, "AsyncEventAge", "Milliseconds", age_ms)
        if condition in ("EventAgeExceeded", "ZeroReservedConcurrency"):
            self.note(named.name, "AsyncEventsDropped")
        if condition != "Success":
            told = condition if result is None else outcome_records.error_of(result)
            self.failed(row, why or told, None)
        side = "OnSuccess" if condition == "Success" else "OnFailure"
        target = leaving.config.get("DestinationConfig", {}).get(side, {}).get("Destination")
        if self._delivery is not None and target:
            arn = f"{named.arn}:{named.qualifier or '$LATEST'}"
            record = outcome_records.record(
                row["request_id"], row["payload"], arn, condition, result, leaving.attempts
            )
            sending = self._delivery.record(target, record)
            await self._try(sending, target, named.name, "DestinationDeliveryFailures")
        dead_letter = None
        if self._settings is not None and side == "OnFailure":
            dead_letter = self._settings.dead_letter_target(named.name, named.version)
        if self._delivery is not None and dead_letter:
            attributes = outcome_records.attributes(row["request_id"], result)
            body = row["payload"].decode("utf-8", "replace")
            sending = self._delivery.dead_letter(dead_letter, body, attributes)
            await self._try(sending, dead_letter, named.name, "DeadLetterErrors")

    async def _try(
        self, sending: Awaitable[None], target: str, function: str, failure: str
    ) -> None:
        try:
            await sending
        except Exception as error:  # whatever a client library raises: the event itself has run
            log.warning("could not deliver to %s: %s", target, error)
            self.note(function, failure)


def named_by(resolved: Resolved) -> Named:
    """What the caller named, by the version that was found; the qualifier in the form given."""
    function, parts = resolved.function, resolved.invoked_arn.split(":")
    qualifier = parts[7] if len(parts) > 7 else None
    return Named(function.name, qualifier, function.version, function.arn)
