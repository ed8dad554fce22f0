"""The services' state on disk: read at the start, written when it has changed.

Each service has a file for each account and Region: a line of JSON that says whose it is, then a
pickle of the backend's attributes. Bodies of S3 objects are files of their own, written once.
A pickle is read only if nobody but this user can have written it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambda_nb.engine.neighbours.storage import object_bodies, pickle_reducers, private_files

EVERY_S = 1.0
SHARE = 10
"""Saving may take one tenth (1 / SHARE) of the time: large state is saved less often."""
_NOT_KEPT = ("moto.logs.", "moto.awslambda.", "moto.moto_api.", "moto.instance_metadata.")
"""Log events have their own store, which ends with the process; moto has no functions."""

Name = tuple[str, str, str]
"""A backend: its class with the module's name, its account and its Region."""


@dataclass(slots=True)
class Restored:
    """What was read at the start: number of things by service, and files that failed."""

    things: dict[str, int] = field(default_factory=dict)
    unreadable: list[str] = field(default_factory=list)


class Keeper:
    """Keeps the services' state in a directory.

    Parameters
    ----------
    directory
        Where the files are; made with mode 0700.

    Raises
    ------
    UnsafeError
        If the directory belongs to another user, or others may enter it.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        # Without its parents: if these are gone, the engine is gone, and nothing may remain.
        directory.mkdir(mode=0o700, exist_ok=True)
        private_files.check(directory)
        self._bodies = directory / "bodies"
        self._bodies.mkdir(mode=0o700, exist_ok=True)
        self._lock = private_files.locked(directory / "lock")
        self._saving = threading.Lock()
        self._touched: set[tuple[str, str, str]] = set()
        self._written: dict[Name, bytes] = {}
        self._complained: set[str] = set()
        self._tell: Callable[[str], None] = _say

    def install(self) -> Restored:
        """Restore the saved state, and record from now on which services are used."""
        object_bodies.keep_apart(self._bodies)
        restored = self._restore()
        self._note_use()
        return restored

    def start(self, tell: Callable[[str], None]) -> None:
        """Save in the background, at most once a second.

        ``tell`` takes a sentence on what cannot be kept, once for each service.
        """
        self._tell = tell
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        pause = EVERY_S
        while True:
            time.sleep(pause)
            began = time.monotonic()
            try:
                self.save()
            except OSError as error:  # a full disk: the next second tries again
                self._complain("disk", f"what the services hold cannot be saved: {error}")
            pause = max(EVERY_S, SHARE * (time.monotonic() - began))

    def save(self) -> None:
        """Write what has changed."""
        with self._saving:
            touched, self._touched = self._touched, set()
            for name in sorted(touched):
                try:
                    self._save(name)
                except OSError:
                    self._touched |= touched
                    raise
                except Exception as error:  # one service must not stop the others
                    self._touched.add(name)
                    service = name[0].split(".")[1]
                    text = f"what {service} holds is not kept on disk and ends with the engine"
                    self._complain(service, f"{text}: {error!r}")

    def empty(self, forget: Callable[[], None]) -> None:
        """Keep nothing of what was kept.

        Parameters
        ----------
        forget
            Empties the services in memory, while nothing is saved.
        """
        with self._saving:
            forget()
            self._touched = set()
            self._written.clear()
            self._complained.clear()
            for path in (*self._directory.glob("*.state"), *self._bodies.iterdir()):
                path.unlink(missing_ok=True)

    def _save(self, name: Name) -> None:
        found = pickle_reducers.backends(name[0])
        backend = dict.get(dict.get(found, name[1]) or {}, name[2])
        if backend is None:
            return
        if name[0].startswith("moto.s3."):
            object_bodies.write(backend, self._bodies)
        with _undisturbed():
            content = self._dump(vars(backend))
        digest = hashlib.sha256(content).digest()
        if self._written.get(name) == digest:
            return
        from moto import __version__

        head = {"moto": __version__, "backend": name[0], "account": name[1], "region": name[2]}
        path = self._directory / f"{'@'.join(name)}.state"
        private_files.write(path, json.dumps(head).encode() + b"\n" + content)
        self._written[name] = digest
        if name[0].startswith("moto.s3."):
            object_bodies.drop(self._bodies)

    def _dump(self, attributes: dict[str, Any]) -> bytes:
        buffer = io.BytesIO()
        pickle_reducers.Writer(buffer).dump(attributes)
        return buffer.getvalue()

    def _restore(self) -> Restored:
        restored = Restored()
        for path in sorted(self._directory.glob("*.state")):
            try:
                private_files.check(path)
                head, _, content = path.read_bytes().partition(b"\n")
                told = json.loads(head)
                name = (told["backend"], told["account"], told["region"])
                backend = pickle_reducers.backends(name[0])[name[1]][name[2]]
                before = _count(vars(backend))
                attributes = pickle_reducers.Reader(io.BytesIO(content)).load()
            except Exception as error:  # whatever reading another version's pickle raises
                aside = path.with_suffix(f".unreadable-{int(time.time())}")
                path.rename(aside)
                restored.unreadable.append(f"{aside} ({error!r})")
                continue
            backend.__dict__.update(attributes)
            if name[0].startswith("moto.s3."):
                object_bodies.claim(backend)
            self._written[name] = hashlib.sha256(content).digest()
            service = name[0].split(".")[1]
            things = max(0, _count(attributes) - before)
            restored.things[service] = restored.things.get(service, 0) + things
        return restored

    def _note_use(self) -> None:
        """Record each service that a call or another service uses: its state may change."""
        from moto.core.base_backend import AccountSpecificBackend

        original = AccountSpecificBackend.__getitem__
        keeper = self

        def getitem(self: Any, region_name: str) -> Any:
            backend = original(self, region_name)
            kind = type(backend)
            if not kind.__module__.startswith(_NOT_KEPT):
                region = "aws" if region_name == "global" else region_name
                keeper._touched.add((f"{kind.__module__}.{kind.__name__}", self.account_id, region))
            return backend

        table: Any = AccountSpecificBackend
        table.__getitem__ = getitem

    def _complain(self, about: str, words: str) -> None:
        if about not in self._complained:
            self._complained.add(about)
            self._tell(words)


def _say(words: str) -> None:
    sys.stderr.write(words + "\n")
    sys.stderr.flush()


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Make it unlikely that another thread changes the state while it is written."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(10)
    try:
        time.sleep(2 * interval)  # threads that already wait use the old interval
        yield
    finally:
        sys.setswitchinterval(interval)


def _count(attributes: dict[str, Any]) -> int:
    return sum(len(value) for value in attributes.values() if isinstance(value, (dict, list)))
