"""The engine's process: its port, its data directory, its ready line and its shutdown."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Coroutine, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn

from lambda_nb.engine import service_model
from lambda_nb.engine.api.wire.connection import WholeAnswers
from lambda_nb.engine.api.wire.known_heads import KnownHeads
from lambda_nb.engine.app import App
from lambda_nb.engine.control.records.repair import mend
from lambda_nb.engine.control.records.store import Store, readable_record
from lambda_nb.engine.databases import UNSYNCED, DatabaseError, rescue
from lambda_nb.engine.execution.sandbox.isolation import IsolationError
from lambda_nb.engine.machine.private_dir import private_dir
from lambda_nb.engine.options import Options
from lambda_nb.engine.process.parent import ParentWatch
from lambda_nb.engine.region import kept

_GRACE_S = 2
_ROOM_POLL_S = 0.01


class StartError(Exception):
    """The engine cannot start; the message says why and what to do."""


def run(options: Options) -> None:
    """Serve until SIGINT, SIGTERM or the parent's end.

    Raises
    ------
    StartError
        If the port or the data directory cannot be used.
    """
    listener = _listen(options.port)
    devices = None if options.mqtt_port is None else _listen(options.mqtt_port, "--mqtt-port")
    with contextlib.ExitStack() as ends:
        ends.callback(listener.close)
        if devices is not None:
            ends.callback(devices.close)
        data_dir = ends.enter_context(_data_dir(options.data_dir))
        try:
            if options.recover:
                _recover(data_dir)
            _run_loop(_serve(options, listener, devices, data_dir))
        except (DatabaseError, IsolationError) as error:
            raise StartError(str(error)) from error


def _recover(data_dir: Path) -> None:
    """Save what is readable of damaged databases, and say what was lost."""
    words: list[object] = []
    for directory in (data_dir, *(data_dir / "regions" / name for name in kept(data_dir))):
        words += _recovered(directory)
    for word in words:
        print(f"lambda-nb: {word}", file=sys.stderr, flush=True)  # noqa: T201


def _recovered(directory: Path) -> list[object]:
    """Recover the databases of one Region; return what to say about them."""
    records = directory / "control.sqlite"
    words: list[object] = []
    if (done := rescue(records, readable_record)) is not None:
        words.append(done)
        store = Store(records)
        words += mend(store)
        store.close()
    if (done := rescue(directory / "apis.sqlite", readable_record)) is not None:
        words.append(done)
    others = ["events.sqlite", "checkpoints.sqlite", "pipe_checkpoints.sqlite", "iot/*.sqlite"]
    others.append("stacks.sqlite")
    for path in [path for pattern in others for path in sorted(directory.glob(pattern))]:
        if (done := rescue(path)) is not None:
            words.append(done)
    return words


def _run_loop(main: Coroutine[Any, Any, None]) -> None:
    try:
        import uvloop
    except ImportError:  # not CPython, or not installed
        asyncio.run(main)
    else:
        uvloop.run(main)


def _listen(port: int, option: str = "--port") -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise StartError(
            f"cannot listen on 127.0.0.1:{port}: {error.strerror}. Choose another port with "
            f"{option}, or 0 for a free one."
        ) from error
    _try_loopback(listener)
    return listener


def _try_loopback(listener: socket.socket) -> None:
    """Refuse to serve if nobody could reach the engine."""
    try:
        socket.create_connection(listener.getsockname(), timeout=5).close()
    except OSError as error:
        listener.close()
        raise StartError(
            f"127.0.0.1 cannot be reached here: {error.strerror or error}. Bring the loopback "
            "interface up (ip link set lo up)."
        ) from error


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
        path = given.resolve()
        try:
            with tempfile.TemporaryFile(dir=path) as trial:
                trial.write(b"0" * 4096)
        except OSError as error:
            raise StartError(
                f"cannot write in the data directory {path}: {error.strerror}. Make it writable, "
                "free some room, or choose another with --data-dir."
            ) from error
        yield path
        return
    os.environ[UNSYNCED] = "1"  # for the engine's children too
    with private_dir() as path:
        yield path


async def _serve(
    options: Options, listener: socket.socket, devices: socket.socket | None, data_dir: Path
) -> None:
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with App(options, url, data_dir) as app:
        server = _Server(
            uvicorn.Config(
                app.front,
                http=partial(  # type: ignore[arg-type]
                    WholeAnswers,
                    certificate=app.certificates.context,
                    mqtt=app.devices.protocol,
                    known=KnownHeads(),
                ),
                ws="none",  # WholeAnswers takes them, and loads what serves them when there is one
                ws_ping_interval=None,
                ws_per_message_deflate=False,
                lifespan="off",
                interface="asgi3",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                # If descriptors are scarce, idle connections make room for others sooner.
                timeout_keep_alive=2 if app.descriptors.scarce else 75,
                timeout_graceful_shutdown=_GRACE_S,
            )
        )
        # The front answers and logs every error itself; uvicorn would repeat them.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        server.stop_on_signals()
        watch: asyncio.Future[None] | None = None
        if options.parent is not None:
            watch = asyncio.ensure_future(ParentWatch(options.parent).gone())
            watch.add_done_callback(lambda _: server.stop())
        app.addresses.serve(server.accept_also_from)
        app.credentials.write(url)
        gc.freeze()  # what is loaded by now stays: the collector need not scan it again
        if app.descriptors.scarce:
            server.accept_from(listener, app.descriptors.may_accept)
        sockets = [] if app.descriptors.scarce else [listener]
        serving = asyncio.ensure_future(server.serve(sockets=sockets))
        if devices is not None:
            await server.accept_also_from(devices)
        print(  # noqa: T201
            f"lambda-nb serving on {url} (account {options.account}, region {options.region}, "
            f"credentials {app.credentials.path})",
            flush=True,
        )
        # Loaded while the first client gets ready, so that no request has to wait for it.
        await asyncio.to_thread(service_model.model)
        await app.certificates.make()
        await serving
        if watch is not None:
            watch.cancel()


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: ours also stop the rest of the engine."""

    _accepting: asyncio.Future[None] | None = None

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._up = asyncio.Event()

    def stop(self) -> None:
        """Stop serving; a second call does not wait for open requests."""
        self.force_exit = self.should_exit
        self.should_exit = True

    def stop_on_signals(self) -> None:
        """Stop on SIGINT and SIGTERM."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.stop)

    def accept_from(self, listener: socket.socket, may_accept: Callable[[], bool]) -> None:
        """Accept connections one by one while ``may_accept`` allows it; the others wait."""
        self._accepting = asyncio.ensure_future(self._accept(listener, may_accept))

    async def _accept(self, listener: socket.socket, may_accept: Callable[[], bool]) -> None:
        loop = asyncio.get_running_loop()
        listener.setblocking(False)
        while True:
            if not self.started or not may_accept():
                await asyncio.sleep(_ROOM_POLL_S)
                continue
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError:  # gone before it was accepted, or the last descriptor is taken
                await asyncio.sleep(_ROOM_POLL_S)
                continue
            await loop.connect_accepted_socket(self._protocol, connection)

    async def accept_also_from(self, listener: socket.socket) -> Callable[[], None]:
        """Accept the connections of one more listener; returns what ends that."""
        await self._up.wait()
        loop = asyncio.get_running_loop()
        accepting = await loop.create_server(
            self._protocol, sock=listener, backlog=self.config.backlog
        )
        self.servers.append(accepting)

        def end() -> None:
            with contextlib.suppress(ValueError):
                self.servers.remove(accepting)
            accepting.close()

        return end

    def _protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg]
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve."""
        await super().startup(sockets)
        self._up.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more connections, and let open requests finish."""
        if self._accepting is not None:
            self._accepting.cancel()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to :meth:`stop_on_signals`."""
        yield
