"""The loop stays awake while an invocation is under way, for a moment, and only where it may."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from lambda_nb.engine.api.wire import busypoll
from lambda_nb.engine.api.wire.busypoll import FOR_S, BusyPoll


class Clock:
    """A clock that the test advances."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(busypoll, "perf_counter", made)
    monkeypatch.setattr(busypoll, "_processors", lambda: 2.0)
    return made


async def awake(poll: BusyPoll) -> bool:
    """Whether the loop is still kept awake some turns later."""
    for _ in range(10):
        await asyncio.sleep(0)
    return poll.polling


async def test_it_polls_during_an_invocation_and_a_moment_after(clock: Clock) -> None:
    poll = BusyPoll()
    assert not await awake(poll)
    with poll:
        assert await awake(poll)
        clock.now += 2 * FOR_S
        assert not await awake(poll)
    assert await awake(poll)
    clock.now += 2 * FOR_S
    assert not await awake(poll)


async def test_it_does_not_poll_while_there_are_several(clock: Clock) -> None:
    poll = BusyPoll()
    with poll:
        with poll:
            assert not await awake(poll)
        assert await awake(poll)
    clock.now += 2 * FOR_S
    assert not await awake(poll)


async def test_each_event_counts_anew(clock: Clock) -> None:
    poll = BusyPoll()
    for _ in range(3):
        with poll:
            clock.now += 0.75 * FOR_S
        assert await awake(poll)
    clock.now += 2 * FOR_S
    assert not await awake(poll)


async def test_it_takes_no_processor_from_the_function(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(busypoll, "_processors", lambda: 1.5)
    poll = BusyPoll()
    with poll:
        assert not await awake(poll)


@pytest.mark.parametrize(
    ("quota", "expected"),
    [("max 100000", 4.0), ("100000 100000", 1.0), ("250000 100000", 2.5), ("", 4.0), (None, 4.0)],
)
def test_a_container_s_quota_counts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, quota: str | None, expected: float
) -> None:
    told = tmp_path / "cpu.max"
    if quota is not None:
        told.write_text(quota + "\n")
    monkeypatch.setattr(busypoll, "_QUOTA", told)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    assert busypoll._processors() == expected
