"""The files of a folder: which of them go into an archive, and whether they have changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

IGNORED = frozenset(
    {
        "__pycache__",
        ".git",
        ".hg",
        ".svn",
        ".DS_Store",
        ".aws-sam",
        ".chalice",
        ".idea",
        ".vscode",
        ".venv",
        ".pytest_cache",
        ".mypy_cache",
        ".ruff_cache",
        ".ipynb_checkpoints",
        "cdk.out",
    }
)
"""Names of files and folders that no build packs and no watch looks at."""


def files(
    folder: Path, ignored: frozenset[str] = IGNORED, prefix: str = ""
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """All files below a folder, by their path in it; symbolic links are followed.

    Yields
    ------
    tuple of str and os.DirEntry
        The path with slashes, and the entry. The order is always the same.
    """
    yield from _below(str(folder), prefix, ignored, (os.path.realpath(folder),))


def _below(
    folder: str, prefix: str, ignored: frozenset[str], above: tuple[str, ...]
) -> Iterator[tuple[str, os.DirEntry[str]]]:
    try:
        with os.scandir(folder) as found:
            entries = sorted(found, key=lambda entry: entry.name)
    except FileNotFoundError:
        if len(above) == 1:
            raise
        return  # removed since the folder around it was read
    for entry in entries:
        if entry.name in ignored or entry.name.endswith((".pyc", ".pyo")):
            continue
        path = f"{prefix}{entry.name}"
        if not entry.is_dir():
            if entry.is_file():  # neither a socket nor a link to nothing
                yield path, entry
            continue
        real = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
        if real not in above:  # a link to a folder around it would never end
            yield from _below(entry.path, f"{path}/", ignored, (*above, real))


def content_key(path: Path, ignored: frozenset[str] = IGNORED) -> str:
    """A SHA-256 over the names and contents of a folder's files, or of one file."""
    whole = hashlib.sha256()
    if path.is_file():
        whole.update(path.read_bytes())
        return whole.hexdigest()
    for name, entry in files(path, ignored):
        content = hashlib.sha256(Path(entry.path).read_bytes()).digest()
        whole.update(b"%d:%s" % (len(os.fsencode(name)), os.fsencode(name)) + content)
    return whole.hexdigest()


def stamps(folder: Path, ignored: frozenset[str] = IGNORED) -> dict[str, tuple[int, int]]:
    """The time of change (ns) and size (bytes) of each file, by path: cheap to compare."""
    found = {}
    for _, entry in files(folder, ignored):
        try:
            told = entry.stat()
        except FileNotFoundError:  # removed since the folder was read
            continue
        found[entry.path] = (told.st_mtime_ns, told.st_size)
    return found
