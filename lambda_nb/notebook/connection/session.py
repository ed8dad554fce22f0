"""A notebook's connection: to its own engine, another engine, or AWS."""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lambda_nb.notebook.connection.clients import engine_status, is_aws
from lambda_nb.notebook.connection.endpoint import Connection
from lambda_nb.notebook.connection.engine_clients import by_its_name, signature_version
from lambda_nb.notebook.connection.own_engine import OwnEngine
from lambda_nb.notebook.errors import NotebookError

READ_TIMEOUT_S = 910
"""Longer than any function may run (900 s)."""
CONNECTIONS = 1024
"""Size of the connection pool: a burst of ``play`` has as many requests in flight."""


class Session:
    """One notebook's connection. Without ``connect`` it starts an engine on first use.

    The engine ends with the kernel, even if the kernel crashes.
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
        """Start the engine and load boto3 in the background, so the first cell does not wait."""
        with self._lock:
            if self._connection is None and self._starting is None:
                self._starting = threading.Thread(
                    target=self._prepare, name="lambda_nb engine", daemon=True
                )
                self._starting.start()

    def _prepare(self) -> None:
        # Ignore a failure in this thread: the next caller of client() gets it.
        with contextlib.suppress(NotebookError):
            self.client()
            self.lend_to_traces()

    def lend_to_traces(self) -> None:
        """Let ``Trace.from_logs`` use this notebook's connection."""
        # The package before its module: two threads that begin with the module hold each other's
        # locks, and Python then gives one of them half a package.
        import lambda_nb.traces  # noqa: F401
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
        edge_locations: str | None = None,
    ) -> Connection:
        """Start our own engine and connect to it instead of the current endpoint.

        Parameters
        ----------
        data_dir
            Directory that stores its functions. Without it they are lost when the engine ends.
        keep
            Keep the engine running after the kernel ends.
        keep_alive
            Seconds that the engine keeps an idle execution environment.
        cpu_share
            ``proportional``: CPU time in proportion to memory, as on AWS (1769 MB: one vCPU).
        edge_locations
            Codes of CloudFront's edge locations, such as ``fra,iad,nrt``.
        """
        with self._lock:
            self.stop()
            self._forget()
            options = ["--data-dir", str(Path(data_dir).expanduser())] if data_dir else []
            if keep_alive is not None:
                options += ["--keep-alive", str(keep_alive)]
            if cpu_share is not None:
                options += ["--cpu-share", cpu_share]
            if edge_locations is not None:
                options += ["--edge-locations", edge_locations]
            self._connection = self._engine.start(options, keep=keep)
            return self._connection

    def stop(self) -> bool:
        """End our own engine, and its functions with it. False if there is none."""
        with self._lock:
            if not self._engine.started:
                return False
            self._forget()
            return self._engine.stop()

    def close(self) -> None:
        """End our own engine when the kernel ends, unless ``keep`` was set."""
        with contextlib.suppress(Exception):
            if not self._engine.keep:
                self.stop()

    @property
    def engine_log(self) -> Path | None:
        """File with the standard error of our own engine."""
        return self._engine.log

    # -- the connection

    @property
    def connection(self) -> Connection:
        """The current connection; starts an engine if there is none yet."""
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
        """Switch to another endpoint; ends our own engine if it runs."""
        with self._lock:
            self.stop()
            self._forget()
            self._connection = connection

    def restart(self) -> None:
        """Switch back to our own engine; it starts on the next use."""
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
        """The status of a lambda_nb engine; None if the endpoint is something else."""
        return engine_status(self.client())

    def runtime_note(self, runtime: str) -> str:
        """The engine's note about a runtime whose own version is not on its machine.

        Empty if there is no note, or on later calls for the same runtime.
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
        """The runtime that really runs these functions; packages must be installed for it."""
        row = self._runtime(runtime)
        runs = row["status"] == "nearest" and runtime.startswith("python")
        return f"python{row['version']}" if runs else runtime

    def _runtime(self, runtime: str) -> dict[str, Any]:
        """The engine's status of a runtime; ``missing`` if it refuses functions of that runtime."""
        told = engine_status(self.client(), "runtimes") or {}
        row: dict[str, Any] = told.get("runtimes", {}).get(runtime, {"status": "here"})
        if row["status"] == "nearest" and told["fallback"] != "nearest":
            return {**row, "status": "missing"}
        return row

    def client(self, service: str = "lambda") -> Any:
        """The boto3 client for a service at the endpoint, made once. It does not retry."""
        with self._lock:
            self._check_engine()
            if service not in self._clients:
                self._clients[service] = self.new_client(service, self.connection)
                if service == "lambda":
                    for told in self.connected:
                        told(self._clients[service])
            return self._clients[service]

    def current_client(self) -> Any | None:
        """The Lambda client if there is one already; never starts an engine."""
        return self._clients.get("lambda")

    @staticmethod
    def new_client(service: str, connection: Connection) -> Any:
        """Make a boto3 client for a service at an endpoint."""
        import boto3
        from botocore.config import Config

        config = Config(
            retries={"total_max_attempts": 1},
            read_timeout=READ_TIMEOUT_S,
            max_pool_connections=CONNECTIONS,
            tcp_keepalive=True,
            s3={"addressing_style": "path"} if connection.url else None,
            signature_version=signature_version(service) if connection.url else None,
        )
        session = boto3.Session(profile_name=connection.profile, region_name=connection.region)
        client = session.client(
            service, endpoint_url=connection.url, config=config, **connection.credentials
        )
        return client if is_aws(client) else by_its_name(client)
