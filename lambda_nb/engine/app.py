"""The engine, put together: every room started in order, and ended in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path
from types import TracebackType
from typing import Any

from lambda_nb.engine.api.bucket_cors import BucketCors
from lambda_nb.engine.api.credentials import Credentials
from lambda_nb.engine.api.front import Front
from lambda_nb.engine.api.function_urls import FunctionUrls
from lambda_nb.engine.api.gate import Gate
from lambda_nb.engine.api.invoke import Invoker
from lambda_nb.engine.api.lambda_api import LambdaAPI
from lambda_nb.engine.api.pages import Names
from lambda_nb.engine.api.proxy import Proxy
from lambda_nb.engine.api.unsigned import Unsigned
from lambda_nb.engine.clients import Clients, ObjectReader
from lambda_nb.engine.control import Control
from lambda_nb.engine.control.probe import NeighbourProbe
from lambda_nb.engine.descriptors import Descriptors
from lambda_nb.engine.durable import Durable
from lambda_nb.engine.elsewhere import Directory, keys_of
from lambda_nb.engine.endpoint import Endpoint
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.events.asynchronous import AsyncQueue
from lambda_nb.engine.events.bridge import Bridge
from lambda_nb.engine.events.calls import Calls
from lambda_nb.engine.events.checkpoints import Checkpoints
from lambda_nb.engine.events.destinations import Destinations
from lambda_nb.engine.events.mapping import Runner
from lambda_nb.engine.events.pushes import Pushes
from lambda_nb.engine.events.sources import EventSources
from lambda_nb.engine.execution import Executor, inventory
from lambda_nb.engine.execution.interpreters import Fallback
from lambda_nb.engine.loops import LoopGuard
from lambda_nb.engine.model import Invocation, InvocationResult, Resolved
from lambda_nb.engine.neighbours import Neighbours
from lambda_nb.engine.neighbours.child import NeighboursError
from lambda_nb.engine.neighbours.overlap import OneSeries
from lambda_nb.engine.telemetry import LogShipper, Metrics

_PUSHING = {"s3", "sns", "events", "sqs"}
"""Services that, elsewhere, reach functions through queues."""


@dataclass(frozen=True, slots=True)
class Options:
    """What ``lambda-nb serve`` was told.

    ``elsewhere`` has the URLs of services that are not embedded, by their names in signatures.
    ``keep_alive_s``, ``max_age_s`` and ``retry_delay_s`` are in seconds; ``parent`` is the process
    to end with, if any.
    """

    port: int = 0
    data_dir: Path | None = None
    signed: bool = True
    neighbours_url: str | None = None
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    account: str = "000000000000"
    region: str = "us-east-1"
    keep_alive_s: float = 600.0
    max_age_s: float = math.inf
    retry_delay_s: float = 60.0
    account_concurrency: int = 1000
    isolation: str = "auto"
    cpu_share: str = "whole"
    runtime_fallback: Fallback = "none"
    parent: int | None = None
    allowed_hosts: tuple[str, ...] = ()
    recover: bool = False


class App:
    """The rooms of one engine; an asynchronous context that starts and ends them.

    Parameters
    ----------
    options
        What was asked for.
    url
        Where the engine will answer.
    data_dir
        Where everything durable lies.

    Attributes
    ----------
    front : Front
        The ASGI application.
    credentials : Credentials
        The keys that were issued.
    descriptors : Descriptors
        The file descriptors of this process.
    """

    def __init__(self, options: Options, url: str, data_dir: Path) -> None:
        self._options = options
        self._url = url
        self._data_dir = data_dir
        self._work_dir = data_dir / "work"
        self._started = time.time()
        self.descriptors = Descriptors()
        self._sources: EventSources | None = None
        self._services_empty = False
        self._cleanup = contextlib.AsyncExitStack()
        self.credentials = Credentials(
            data_dir / "credentials", account=options.account, region=options.region
        )

    async def __aenter__(self) -> App:
        """Start the rooms."""
        self._work_dir.mkdir(mode=0o700, exist_ok=True)
        try:
            self._make_neighbours()
            self._make_executor()
            self._open_control()  # takes the data directory, or fails before anything is touched
            self._start_neighbours()
            await self._bring_up_executor()
            await self._start_invoking()
            self._open_front()
        except BaseException:
            await self._cleanup.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the rooms, the last one first."""
        await self._cleanup.aclose()

    def _make_neighbours(self) -> None:
        options = self._options
        user = self.credentials.user
        keys = (user.access_key, user.secret_key)
        self._neighbours = Neighbours(
            account=options.account,
            region=options.region,
            work_dir=self._work_dir / "neighbours",
            address=self._url,
            external_url=options.neighbours_url,
            pushed=lambda source, arn, payload: self._pushes(source, arn, payload),
            news=self._read_on,
            state_dir=self._data_dir / "services",
            keys=keys,
            elsewhere=tuple(options.elsewhere),
            emptied=self._begin_sources_afresh,
        )
        others = keys_of(os.environ, keys)
        self._services = Directory(
            lambda: self._neighbours.endpoint,
            self._neighbours_answer,
            {name: Endpoint(url, keys=others) for name, url in options.elsewhere.items()},
        )
        self._clients = Clients(self._services, self._url, keys, options.region)

    async def _settled(self, identifier: str) -> None:
        if self._sources is not None:
            await self._sources.settled(identifier)

    def _read_on(self, stream_arn: str, shard: str) -> None:
        if self._sources is not None:
            self._sources.read_on(stream_arn, shard)

    def _begin_sources_afresh(self) -> None:
        self._services_empty = True
        if self._sources is not None:
            self._sources.begin_afresh(self._options.elsewhere)

    def _start_neighbours(self) -> None:
        """Start the neighbours, which come up on their own, and what ships to them."""
        self._cleanup.push_async_callback(self._neighbours.close)
        self._neighbours_up = asyncio.ensure_future(self._neighbours.start())
        self._cleanup.push_async_callback(_abandon, self._neighbours_up)
        self._cleanup.push_async_callback(self._logs.close)
        self._cleanup.push_async_callback(self._metrics.close)

    async def _neighbours_answer(self) -> None:
        try:
            await asyncio.shield(self._neighbours_up)
            _ = self._neighbours.endpoint
        except NeighboursError as error:
            raise AWSError("ServiceUnavailable", str(error), 503) from error

    def _make_executor(self) -> None:
        options = self._options
        services = self._services
        self._logs = LogShipper(services.now("logs"), options.region)
        figures_at = options.elsewhere.get("monitoring", options.neighbours_url)
        choose = OneSeries(figures_at) if figures_at else None
        self._metrics = Metrics(services.now("monitoring"), self._logs, options.region, choose)
        self._executor = Executor(
            work_dir=self._work_dir / "execution",
            account=options.account,
            region=options.region,
            api_endpoint=lambda: self._url,
            credentials_for=self.credentials.for_function,
            logs=self._logs,
            records=self._metrics,
            keep_alive_s=options.keep_alive_s,
            max_age_s=options.max_age_s,
            account_limit=options.account_concurrency,
            isolation=options.isolation,
            share_cpu=options.cpu_share == "proportional",
            runtime_fallback=options.runtime_fallback,
            descriptors=self.descriptors,
            function_version=lambda name, number: self._control.resolve(name, number).function,
        )

    def _open_control(self) -> None:
        options = self._options
        self._control = Control(
            self._data_dir / "control.sqlite",
            self._data_dir / "files",
            account=options.account,
            region=options.region,
            endpoint=lambda: self._url,
            fetch=ObjectReader(self._clients),
            executor_hooks=self._executor,
            account_limit=options.account_concurrency,
            probe=NeighbourProbe(self._clients),
            settled=self._settled,
        )
        self._cleanup.callback(self._control.close)

    async def _bring_up_executor(self) -> None:
        """Let the executor probe the machine, a tenth of a second that only invocations wait for.

        Raises
        ------
        IsolationError
            The isolation or the CPU share asked for is not to be had here.
        """

        async def bring_up() -> None:
            await self._executor.start()
            self._control.announce()

        self._cleanup.push_async_callback(self._executor.close)
        self._executor_up = asyncio.ensure_future(bring_up())
        self._cleanup.push_async_callback(_abandon, self._executor_up)
        if self._options.isolation != "auto" or self._options.cpu_share != "whole":
            await self._executor_up

    async def _run_once(self, resolved: Resolved, invocation: Invocation) -> InvocationResult:
        if self._executor_up.done():
            self._executor_up.result()
        else:
            await asyncio.shield(self._executor_up)
        return await self._executor.invoke(resolved.function, invocation)

    async def _start_invoking(self) -> None:
        """Start what invokes functions without a caller that waits."""
        control = self._control
        self._durable = Durable(control, self._run_once)
        self._cleanup.push_async_callback(self._durable.close)
        await self._durable.start()
        self._execute = LoopGuard(self._durable.invoke, control.recursion_allowed)
        destinations = Destinations(self._clients)
        self._queue = AsyncQueue(
            self._data_dir / "events.sqlite",
            resolve=control.resolve,
            invoke=self._execute,
            settings=control,
            delivery=destinations,
            figures=self._metrics,
            retry_delay_s=self._options.retry_delay_s,
            patient=self._options.recover,
        )
        self._cleanup.push_async_callback(self._queue.close)
        await self._queue.start()
        self._pushes = Pushes(self._queue.submit)
        user = self.credentials.user
        calls = Calls(self._services, (user.access_key, user.secret_key))
        self._sources = EventSources(
            control.store,
            calls,
            control.resolve,
            Runner(control.resolve, self._execute),
            Checkpoints(self._data_dir / "checkpoints.sqlite"),
            destinations,
            self._metrics,
        )
        self._cleanup.push_async_callback(self._sources.close)
        self._sources.start()
        if self._services_empty:  # it was told before anybody could listen
            self._sources.begin_afresh(self._options.elsewhere)
        if _PUSHING & self._options.elsewhere.keys() or self._options.neighbours_url:
            # services elsewhere know nothing of us
            bridge = Bridge(calls, self._options.region, self._pushes)
            self._cleanup.push_async_callback(bridge.close)
            bridge.start()

    def _open_front(self) -> None:
        control, execute = self._control, self._execute
        gate = Gate(self.credentials, region=self._options.region, open=not self._options.signed)
        operations = {**control.operations(), **self._durable.operations()}

        def policy(function_name: str, qualifier: str | None) -> str | None:
            asked = {"FunctionName": function_name}
            if qualifier is not None:
                asked["Qualifier"] = qualifier
            try:
                answer = operations["GetPolicy"](asked, gate.anyone)
            except AWSError:
                return None
            assert isinstance(answer, dict)
            return str(answer["Policy"])

        invoker = Invoker(control.resolve, execute, self._queue.submit, self._durable.begin)
        proxy = Proxy(self._services, self._options.region, self.credentials.keep_issued)
        self._cleanup.push_async_callback(proxy.close)
        self.front = Front(
            gate,
            LambdaAPI(gate, invoker, operations),
            FunctionUrls(gate, control.function_url, policy, control.resolve, execute),
            proxy,
            Unsigned(self._options.region),
            Names(self._options.allowed_hosts),
            BucketCors(self._clients),
            control.download,
            self._status,
            self._runtimes,
        )

    def _status(self) -> dict[str, Any]:
        """What ``/_lambda_nb/status`` shows."""
        return {
            "version": version("lambda-nb"),
            "pid": os.getpid(),
            "url": self._url,
            "account": self._options.account,
            "region": self._options.region,
            "auth": "sigv4" if self._options.signed else "none",
            "started": self._started,
            "cpu_share": self._options.cpu_share,
            "keep_alive_s": self._options.keep_alive_s,
            "max_age_s": self._options.max_age_s
            if math.isfinite(self._options.max_age_s)
            else None,
            "neighbours": self._neighbours_at(),
            "elsewhere": dict(self._options.elsewhere),
            **self._executor.status(),
        }

    def _runtimes(self) -> dict[str, Any]:
        """What ``/_lambda_nb/runtimes`` shows; blocks while programs tell their versions."""
        rows = inventory.table(datetime.now(timezone.utc).date())
        return {
            "fallback": self._options.runtime_fallback,
            "runtimes": {row.runtime: asdict(row) for row in rows},
        }

    def _neighbours_at(self) -> str | None:
        try:
            return str(self._neighbours.endpoint)
        except NeighboursError:
            return None


async def _abandon(task: asyncio.Future[None]) -> None:
    """Cancel a task that may still run, and take note of how it ended."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
