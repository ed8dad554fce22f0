"""Tumbling windows of streams: which records share one state.

Source: Lambda Developer Guide, services-kinesis-windows and services-ddb-windows (2026). A record
belongs to the window in which it arrived. Windows start at whole multiples of their length since
1970.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from typing import Any, TypeVar

STATE_LIMIT = 1_048_576
"""Bytes of state per shard; a window with more ends early."""

Record = TypeVar("Record")


def start_of(arrived_s: float, length_s: int) -> int:
    """The start of the window that a time falls in, in epoch seconds.

    Examples
    --------
    >>> start_of(119.9, 60), start_of(120.0, 60)
    (60, 120)
    """
    return math.floor(arrived_s / length_s) * length_s


def parted(
    records: Sequence[Record], arrived: Callable[[Record], float], length_s: int
) -> list[tuple[int, list[Record]]]:
    """Records by window, in order; a late record joins the window that is open.

    Examples
    --------
    >>> parted([1.0, 61.0, 59.0, 120.0], float, 60)
    [(0, [1.0]), (60, [61.0, 59.0]), (120, [120.0])]
    """
    parts: list[tuple[int, list[Record]]] = []
    for record in records:
        start = start_of(arrived(record), length_s)
        if parts and start <= parts[-1][0]:
            parts[-1][1].append(record)
        else:
            parts.append((start, [record]))
    return parts


def state_in(response: bytes) -> dict[str, Any] | None:
    """The state in a function's response; without one the invocation counts as failed.

    Examples
    --------
    >>> state_in(b'{"state": {"n": 1}}'), state_in(b'{"n": 1}'), state_in(b"no")
    ({'n': 1}, None, None)
    """
    try:
        answer = json.loads(response or b"null")
    except ValueError:
        return None
    state = answer.get("state") if isinstance(answer, dict) else None
    return state if isinstance(state, dict) else None


def too_large(state: dict[str, Any]) -> bool:
    """Whether a state ends its window early."""
    return len(json.dumps(state, separators=(",", ":")).encode()) > STATE_LIMIT


def stamp(epoch_s: int) -> str:
    """The start or end of a window, as events write it.

    Examples
    --------
    >>> stamp(1607497440)
    '2020-12-09T07:04:00Z'
    """
    return datetime.fromtimestamp(epoch_s, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
