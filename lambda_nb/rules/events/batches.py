"""What happens to a batch that an event source mapping sent to a function.

Source: Lambda Developer Guide, with-sqs and with-kinesis; facts/events.md section 2 (2026).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

PAYLOAD_LIMIT = 6_291_456
"""Bytes. A batch is sent before its event would exceed this."""
QUEUE_CONCURRENCY_AT_START = 5
QUEUE_CONCURRENCY_PER_MINUTE = 300
QUEUE_CONCURRENCY_MAX = 1250
"""Batches of one standard queue that run at once while there is a backlog."""
FIRST_BACKOFF_S = 0.5
MOST_BACKOFF_S = 30.0
"""Seconds between tries of a failed batch of a stream. AWS backs off, but does not say how."""


def failed_items(response: bytes, identifiers: Sequence[str]) -> list[str]:
    """The failed items of a batch, from a ``ReportBatchItemFailures`` response.

    A response that cannot be read, or that names an unknown item, fails the whole batch.

    Examples
    --------
    >>> failed_items(b'{"batchItemFailures": [{"itemIdentifier": "b"}]}', ["a", "b"])
    ['b']
    >>> failed_items(b"null", ["a"]), failed_items(b"[]", ["a"]), failed_items(b"{", ["a"])
    ([], [], ['a'])
    """
    everything = list(identifiers)
    try:
        answer: Any = json.loads(response or b"null")
    except ValueError:
        return everything
    if answer in (None, "", []):
        return []
    if not isinstance(answer, dict):
        return everything
    entries = answer.get("batchItemFailures") or []
    if not isinstance(entries, list):
        return everything
    failed = []
    for entry in entries:
        identifier = entry.get("itemIdentifier") if isinstance(entry, dict) else None
        if identifier not in everything:
            return everything
        failed.append(identifier)
    return failed


def backoff(failures: int) -> float:
    """Seconds to wait after so many failures (from 1) of one batch in a row."""
    return float(min(MOST_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(failures - 1, 30)))


def queue_concurrency(backlog_s: float, maximum: int | None) -> int:
    """Batches of a standard queue that may run at once, ``backlog_s`` after its backlog began."""
    grown = QUEUE_CONCURRENCY_AT_START + int(backlog_s / 60 * QUEUE_CONCURRENCY_PER_MINUTE)
    return min(grown, QUEUE_CONCURRENCY_MAX if maximum is None else maximum)
