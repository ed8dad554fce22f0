"""What functions did: each invocation with its event, its result and its log."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_UNFINISHED = "running"
_LINES = 20
"""Last lines of a log that a failed test shows."""


class FunctionFailed(AssertionError):  # noqa: N818  (a failed expectation, as a test words it)
    """A function that a test called has failed; the message has its error and its log."""


@dataclass(frozen=True)
class Invocation:
    """One attempt to run a function.

    Attributes
    ----------
    function, request_id
        Which function, and the request's id: the same in each attempt.
    event, result
        What it got and what it answered, from JSON; bytes that are no JSON stay bytes.
    status
        ``success``, ``error``, ``timeout``, ``throttled``, or what else became of it.
    error
        Type of the error; empty without one.
    source
        Who invoked it, such as ``invoke`` or ``sqs``.
    attempt
        1 for the first.
    duration_ms
        How long it ran, ms.
    """

    function: str
    request_id: str
    event: Any
    result: Any
    status: str
    error: str
    source: str
    attempt: int
    duration_ms: float
    _read_log: Callable[[Invocation], list[str]] = field(repr=False, compare=False)

    @property
    def logs(self) -> list[str]:
        """Its log lines; waits until the log has its last line."""
        return self._read_log(self)


def finished(
    function: str, shown: Mapping[str, Any], read_log: Callable[[Invocation], list[str]]
) -> list[Invocation]:
    """The invocations of a page ``events`` that have ended, the oldest first."""
    return [
        Invocation(
            function,
            row["request_id"],
            decoded(base64.b64decode(row["payload"])),
            decoded(base64.b64decode(row["response"])),
            row["status"],
            row["error_type"],
            row["source"],
            row["attempt"],
            row["duration_ms"],
            read_log,
        )
        for row in shown["events"]
        if row["status"] != _UNFINISHED
    ]


def decoded(content: bytes) -> Any:
    """A value from JSON; bytes that are no JSON as they are, ``None`` for nothing."""
    if not content:
        return None
    try:
        return json.loads(content)
    except ValueError:
        return content


def told(invocations: list[Invocation], lines: list[str]) -> str:
    """A function's latest invocations and log lines, for a person."""
    rows = [
        f"  {one.request_id} from {one.source}: {one.status}"
        f"{f' ({one.error})' if one.error else ''}, {one.duration_ms:.0f} ms, "
        f"event {_short(one.event)}, result {_short(one.result)}"
        for one in invocations[-5:]
    ]
    return "\n".join([*rows, *(f"  | {line}" for line in lines[-_LINES:])])


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}..."
