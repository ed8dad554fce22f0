"""Functions whose code is a directory of the user's: what is saved there runs at the next call.

``S3Bucket=hot-reload`` with ``S3Key=/a/directory`` asks for it, as in other tools of this kind. It
is off unless ``lambda-nb serve --hot-reload DIR`` allows the directory or one around it.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from lambda_nb.engine.control.records.store import Record
from lambda_nb.engine.errors import invalid_parameter
from lambda_nb.engine.model import FunctionVersion

BUCKET = "hot-reload"
"""The bucket's name that stands for a directory of this machine."""
_UNWATCHED = frozenset({"__pycache__", ".git", ".venv", "node_modules"})
"""Folders whose own time of change is looked at, and not what is in them: they may be large."""


@dataclass(frozen=True, slots=True)
class MountedCode:
    """A directory. ``size`` is that of its files when it was given, ``sha256`` of their times."""

    path: Path
    size: int
    sha256: str

    def record(self) -> Record:
        """The stored form."""
        return {"mounted": str(self.path)}

    def shown(self) -> Record:
        """Its members in a FunctionConfiguration."""
        return {"CodeSize": self.size, "CodeSha256": self.sha256}


class Mounts:
    """The directories that functions may have as their code, and what is in them now.

    Parameters
    ----------
    allowed
        Directories; those below them are allowed too.
    """

    def __init__(self, allowed: Sequence[Path] = ()) -> None:
        self._allowed = [path.resolve() for path in allowed]
        self._first: dict[tuple[str, str], tuple[str, str]] = {}
        self._current: dict[tuple[str, str], FunctionVersion] = {}

    def code(self, key: str) -> MountedCode:
        """The code of a request with the bucket ``hot-reload``.

        Raises
        ------
        AWSError
            ``InvalidParameterValueException`` if the key is not an allowed directory.
        """
        path = self.directory(key)
        found = list(_stamps(path))
        if not found:
            raise invalid_parameter(f"The directory {path} of S3Key is empty.")
        digest = hashlib.sha256(f"{path}\n{_fingerprint(path)}".encode()).digest()
        return MountedCode(
            path, sum(size for _, _, size in found), base64.b64encode(digest).decode()
        )

    def directory(self, given: str) -> Path:
        """The real path of an allowed directory; refuses any other."""
        path = Path(given)
        if not path.is_absolute():
            raise invalid_parameter(
                f"S3Bucket {BUCKET} mounts a directory of this machine: S3Key must be its absolute "
                f"path, not {given!r}."
            )
        real = path.resolve()
        if not any(real == allowed or allowed in real.parents for allowed in self._allowed):
            raise invalid_parameter(
                f"S3Bucket {BUCKET} mounts a directory of this machine, and {real} is not allowed. "
                f"Start the engine with: lambda-nb serve --hot-reload {real}"
            )
        if not real.is_dir():
            raise invalid_parameter(f"S3Key {given}: there is no such directory on this machine.")
        return real

    def current(self, function: FunctionVersion) -> tuple[FunctionVersion, bool]:
        """A version with the directory as it is now, and whether it has changed since last asked.

        Parameters
        ----------
        function
            The version as its record says; its ``code_dir`` is the directory.
        """
        now = _fingerprint(function.code_dir)
        key = (function.name, function.version)
        began, first = self._first.get(key, ("", ""))
        if began != function.revision:
            self._first[key], first = (function.revision, now), now
        revision = function.revision if now == first else f"{function.revision}.{now}"
        last = self._current.get(key)
        if last is not None and last.revision == revision:
            return last, False
        current = function if now == first else replace(function, revision=revision)
        self._current[key] = current
        return current, last is not None


def _fingerprint(folder: Path) -> str:
    """Changes when a file below the folder is written, made or removed."""
    return hashlib.sha256(repr(sorted(_stamps(folder))).encode()).hexdigest()[:16]


def _stamps(folder: Path | str) -> Iterator[tuple[str, int, int]]:
    """Path, time of change (ns) and size (bytes) of each file."""
    try:
        with os.scandir(folder) as entries:
            found = list(entries)
    except FileNotFoundError:  # removed while it was looked at
        return
    for entry in found:
        try:
            told = entry.stat()
            inside = entry.is_dir(follow_symlinks=False)
        except FileNotFoundError:
            continue
        if inside and entry.name not in _UNWATCHED:
            yield from _stamps(entry.path)
        elif entry.name != "__pycache__":
            yield entry.path, told.st_mtime_ns, told.st_size
