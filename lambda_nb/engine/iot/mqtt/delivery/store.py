"""What the broker keeps on disk: persistent sessions, what waits for them, retained messages.

Writes are collected and committed once for all messages that arrived together; whoever needs them
on disk waits for :meth:`Store.committed`. The file survives ``kill -9`` of the engine.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambda_nb.engine import databases
from lambda_nb.engine.iot.message import NO_PROPERTIES, Message, Properties, Sender

_TABLES = (
    "CREATE TABLE IF NOT EXISTS sessions (client TEXT PRIMARY KEY, version INTEGER,"
    " expiry_s REAL, ended_at REAL, connections INTEGER) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS subscriptions (client TEXT, filter TEXT, qos INTEGER,"
    " options INTEGER, PRIMARY KEY (client, filter)) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS queued (seq INTEGER PRIMARY KEY, owner TEXT, topic TEXT,"
    " payload BLOB, retain INTEGER, about TEXT, expires_at REAL, shared TEXT)",
    "CREATE TABLE IF NOT EXISTS retained (topic TEXT PRIMARY KEY, payload BLOB, qos INTEGER,"
    " about TEXT, at_ms INTEGER, expires_at REAL) WITHOUT ROWID",
)
_SCHEMA = 1


@dataclass(slots=True)
class KeptSession:
    """A persistent session. ``ended_at`` is when its client left, epoch s; ``None`` if it had not
    when the engine ended."""

    client_id: str
    version: int
    expiry_s: float
    ended_at: float | None
    connections: int


@dataclass(slots=True)
class KeptMessage:
    """A message that waits. ``owner`` is a client id, or ``$share/GROUP/FILTER``; ``shared`` the
    group that a client got it from."""

    seq: int
    owner: str
    message: Message
    retain: bool
    expires_at: float | None
    shared: str | None


class Store:
    """The broker's file.

    Parameters
    ----------
    path
        The file; ``None`` to keep nothing.

    Attributes
    ----------
    writes : int
        Counts what was written; whoever sees it grow waits for :meth:`committed`.

    Raises
    ------
    DatabaseError
        If the file is damaged or of another version.
    """

    def __init__(self, path: Path | None) -> None:
        self.writes = 0
        self._changes: list[tuple[str, tuple[Any, ...]]] = []
        self._new: dict[int, int] = {}
        self._commit: asyncio.Future[None] | None = None
        self._db: sqlite3.Connection | None = None
        if path is not None:
            self._db = databases.opened_alone(path, _SCHEMA, _TABLES)

    def _rows(self, query: str) -> Iterator[tuple[Any, ...]]:
        return iter(self._db.execute(query).fetchall() if self._db is not None else ())

    def sessions(self) -> Iterator[KeptSession]:
        """The persistent sessions."""
        query = "SELECT client, version, expiry_s, ended_at, connections FROM sessions"
        return (KeptSession(*row) for row in self._rows(query))

    def subscriptions(self) -> Iterator[tuple[str, str, int, int]]:
        """Client id, filter, QoS and options of their subscriptions."""
        query = "SELECT client, filter, qos, options FROM subscriptions"
        return ((str(row[0]), str(row[1]), int(row[2]), int(row[3])) for row in self._rows(query))

    def queued(self) -> Iterator[KeptMessage]:
        """What waits, the oldest first."""
        query = (
            "SELECT seq, owner, topic, payload, about, retain, expires_at, shared FROM queued"
            " ORDER BY seq"
        )
        for seq, owner, topic, payload, about, retain, expires_at, shared in self._rows(query):
            message = _message(topic, payload, 1, about)
            yield KeptMessage(seq, owner, message, bool(retain), expires_at, shared)

    def retained(self) -> Iterator[tuple[Message, int, float | None]]:
        """Retained messages with when they came (epoch ms) and end (epoch s)."""
        query = "SELECT topic, payload, qos, about, at_ms, expires_at FROM retained"
        for topic, payload, qos, about, at_ms, expires_at in self._rows(query):
            yield _message(topic, payload, qos, about, retain=True), at_ms, expires_at

    def put_session(self, session: KeptSession) -> None:
        """Keep a session, or what changed of it."""
        row = (session.client_id, session.version, session.expiry_s, session.ended_at)
        self._write(
            "INSERT OR REPLACE INTO sessions VALUES (?, ?, ?, ?, ?)", *row, session.connections
        )

    def drop_session(self, client_id: str) -> None:
        """Forget a session with all that belongs to it."""
        self._write("DELETE FROM sessions WHERE client = ?", client_id)
        self._write("DELETE FROM subscriptions WHERE client = ?", client_id)
        self._write("DELETE FROM queued WHERE owner = ?", client_id)

    def put_subscription(self, client_id: str, topic_filter: str, qos: int, options: int) -> None:
        """Keep a subscription."""
        self._write(
            "INSERT OR REPLACE INTO subscriptions VALUES (?, ?, ?, ?)",
            client_id, topic_filter, qos, options,
        )  # fmt: skip

    def drop_subscription(self, client_id: str, topic_filter: str) -> None:
        """Forget a subscription."""
        self._write(
            "DELETE FROM subscriptions WHERE client = ? AND filter = ?", client_id, topic_filter
        )

    def enqueue(self, kept: KeptMessage) -> None:
        """Keep a message that waits."""
        if self._db is None:
            return
        self._new[kept.seq] = len(self._changes)
        message = kept.message
        self._write(
            "INSERT INTO queued VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            kept.seq, kept.owner, message.topic, message.payload, kept.retain, _about(message),
            kept.expires_at, kept.shared,
        )  # fmt: skip

    def dequeue(self, seq: int) -> None:
        """Forget a message that was delivered or dropped."""
        place = self._new.pop(seq, None)
        if place is not None:  # not written yet: nothing to delete
            self._changes[place] = ("", ())
            return
        self._write("DELETE FROM queued WHERE seq = ?", seq)

    def put_retained(self, message: Message, at_ms: int, expires_at: float | None) -> None:
        """Keep a retained message in place of the one before."""
        self._write(
            "INSERT OR REPLACE INTO retained VALUES (?, ?, ?, ?, ?, ?)",
            message.topic, message.payload, message.qos, _about(message), at_ms, expires_at,
        )  # fmt: skip

    def drop_retained(self, topic: str) -> None:
        """Forget a retained message."""
        self._write("DELETE FROM retained WHERE topic = ?", topic)

    @property
    def is_behind(self) -> bool:
        """Whether something is not on disk yet."""
        return bool(self._changes)

    def committed(self) -> asyncio.Future[None]:
        """Done when all that was written so far is on disk; fails if it could not be written."""
        if self._commit is None:
            self._schedule()
        assert self._commit is not None
        return self._commit

    def close(self) -> None:
        """Write what is left and close the file."""
        if self._db is not None:
            self._flush()
            self._db.close()
            self._db = None

    def _write(self, statement: str, *values: Any) -> None:
        if self._db is None:
            return
        self.writes += 1
        self._changes.append((statement, values))
        if self._commit is None:
            self._schedule()

    def _schedule(self) -> None:
        loop = asyncio.get_running_loop()
        self._commit = loop.create_future()
        loop.call_soon(self._flush)

    def _flush(self) -> None:
        changes, self._changes = self._changes, []
        self._new.clear()
        waiting, self._commit = self._commit, None
        error: Exception | None = None
        if self._db is not None and changes:
            try:
                self._db.execute("BEGIN")
                for statement, values in changes:
                    if statement:
                        self._db.execute(statement, values)
                self._db.execute("COMMIT")
            except sqlite3.Error as failed:
                error = failed
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
        if waiting is not None and not waiting.done():
            if error is None:
                waiting.set_result(None)
            else:
                waiting.set_exception(error)
                waiting.exception()  # told to those who wait, if anybody does


def _about(message: Message) -> str | None:
    """What a message has beside topic and payload, as JSON."""
    said, sender = message.properties, message.sender
    about: dict[str, Any] = {}
    if said is not NO_PROPERTIES and said != NO_PROPERTIES:
        data = said.correlation_data
        about["properties"] = [
            said.user, said.content_type, said.response_topic,
            None if data is None else b64encode(data).decode(), said.is_text, said.expiry_s,
        ]  # fmt: skip
    if sender is not None:
        about["sender"] = [
            sender.client_id, sender.principal, sender.source_ip, sender.username, sender.thing
        ]  # fmt: skip
    return json.dumps(about) if about else None


def _message(
    topic: str, payload: bytes, qos: int, about: str | None, *, retain: bool = False
) -> Message:
    known = json.loads(about) if about else {}
    properties = NO_PROPERTIES
    if "properties" in known:
        user, content_type, response_topic, data, is_text, expiry_s = known["properties"]
        pairs = tuple((name, value) for name, value in user)
        correlation = None if data is None else b64decode(data)
        properties = Properties(pairs, content_type, response_topic, correlation, is_text, expiry_s)
    sender = Sender(*known["sender"]) if "sender" in known else None
    return Message(topic, payload, qos, retain, sender, properties)
