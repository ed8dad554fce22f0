"""A private data directory for an engine without one, removed when the engine ends.

An engine that is killed cannot clean up. So each engine locks its directory as long as it lives.
The next engine finds a directory that is no longer locked, and removes it.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

_PREFIX = "lambda-nb-"
_LOCK = "engine.lock"


@contextlib.contextmanager
def private_dir(base: Path | None = None) -> Iterator[Path]:
    """A new directory that only its owner can enter; removed at the end.

    Parameters
    ----------
    base
        Where to make it; by default where the system keeps temporary files.
    """
    base = base or Path(tempfile.gettempdir())
    _remove_abandoned(base)
    # Locked before it has the name that other engines look for.
    new = Path(tempfile.mkdtemp(prefix=f".{_PREFIX}", dir=base))
    with (new / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        path = new.rename(base / new.name.removeprefix("."))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


def _remove_abandoned(base: Path) -> None:
    for path in base.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            if path.stat().st_uid != os.getuid():
                continue
            with (path / _LOCK).open() as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
