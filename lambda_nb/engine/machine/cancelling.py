"""Ends tasks for good."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

_AGAIN_S = 3.0  # long enough for what a task does at its end


async def cancelled(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel tasks and wait until all have ended; what they raise is dropped.

    Before Python 3.12, ``asyncio.wait_for`` loses a cancellation that comes at the moment in which
    what it waits for is done: the task would go on. So it is cancelled again until it ends.
    """
    everything = list(tasks)
    left = set(everything)
    while left:
        for task in left:
            task.cancel()
        _, left = await asyncio.wait(left, timeout=_AGAIN_S)
    await asyncio.gather(*everything, return_exceptions=True)
