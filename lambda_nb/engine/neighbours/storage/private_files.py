"""Files for this user alone, written atomically, in a directory that one process locks."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
import tempfile
import time
from pathlib import Path
from typing import Any

_WAIT_S = 20.0


class UnsafeError(Exception):
    """The directory is open to others; nothing in it is read."""


def check(path: Path) -> None:
    """Refuse a path that others may write to.

    Raises
    ------
    UnsafeError
        If it belongs to another user, or others may enter it.
    """
    status = path.lstat()
    if status.st_uid != os.geteuid() or stat.S_IMODE(status.st_mode) & 0o077:
        raise UnsafeError(
            f"{path} must belong to this user and be closed to others (chmod go= {path}): what "
            "the services held is not read from where others may write"
        )


def locked(path: Path) -> Any:
    """Lock the directory. Waits: an engine that just ended may still be saving."""
    held = path.open("w")
    path.chmod(0o600)
    deadline = time.monotonic() + _WAIT_S
    while True:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)
        else:
            return held


def write(path: Path, content: bytes) -> None:
    """Write a file atomically, for this user alone."""
    descriptor, new = tempfile.mkstemp(dir=path.parent, prefix=".new-")  # of mode 0600
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
        os.replace(new, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(new)
        raise
