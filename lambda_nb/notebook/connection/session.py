"""A notebook's connection: to its own engine, another engine, or AWS."""

from __future__ import annotations

import atexit
import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lambda_nb.notebook.connection.clients import Beside, engine_status, in_region
from lambda_nb.notebook.connection.endpoint import Connection
from lambda_nb.notebook.connection.engine_clients import by_its_name, signature_version
from lambda_nb.notebook.connection.own_engine import OwnEngine
from lambda_nb.notebook.connection.short_errors import shorten
from lambda_nb.notebook.errors import NotebookError
from lambda_nb.notebook.kept import made
from lambda_nb.notebook.kept.runs import Run, Runs
from lambda_nb.projects.endpoint import is_aws

_NO_NOTEBOOK = "this kernel serves no notebook (start the engine with lambda-nb serve --data-dir)"
READ_TIMEOUT_S = 910
"""Longer than any function may run (900 s)."""
CONNECTIONS = 1024
"""Size of the connection pool: a burst of ``play`` has as many requests in flight."""


class Session:
    """One notebook's connection. Without ``connect`` it starts an engine on first use.

    The engine ends with the kernel, even if the kernel crashes. What it had is kept in a run of
    ``runs``, if the kernel serves a notebook.

    Parameters
    ----------
    runs
        Where this notebook's engines keep their state.

    Attributes
    ----------
    connected : list of callables
        Called with each boto3 client that the session makes.
    """

    def __init__(self, runs: Runs | None = None) -> None:
        self.runs = runs or Runs("")
        self._run: Run | None = None
        self._options: list[str] = []
        self._lock = threading.RLock()
        self._connection: Connection | None = None
        self._clients: dict[str, Any] = {}
        self._noted: set[str] = set()
        self._engine = OwnEngine()
        self._lost = False
        self._starting: threading.Thread | None = None
        self._closed = False
        self.connected: list[Callable[[Any], None]] = [
            lambda client: made.watch(client, self._note)
        ]
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
            Directory that stores its functions. Without it they are in a run of this notebook.
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
            self._options = options
            try:
                return self._start(None if data_dir else self.runs.new(), keep=keep)
            except NotebookError:
                self._options = []  # else the next cell would fail with the same
                raise

    def _start(self, run: Run | None, *, keep: bool = False, port: int = 0) -> Connection:
        """Start our own engine, with the state of a run."""
        if self._closed:  # as by the thread of prepare, which may come late
            raise NotebookError("lambda_nb was unloaded: run %load_ext lambda_nb")
        place = [] if run is None else ["--data-dir", str(run.data)]
        self._run = run
        try:
            self._connection = self._engine.start([*self._options, *place], keep=keep, port=port)
        except NotebookError as error:
            if run is None or not run.made:
                raise
            raise NotebookError(
                f"{error}\n%lambda start begins with an empty one; what this one had is in "
                f"{run.data}"
            ) from None
        self._lost = False
        if run is not None:
            outlives = self._connection.url if keep and self._connection.url else ""
            with contextlib.suppress(OSError):  # the engine runs, also on a full disk
                run.take(self._engine.pid, outlives)
        return self._connection

    def _note(self, kind: str, name: str, made: bool) -> None:
        with self._lock:
            if self._run is not None and self._engine.started:
                # On a full disk the user's call has worked all the same; leave() writes it again.
                with contextlib.suppress(OSError):
                    self._run.note(kind, name, made=made)

    def stop(self) -> bool:
        """End our own engine. False if there is none.

        What it had is kept for :meth:`restore` until another run of this notebook has ended.
        """
        with self._lock:
            run, self._run = self._run, None
            ended = self._engine.stop()
            self._lost = False
            if ended:
                self._forget()
            if run is not None:  # also that of an engine that ended by itself
                run.leave()
            return ended

    def restore(self, run: Run) -> Connection:
        """Start our own engine with what a run has, instead of the current endpoint.

        Raises
        ------
        NotebookError
            Its last engine still runs, or the engine does not start with it.
        """
        with self._lock:
            self.stop()
            self._forget()
            run.wait_for_its_end()
            self._options = []
            return self._start(run)

    def snapshot(self, name: str) -> Run:
        """Keep the state of our own engine under a name. The engine ends and starts again.

        Raises
        ------
        NotebookError
            There is no engine of this notebook's own, or the kernel serves no notebook.
        """
        with self._lock:
            self._check_engine()
            run, connection = self._run, self._connection
            if run is None or connection is None or connection.url is None:
                reason = self.runs.problem or "nothing was made yet"
                raise NotebookError(
                    "%lambda snapshot keeps this notebook's own engine, and there is none: "
                    + (reason if self.runs.notebook else _NO_NOTEBOOK)
                )
            keep = self._engine.keep
            self._engine.stop()
            try:
                return self.runs.save(run.data, run.made, name)
            finally:
                self._forget()
                self._start(run, keep=keep, port=int(connection.url.rpartition(":")[2]))

    def close(self) -> None:
        """End our own engine when the kernel ends, unless ``keep`` was set."""
        with contextlib.suppress(Exception), self._lock:
            self._closed = True
            if not self._engine.keep:
                self.stop()

    # -- the connection

    @property
    def connection(self) -> Connection:
        """The current connection; starts an engine if there is none yet."""
        with self._lock:
            self._check_engine()
            if self._connection is None:
                # After a crash, with the state of the engine that ended.
                elsewhere = "--data-dir" in self._options
                keep = self._lost and self._engine.keep
                self._start(self._run or (None if elsewhere else self.runs.new()), keep=keep)
            assert self._connection is not None
            return self._connection

    def _check_engine(self) -> None:
        code = self._engine.died()
        if code is None:
            return
        self._forget()
        self._lost = True
        raise NotebookError(
            f"the engine ended (exit code {code}); {self.after_loss}. Its log: {self._engine.log}"
        )

    def connect(self, connection: Connection) -> None:
        """Switch to another endpoint; ends our own engine if it runs."""
        with self._lock:
            self.stop()
            self._forget()
            self._connection = connection
            self._lost = False

    def restart(self) -> None:
        """Switch back to our own engine; it starts on the next use."""
        with self._lock:
            self.stop()
            self._forget()
            self._options = []
            self._lost = False

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
                for told in self.connected:
                    told(self._clients[service])
            return self._clients[service]

    def in_region(self, region: str) -> Beside:
        """Clients for another Region of the endpoint."""
        return Beside(in_region(self.client(), "lambda", region))

    def current_client(self) -> Any | None:
        """The Lambda client if there is one already; never starts an engine."""
        return self._clients.get("lambda")

    def current_connection(self) -> Connection | None:
        """The connection if there is one already; never starts an engine."""
        return self._connection

    @property
    def after_loss(self) -> str:
        """What becomes of the functions when our own engine has ended by itself."""
        if self._run is None:
            return "its functions are gone. Run the cells that make them again"
        return "the next use starts it again with all that it had"

    @property
    def lost_engine(self) -> bool:
        """Whether our own engine ended by itself and no other has taken its place."""
        return self._lost or self._engine.ended

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
        return shorten(client if is_aws(client) else by_its_name(client))
