"""A job as it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

SCHEDULED, IN_PROGRESS, COMPLETED = "SCHEDULED", "IN_PROGRESS", "COMPLETED"
CANCELED, DELETION_IN_PROGRESS = "CANCELED", "DELETION_IN_PROGRESS"

SNAPSHOT, CONTINUOUS = "SNAPSHOT", "CONTINUOUS"


@dataclass(frozen=True, slots=True)
class Job:
    """A job. Times are milliseconds since 1970.

    Attributes
    ----------
    id, arn : str
        What it is called.
    targets
        ARNs of things and thing groups.
    document : str
        What devices are to do: JSON text, with its placeholders.
    selection : str
        ``SNAPSHOT`` or ``CONTINUOUS``.
    settings
        The configurations that CreateJob was given, by its names.
    waiting
        Things that get an execution when the rollout comes to them.
    """

    id: str
    arn: str
    targets: tuple[str, ...]
    document: str
    created_ms: int
    updated_ms: int
    selection: str = SNAPSHOT
    status: str = IN_PROGRESS
    source: str | None = None
    description: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict)
    waiting: tuple[str, ...] = ()
    completed_ms: int | None = None
    comment: str | None = None
    reason: str | None = None
    forced: bool = False
    start_ms: int | None = None
    end_ms: int | None = None

    @property
    def is_active(self) -> bool:
        """Whether it still gives work to devices."""
        return self.status in (SCHEDULED, IN_PROGRESS)

    @property
    def timeout_minutes(self) -> int | None:
        """How long an execution may be in progress."""
        minutes = self.settings.get("timeoutConfig", {}).get("inProgressTimeoutInMinutes")
        return None if minutes is None else int(minutes)

    def criteria(self, config: str) -> list[dict[str, Any]]:
        """``criteriaList`` of ``abortConfig`` or ``jobExecutionsRetryConfig``."""
        return list(self.settings.get(config, {}).get("criteriaList", ()))
