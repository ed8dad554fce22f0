"""What a deployment says while it runs; a command prints it, a notebook shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class StackEvent:
    """One event of a stack: what became of a resource."""

    at: datetime
    stack: str
    resource: str
    kind: str
    status: str
    reason: str = ""

    @property
    def failed(self) -> bool:
        """Whether something went wrong with the resource."""
        return self.status.endswith("_FAILED")


class Reporter(Protocol):
    """Gets what a deployment has to say, as it happens."""

    def note(self, text: str) -> None:
        """One line about what is being done."""

    def event(self, event: StackEvent) -> None:
        """One event of a stack."""
