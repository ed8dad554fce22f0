"""Hears what a deployment of a project says."""

from __future__ import annotations

import threading

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


class Told:
    """What a deployment said."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.events: list[StackEvent] = []
        self.noted = threading.Condition()

    def note(self, text: str) -> None:
        with self.noted:
            self.notes.append(text)
            self.noted.notify_all()

    def event(self, event: StackEvent) -> None:
        self.events.append(event)

    def wait_for(self, part: str) -> str:
        """The note that has a text in it, once it was made."""
        with self.noted:
            assert self.noted.wait_for(lambda: any(part in one for one in self.notes), 60), (
                f"no {part!r} in {self.notes}"
            )
            return next(one for one in self.notes if part in one)
