"""The asynchronous queue: events of InvocationType=Event, kept on disk until they are finished.

The queue accepts an event by writing it to SQLite. It deletes the event only when it has run, or
was given up and its record was sent to the dead-letter queue or destination. So an engine that is
killed at any moment delivers it after the next start (at least once, like Lambda). The rules for
retries are in ``rules.events.retry``.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import math
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, Literal

from lambda_nb.engine import databases
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.events.asynchronous import outcome_records
from lambda_nb.engine.events.asynchronous.leaving import (
    Delivery,
    Failed,
    Figures,
    Leaving,
    Reports,
    Settings,
    named_by,
)
from lambda_nb.engine.events.asynchronous.outcome_records import Condition
from lambda_nb.engine.machine.cancelling import cancelled
from lambda_nb.engine.model import Invocation, InvocationResult, Named, Resolved, Throttled
from lambda_nb.engine.notices import Notice
from lambda_nb.engine.steady_clock import steady_time
from lambda_nb.rules.events import retry

log = logging.getLogger(__name__)

Resolve = Callable[[str, "str | None"], Resolved]
Execute = Callable[[Resolved, Invocation], Awaitable[InvocationResult]]

AT_ONCE = 200
"""Maximum events of one function that run at the same time; the others wait in the queue.

Functions do not wait for one another: only the account's concurrency limits them together.
"""

_MAX_AGE = "MaximumEventAgeInSeconds"
_ROOM_POLL_S = 1.0
"""How often a full disk is checked again."""

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
    source TEXT NOT NULL,
    failures INTEGER NOT NULL DEFAULT 0,
    throttles INTEGER NOT NULL DEFAULT 0,
    taken INTEGER NOT NULL DEFAULT 0
);
DROP INDEX IF EXISTS event_due;
CREATE INDEX IF NOT EXISTS event_due_of_function ON event (taken, function, due);
"""
_INSERT = """
INSERT INTO event
    (due, accepted, function, qualifier, request_id, payload, client_context, trace, tenant,
     source, taken)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
RETURNING *
"""
_TAKE = """
UPDATE event SET taken = 1
WHERE id IN (
    SELECT id FROM event WHERE taken = 0 AND function = ? AND due <= ? ORDER BY due, id LIMIT ?
)
RETURNING *
"""
_NEXT = "SELECT min(due) FROM event WHERE taken = 0 AND function = ?"
_WAITING = "SELECT function, min(due) FROM event WHERE taken = 0 GROUP BY function"
_BEGIN_AGAIN = """
UPDATE event SET taken = 0, accepted = min(accepted, ?), due = CASE WHEN due > ? THEN ? ELSE due END
"""
_PUT_BACK = "UPDATE event SET taken = 0, due = ?, failures = ?, throttles = ? WHERE id = ?"


