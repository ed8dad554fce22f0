"""Threads of a kernel that work beside its cells."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable
from typing import Any


def thread(name: str, target: Callable[..., Any], *args: Any) -> threading.Thread:
    """A daemon thread, not yet started, that may send on comms and goes on in every pause.

    It runs in a copy of the caller's context: ipykernel 7.0 keeps there what it answers, and cannot
    send a message of a comm without it. JupyterLab's debugger lets it run while a cell is stopped.
    """
    context = contextvars.copy_context()
    made: Any = threading.Thread(
        target=context.run, args=(target, *args), name=f"lambda_nb {name}", daemon=True
    )
    # What pydevd, the debugger below debugpy, looks for.
    made.pydev_do_not_trace = made.is_pydev_daemon_thread = True
    return made  # type: ignore[no-any-return]
