"""Threads of the workbench."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any


def thread(name: str, target: Callable[..., Any], *args: Any) -> threading.Thread:
    """A daemon thread that goes on while a cell is stopped in JupyterLab's debugger."""
    made: Any = threading.Thread(target=target, args=args, name=f"lambda_nb {name}", daemon=True)
    # What pydevd, the debugger below debugpy, looks for.
    made.pydev_do_not_trace = made.is_pydev_daemon_thread = True
    return made  # type: ignore[no-any-return]