class AsyncQueue:
    """Runs queued events, retries them, and reports their results.

    Parameters
    ----------
    db_path
        The SQLite file of the queue.
    resolve, invoke
        Find the version that serves, and run one attempt.
    settings
        Retries, age and destinations of functions; ``None`` for the defaults.
    delivery
        Sends records to destinations and dead-letter queues.
    figures
        Receives the queue's metrics.
    retry_delay_s
        Seconds before the first retry after a function error; the second waits twice as long.
    patient
        Keep events of a missing function until it is created again (after a rescue).
    failed
        Is told of each attempt that failed.
    """

    def __init__(
        self,
        db_path: Path,
        *,
        resolve: Resolve,
        invoke: Execute,
        settings: Settings | None = None,
        delivery: Delivery | None = None,
        figures: Figures | None = None,
        retry_delay_s: float = retry.ERROR_DELAYS_S[0],
        patient: bool = False,
        failed: Failed | None = None,
    ) -> None:
        self._db = databases.opened(db_path)
        self._db.row_factory = sqlite3.Row
        self._db.executescript(_SCHEMA)
        # If the machine's clock was set back meanwhile, no event waits for the old time.
        now = steady_time()
        latest = now + max(retry.MOST_BACKOFF_S, 2 * retry_delay_s)
        self._db.execute(_BEGIN_AGAIN, (now, latest, now))
        self._resolve = resolve
        self._invoke = invoke
        self._settings = settings
        self._reports = Reports(settings, delivery, figures, failed)
        self._retry_delay_s = retry_delay_s
        self._patient = patient
        self._running: dict[str, set[asyncio.Task[None]]] = {}
        # By function: when its next event is due.
        self._due: dict[str, float] = dict(self._db.execute(_WAITING).fetchall())
        # Writes that wait until the disk has room.
        self._owed: deque[tuple[str, tuple[Any, ...]]] = deque()
        self._full_disk = Notice(
            log, "the disk is full: asynchronous events wait until there is room"
        )
        self._news = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start to process the queue, with the events that an earlier engine left."""
        self._worker = asyncio.create_task(self._work())

    def __len__(self) -> int:
        """Events that are not finished."""
        count: int = self._db.execute("SELECT count(*) FROM event").fetchone()[0]
        return count

    async def submit(
        self, function_name: str, qualifier: str | None, invocation: Invocation
    ) -> None:
        """Accept one event; it is stored when this returns."""
        now = steady_time()
        # At once, unless others wait: to read it from the queue costs as much as to write it.
        waits = self._due.get(function_name, math.inf) <= now
        at_once = self._worker is not None and not waits and self._room(function_name) > 0
        (row,) = self._db.execute(
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
                "event" if invocation.source == "invoke" else invocation.source,
                at_once,
            ),
        ).fetchall()
        self._reports.note(_plain_name(function_name), "AsyncEventsReceived")
        if at_once:
            self._begin(row)
        else:
            self._expect(function_name, now)

    async def close(self) -> None:
        """Stop; events that run now will run again after the next start."""
        tasks = [task for running in self._running.values() for task in running]
        tasks += [self._worker] if self._worker else []
        await cancelled(tasks)
        self._db.close()

    async def _work(self) -> None:
        while True:
            self._news.clear()
            now = steady_time()
            self._pay()
            for function in [name for name, due in self._due.items() if due <= now]:
                self._take(function, now)
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._news.wait(), self._until_next())

    def _take(self, function: str, now: float) -> None:
        """Start the due events of one function, as far as there is room."""
        room = self._room(function)
        if room <= 0:
            return
        try:
            rows = self._db.execute(_TAKE, (function, now, room)).fetchall()
        except sqlite3.OperationalError as error:
            if not databases.no_room(error):
                raise
            self._full_disk.warn()
            self._due[function] = now + _ROOM_POLL_S
            return
        # SQLite does not guarantee their order.
        for row in sorted(rows, key=lambda row: (row["due"], row["id"])):
            self._begin(row)
        (due,) = self._db.execute(_NEXT, (function,)).fetchone()
        if due is None:
            del self._due[function]
        else:
            self._due[function] = due

    def _begin(self, row: sqlite3.Row) -> None:
        function = row["function"]
        task = asyncio.create_task(self._attempt(row))
        self._running.setdefault(function, set()).add(task)
        task.add_done_callback(functools.partial(self._done, function))

    def _room(self, function: str) -> int:
        return AT_ONCE - len(self._running.get(function, ()))

    def _until_next(self) -> float | None:
        """Seconds until the next event with room is due; ``None`` to wait for news."""
        dues = [due for function, due in self._due.items() if self._room(function) > 0]
        if self._owed:
            dues.append(steady_time() + _ROOM_POLL_S)
        return max(0.001, min(dues) - steady_time()) if dues else None

    def _expect(self, function: str, due: float) -> None:
        """Note that an event of a function is due at a time."""
        self._due[function] = min(due, self._due.get(function, due))
        self._news.set()

    def _done(self, function: str, task: asyncio.Task[None]) -> None:
        running = self._running[function]
        running.discard(task)
        if not running:
            del self._running[function]
        self._news.set()
        if not task.cancelled() and task.exception() is not None:
            log.error("an asynchronous event is stuck", exc_info=task.exception())

    async def _attempt(self, row: sqlite3.Row) -> None:
        """Run one event once, then put it back or finish it."""
        try:
            resolved = self._resolve(row["function"], row["qualifier"])
        except AWSError as error:
            await self._wait_for_function(row, error)
            return
        leaving = self._leaving(row, named_by(resolved))
        if self._settings and self._settings.reserved_concurrency(resolved.function.name) == 0:
            await self._leave(leaving, "ZeroReservedConcurrency")
            return
        result: InvocationResult | None = None
        try:
            age_s = steady_time() - row["accepted"]
            patience_s = max(0.0, leaving.config.get(_MAX_AGE, retry.MAX_AGE_S) - age_s)
            result = await self._invoke(resolved, _invocation(row, resolved, patience_s))
        except (Throttled, AWSError) as refusal:
            if isinstance(refusal, AWSError) and refusal.code == "RecursiveInvocationException":
                await self._leave(leaving, "RetriesExhausted")
                return
            if isinstance(refusal, AWSError) and refusal.code == "InvalidRuntimeException":
                self._tell_cannot_run(row, refusal)
        except Exception:  # the engine's error, not the function's: a service error
            log.exception("event %s could not run", row["request_id"])
        if result is not None:
            leaving.attempts += 1
            if result.function_error is None:
                await self._leave(leaving, "Success", result)
                return
        then = self._after(leaving, refused=result is None)
        if isinstance(then, str):
            await self._leave(leaving, then, result)
        else:
            if result is not None:
                self._reports.failed(row, outcome_records.error_of(result), then)
            self._put_back(row, then, throttled=result is None)

    async def _wait_for_function(self, row: sqlite3.Row, error: AWSError) -> None:
        """Put back an event whose function is being created or changed, until it is too old.

        If there is no such function, its events are lost; unless it was lost itself, with its
        database: then somebody may create it again.
        """
        named = self._settings and self._settings.named(row["function"], row["qualifier"])
        if named is None and not self._patient:
            self._lose(row, error)
            return
        missing = Named(row["function"], row["qualifier"], "", row["function"])
        leaving = self._leaving(row, named or missing)
        then = self._after(leaving, refused=True)
        if not isinstance(then, str):
            self._put_back(row, then, throttled=True)
        elif named is None:
            self._lose(row, error)
        else:
            await self._leave(leaving, then, why=str(error))

    def _lose(self, row: sqlite3.Row, error: AWSError) -> None:
        log.warning("event %s is lost: %s", row["request_id"], error)
        self._reports.failed(row, str(error), None)
        self._delete(row)

    def _leaving(self, row: sqlite3.Row, named: Named) -> Leaving:
        config: Mapping[str, Any] = {}
        if self._settings is not None:
            config = self._settings.event_invoke_config(named.name, named.qualifier)
        return Leaving(row, named, config)

    def _after(
        self, leaving: Leaving, *, refused: bool
    ) -> float | Literal["RetriesExhausted", "EventAgeExceeded"]:
        """Seconds until an event that did not succeed is tried again, or why it is not."""
        return retry.after_attempt(
            refused=refused,
            failures=leaving.attempts,
            throttles=leaving.row["throttles"] + 1,
            age_s=steady_time() - leaving.row["accepted"],
            max_attempts=leaving.config.get("MaximumRetryAttempts", retry.MAX_ATTEMPTS),
            max_age_s=leaving.config.get(_MAX_AGE, retry.MAX_AGE_S),
            first_s=self._retry_delay_s,
        )

    def _tell_cannot_run(self, row: sqlite3.Row, refusal: AWSError) -> None:
        """Say once that an event waits for a runtime: somebody may install it meanwhile."""
        if not row["throttles"]:
            log.warning("event %s waits: %s", row["request_id"], refusal)
        self._reports.failed(row, str(refusal), None)

    def _put_back(self, row: sqlite3.Row, delay_s: float, *, throttled: bool) -> None:
        failures = row["failures"] + (not throttled)
        throttles = row["throttles"] + 1 if throttled else 0
        due = steady_time() + delay_s
        self._write(_PUT_BACK, (due, failures, throttles, row["id"]))
        self._expect(row["function"], due)

    def _delete(self, row: sqlite3.Row) -> None:
        self._write("DELETE FROM event WHERE id = ?", (row["id"],))

    def _write(self, statement: str, values: tuple[Any, ...]) -> None:
        """Write an event's new state; on a full disk, later when there is room.

        Raises
        ------
        sqlite3.Error
            If the write fails for another reason.
        """
        self._owed.append((statement, values))
        self._pay()

    def _pay(self) -> None:
        """Do the writes that wait, as far as the disk has room."""
        try:
            while self._owed:
                self._db.execute(*self._owed[0])
                self._owed.popleft()
        except sqlite3.OperationalError as error:
            if not databases.no_room(error):
                self._owed.popleft()
                raise
            self._full_disk.warn()

    async def _leave(
        self,
        leaving: Leaving,
        condition: Condition,
        result: InvocationResult | None = None,
        why: str | None = None,
    ) -> None:
        """Finish an event: send its record to its destination or dead-letter queue, delete it."""
        await self._reports.left(leaving, condition, result, why)
        self._delete(leaving.row)


def _plain_name(function_name: str) -> str:
    """The function's name in a name, partial ARN or ARN."""
    parts = function_name.split(":")
    return parts[parts.index("function") + 1] if "function" in parts[:-1] else parts[0]


def _invocation(row: sqlite3.Row, resolved: Resolved, patience_s: float) -> Invocation:
    return Invocation(
        request_id=row["request_id"],
        payload=row["payload"],
        invoked_arn=resolved.invoked_arn,
        client_context=row["client_context"],
        trace_header=row["trace"],
        tenant_id=row["tenant"],
        source=row["source"],
        patience_s=patience_s,
    )
