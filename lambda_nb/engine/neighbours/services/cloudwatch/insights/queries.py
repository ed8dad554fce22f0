"""Runs queries over log groups, each in its own thread, and keeps their results for a while."""

from __future__ import annotations

import base64
import json
import logging
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lambda_nb.engine.neighbours.services.cloudwatch.insights.pipeline import Query, Tally
from lambda_nb.engine.neighbours.services.cloudwatch.insights.records import (
    Moment,
    Record,
    embedded,
    line_fields,
    shown,
)
from lambda_nb.engine.neighbours.services.cloudwatch.insights.regular_expressions import (
    TooSlowError,
)
from lambda_nb.engine.neighbours.services.cloudwatch.log_store import Event, LogStore, Place

log = logging.getLogger(__name__)

SCHEDULED, RUNNING, COMPLETE = "Scheduled", "Running", "Complete"
FAILED, CANCELLED, TIMEOUT = "Failed", "Cancelled", "Timeout"
MOST_RESULTS = 10_000
"""Records of a result where the request names no limit (API reference, ``StartQuery``)."""
LONGEST_S = 3600
"""A query's longest run (CloudWatch Logs quotas, 2026)."""
_REMEMBERED = 200


@dataclass(frozen=True)
class Source:
    """A log group: its number in the store, its name, and its streams' names by their numbers."""

    number: int
    name: str
    account: str
    streams: Mapping[int, str]


@dataclass
class Run:
    """One query that runs or has run.

    Attributes
    ----------
    start_s, end_s
        Its time range, in seconds since 1970; both included.
    """

    text: str
    query: Query
    sources: Sequence[Source]
    start_s: int
    end_s: int
    limit: int = MOST_RESULTS
    identifier: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = SCHEDULED
    made_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000)
    took_ms: int = 0
    scanned: int = 0
    scanned_bytes: int = 0
    tally: Tally = field(default_factory=Tally)
    rows: list[list[dict[str, str]]] = field(default_factory=list)


class _StoppedError(Exception):
    """A query was stopped, or ran for too long."""


class Queries:
    """All queries of the process.

    Parameters
    ----------
    store
        Has the events.
    """

    def __init__(self, store: LogStore) -> None:
        self._store = store
        self._runs: dict[str, Run] = {}
        self._lock = threading.Lock()

    def start(self, run: Run) -> str:
        """Start a query and return its id."""
        with self._lock:
            self._runs[run.identifier] = run
            while len(self._runs) > _REMEMBERED:
                del self._runs[next(iter(self._runs))]
        threading.Thread(target=self._run, args=[run], name="insights", daemon=True).start()
        return run.identifier

    def find(self, identifier: str) -> Run | None:
        """A query by its id."""
        return self._runs.get(identifier)

    def all(self) -> list[Run]:
        """All queries that are remembered, newest first."""
        with self._lock:
            return list(reversed(self._runs.values()))

    def stop(self, run: Run) -> bool:
        """Stop a query; false if it has ended."""
        with self._lock:
            if run.status not in (SCHEDULED, RUNNING):
                return False
            run.status = CANCELLED
            return True

    def _run(self, run: Run) -> None:
        began = time.monotonic()
        try:
            self._proceed(run, SCHEDULED, RUNNING)
            found = run.query.run(self._records(run, began), run.limit, run.tally)
            run.rows = [_row(record, run.query) for record in found]
            self._proceed(run, RUNNING, COMPLETE)
        except _StoppedError:
            pass
        except TooSlowError as error:
            log.warning("the query %s failed: %s", run.identifier, error)
            run.status = FAILED
        except Exception:
            log.exception("the query %s failed", run.identifier)
            run.status = FAILED
        run.took_ms = round((time.monotonic() - began) * 1000)

    def _proceed(self, run: Run, before: str, after: str) -> None:
        with self._lock:
            if run.status != before:
                raise _StoppedError
            run.status = after

    def _records(self, run: Run, began: float) -> Iterator[Record]:
        after, before = Place(run.start_s * 1000, 0), Place((run.end_s + 1) * 1000, 0)
        for source in run.sources:
            log_name = f"{source.account}:{source.name}"
            for event in self._store.of_group(source.number, after, before):
                run.scanned += 1
                run.scanned_bytes += event.size
                if run.status == CANCELLED:
                    raise _StoppedError
                if not run.scanned & 1023 and time.monotonic() - began > LONGEST_S:
                    run.status = TIMEOUT
                    raise _StoppedError
                yield _record(event, source, log_name)

    def record_at(self, pointer: str, sources: Sequence[Source]) -> dict[str, str] | None:
        """All fields of the event that a result's ``@ptr`` points to; ``None`` if it is gone."""
        try:
            stream, at, identifier = json.loads(base64.b64decode(pointer, validate=True))
        except ValueError:
            return None
        found = self._store.of_stream(stream, Place(at, identifier - 1), Place(at, identifier + 1))
        event = next(found, None)
        source = next((one for one in sources if stream in one.streams), None)
        if event is None or source is None:
            return None
        record = _record(event, source, f"{source.account}:{source.name}")
        fields = {**record, **line_fields(event.message), **_flat(embedded(event.message))}
        return {name: shown(value) for name, value in fields.items() if value is not None}


def _record(event: Event, source: Source, log_name: str) -> Record:
    return Record(
        {
            "@timestamp": Moment(event.timestamp),
            "@message": event.message,
            "@logStream": source.streams.get(event.stream, ""),
            "@log": log_name,
            "@ingestionTime": Moment(event.ingestion_time),
            "@ptr": event,
        }
    )


def _row(record: Record, query: Query) -> list[dict[str, str]]:
    row = []
    for name in query.columns:
        value = record[name] if name != "@ptr" else None
        if value is not None:
            row.append({"field": name, "value": shown(value)})
    event = record.get("@ptr")
    if isinstance(event, Event):
        pointer = json.dumps([event.stream, event.timestamp, event.event_id]).encode()
        row.append({"field": "@ptr", "value": base64.b64encode(pointer).decode()})
    return row


def _flat(value: Any, path: str = "") -> dict[str, Any]:
    """The values of a JSON document by their paths."""
    if isinstance(value, dict):
        inner: Any = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    else:
        return {path: int(value) if isinstance(value, bool) else value} if path else {}
    found: dict[str, Any] = {}
    for key, one in inner:
        found |= _flat(one, f"{path}.{key}" if path else str(key))
    return found
