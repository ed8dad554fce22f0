"""``setuptools`` and ``pkg_resources``, which AWS's Python runtimes up to 3.11 include.

Every such Python includes the wheel itself, for ``ensurepip``; Debian keeps it elsewhere.
"""

from __future__ import annotations

import shutil
import uuid
import zipfile
from pathlib import Path

from lambda_nb.engine.execution.runtimes.builds import cache_dir

LAST = (3, 11)
"""The last Python whose runtime on AWS has them."""
_SYSTEM = Path("/usr/share/python-wheels")


def folder(version: str, interpreter: str) -> Path | None:
    """A directory with the packages for a Python (``3.11``); ``None`` if there are none for it."""
    if tuple(map(int, version.split("."))) > LAST:
        return None
    library = Path(interpreter).resolve().parent.parent / "lib" / f"python{version}"
    for place in (library / "ensurepip" / "_bundled", _SYSTEM):
        for wheel in sorted(place.glob("setuptools-*.whl"), reverse=True):
            return _unpacked(wheel)
    return None


def _unpacked(wheel: Path) -> Path:
    target = cache_dir() / "setuptools" / wheel.stem
    if not target.is_dir():
        draft = target.with_name(f"{target.name}.{uuid.uuid4().hex}")
        draft.mkdir(parents=True)
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(draft)
        try:
            draft.rename(target)
        except OSError:  # unpacked by another engine in the meantime
            shutil.rmtree(draft)
    return target
