"""Hears what a deployment of a project says."""

from __future__ import annotations

from lambda_nb.projects.reporting import StackEvent


class Heard:
    """Keeps what failed."""

    def __init__(self) -> None:
        self.failed: list[str] = []

    def note(self, text: str) -> None:
        """Not kept."""

    def event(self, event: StackEvent) -> None:
        """Keep what failed."""
        if event.failed:
            self.failed.append(f"{event.resource}: {event.reason}")
