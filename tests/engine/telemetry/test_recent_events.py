"""The window of recent events: what is kept, what makes room, what the engine shows."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from lambda_nb.engine.model import (
    FunctionVersion,
    Invocation,
    InvocationResult,
    Resolved,
    Throttled,
)
from lambda_nb.engine.telemetry import recent_events
from lambda_nb.engine.telemetry.recent_events import RecentEvents


def resolved(name: str = "f") -> Resolved:
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{name}"
    function = FunctionVersion.__new__(FunctionVersion)
    for key, value in {
        "name": name,
        "version": "$LATEST",
        "memory_mb": 256,
        "architecture": "x86_64",
    }.items():
        object.__setattr__(function, key, value)
    return Resolved(function, arn, "live")


def event(payload: bytes = b"{}", request_id: str = "r", source: str = "s3") -> Invocation:
    return Invocation(request_id, payload, "arn", source=source)


def result(payload: bytes = b'"ok"', error: str | None = None) -> InvocationResult:
    return InvocationResult(
        "r",
        payload,
        "$LATEST",
        error_type=error,
        status="error" if error else "success",
        duration_ms=1.5,
        billed_ms=2,
    )


def shown(recent: RecentEvents, **query: str) -> list[dict[str, Any]]:
    return recent.told({"function": "f", **query})["events"]  # type: ignore[no-any-return]


def test_an_event_is_shown_with_its_outcome() -> None:
    recent = RecentEvents()
    number = recent.begin(resolved(), event(b'{"a": 1}'))
    assert shown(recent)[0]["status"] == "running"
    recent.finish(number, result())
    (row,) = shown(recent)
    assert (row["status"], row["source"], row["alias"]) == ("success", "s3", "live")
    assert (row["duration_ms"], row["billed_ms"], row["memory_mb"]) == (1.5, 2, 256)
    assert json.loads(base64.b64decode(row["payload"])) == {"a": 1}
    assert base64.b64decode(row["response"]) == b'"ok"'


def test_attempts_of_one_event_are_numbered_and_throttles_are_none() -> None:
    recent = RecentEvents()
    recent.finish(recent.begin(resolved(), event()), Throttled("ConcurrentInvocationLimitExceeded"))
    recent.finish(recent.begin(resolved(), event()), result(error="ValueError"))
    recent.finish(recent.begin(resolved(), event()), result())
    recent.begin(resolved(), event(request_id="other"))
    told = [(row["attempt"], row["status"], row["error_type"]) for row in shown(recent)]
    assert told == [
        (1, "throttled", "ConcurrentInvocationLimitExceeded"),
        (1, "error", "ValueError"),
        (2, "success", ""),
        (1, "running", ""),
    ]


def test_the_oldest_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent_events, "MOST_OF_A_FUNCTION", 3)
    recent = RecentEvents()
    for number in range(5):
        recent.begin(resolved(), event(str(number).encode()))
    assert [base64.b64decode(row["payload"]) for row in shown(recent)] == [b"2", b"3", b"4"]
    assert recent.told({"function": "f"})["dropped"] == 2

    monkeypatch.setattr(recent_events, "MOST_BYTES", 1000)
    begun = recent.begin(resolved("g"), event(b"x" * 600))
    assert len(shown(recent)) == 3
    recent.finish(begun, result(b"y" * 399))
    assert [base64.b64decode(row["payload"]) for row in shown(recent)] == [b"4"]
    recent.finish(begun - 3, result())  # it is gone: nothing to note


def test_since_and_limit_choose_the_latest(monkeypatch: pytest.MonkeyPatch) -> None:
    recent = RecentEvents()
    for second in range(4):
        monkeypatch.setattr(recent_events.time, "time", lambda second=second: float(second))
        recent.begin(resolved(), event())
    assert [row["arrived"] for row in shown(recent, since="1")] == [1.0, 2.0, 3.0]
    assert [row["arrived"] for row in shown(recent, since="1", limit="2")] == [2.0, 3.0]
    assert shown(recent, limit="0") == []
    with pytest.raises(ValueError, match="soon"):
        shown(recent, since="soon")
