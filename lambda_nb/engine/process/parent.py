"""Notices when the process that started this one ends, even by SIGKILL.

A file descriptor of the process (``pidfd``) becomes readable when it ends. ``PR_SET_PDEATHSIG``
would also fire when only the *thread* that started this process ends: that is wrong for a parent
that starts engines from worker threads, as notebooks do.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

_POLL_S = 0.5


class ParentWatch:
    """Watches a process, from the moment this is made.

    Parameters
    ----------
    pid
        The process.
    """

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._descriptor: int | None = None
        self._gone = False
        open_pidfd: Callable[[int], int] | None = getattr(os, "pidfd_open", None)
        if open_pidfd is None:
            return
        try:
            self._descriptor = open_pidfd(pid)
        except ProcessLookupError:
            self._gone = True
        except OSError:  # a kernel before 5.3, or a sandbox that forbids it: poll instead
            return

    async def gone(self) -> None:
        """Return once the process has ended."""
        if self._gone:
            return
        if self._descriptor is not None:
            await _readable(self._descriptor)
            return
        while _alive(self._pid):  # noqa: ASYNC110
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
