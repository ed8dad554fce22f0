"""The asynchronous queue: events of InvocationType=Event, kept on disk until they are dealt with.

An event is accepted once SQLite has it; it is deleted only when it has run, or was given up and its
record has left for the dead-letter queue or destination. So an engine that is killed at any moment
delivers it after the next start (at least once, as Lambda does). Rules of waiting and giving up:
``rules.retry``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sqlite3
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.model import Invocation, InvocationResult, Resolved, Throttled
from lambda_nb.rules import retry

log = logging.getLogger(__name__)

Resolve = Callable[[str, "str | None"], Resolved]
Execute = Callable[[Resolved, Invocation], Awaitable[InvocationResult]]

AT_ONCE = 200
"""Events that run at the same time; the others wait their turn in the queue."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    id INTEGER PRIMARY KEY,
    due REAL NOT NULL,
    accepted REAL NOT NULL,
    function TEXT NOT NULL,
    qualifier TEXT,
    request_id TEXT NOT NULL,
    payload BLOB NOT NULL,
    client_context TEXT,
    trace TEXT,
    tenant TEXT,
    failures INTEGER NOT NULL DEFAULT 0,
    throttles INTEGER NOT NULL DEFAULT 0,
    taken INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX IF NOT EXISTS event_due ON event (taken, due);
"""
_INSERT = """
INSERT INTO event
    (due, accepted, function, qualifier, request_id, payload, client_context, trace, tenant)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_TAKE = """
UPDATE event SET taken = 1
WHERE id IN (SELECT id FROM event WHERE taken = 0 AND due <= ? ORDER BY due LIMIT ?)
RETURNING *
"""
_PUT_BACK = "UPDATE event SET taken = 0, due = ?, failures = ?, throttles = ? WHERE id = ?"


class Settings(Protocol):
    """What was configured for asynchronous invocation."""

    def event_invoke_config(self, function_name: str, qualifier: str | None) -> Mapping[str, Any]:
        """``MaximumRetryAttempts``, ``MaximumEventAgeInSeconds``, ``DestinationConfig``."""

    def dead_letter_target(self, function_name: str, version: str) -> str | None:
        """The ARN of the dead-letter queue or topic."""


class Delivery(Protocol):
    """Takes what leaves the queue to its destination."""

    async def record(self, target: str, record: Mapping[str, Any]) -> None:
        """Send the record of an invocation to a destination; raises if it cannot."""

    async def dead_letter(self, target: str, body: str, attributes: Mapping[str, str]) -> None:
        """Send an event that was given up to a dead-letter queue; raises if it cannot."""


