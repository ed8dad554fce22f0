"""Calls of functions, with a limit of time and the answers that HTTP APIs give when they fail."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.gateways.http_api.faults import internal, unavailable
from lambda_nb.engine.model import InvocationResult, Throttled
from lambda_nb.engine.permissions.functions import Call, Functions, NotPermitted

log = logging.getLogger(__name__)

_running: set[asyncio.Task[InvocationResult]] = set()


async def invoked(functions: Functions, call: Call, timeout_s: float) -> InvocationResult:
    """A function's result, waited for ``timeout_s`` seconds; the function runs on after that.

    Raises
    ------
    Fault
        It may not be called, does not exist, is throttled, or takes too long.
    """
    try:
        return await _waited(functions.invoke(call), timeout_s)
    except NotPermitted as missing:
        log.warning("%s", missing)
        raise internal(str(missing)) from missing
    except Throttled as throttled:
        raise unavailable(f"{call.function} is throttled: {throttled.reason}") from throttled
    except AWSError as error:
        log.warning("%s cannot be invoked: %s", call.function, error.message)
        raise internal(f"{call.function}: {error.message}") from error


async def _waited(
    invocation: Coroutine[Any, Any, InvocationResult], timeout_s: float
) -> InvocationResult:
    task = asyncio.get_running_loop().create_task(invocation)
    _running.add(task)
    task.add_done_callback(_running.discard)
    try:
        done, _ = await asyncio.wait((task,), timeout=timeout_s)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not done:
        task.add_done_callback(_heard)
        raise unavailable(f"the integration did not answer within {timeout_s:g} s")
    return task.result()


def _heard(task: asyncio.Task[InvocationResult]) -> None:
    """Nobody waits for the result any more: take note of how it ended."""
    if not task.cancelled():
        task.exception()
