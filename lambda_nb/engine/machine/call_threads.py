"""Threads for calls of services by boto3, which block until the service answers.

They are not the event loop's own. The service is often this engine, or one that calls this engine
before it answers; and what answers there needs the loop's own threads, to start a function for
one. If calls held those, everybody would wait for everybody. So: the loop's own threads do what
waits for no service; these make calls whose answer needs no other call from here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

_P = ParamSpec("_P")
_T = TypeVar("_T")

AT_ONCE = 32
"""Calls that are made at the same time; the others wait for one of them to end."""

_threads = ThreadPoolExecutor(AT_ONCE, "aws call")


async def in_call_thread(call: Callable[_P, _T], *given: _P.args, **named: _P.kwargs) -> _T:
    """Make a call that blocks, and return its answer.

    Raises
    ------
    Exception
        What the call raises.
    """
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(_threads, partial(call, *given, **named))
