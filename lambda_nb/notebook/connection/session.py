"""The endpoint that a notebook talks to: an engine of its own, another one, or AWS."""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lambda_nb.notebook.connection.clients import engine_status
from lambda_nb.notebook.connection.endpoint import Connection
from lambda_nb.notebook.connection.own_engine import OwnEngine
from lambda_nb.notebook.errors import NotebookError

READ_TIMEOUT_S = 910
"""Longer than any function may run (900 s)."""
CONNECTIONS = 1024
"""Kept open once made: a burst of ``play`` has as many requests in flight."""


class Session:
    """One notebook's connection; starts an engine on first use unless told where to connect.

    The engine ends with the kernel, however the kernel ends.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._clients: dict[str, Any] = {}
        self._noted: set[str] = set()
        self._engine = OwnEngine()
        self._starting: threading.Thread | None = None
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
            self._connection = self._engine.start(options, keep=keep)
            return self._connection

    def stop(self) -> bool:
        """End our own engine; its functions are gone. False if there is none."""
        with self._lock:
            if not self._engine.started:
                return False
            self._forget()
            return self._engine.stop()

    def close(self) -> None:
        """End our own engine with the kernel, unless it was asked to stay."""
        with contextlib.suppress(Exception):
            if not self._engine.keep:
                self.stop()

    @property
    def engine_log(self) -> Path | None:
        """What our own engine writes to its standard error."""
        return self._engine.log

    # -- the connection

    @property
    def connection(self) -> Connection:
        """Where we are connected; starts an engine when that is nowhere yet."""
        with self._lock:
            self._check_engine()
            if self._connection is None:
                self._connection = self._engine.start()
            return self._connection

    def _check_engine(self) -> None:
        code = self._engine.died()
        if code is None:
            return
        self._forget()
        raise NotebookError(
            f"the engine ended (exit code {code}); its functions are gone. Run the cells that make "
            f"them again. Its log: {self._engine.log}"
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
        return self._engine.started

    def engine_status(self) -> dict[str, Any] | None:
        """What an engine of lambda_nb tells of itself; None where something else answers."""
        return engine_status(self.client())

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
        told = engine_status(self.client(), "runtimes") or {}
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
