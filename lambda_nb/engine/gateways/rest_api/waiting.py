"""Waiting for functions for a limited time."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from typing import Any, TypeVar

log = logging.getLogger(__name__)

_T = TypeVar("_T")
_late: set[asyncio.Future[Any]] = set()


async def within(timeout_s: float, work: Awaitable[_T]) -> _T:
    """Wait for a function that goes on, as on AWS, when its caller waits no longer.

    Raises
    ------
    asyncio.TimeoutError
        It takes longer than ``timeout_s`` seconds.
    """
    task = asyncio.ensure_future(work)
    done, _ = await asyncio.wait((task,), timeout=timeout_s)
    if done:
        return task.result()
    _late.add(task)
    task.add_done_callback(_forget)
    raise asyncio.TimeoutError


def _forget(task: asyncio.Future[Any]) -> None:
    _late.discard(task)
    if not task.cancelled() and task.exception() is not None:
        log.info("a function failed after its caller had left: %s", task.exception())
