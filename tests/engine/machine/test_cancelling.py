"""Tasks end, also those that lose a cancellation."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from lambda_nb.engine.machine import cancelling


async def _loses(cancellations: int) -> None:
    for _ in range(cancellations):
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
    await asyncio.Event().wait()


async def _fails() -> None:
    raise ValueError("on its own")


async def test_a_task_that_loses_cancellations_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cancelling, "_AGAIN_S", 0.001)
    tasks = [asyncio.create_task(_loses(lost)) for lost in (0, 1, 3)]
    tasks.append(asyncio.create_task(_fails()))
    await asyncio.sleep(0)
    await cancelling.cancelled(tasks)
    assert all(task.done() for task in tasks)
    assert [task.cancelled() for task in tasks] == [True, True, True, False]


async def test_no_task_is_no_wait() -> None:
    await cancelling.cancelled([])
