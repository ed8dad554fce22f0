"""Keeps programs that a notebook starts out of the kernel's own debugger."""

from __future__ import annotations

import contextlib
import sys
from contextlib import AbstractContextManager
from typing import Any


def undebugged() -> AbstractContextManager[Any]:
    """Programs of Python that are started inside run without debugpy.

    While the kernel's debugger is on, debugpy changes how this process starts others: each Python
    would run under it, and wait for a client that no notebook has.
    """
    patching = sys.modules.get("_pydev_bundle.pydev_monkey")
    skip = getattr(patching, "skip_subprocess_arg_patch", contextlib.nullcontext)
    leave: AbstractContextManager[Any] = skip()
    return leave
