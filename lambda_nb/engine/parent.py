"""Ending with the parent: notice the death of the process that started this one, even by SIGKILL.

A file descriptor of the process (``pidfd``) becomes readable when it ends. Unlike
``PR_SET_PDEATHSIG``, which also fires when only the *thread* that started this process ends, it is
right for a parent that starts engines from worker threads, as notebooks do.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

_POLL_S = 0.5


async def parent_gone(pid: int) -> None:
    """Return once the process ``pid`` (0: whoever started this one) has ended."""
    watched = pid or os.getppid()
    open_pidfd: Callable[[int], int] | None = getattr(os, "pidfd_open", None)
    if open_pidfd is not None:
        try:
            descriptor = open_pidfd(watched)
        except ProcessLookupError:
            return
        except OSError:  # a kernel before 5.3, or a sandbox that forbids it
            pass
        else:
            await _readable(descriptor)
            return
    while _alive(watched) and (pid or os.getppid() == watched):  # noqa: ASYNC110
        await asyncio.sleep(_POLL_S)


async def _readable(descriptor: int) -> None:
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
