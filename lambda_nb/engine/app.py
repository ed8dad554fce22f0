"""The engine, put together: every room started in order, served, and ended in reverse."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import uvicorn

from lambda_nb.engine.api import service
from lambda_nb.engine.api.credentials import Credentials
from lambda_nb.engine.api.front import Front
from lambda_nb.engine.api.function_urls import FunctionUrls
from lambda_nb.engine.api.gate import Gate
from lambda_nb.engine.api.invoke import Invoker
from lambda_nb.engine.api.lambda_api import LambdaAPI
from lambda_nb.engine.api.proxy import Proxy
from lambda_nb.engine.clients import Clients, ObjectReader
from lambda_nb.engine.control import Control
from lambda_nb.engine.control.probe import NeighbourProbe
from lambda_nb.engine.control.store import StoreError
from lambda_nb.engine.durable import Durable
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.events.asynchronous import AsyncQueue
from lambda_nb.engine.events.destinations import Destinations
from lambda_nb.engine.events.pushes import Pushes
from lambda_nb.engine.execution import Executor
from lambda_nb.engine.execution.isolation import IsolationError
from lambda_nb.engine.loops import LoopGuard
from lambda_nb.engine.model import Invocation, InvocationResult, Resolved
from lambda_nb.engine.neighbours import Neighbours
from lambda_nb.engine.neighbours.child import NeighboursError
from lambda_nb.engine.parent import ParentWatch
from lambda_nb.engine.telemetry import LogShipper, Metrics

log = logging.getLogger(__name__)

_GRACE_S = 2


class StartError(Exception):
    """The engine cannot start; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Options:
    """What ``lambda-nb serve`` was told.

    ``keep_alive_s`` is in seconds; ``parent`` is the process to end with, if any.
    """

    port: int = 0
    data_dir: Path | None = None
    signed: bool = True
    neighbours_url: str | None = None
    account: str = "000000000000"
    region: str = "us-east-1"
    keep_alive_s: float = 600.0
    account_concurrency: int = 1000
    isolation: str = "auto"
    parent: int | None = None


def run(options: Options) -> None:
    """Serve until SIGINT, SIGTERM or the parent's end.

    Raises
    ------
    StartError
        If the port or the data directory cannot be had.
    """
    listener = _listen(options.port)
    with contextlib.closing(listener), _data_dir(options.data_dir) as data_dir:
        try:
            _run_loop(_serve(options, listener, data_dir))
        except (StoreError, IsolationError) as error:
            raise StartError(str(error)) from error


def _run_loop(main: Coroutine[Any, Any, None]) -> None:
    try:
        import uvloop
    except ImportError:  # not CPython, or not installed
        asyncio.run(main)
    else:
        uvloop.run(main)


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise StartError(
            f"cannot listen on 127.0.0.1:{port}: {error.strerror}. Choose another port with "
            "--port, or 0 for a free one."
        ) from error
    return listener


@contextlib.contextmanager
def _data_dir(given: Path | None) -> Iterator[Path]:
    """The data directory: the given one, or a private one that ends with the engine."""
    if given is not None:
        try:
            given.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise StartError(
                f"cannot make the data directory {given}: {error.strerror}. Choose another with "
                "--data-dir."
            ) from error
        yield given.resolve()
        return
    private = Path(tempfile.mkdtemp(prefix="lambda-nb-"))
    try:
        yield private
    finally:
        shutil.rmtree(private, ignore_errors=True)


