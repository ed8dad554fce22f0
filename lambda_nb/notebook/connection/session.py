"""The endpoint that this notebook talks to: an engine of its own, another one, or AWS."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import select
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lambda_nb.notebook.connection import reach
from lambda_nb.notebook.errors import NotebookError

READY = re.compile(
    r"lambda-nb serving on (?P<url>\S+) \(account (?P<account>\d{12}), region (?P<region>\S+), "
    r"credentials (?P<credentials>.+)\)\n"
)
START_WITHIN_S = 30.0
"""Seconds that an engine may take to say that it serves; it takes half of one."""
READ_TIMEOUT_S = 910
"""Longer than any function may run (900 s)."""
CONNECTIONS = 1024
"""Kept open once made: a burst of ``play`` has as many requests in flight."""


@dataclass(frozen=True)
class Connection:
    """Where requests go and what they are signed with. ``None``: as boto3 finds it."""

    url: str | None
    region: str | None
    account: str
    credentials: Mapping[str, str]
    profile: str | None = None
    role: str | None = None

    @property
    def is_aws(self) -> bool:
        """Whether requests leave this machine for AWS, where they cost money."""
        return self.url is None


class Session:
    """One notebook's connection; starts an engine on first use unless told where to connect.

    The engine ends with the kernel, however the kernel ends.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._clients: dict[str, Any] = {}
        self._noted: set[str] = set()
        self._engine: subprocess.Popen[str] | None = None
        self._log: Path | None = None
        self._starting: threading.Thread | None = None
        self._keep = False
        self.connected: list[Callable[[Any], None]] = []
        atexit.register(self.close)

    # -- the engine

    def prepare(self) -> None:
        """Start the engine and load boto3 in the background: the first cell need not wait."""
        with self._lock:
            if self._connection is None and self._starting is None:
                self._starting = threading.Thread(
                    target=self._prepare, name="lambda_nb engine", daemon=True
                )
                self._starting.start()

    def _prepare(self) -> None:
        # A failure is told to whoever asks for a client, not to a dead thread.
        with contextlib.suppress(NotebookError):
            self.client()
            self.lend_to_traces()

    def lend_to_traces(self) -> None:
        """Let ``Trace.from_logs`` read where this notebook is connected."""
        from lambda_nb.traces.logs import cloudwatch

        cloudwatch.use_client(self._logs_client)

    def _logs_client(self) -> Any:
        return self.client("logs")

    def start(
        self,
        *,
        data_dir: str | None = None,
        keep: bool = False,
        keep_alive: float | None = None,
        cpu_share: str | None = None,
    ) -> Connection:
        """Start an engine of our own in the place of what we are connected to.

        Parameters
        ----------
        data_dir
            Where its functions are kept; without it they end with the engine.
        keep
            Let it outlive the kernel.
        keep_alive
            Seconds that an idle execution environment is kept.
        cpu_share
            ``proportional``: CPU time in proportion to memory, as on AWS (1769 MB: one vCPU).
        """
        with self._lock:
            self.stop()
            self._forget()
            options = ["--data-dir", str(Path(data_dir).expanduser())] if data_dir else []
            if keep_alive is not None:
                options += ["--keep-alive", str(keep_alive)]
            if cpu_share is not None:
                options += ["--cpu-share", cpu_share]
            self._connection = self._start(options, keep=keep)
            return self._connection

    def _start(self, options: Sequence[str] = (), *, keep: bool = False) -> Connection:
        handle, name = tempfile.mkstemp(prefix="lambda-nb-engine-", suffix=".log")
        self._log = Path(name)
        self._keep = keep
        command = [sys.executable, "-m", "lambda_nb.engine", "serve", "--port", "0"]
        command += ["--runtime-fallback", "nearest", *options]
        with os.fdopen(handle, "w") as log:
            self._engine = subprocess.Popen(
                command if keep else [*command, "--end-with-parent"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
            )
        import boto3  # noqa: F401  # while the engine starts

        line = self._first_line(self._engine)
        ready = READY.fullmatch(line)
        if ready is None:
            engine, self._engine = self._engine, None
            _end(engine)
            said = (line + self._log.read_text()).strip()[-2000:]
            raise NotebookError(f"the engine did not start; it said:\n{said or '(nothing)'}")
        return Connection(
            url=ready["url"],
            region=ready["region"],
            account=ready["account"],
            credentials=read_credentials(Path(ready["credentials"])),
        )

    @staticmethod
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

    def stop(self) -> bool:
        """End our own engine; its functions are gone. False if there is none."""
        with self._lock:
            engine, self._engine = self._engine, None
            if engine is None:
                return False
            self._forget()
            _end(engine)
            if self._log is not None:
                self._log.unlink(missing_ok=True)
            return True

    def close(self) -> None:
        """End our own engine with the kernel, unless it was asked to stay."""
        with contextlib.suppress(Exception):
            if not self._keep:
                self.stop()

    @property
    def engine_log(self) -> Path | None:
        """What our own engine writes to its standard error."""
        return self._log

    # -- the connection

    @property
    def connection(self) -> Connection:
        """Where we are connected; starts an engine when that is nowhere yet."""
        with self._lock:
            self._check_engine()
            if self._connection is None:
                self._connection = self._start()
            return self._connection

    def _check_engine(self) -> None:
        if self._engine is None or self._engine.poll() is None:
            return
        engine, self._engine = self._engine, None
        code = engine.returncode
        _end(engine)
        self._forget()
        raise NotebookError(
            f"the engine ended (exit code {code}); its functions are gone. Run the cells that make "
            f"them again. Its log: {self._log}"
        )

    def connect(self, connection: Connection) -> None:
        """Talk to another endpoint from now on; our own engine, if it runs, ends."""
        with self._lock:
            self.stop()
            self._forget()
            self._connection = connection

    def restart(self) -> None:
        """Go back to an engine of our own; it starts with the next use."""
        with self._lock:
            self.stop()
            self._forget()

    def _forget(self) -> None:
        self._connection = None
        self._clients.clear()
        self._noted.clear()
        self._starting = None

    @property
    def owns_engine(self) -> bool:
        """Whether requests go to an engine that this notebook started."""
        return self._engine is not None

    def engine_status(self) -> dict[str, Any] | None:
        """What an engine of lambda_nb tells of itself; None where something else answers."""
        return reach.engine_status(self.client())

    def runtime_note(self, runtime: str) -> str:
        """What the engine has to say of a runtime whose own version is not on its machine.

        Empty when there is nothing to say, or it has been said.
        """
        if runtime in self._noted:
            return ""
        self._noted.add(runtime)
        row = self._runtime(runtime)
        if row["status"] == "here":
            return ""
        if row["status"] == "nearest":
            return str(row["note"])
        return f"invocations will be refused: the engine's machine has no {runtime}"

    def runs_as(self, runtime: str) -> str:
        """The runtime that is at work where another version's functions run: for its packages."""
        row = self._runtime(runtime)
        runs = row["status"] == "nearest" and runtime.startswith("python")
        return f"python{row['version']}" if runs else runtime

    def _runtime(self, runtime: str) -> dict[str, Any]:
        """What the engine tells of a runtime; ``missing`` when it refuses its functions."""
        told = reach.engine_status(self.client(), "runtimes") or {}
        row: dict[str, Any] = told.get("runtimes", {}).get(runtime, {"status": "here"})
        if row["status"] == "nearest" and told["fallback"] != "nearest":
            return {**row, "status": "missing"}
        return row

    def client(self, service: str = "lambda") -> Any:
        """A boto3 client of a service at the endpoint, made once. It does not retry by itself."""
        with self._lock:
            self._check_engine()
            if service not in self._clients:
                self._clients[service] = self.new_client(service, self.connection)
                if service == "lambda":
                    for told in self.connected:
                        told(self._clients[service])
            return self._clients[service]

    def current_client(self) -> Any | None:
        """The Lambda client if there is one already; never starts anything."""
        return self._clients.get("lambda")

    @staticmethod
    def new_client(service: str, connection: Connection) -> Any:
        """A boto3 client of a service at an endpoint."""
        import boto3
        from botocore.config import Config

        config = Config(
            retries={"total_max_attempts": 1},
            read_timeout=READ_TIMEOUT_S,
            max_pool_connections=CONNECTIONS,
            tcp_keepalive=True,
            s3={"addressing_style": "path"} if connection.url else None,
        )
        session = boto3.Session(profile_name=connection.profile, region_name=connection.region)
        return session.client(
            service, endpoint_url=connection.url, config=config, **connection.credentials
        )


def _end(engine: subprocess.Popen[str]) -> None:
    engine.terminate()
    try:
        engine.wait(10)
    except subprocess.TimeoutExpired:
        engine.kill()
        engine.wait()
    if engine.stdout is not None:
        engine.stdout.close()


def read_credentials(path: Path) -> dict[str, str]:
    """The keys that an engine issued, as arguments of a boto3 client.

    Raises
    ------
    NotebookError
        When the file is not there or is not an engine's.
    """
    told = path if path.suffix == ".json" else path.with_suffix(".json")
    try:
        issued = json.loads(told.read_text())
        return {
            "aws_access_key_id": issued["access_key_id"],
            "aws_secret_access_key": issued["secret_access_key"],
        }
    except (OSError, ValueError, KeyError) as error:
        raise NotebookError(
            f"cannot read the engine's credentials from {told}: {error!r}. Give the file that "
            "`lambda-nb serve` named in its first line."
        ) from None
