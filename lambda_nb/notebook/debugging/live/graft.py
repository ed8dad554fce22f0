"""Puts our debugger before the kernel's, and takes it away again.

ipykernel has no way to add to its debugger: requests of the front end go to ``kernel.debugger``,
one object made when the kernel starts. So this module replaces that attribute while the extension
is loaded. It is the only place where lambda_nb changes a part of the kernel. Seen with ipykernel
6.29 and 7.4. With 7.0 functions are not debugged well, so pyproject.toml leaves it out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lambda_nb.notebook.debugging.live.kernel_debugger import KernelDebugger


def install(shell: Any, client: Callable[[], Any]) -> KernelDebugger | None:
    """Stand before the kernel's debugger; ``None`` if there is none (no kernel, no debugpy)."""
    kernel = getattr(shell, "kernel", None)
    original = getattr(kernel, "debugger", None)
    if kernel is None or not all(
        hasattr(original, name) for name in ("process_request", "event_callback", "is_started")
    ):
        return None
    kernel.debugger = KernelDebugger(original, client, shell)
    made: KernelDebugger = kernel.debugger
    return made


def remove(shell: Any, ours: KernelDebugger) -> None:
    """Put the kernel's own debugger back."""
    original = ours.restore()
    if shell.kernel.debugger is ours:
        shell.kernel.debugger = original