async def _serve(options: Options, listener: socket.socket, data_dir: Path) -> None:
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with contextlib.AsyncExitStack() as cleanup:
        engine = await _compose(options, url, data_dir, cleanup)
        server = _Server(
            uvicorn.Config(
                engine.front,
                http="httptools",
                ws="none",
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        # The front answers and logs every error itself; uvicorn would repeat them.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        server.stop_on_signals()
        if options.parent is not None:
            watch = asyncio.ensure_future(ParentWatch(options.parent).gone())
            watch.add_done_callback(lambda _: server.stop())
            cleanup.callback(watch.cancel)
        engine.credentials.write(url)
        gc.freeze()  # what is loaded by now stays; collections need not walk it again
        serving = asyncio.ensure_future(server.serve(sockets=[listener]))
        print(  # noqa: T201
            f"lambda-nb serving on {url} (account {options.account}, region {options.region}, "
            f"credentials {engine.credentials.path})",
            flush=True,
        )
        # Read while the first client gets ready, so that no request has to wait for it.
        await asyncio.to_thread(service.model)
        await serving


class _Server(uvicorn.Server):
    """uvicorn without its own ideas about signals: ours end the other rooms as well."""

    def stop(self) -> None:
        """Stop serving; a second call does not wait for open requests."""
        self.force_exit = self.should_exit
        self.should_exit = True

    def stop_on_signals(self) -> None:
        """Stop on SIGINT and SIGTERM."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to :meth:`stop_on_signals`."""
        yield


@dataclass(frozen=True, slots=True)
class _Engine:
    front: Front
    credentials: Credentials


async def _compose(
    options: Options, url: str, data_dir: Path, cleanup: contextlib.AsyncExitStack
) -> _Engine:
    """Start the rooms; what is started is ended by ``cleanup``, last first."""
    account, region = options.account, options.region
    started = time.time()
    work_dir = data_dir / "work"
    work_dir.mkdir(mode=0o700, exist_ok=True)
    credentials = Credentials(data_dir / "credentials", account=account, region=region)

    neighbours = Neighbours(
        account=account,
        region=region,
        work_dir=work_dir / "neighbours",
        external_url=options.neighbours_url,
        pushed=lambda source, arn, payload: pushes(source, arn, payload),
    )
    cleanup.push_async_callback(neighbours.close)
    neighbours_up = asyncio.ensure_future(neighbours.start())
    cleanup.push_async_callback(_abandon, neighbours_up)

    async def neighbours_url() -> str:
        try:
            await asyncio.shield(neighbours_up)
        except NeighboursError as error:
            raise AWSError("ServiceUnavailable", str(error), 503) from error
        return neighbours.url

    logs = LogShipper(lambda: neighbours.url)
    cleanup.push_async_callback(logs.close)
    metrics = Metrics(lambda: neighbours.url, logs)
    cleanup.push_async_callback(metrics.close)
    executor = Executor(
        work_dir=work_dir / "execution",
        account=account,
        region=region,
        api_endpoint=lambda: url,
        credentials_for=credentials.for_function,
        logs=logs,
        records=metrics,
        keep_alive_s=options.keep_alive_s,
        account_limit=options.account_concurrency,
        isolation=options.isolation,
        function_version=lambda name, number: control.resolve(name, number).function,
    )
    cleanup.push_async_callback(executor.close)

    user = credentials.user
    clients = Clients(neighbours_url, url, (user.access_key, user.secret_key), region)
    control = Control(
        data_dir / "control.sqlite",
        data_dir / "files",
        account=account,
        region=region,
        endpoint=lambda: url,
        fetch=ObjectReader(clients),
        executor_hooks=executor,
        account_limit=options.account_concurrency,
        probe=NeighbourProbe(clients),
    )
    cleanup.callback(control.close)

    async def bring_up() -> None:
        await executor.start()
        control.announce()

    # Probing the machine takes a tenth of a second: the first invocation waits for it, not the API.
    executor_up = asyncio.ensure_future(bring_up())
    cleanup.push_async_callback(_abandon, executor_up)
    if options.isolation != "auto":  # a level that is not to be had is said at once
        await executor_up

    async def run_once(resolved: Resolved, invocation: Invocation) -> InvocationResult:
        if executor_up.done():
            executor_up.result()
        else:
            await asyncio.shield(executor_up)
        return await executor.invoke(resolved.function, invocation)

    durable = Durable(control, run_once)
    cleanup.push_async_callback(durable.close)
    await durable.start()
    execute = LoopGuard(durable.invoke, control.recursion_allowed)
    queue = AsyncQueue(
        data_dir / "events.sqlite",
        resolve=control.resolve,
        invoke=execute,
        settings=control,
        delivery=Destinations(clients),
    )
    cleanup.push_async_callback(queue.close)
    await queue.start()
    pushes = Pushes(queue.submit)

    gate = Gate(credentials, region=region, open=not options.signed)
    operations = {**control.operations(), **durable.operations()}
    invoker = Invoker(control.resolve, execute, queue.submit, durable.begin)
    lambda_api = LambdaAPI(gate, invoker, operations)

    def policy(function_name: str, qualifier: str | None) -> str | None:
        asked = {"FunctionName": function_name, **({"Qualifier": qualifier} if qualifier else {})}
        try:
            answer = operations["GetPolicy"](asked, gate.anyone)
        except AWSError:
            return None
        assert isinstance(answer, dict)
        return str(answer["Policy"])

    urls = FunctionUrls(gate, control.function_url, policy, control.resolve, execute)
    proxy = Proxy(neighbours_url, credentials.keep_issued)
    cleanup.push_async_callback(proxy.close)

    def status() -> dict[str, Any]:
        return {
            "version": version("lambda-nb"),
            "pid": os.getpid(),
            "url": url,
            "account": account,
            "region": region,
            "auth": "sigv4" if options.signed else "none",
            "started": started,
            "neighbours": neighbours.url if neighbours_up.done() else None,
            **executor.status(),
        }

    return _Engine(Front(gate, lambda_api, urls, proxy, control.download, status), credentials)


async def _abandon(task: asyncio.Future[None]) -> None:
    """Cancel a task that may still run, and take note of how it ended."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
