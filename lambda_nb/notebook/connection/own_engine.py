"""The notebook's own engine: a child process that ends with the kernel."""

from __future__ import annotations

import os
import re
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from lambda_nb.notebook.connection.endpoint import Connection, read_credentials
from lambda_nb.notebook.errors import NotebookError
from lambda_nb.projects.building.undebugged import undebugged

READY = re.compile(
    r"lambda-nb serving on (?P<url>\S+) \(account (?P<account>\d{12}), region (?P<region>\S+), "
    r"credentials (?P<credentials>.+)\)\n"
)
_END_WITHIN_S = 30.0
"""Seconds an engine may take to save its state and end; normally less than one."""
START_WITHIN_S = 30.0
"""Seconds an engine may take to report that it is ready; normally it takes half a second."""


class OwnEngine:
    """At most one engine, and its log file.

    Attributes
    ----------
    log : Path or None
        File with the engine's standard error.
    keep : bool
        Whether the engine keeps running after the kernel ends.
    """

    def __init__(self) -> None:
        self.log: Path | None = None
        self.keep = False
        self._process: subprocess.Popen[str] | None = None

    @property
    def started(self) -> bool:
        """Whether an engine was started; it may have ended since."""
        return self._process is not None

    @property
    def pid(self) -> int:
        """The engine's process id; 0 without an engine."""
        return 0 if self._process is None else self._process.pid

    def start(
        self, options: Sequence[str] = (), *, keep: bool = False, port: int = 0
    ) -> Connection:
        """Start the engine with options of ``lambda-nb serve``; return its connection.

        Port 0 is any free one.

        Raises
        ------
        NotebookError
            The engine did not start; the message has its output.
        """
        handle, name = tempfile.mkstemp(prefix="lambda-nb-engine-", suffix=".log")
        self.log = Path(name)
        self.keep = keep
        command = [sys.executable, "-m", "lambda_nb.engine", "serve"]
        command += ["--port", str(port)]
        command += ["--runtime-fallback", "nearest", "--keep-frames", *options]
        with os.fdopen(handle, "w") as log, undebugged():
            self._process = subprocess.Popen(
                command if keep else [*command, "--end-with-parent"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        import boto3  # noqa: F401  # while the engine starts

        line = _first_line(self._process)
        ready = READY.fullmatch(line)
        if ready is None:
            process, self._process = self._process, None
            _end(process)
            said = (line + self.log.read_text()).strip()[-2000:]
            said = said.rpartition(" error: ")[2] if said.startswith("usage: ") else said
            raise NotebookError(f"the engine did not start; it said:\n{said or '(nothing)'}")
        return Connection(
            url=ready["url"],
            region=ready["region"],
            account=ready["account"],
            credentials=read_credentials(Path(ready["credentials"])),
        )

    @property
    def ended(self) -> bool:
        """Whether an engine ended by itself, and :meth:`died` has not told so yet."""
        process = self._process
        return process is not None and process.poll() is not None

    def died(self) -> int | None:
        """The exit code of an engine that ended by itself, returned once; otherwise ``None``."""
        process = self._process
        if process is None or process.poll() is None:
            return None
        self._process = None
        code = process.returncode
        _end(process)
        return code

    def stop(self) -> bool:
        """End the engine and remove its log. False if there is none."""
        process, self._process = self._process, None
        if process is None:
            return False
        _end(process)
        if self.log is not None:
            self.log.unlink(missing_ok=True)
        return True


def _first_line(engine: subprocess.Popen[str]) -> str:
    assert engine.stdout is not None
    deadline = time.monotonic() + START_WITHIN_S
    while time.monotonic() < deadline:
        readable, _, _ = select.select([engine.stdout], [], [], 0.5)
        if readable:
            return engine.stdout.readline()
        if engine.poll() is not None:
            break
    return ""


def _end(engine: subprocess.Popen[str]) -> None:
    engine.terminate()
    try:
        engine.wait(_END_WITHIN_S)
    except subprocess.TimeoutExpired:
        engine.kill()
        engine.wait()
    if engine.stdout is not None:
        engine.stdout.close()
