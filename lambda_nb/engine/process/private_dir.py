"""The data directory of an engine that was given none: private, and gone when the engine is.

An engine that is killed cannot clear up. Each directory is locked by its engine for as long as that
lives, so the next engine can tell what was left behind, and removes it.
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
    """A new directory that only its owner can enter; removed in the end.

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
