"""One delivery to a target of a rule or a schedule, as it is kept while it waits."""

from __future__ import annotations

import json
import uuid
from dataclasses import asdict, dataclass, field
from typing import Any

from lambda_nb.rules.events.eventbridge.delivery import MOST_AGE_S, MOST_RETRIES

RULE, SCHEDULE = "events", "scheduler"
IN_PROCESS, FUNCTIONS, SLOW = 0, 1, 2
"""Lanes: services in this process, functions, and what may take seconds."""

_LANES = {"lambda": FUNCTIONS, "scheduler": SLOW, "execute-api": SLOW, "states": SLOW}


@dataclass(slots=True)
class Job:
    """One delivery.

    Attributes
    ----------
    source
        :data:`RULE` or :data:`SCHEDULE`.
    origin
        ARN of the rule or the schedule.
    target
        As the caller configured it.
    payload
        What the target gets.
    event
        The event (JSON) behind it, if it differs from the payload.
    accepted
        When the event was accepted; seconds since 1970.
    tries
        Tries made so far.
    hops
        Ways the event has come to its bus: ``local`` from a bus in the same Region, ``regional``.
    trace
        The event's trace header.
    error
        Why nothing can be sent at all; a dead letter says so.
    scheduled
        The time a schedule meant, ISO 8601.
    last
        Whether the schedule is to be deleted afterwards.
    identifier
        Stays the same over all tries.
    """

    source: str
    origin: str
    target: dict[str, Any]
    payload: str
    accepted: float
    event: str = ""
    tries: int = 0
    hops: tuple[str, ...] = ()
    trace: str | None = None
    error: str = ""
    scheduled: str = ""
    last: bool = False
    bus: str = "default"
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def arn(self) -> str:
        """The target's ARN."""
        return str(self.target["Arn"])

    @property
    def service(self) -> str:
        """The target's service, as in its ARN."""
        return self.arn.split(":")[2]

    @property
    def lane(self) -> int:
        """Which lane takes it."""
        if self.service == "events" and ":api-destination/" in self.arn:
            return SLOW
        return _LANES.get(self.service, IN_PROCESS)

    @property
    def account_and_region(self) -> tuple[str, str]:
        """Of the rule or the schedule."""
        parts = self.origin.split(":")
        return parts[4], parts[3]

    @property
    def whole_event(self) -> str:
        """The event's JSON; the payload where there is no event."""
        return self.event or self.payload

    @property
    def most_retries(self) -> int:
        """Of the target's retry policy."""
        return int((self.target.get("RetryPolicy") or {}).get("MaximumRetryAttempts", MOST_RETRIES))

    @property
    def most_age_s(self) -> int:
        """Of the target's retry policy."""
        policy = self.target.get("RetryPolicy") or {}
        return int(policy.get("MaximumEventAgeInSeconds", MOST_AGE_S))

    @property
    def execution_id(self) -> str:
        """The id of the present try, such as ``d32c5kddcf5bb8c3``."""
        return uuid.uuid5(uuid.UUID(self.identifier), str(self.tries)).hex[:16]

    @property
    def told(self) -> str:
        """The payload of the present try: a schedule's has its context attributes."""
        if self.source != SCHEDULE or "<aws.scheduler." not in self.payload:
            return self.payload
        told = self.payload
        for name, value in (
            ("schedule-arn", self.origin),
            ("scheduled-time", self.scheduled),
            ("execution-id", self.execution_id),
            ("attempt-number", str(max(1, self.tries))),
        ):
            told = told.replace(f"<aws.scheduler.{name}>", value)
        return told

    def text(self) -> str:
        """The job as JSON."""
        return json.dumps(asdict(self))

    @classmethod
    def of(cls, text: str) -> Job:
        """The job that :meth:`text` wrote."""
        told = json.loads(text)
        return cls(**{**told, "hops": tuple(told["hops"])})
