"""What happened to stacks, in its order."""

from __future__ import annotations

import dataclasses

from lambda_nb.engine.stacks.records.codec import decoded, encoded
from lambda_nb.engine.stacks.records.event_rows import Event
from lambda_nb.engine.stacks.records.tables.file import File

APART_S = 0.0015  # more than a millisecond, whatever rounding does


class EventTable:
    """Keeps events of stacks.

    Parameters
    ----------
    file
        Where they are.
    """

    def __init__(self, file: File) -> None:
        self._file = file

    def add_event(self, event: Event) -> Event:
        """Keep an event; returns it with its number.

        Its time is at least a millisecond after the one before it: clients, the CDK's for one,
        sort a stack's events by their times, which are told in milliseconds.
        """
        with self._file.lock:
            for last in self.events(event.stack_id, most=1):
                event = dataclasses.replace(event, time=max(event.time, last.time + APART_S))
            done = self._file.do(
                "INSERT INTO event (stack, row) VALUES (?, ?)", event.stack_id, encoded(event)
            )
            return dataclasses.replace(event, number=done.lastrowid)

    def drop_events(self, before: float) -> None:
        """Forget what happened before a time (seconds since 1970)."""
        with self._file.lock:
            last = 0
            for number, row in self._file.do("SELECT number, row FROM event ORDER BY number"):
                if decoded(Event, row).time >= before:
                    break
                last = number
            self._file.do("DELETE FROM event WHERE number <= ?", last)

    def events(
        self, stack_id: str, *, before: int | None = None, most: int | None = None
    ) -> list[Event]:
        """A stack's events, the newest first.

        Parameters
        ----------
        stack_id
            The stack's ARN.
        before
            Only those with a smaller number.
        most
            So many at most.
        """
        with self._file.lock:
            found = self._file.do(
                "SELECT number, row FROM event WHERE stack = ? AND number < ? "
                "ORDER BY number DESC LIMIT ?",
                stack_id,
                1 << 62 if before is None else before,
                -1 if most is None else most,
            ).fetchall()
        return [dataclasses.replace(decoded(Event, row), number=number) for number, row in found]
