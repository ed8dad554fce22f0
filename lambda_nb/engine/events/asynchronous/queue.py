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
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from lambda_nb.engine import databases
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.events.asynchronous import outcome_records
from lambda_nb.engine.events.asynchronous.outcome_records import Condition
from lambda_nb.engine.model import Invocation, InvocationResult, Resolved, Throttled
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


class Settings(Protocol):
    """The configuration of asynchronous invocation."""

    def event_invoke_config(self, function_name: str, qualifier: str | None) -> Mapping[str, Any]:
        """``MaximumRetryAttempts``, ``MaximumEventAgeInSeconds``, ``DestinationConfig``."""

    def dead_letter_target(self, function_name: str, version: str) -> str | None:
        """The ARN of the dead-letter queue or topic."""

    def reserved_concurrency(self, function_name: str) -> int | None:
        """Environments reserved for the function; ``None`` if none are."""


class Delivery(Protocol):
    """Sends finished events to their destinations."""

    async def record(self, target: str, record: Mapping[str, Any]) -> None:
        """Send the record of an invocation to a destination; raises if it cannot."""

    async def dead_letter(self, target: str, body: str, attributes: Mapping[str, str]) -> None:
        """Send an event that was given up to a dead-letter queue; raises if it cannot."""


Failed = Callable[[str, str, "float | None"], None]
"""Is told that an event failed: its request ID, why, and the seconds until it is tried again;
``None`` if nobody should wait for it: it is given up, or this machine lacks its runtime."""


class Figures(Protocol):
    """Receives the queue's CloudWatch metrics."""

    def figure(self, function: str, name: str, unit: str, value: float) -> None:
        """Record one metric value of a function."""


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
        self._delivery = delivery
        self._figures = figures
        self._retry_delay_s = retry_delay_s
        self._patient = patient
        self._failed = failed
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
        self._note(_plain_name(function_name), "AsyncEventsReceived")
        if at_once:
            self._begin(row)
        else:
            self._expect(function_name, now)

    async def close(self) -> None:
        """Stop; events that run now will run again after the next start."""
        tasks = [task for running in self._running.values() for task in running]
        tasks += [self._worker] if self._worker else []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
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
            if error.code == "ResourceNotFoundException" and not self._patient:
                log.warning("event %s is lost: %s", row["request_id"], error)
                self._tell_failed(row, str(error), None)
                self._delete(row)
            else:  # the function is being created or changed, or was lost with its database
                self._put_back(row, retry.after_throttle(row["throttles"] + 1), throttled=True)
            return
        leaving = _Leaving(row, resolved, self._config(resolved))
        if self._settings and self._settings.reserved_concurrency(resolved.function.name) == 0:
            await self._leave(leaving, "ZeroReservedConcurrency", None)
            return
        result: InvocationResult | None = None
        try:
            age_s = steady_time() - row["accepted"]
            patience_s = max(0.0, leaving.config.get(_MAX_AGE, retry.MAX_AGE_S) - age_s)
            result = await self._invoke(resolved, _invocation(row, resolved, patience_s))
        except (Throttled, AWSError) as refusal:
            if isinstance(refusal, AWSError) and refusal.code == "RecursiveInvocationException":
                await self._leave(leaving, "RetriesExhausted", None)
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
        then = retry.after_attempt(
            refused=result is None,
            failures=leaving.attempts,
            throttles=row["throttles"] + 1,
            age_s=steady_time() - row["accepted"],
            max_attempts=leaving.config.get("MaximumRetryAttempts", retry.MAX_ATTEMPTS),
            max_age_s=leaving.config.get(_MAX_AGE, retry.MAX_AGE_S),
            first_s=self._retry_delay_s,
        )
        if isinstance(then, str):
            await self._leave(leaving, then, result)
        else:
            if result is not None:
                self._tell_failed(row, outcome_records.error_of(result), then)
            self._put_back(row, then, throttled=result is None)

    def _tell_cannot_run(self, row: sqlite3.Row, refusal: AWSError) -> None:
        """Say once that an event waits for a runtime: somebody may install it meanwhile."""
        if not row["throttles"]:
            log.warning("event %s waits: %s", row["request_id"], refusal)
        self._tell_failed(row, str(refusal), None)

    def _tell_failed(self, row: sqlite3.Row, why: str, again_in_s: float | None) -> None:
        if self._failed is not None:
            self._failed(row["request_id"], why, again_in_s)

    def _put_back(self, row: sqlite3.Row, delay_s: float, *, throttled: bool) -> None:
        failures = row["failures"] + (not throttled)
        throttles = row["throttles"] + 1 if throttled else 0
        due = steady_time() + delay_s
        self._write(_PUT_BACK, (due, failures, throttles, row["id"]))
        self._expect(row["function"], due)

    def _config(self, resolved: Resolved) -> Mapping[str, Any]:
        if self._settings is None:
            return {}
        return self._settings.event_invoke_config(resolved.function.name, _qualifier(resolved))

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
        self, leaving: _Leaving, condition: Condition, result: InvocationResult | None
    ) -> None:
        """Finish an event: send its record to its destination or dead-letter queue, delete it."""
        row, function = leaving.row, leaving.resolved.function
        age_ms = (steady_time() - row["accepted"]) * 1000
        self._note(function.name, "AsyncEventAge", "Milliseconds", age_ms)
        if condition in ("EventAgeExceeded", "ZeroReservedConcurrency"):
            self._note(function.name, "AsyncEventsDropped")
        if condition != "Success":
            why = condition if result is None else outcome_records.error_of(result)
            self._tell_failed(row, why, None)
        side = "OnSuccess" if condition == "Success" else "OnFailure"
        target = leaving.config.get("DestinationConfig", {}).get(side, {}).get("Destination")
        if self._delivery is not None and target:
            arn = f"{function.arn}:{_qualifier(leaving.resolved) or '$LATEST'}"
            record = outcome_records.record(
                row["request_id"], row["payload"], arn, condition, result, leaving.attempts
            )
            sending = self._delivery.record(target, record)
            await self._try(sending, target, function.name, "DestinationDeliveryFailures")
        dead_letter = None
        if self._settings is not None and side == "OnFailure":
            dead_letter = self._settings.dead_letter_target(function.name, function.version)
        if self._delivery is not None and dead_letter:
            attributes = outcome_records.attributes(row["request_id"], result)
            body = row["payload"].decode("utf-8", "replace")
            sending = self._delivery.dead_letter(dead_letter, body, attributes)
            await self._try(sending, dead_letter, function.name, "DeadLetterErrors")
        self._delete(row)

    async def _try(
        self, sending: Awaitable[None], target: str, function: str, failure: str
    ) -> None:
        try:
            await sending
        except Exception as error:  # whatever a client library raises: the event itself has run
            log.warning("could not deliver to %s: %s", target, error)
            self._note(function, failure)

    def _note(self, function: str, name: str, unit: str = "Count", value: float = 1.0) -> None:
        if self._figures is not None:
            self._figures.figure(function, name, unit, value)


@dataclass(slots=True)
class _Leaving:
    """An event that may leave the queue; ``attempts`` counts the function's runs."""

    row: sqlite3.Row
    resolved: Resolved
    config: Mapping[str, Any]
    attempts: int = field(init=False)

    def __post_init__(self) -> None:
        self.attempts = self.row["failures"]


def _qualifier(resolved: Resolved) -> str | None:
    """The qualifier that the caller gave, in any form."""
    parts = resolved.invoked_arn.split(":")
    return parts[7] if len(parts) > 7 else None


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
