"""Zip archives whose bytes depend on nothing but the files in them."""

from __future__ import annotations

import io
import stat
import tempfile
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lambda_nb.projects.building.trees import IGNORED, files

EPOCH = (1980, 1, 1, 0, 0, 0)
"""Time of all files in an archive: the same files give the same bytes and no new upload."""


@dataclass(frozen=True)
class Part:
    """A folder, or one file, that goes into an archive below ``prefix``.

    A part that is ``kept`` is a folder of the cache, which never changes: it is compressed once.
    """

    source: Path
    prefix: str = ""
    ignored: frozenset[str] = field(default=IGNORED)
    kept: bool = False


def pack(parts: Sequence[Part]) -> bytes:
    """The archive of these parts; of two files with one name the later counts."""
    first, *rest = parts
    buffer = io.BytesIO()
    entries: Iterable[tuple[str, Path]] = _entries(parts)
    if first.kept and not first.prefix:
        later = dict(_entries(rest))
        there = {name for name, _ in _entries([first])}
        if there.isdisjoint(later):
            buffer.write(_compressed(first))
            entries = later.items()
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, path in sorted(dict(entries).items()):
            with path.open("rb") as file:
                runs = bool(path.stat().st_mode & 0o111) or name == "bootstrap"
                _write(archive, name, file.read(), runs)
    return buffer.getvalue()


def _entries(parts: Iterable[Part]) -> Iterable[tuple[str, Path]]:
    for part in parts:
        if part.source.is_file():
            yield f"{part.prefix}{part.source.name}", part.source
        else:
            for name, entry in files(part.source, part.ignored, part.prefix):
                yield name, Path(entry.path)


def _compressed(part: Part) -> bytes:
    """The archive of a kept folder, which lies beside it."""
    beside = part.source.with_name(f"{part.source.name}.zip")
    if not beside.is_file():
        data = pack([Part(part.source, ignored=part.ignored)])
        # A name of its own: several functions may need the same packages at the same time.
        with tempfile.NamedTemporaryFile(
            dir=beside.parent, prefix=f"{beside.stem}.", suffix=".arriving", delete=False
        ) as arriving:
            arriving.write(data)
        Path(arriving.name).replace(beside)
        return data
    return beside.read_bytes()


def zip_of(contents: Mapping[str, bytes]) -> bytes:
    """A zip archive of these files; the same files always give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(contents.items()):
            _write(archive, name, data, name == "bootstrap" or data.startswith(b"#!"))
    return buffer.getvalue()


def _write(archive: zipfile.ZipFile, name: str, data: bytes, runs: bool) -> None:
    entry = zipfile.ZipInfo(name, EPOCH)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.external_attr = (stat.S_IFREG | (0o755 if runs else 0o644)) << 16
    archive.writestr(entry, data)
