"""The code store: zip archives and their unpacked trees, named by their SHA-256.

``zips/<sha256>.zip`` is the uploaded archive. ``trees/<sha256>/`` has its files; environments mount
it as ``/var/task`` or below ``/opt``. A rename puts both in place, so none is ever incomplete. When
the engine starts, it removes those that no record uses.
"""

from __future__ import annotations

import asyncio
import base64
import calendar
import hashlib
import io
import os
import shutil
import stat
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from lambda_nb.engine.databases import no_room
from lambda_nb.engine.errors import AWSError, invalid_parameter
from lambda_nb.rules import quotas

_UNREADABLE = "Could not unzip uploaded file. Please check your file, then try to upload again."
_CHUNK = 1 << 20
_DRAINED_S = 2.0 * quotas.TIMEOUT_MANAGED_MAX_S.value
"""After this time no environment still runs replaced code."""


class Code(NamedTuple):
    """One stored archive. ``digest`` is its SHA-256 in hexadecimal; sizes are bytes."""

    digest: str
    size: int
    unzipped: int

    @property
    def sha256(self) -> str:
        """The digest as AWS shows it (``CodeSha256``): base64."""
        return base64.b64encode(bytes.fromhex(self.digest)).decode()


class CodeStore:
    """Archives and trees below one directory."""

    def __init__(self, root: Path) -> None:
        self._zips = root / "zips"
        self._trees = root / "trees"
        self._unused: dict[str, float] = {}
        self._zips.mkdir(parents=True, exist_ok=True)
        self._trees.mkdir(parents=True, exist_ok=True)

    def archive(self, digest: str) -> Path:
        """The path of an archive."""
        return self._zips / f"{digest}.zip"

    def tree(self, digest: str) -> Path:
        """The directory of an archive's files."""
        return self._trees / digest

    async def add(self, data: bytes) -> Code:
        """Check, unpack and keep an archive, in a thread.

        Raises
        ------
        AWSError
            If it is not a zip archive, empty, unsafe to unpack, or too large unpacked (250 MB).
        """
        return await asyncio.to_thread(self._add, data)

    def check_size(self, size: int) -> None:
        """Refuse an archive that is too large for direct upload (50 MB)."""
        limit = quotas.ZIPPED_BYTES.value
        if size > limit:
            raise AWSError(
                "RequestEntityTooLargeException",
                f"Zipped size must be smaller than {limit} bytes",
                413,
            )

    def sweep(self, used: Iterable[str]) -> None:
        """Remove unused archives and trees, and files that a crash left behind.

        Call it only while nothing runs; a running engine calls :meth:`reclaim`.
        """
        keep = set(used)
        for path in [*self._zips.iterdir(), *self._trees.iterdir()]:
            if path.name.removesuffix(".zip") not in keep:
                _remove(path)

    def reclaim(self, used: Iterable[str], now: float) -> None:
        """Remove archives and trees unused for longer than any invocation lasts.

        Parameters
        ----------
        used
            The digests that are in use now.
        now
            Seconds of a clock that never goes back.
        """
        keep = set(used)
        present = {path.name for path in self._trees.iterdir() if not path.name.startswith(".")}
        self._unused = {d: self._unused.get(d, now) for d in present - keep}
        for digest, since in list(self._unused.items()):
            if now - since > _DRAINED_S:
                del self._unused[digest]
                _remove(self.archive(digest))
                gone = self._trees / f".gone-{digest}"
                self.tree(digest).rename(gone)
                threading.Thread(target=_remove, args=(gone,)).start()  # it may be large

    def _add(self, data: bytes) -> Code:
        if not data:
            raise invalid_parameter("Uploaded file must be a non-empty zip")
        digest = hashlib.sha256(data).hexdigest()
        self._unused.pop(digest, None)
        tree = self.tree(digest)
        if not tree.exists():
            scratch = Path(tempfile.mkdtemp(dir=self._trees, prefix=".unpacking-"))
            try:
                unpack(io.BytesIO(data), scratch)
                scratch.chmod(0o755)
                _settle(scratch, tree)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
        archive = self.archive(digest)
        if not archive.exists():
            number, partial = tempfile.mkstemp(dir=self._zips, prefix=".arriving-")
            with os.fdopen(number, "wb") as file:
                file.write(data)
            os.replace(partial, archive)
        return Code(digest, len(data), unzipped_size(data))


def _settle(scratch: Path, tree: Path) -> None:
    """Rename an unpacked tree; another thread may have stored the same content first."""
    try:
        scratch.rename(tree)
    except OSError:
        if not tree.exists():
            raise


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def unzipped_size(data: bytes) -> int:
    """The size of an archive's files in bytes, from its directory."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def unpack(source: IO[bytes], target: Path) -> None:
    """Unpack an archive below ``target``, never outside it, with its modes and times.

    Every file becomes readable by all, because Lambda's sandbox user is not the owner. Symbolic
    links are made last, so that no file is written through a link.

    Raises
    ------
    AWSError
        ``InvalidParameterValueException`` as described at :meth:`CodeStore.add`.
    """
    links: list[tuple[Path, str]] = []
    room = quotas.UNZIPPED_BYTES.value
    try:
        with zipfile.ZipFile(source) as archive:
            entries = archive.infolist()
            if not entries:
                raise invalid_parameter("Uploaded file must be a non-empty zip")
            if sum(entry.file_size for entry in entries) >= room:
                raise _too_large()
            for entry in entries:
                path = _inside(target, entry.filename)
                mode = entry.external_attr >> 16
                if entry.is_dir():
                    path.mkdir(parents=True, exist_ok=True)
                elif stat.S_ISLNK(mode):
                    links.append((path, archive.read(entry).decode()))
                else:
                    room -= _write(archive, entry, path, mode, room)
        for path, destination in links:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.symlink_to(destination)
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError) as error:
        raise invalid_parameter(_UNREADABLE) from error  # RuntimeError: an encrypted entry
    except (
        OSError,
        ValueError,
        EOFError,
        zlib.error,
    ) as error:  # clashing names, broken compression
        if no_room(error):
            raise
        raise invalid_parameter(_UNREADABLE) from error


def _inside(target: Path, name: str) -> Path:
    """The path of an entry; raises if it is outside the tree."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not parts or ".." in parts or parts[0] == "/":
        raise invalid_parameter(_UNREADABLE)
    return target.joinpath(*parts)


def _write(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, mode: int, room: int
) -> int:
    """Unpack one file and return its size; raises if it does not fit in ``room``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with archive.open(entry) as packed, path.open("wb") as file:
        while chunk := packed.read(_CHUNK):
            size += len(chunk)
            if size >= room:
                raise _too_large()
            file.write(chunk)
    path.chmod(0o755 if mode & 0o111 else 0o644)
    modified = calendar.timegm((*entry.date_time, 0, 0, 0))
    os.utime(path, (modified, modified))
    return size


def _too_large() -> AWSError:
    return invalid_parameter(
        f"Unzipped size must be smaller than {quotas.UNZIPPED_BYTES.value} bytes"
    )
