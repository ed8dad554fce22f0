"""The folders of a notebook's own engines: one for each run, and one for each snapshot.

``$LAMBDA_NB_HOME/notebooks/KEY/runs/`` has a folder for each engine that a kernel of this notebook
started, ``snapshots/`` those that its user named. A folder has ``data/`` (the engine's data
directory) and ``run.json``: who uses it, and what the notebook made there. Of ended runs only the
latest that may have something is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lambda_nb.notebook import display
from lambda_nb.notebook.errors import NotebookError

KEPT_S = 7 * 86_400.0
"""How long the last run of a notebook is kept (seconds)."""
_ENDS_WITHIN_S = 30.0
"""An engine saves its state and ends within this time after its kernel."""
_TOLD = "run.json"
_KERNEL = "LAMBDA_NB_KERNEL"
"""The process that ``JPY_SESSION_NAME`` is meant for; its children inherit both."""
_WORK = "work"
"""In the data directory: what an engine needs only while it runs."""
_KEPT = ("kernel", "engine", "made", "at", "outlives")


def home() -> Path:
    """``$LAMBDA_NB_HOME``, or a folder for it in the user's data."""
    given = os.environ.get("LAMBDA_NB_HOME")
    data = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(given).expanduser() if given else Path(data).expanduser() / "lambda_nb"


def notebook_path(namespace: Mapping[str, Any]) -> str:
    """The path of the notebook that a kernel serves; empty if nobody told.

    Jupyter's server tells it by ``JPY_SESSION_NAME``, VS Code by a variable. A kernel that a cell
    started (``!jupyter execute other.ipynb``) inherits the name of that cell's notebook, and must
    not take its runs.
    """
    told = os.environ.get("JPY_SESSION_NAME")
    if not told:
        return str(namespace.get("__vsc_ipynb_file__", ""))
    own = str(os.getpid())
    return told if os.environ.setdefault(_KERNEL, own) == own else ""


@dataclass
class Run:
    """One folder.

    Attributes
    ----------
    place
        The folder.
    kernel, engine
        The processes that use it, each as its id and the moment of its start; empty for none.
    made
        Names of what the notebook made, by kind: ``{"function": ["thumbnail"]}``.
    at
        When it was written last (seconds since 1970).
    outlives
        The URL of an engine that goes on after its kernel (``%lambda start --keep``); else empty.
    """

    place: Path
    kernel: str = ""
    engine: str = ""
    made: dict[str, list[str]] = field(default_factory=dict)
    at: float = 0.0
    outlives: str = ""

    @property
    def serves(self) -> str:
        """The URL of its engine, if that went on after its kernel."""
        return self.outlives if _lives(self.engine) else ""

    @property
    def data(self) -> Path:
        """The engine's data directory."""
        return self.place / "data"

    def write(self) -> None:
        """Write what is known."""
        self.at = time.time()
        told = {name: getattr(self, name) for name in _KEPT}
        partial = self.place / f"{_TOLD}.part"
        partial.write_text(json.dumps(told))
        partial.replace(self.place / _TOLD)

    def take(self, engine: int = 0, outlives: str = "") -> None:
        """This kernel uses it, with an engine of this process id."""
        self.kernel, self.engine = _process(os.getpid()), _process(engine) if engine else ""
        self.outlives = outlives
        self.write()

    def leave(self) -> None:
        """This kernel's engine has ended; it is kept if the notebook made something in it."""
        self.kernel = self.engine = ""
        if self.may_have_something:
            self.write()
        else:
            self.remove()

    def note(self, kind: str, name: str, *, made: bool) -> None:
        """The notebook made something, or deleted it."""
        names = self.made.get(kind, [])
        if made == (name in names):
            return
        changed = [*names, name] if made else [one for one in names if one != name]
        self.made = {**self.made, kind: changed}
        if not changed:
            del self.made[kind]
        self.write()

    @property
    def may_have_something(self) -> bool:
        """Whether to keep it: others too may have used an engine that outlived its kernel."""
        return bool(self.made or self.outlives)

    @property
    def used(self) -> float:
        """When it was written last, by a kernel or its engine (seconds since 1970)."""
        moments = [self.at]
        with contextlib.suppress(OSError):
            moments += [one.stat().st_mtime for one in (self.data, *self.data.iterdir())]
        return max(moments)

    def wait_for_its_end(self) -> None:
        """Wait until its engine has saved all and ended.

        Raises
        ------
        NotebookError
            It still runs.
        """
        deadline = time.monotonic() + _ENDS_WITHIN_S
        pid = self.engine.partition("@")[0]
        while _lives(self.engine):
            if time.monotonic() > deadline:
                raise NotebookError(
                    f"the engine of the last kernel still runs; end it with kill {pid}, then run "
                    "%lambda restore again"
                )
            time.sleep(0.05)

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.place, ignore_errors=True)


