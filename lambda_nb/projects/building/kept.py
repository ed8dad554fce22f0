"""Folders that are made once: installed packages and builds, by a key of what they are made from.

They are in ``$LAMBDA_NB_HOME/packages`` or the user's cache directory.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

_making: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)


def cache() -> Path:
    """The directory of all of them."""
    home = os.environ.get("LAMBDA_NB_HOME")
    base = Path(home) if home else Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")) / "lambda_nb"
    return base.expanduser() / "packages"


def key_of(*parts: object) -> str:
    """One key for all that a folder is made from."""
    return hashlib.sha256("\0".join(map(str, parts)).encode()).hexdigest()[:24]


def kept(key: str, make: Callable[[Path], None]) -> Path:
    """The folder with this key; ``make`` fills it if it is not there, all of it or nothing."""
    folder = cache() / key
    with _making[key]:  # two functions of one project may need the same packages
        if folder.exists():
            return folder
        folder.parent.mkdir(parents=True, exist_ok=True)
        building = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f"{key}."))
        try:
            make(building)
            building.chmod(0o755)
            try:
                building.rename(folder)
            except OSError:  # another process was first
                if not folder.exists():
                    raise
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return folder
