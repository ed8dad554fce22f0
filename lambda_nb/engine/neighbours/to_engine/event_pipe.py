"""The pipe from the neighbours' process to the engine: one JSON line for each message.

An event for a function is first written to a journal. The engine acknowledges it once the event is
in the asynchronous queue. So an event whose cause was accepted (an object put, a message published)
is not lost when the engine is killed in between: the next child sends it again.
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from pathlib import Path
from typing import Any, TextIO

from lambda_nb.engine.databases import opened_or_new

log = logging.getLogger(__name__)

NAME = "pushed.sqlite"
"""The journal's file."""

_SCHEMA = "CREATE TABLE IF NOT EXISTS event (id INTEGER PRIMARY KEY AUTOINCREMENT, line TEXT)"


class Journal:
    """Events that the engine has not acknowledged.

    Parameters
    ----------
    path
        The SQLite file; made if it is not there.

    Attributes
    ----------
    unreadable : Path or None
        Where a damaged file was moved to.
    """

    def __init__(self, path: Path) -> None:
        self._database, self.unreadable = opened_or_new(path, _SCHEMA)

    def keep(self, line: str) -> int:
        """Write one event; returns its number, or 0 if it could not be written."""
        try:
            done = self._database.execute("INSERT INTO event(line) VALUES (?)", (line,))
            return done.lastrowid or 0
        except sqlite3.Error as error:  # a full disk: the event goes on as if there was no journal
            log.warning("an event for a function is not in the journal: %s", error)
            return 0

    def forget(self, number: int) -> None:
        """Drop the events up to a number."""
        try:
            self._database.execute("DELETE FROM event WHERE id <= ?", (number,))
        except sqlite3.Error as error:  # they may come twice
            log.warning("the journal of events keeps what is done: %s", error)

    def empty(self) -> None:
        """Drop all events."""
        try:
            self._database.execute("DELETE FROM event")
        except sqlite3.Error as error:
            log.warning("the journal of events keeps what nobody wants: %s", error)

    def left(self) -> list[tuple[int, str]]:
        """The events that were not acknowledged, with their numbers, in order."""
        return list(self._database.execute("SELECT id, line FROM event ORDER BY id"))


class Outlet:
    """Hands events for functions, and news of streams, to the engine, in order.

    The engine reads the other end all the time and only queues the messages. So a write hardly
    waits, and a service that pushes an event never waits for the function.

    Parameters
    ----------
    stream
        A text stream that the engine reads.
    journal
        Keeps events until the engine has them.
    """

    def __init__(self, stream: TextIO, journal: Journal) -> None:
        self._stream = stream
        self._journal = journal
        self._lock = threading.Lock()

    def send(self, source: str, function_arn: str, event: Any) -> None:
        """Send one event (a JSON value, or JSON text, sent as it is)."""
        payload = event if isinstance(event, str) else json.dumps(event)
        line = json.dumps({"source": source, "function": function_arn, "payload": payload})
        with self._lock:
            self._write(line, self._journal.keep(line))

    def tell_news(self, stream_arn: str, shard: str) -> None:
        """Say that a shard of a stream has new records."""
        with self._lock:
            self._write(json.dumps({"stream": stream_arn, "shard": shard}))

    def tell_unkept(self, words: str) -> None:
        """Say what is not kept on disk, and why."""
        with self._lock:
            self._write(json.dumps({"unkept": words}))

    def send_again(self) -> None:
        """Send the events that an earlier engine did not acknowledge."""
        with self._lock:
            for number, line in self._journal.left():
                self._write(line, number)

    def empty(self) -> None:
        """Drop what the engine does not have, and tell it where that begins to hold."""
        with self._lock:
            self._journal.empty()
            self._write(json.dumps({"emptied": True}))

    def acknowledged(self, number: int) -> None:
        """The engine has the events up to a number."""
        with self._lock:
            self._journal.forget(number)

    def _write(self, line: str, number: int = 0) -> None:
        numbered = f'{line[:-1]}, "number": {number}}}' if number else line
        self._stream.write(numbered + "\n")
        self._stream.flush()