def words(made: Mapping[str, list[str]]) -> str:
    """``2 functions (greet, thumbnail), 1 queue (jobs)``."""
    parts = []
    for kind, names in made.items():
        shown = ", ".join(names[:4]) + (", ..." if len(names) > 4 else "")
        parts.append(f"{display.count(len(names), kind)} ({shown})")
    return ", ".join(parts)


class Runs:
    """The runs and snapshots of one notebook.

    Parameters
    ----------
    notebook
        Its path; empty for a kernel without a notebook, which keeps nothing.

    Attributes
    ----------
    problem : str
        Why nothing can be kept on this disk; empty if it can.
    """

    def __init__(self, notebook: str) -> None:
        self.notebook = notebook
        self.problem = ""
        key = hashlib.sha256(os.path.abspath(notebook).encode()).hexdigest()[:16]
        self._place = home() / "notebooks" / key

    def new(self) -> Run | None:
        """A folder for the next engine of this kernel.

        ``None`` without a notebook, or when the disk refuses: ``problem`` then says why.
        """
        if not self.notebook:
            return None
        place = self._place / "runs" / f"{time.time_ns()}-{os.getpid()}"
        # Another kernel of this notebook must not see it before it says whose it is.
        hidden = place.with_name(f".{place.name}")
        try:
            hidden.mkdir(mode=0o700, parents=True)
            Run(hidden).take()
            hidden.rename(place)
        except OSError as error:
            shutil.rmtree(hidden, ignore_errors=True)
            self.problem = f"{self._place} cannot be written: {error.strerror}"
            return None
        return self._run(place)

    def left(self) -> Run | None:
        """The latest run that ended and may have something. Older and empty ones are removed."""
        ended = [run for run in self._read("runs") if not _lives(run.kernel)]
        found = None
        for run in sorted(ended, key=lambda run: run.at, reverse=True):
            fresh = time.time() - run.used < KEPT_S
            if found is None and run.may_have_something and fresh:
                found = run
            elif not _lives(run.engine):
                run.remove()
        return found

    def snapshot(self, name: str) -> Run | None:
        """The snapshot of this name."""
        return next((run for run in self._read("snapshots") if run.place.name == name), None)

    def snapshots(self) -> list[Run]:
        """All snapshots, the oldest first."""
        return sorted(self._read("snapshots"), key=lambda run: run.at)

    def save(self, data: Path, made: dict[str, list[str]], name: str) -> Run:
        """Copy the data directory of an engine that does not run; replaces one of that name."""
        place = self._place / "snapshots" / name
        fresh = place.with_name(f".{name}.{os.getpid()}")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700, parents=True)

        def passing(folder: str, names: list[str]) -> list[str]:
            # Only there: a function's code may have a folder of this name too.
            return [_WORK] if Path(folder) == data and _WORK in names else []

        try:
            shutil.copytree(data, fresh / "data", symlinks=True, ignore=passing)
            Run(fresh, made=made).write()
        except (OSError, shutil.Error) as error:
            shutil.rmtree(fresh, ignore_errors=True)
            raise NotebookError(f"the snapshot {name} could not be written: {error}") from None
        shutil.rmtree(place, ignore_errors=True)
        fresh.rename(place)
        return self._run(place)

    def copy(self, snapshot: Run) -> Run | None:
        """A new run that begins as the snapshot is."""
        run = self.new()
        if run is None:
            return None
        try:
            shutil.copytree(snapshot.data, run.data, symlinks=True)
            run.made = {kind: list(names) for kind, names in snapshot.made.items()}
            run.write()
        except (OSError, shutil.Error) as error:
            run.remove()
            raise NotebookError(
                f"the snapshot {snapshot.place.name} could not be copied: {error}"
            ) from None
        return run

    def _read(self, kind: str) -> list[Run]:
        places = (self._place / kind).glob("[!.]*")
        return [self._run(place) for place in places if place.is_dir()]

    @staticmethod
    def _run(place: Path) -> Run:
        told: dict[str, Any] = {}
        with contextlib.suppress(OSError, ValueError):  # its kernel was killed before it wrote
            told = json.loads((place / _TOLD).read_text())
        return Run(place, **{name: told[name] for name in _KEPT if name in told})


def _process(pid: int) -> str:
    """A process by its id and the moment of its start: ids are used again. Empty if it is gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if stat[0] == "Z" else f"{pid}@{stat[19]}"


def _lives(process: str) -> bool:
    return bool(process) and _process(int(process.partition("@")[0])) == process
