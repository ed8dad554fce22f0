"""Starts MQTT brokers on loopback, each in a process of its own: ours, amqtt's, mosquitto.

amqtt comes from the package index into ``.benchmarks/``; mosquitto has to be installed.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from support import peers

OURS = """
import asyncio, sys, uvloop
from lambda_nb.engine.iot.message import Sender
from lambda_nb.engine.iot.mqtt.admission import Admitted
from lambda_nb.engine.iot.mqtt.broker import Broker
from lambda_nb.engine.iot.mqtt.connections.origin import Origin
from pathlib import Path

class Everybody:
    async def connect(self, attempt):
        return Admitted(Sender(attempt.client_id), lambda action, topic: True)

async def main():
    broker = Broker(Everybody(), Path(sys.argv[2]))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: broker.connect(Origin()), "127.0.0.1", int(sys.argv[1])
    )
    await server.serve_forever()

uvloop.run(main())
"""
AMQTT = """
import asyncio, sys
from amqtt.broker import Broker

async def main():
    await Broker({
        "listeners": {"default": {"type": "tcp", "bind": f"127.0.0.1:{sys.argv[1]}"}},
        "plugins": {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}},
    }).start()
    await asyncio.Event().wait()

asyncio.run(main())
"""


@contextlib.contextmanager
def ours() -> Iterator[int]:
    """Our broker, with its file, as in the engine; yields its port."""
    with tempfile.TemporaryDirectory(prefix="lambda-nb-bench-") as folder:
        program = [sys.executable, "-c", OURS]
        with _running(program, after=[str(Path(folder) / "broker.sqlite")]) as port:
            yield port


@contextlib.contextmanager
def amqtt() -> Iterator[int]:
    """amqtt with its default settings; yields its port."""
    with _running([str(peers.python_with("amqtt")), "-c", AMQTT]) as port:
        yield port


@contextlib.contextmanager
def mosquitto() -> Iterator[int]:
    """mosquitto, without the limit of its queues, which would lose messages; yields its port."""
    program = mosquitto_program()
    assert program is not None
    port = peers.free_port()
    with tempfile.TemporaryDirectory(prefix="lambda-nb-bench-") as folder:
        settings = Path(folder) / "mosquitto.conf"
        settings.write_text(
            f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n"
            "max_queued_messages 0\nmax_inflight_messages 100\n"
        )
        with _running([program, "-c", str(settings)], port):
            yield port


def mosquitto_program() -> str | None:
    """Where mosquitto is; ``None`` if it is not installed."""
    return shutil.which("mosquitto") or shutil.which("/usr/sbin/mosquitto")


@contextlib.contextmanager
def _running(
    command: list[str], port: int | None = None, after: list[str] | None = None
) -> Iterator[int]:
    if port is None:
        port = peers.free_port()
        command = [*command, str(port), *(after or [])]
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
    try:
        _wait_for(port)
        yield port
    finally:
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int, within_s: float = 30.0) -> None:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.01)
    raise RuntimeError(f"no broker listens on port {port} after {within_s:g} s")