class AsyncQueue:
    """Runs queued events, retries them, and says where they went.

    Parameters
    ----------
    db_path
        The SQLite file of the queue.
    resolve, invoke
        Find the version that serves, and run one attempt.
    settings
        Retries, age and destinations of functions; the defaults without it.
    delivery
        Takes records to destinations and dead-letter queues.
    """

    def __init__(
        self,
        db_path: Path,
        *,
        resolve: Resolve,
        invoke: Execute,
        settings: Settings | None = None,
        delivery: Delivery | None = None,
    ) -> None:
        self._db = sqlite3.connect(db_path, isolation_level=None)
        db_path.chmod(0o600)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(_SCHEMA)
        self._db.execute("UPDATE event SET taken = 0")
        self._resolve = resolve
        self._invoke = invoke
        self._settings = settings
        self._delivery = delivery
        self._running: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to work the queue, what an earlier engine left in it included."""
        self._worker = asyncio.create_task(self._work())

    def __len__(self) -> int:
        """Events not yet dealt with."""
        count: int = self._db.execute("SELECT count(*) FROM event").fetchone()[0]
        return count

    async def submit(
        self, function_name: str, qualifier: str | None, invocation: Invocation
    ) -> None:
        """Accept one event; it is safe when this returns."""
        now = time.time()
        self._db.execute(
            _INSERT,
            (
                now,
                now,
                function_name,
                qualifier,
                invocation.request_id,
                invocation.payload,
                invocation.client_context,
                invocation.trace_header,
                invocation.tenant_id,
            ),
        )
        self._news.set()

    async def close(self) -> None:
        """Stop; events that run now will run again after the next start."""
        tasks = [*self._running, *([self._worker] if self._worker else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._db.close()

    async def _work(self) -> None:
        while True:
            self._news.clear()
            room = AT_ONCE - len(self._running)
            for row in self._db.execute(_TAKE, (time.time(), room)).fetchall():
                task = asyncio.create_task(self._attempt(row))
                self._running.add(task)
                task.add_done_callback(self._done)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._until_next())

    def _until_next(self) -> float | None:
        """Seconds until an event is due; ``None`` to wait for news."""
        if len(self._running) >= AT_ONCE:
            return None
        (due,) = self._db.execute("SELECT min(due) FROM event WHERE taken = 0").fetchone()
        return None if due is None else max(0.001, due - time.time())

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._news.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("an asynchronous event is stuck", exc_info=task.exception())

    async def _attempt(self, row: sqlite3.Row) -> None:
        failures, throttles = row["failures"], row["throttles"]
        result: InvocationResult | None = None
        try:
            resolved = self._resolve(row["function"], row["qualifier"])
        except AWSError as error:
            log.warning("event %s for %s is lost: %s", row["request_id"], row["function"], error)
            self._delete(row)
            return
        name, version = resolved.function.name, resolved.function.version
        config = self._config(name, row["qualifier"])
        try:
            result = await self._invoke(resolved, _invocation(row, resolved))
        except (Throttled, AWSError) as refusal:
            if isinstance(refusal, AWSError) and refusal.code == "RecursiveInvocationException":
                await self._leave(row, resolved, config, "RetriesExhausted", None, failures)
                return
            throttles += 1
            delay: float | None = retry.after_throttle(throttles)
        else:
            throttles = 0
            if result.function_error is None:
                await self._leave(row, resolved, config, "Success", result, failures)
                return
            failures += 1
            attempts = config.get("MaximumRetryAttempts", retry.MAX_ATTEMPTS)
            delay = retry.after_error(failures, attempts)
        if delay is None:
            await self._leave(row, resolved, config, "RetriesExhausted", result, failures)
            return
        due = time.time() + delay
        if due > row["accepted"] + config.get("MaximumEventAgeInSeconds", retry.MAX_AGE_S):
            await self._leave(row, resolved, config, "EventAgeExceeded", result, failures)
            return
        self._db.execute(_PUT_BACK, (due, failures, throttles, row["id"]))
        log.debug("%s:%s: event %s again in %.0f s", name, version, row["request_id"], delay)

    def _config(self, name: str, qualifier: str | None) -> Mapping[str, Any]:
        return self._settings.event_invoke_config(name, qualifier) if self._settings else {}

    def _delete(self, row: sqlite3.Row) -> None:
        self._db.execute("DELETE FROM event WHERE id = ?", (row["id"],))

    async def _leave(
        self,
        row: sqlite3.Row,
        resolved: Resolved,
        config: Mapping[str, Any],
        condition: str,
        result: InvocationResult | None,
        failures: int,
    ) -> None:
        """The event is done with: tell its destination or dead-letter queue, then forget it."""
        side = "OnSuccess" if condition == "Success" else "OnFailure"
        target = config.get("DestinationConfig", {}).get(side, {}).get("Destination")
        function = resolved.function
        if self._delivery is not None and target:
            record = _record(row, resolved, condition, result, failures)
            await self._try(self._delivery.record(target, record), target)
        dead_letter = None
        if self._settings is not None and side == "OnFailure":
            dead_letter = self._settings.dead_letter_target(function.name, function.version)
        if self._delivery is not None and dead_letter:
            attributes = _attributes(row, result)
            body = row["payload"].decode("utf-8", "replace")
            await self._try(self._delivery.dead_letter(dead_letter, body, attributes), dead_letter)
        self._delete(row)

    async def _try(self, sending: Awaitable[None], target: str) -> None:
        try:
            await sending
        except Exception as error:  # whatever a client library raises: the event itself has run
            log.warning("could not deliver to %s: %s", target, error)


def _invocation(row: sqlite3.Row, resolved: Resolved) -> Invocation:
    return Invocation(
        request_id=row["request_id"],
        payload=row["payload"],
        invoked_arn=resolved.invoked_arn,
        client_context=row["client_context"],
        trace_header=row["trace"],
        tenant_id=row["tenant"],
        source="event",
    )


def _record(
    row: sqlite3.Row,
    resolved: Resolved,
    condition: str,
    result: InvocationResult | None,
    failures: int,
) -> dict[str, Any]:
    """What a destination is told (facts/executor.md section 11)."""
    function = resolved.function
    now = time.time()
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": f"{stamp}.{int(now % 1 * 1000):03d}Z",
        "requestContext": {
            "requestId": row["request_id"],
            "functionArn": f"{function.arn}:{row['qualifier'] or '$LATEST'}",
            "condition": condition,
            "approximateInvokeCount": failures + (condition == "Success"),
        },
        "requestPayload": json.loads(row["payload"]),
    }
    if result is not None:
        response: dict[str, Any] = {"statusCode": 200, "executedVersion": result.executed_version}
        if result.function_error is not None:
            response["functionError"] = result.function_error
        record["responseContext"] = response
        record["responsePayload"] = _parsed(result.payload)
    return record


def _attributes(row: sqlite3.Row, result: InvocationResult | None) -> dict[str, str]:
    """Message attributes of a dead letter (facts/executor.md section 11)."""
    told = _parsed(result.payload) if result is not None else {}
    message = told.get("errorMessage", "") if isinstance(told, dict) else ""
    return {
        "RequestID": row["request_id"],
        "ErrorCode": "200" if result is not None else "429",
        "ErrorMessage": str(message)[:1024],
    }


def _parsed(payload: bytes) -> Any:
    try:
        return json.loads(payload)
    except ValueError:
        return payload.decode("utf-8", "replace")
