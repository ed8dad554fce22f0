"""A stream reader that is notified of new records does not wait for its next poll."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from lambda_nb.engine.events.polled import shards
from lambda_nb.engine.events.polled.checkpoints import Checkpoints
from lambda_nb.engine.events.polled.mapping import EventSourceMapping, Outcome
from lambda_nb.engine.events.polled.stream import Shard, StreamRecord
from lambda_nb.engine.model import InvocationResult

ARN = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
CONFIG = {"EventSourceArn": f"{ARN}/consumer/c:1", "StartingPosition": "LATEST", "BatchSize": 9}


class Stream:
    """A stream of two shards, to which a test adds."""

    source, batch_info = "kinesis", "KinesisBatchInfo"

    def __init__(self) -> None:
        self.waiting: dict[str, list[str]] = {"a": [], "b": []}
        self.looks: list[str] = []

    async def shards(self) -> list[Shard]:
        return [Shard("a", ()), Shard("b", ())]

    async def iterator(self, shard: str, after: str | None, start: Mapping[str, Any]) -> str:
        return "here"

    async def read(
        self, shard: str, iterator: str, limit: int
    ) -> tuple[list[StreamRecord], str | None]:
        found, self.waiting[shard] = self.waiting[shard], []
        self.looks.append(shard)
        return [StreamRecord({"data": data}, data, "k", 0.0, True) for data in found], "here"


async def test_news_wakes_the_reader_of_that_shard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shards, "_POLL_S", 1000.0)
    ran: list[Any] = []
    came = asyncio.Event()

    async def run(arn: str, event: Mapping[str, Any], source: str, trace: str | None = None) -> Any:
        ran.append([record["data"] for record in event["Records"]])
        came.set()
        return Outcome("id", InvocationResult("id", b"null", "$LATEST"))

    def ignore(*values: Any, **named: Any) -> None:
        """This test ignores metrics and results."""

    stream: Any = Stream()
    counts: Any = SimpleNamespace(polled=ignore, invoked=ignore, iterator_age=ignore)
    failures: Any = None
    checkpoints = Checkpoints(tmp_path / "checkpoints.sqlite")
    mapping = EventSourceMapping("m", "arn:f", CONFIG)
    runner: Any = run
    poller = shards.StreamPoller(
        mapping, stream, runner, checkpoints, failures, counts, processed=ignore
    )
    reading = asyncio.ensure_future(poller.run())
    await asyncio.wait_for(poller.begun.wait(), 10)
    while len(stream.looks) < 2:
        await asyncio.sleep(0.001)
    for data, where in (("1", "a"), ("2", "b"), ("3", "a")):
        came.clear()
        stream.waiting[where].append(data)
        stream.looks.clear()
        poller.read_on("arn:another", where)
        poller.read_on(ARN, "unknown")
        await asyncio.sleep(0.05)
        assert stream.looks == []  # only its own records wake it
        poller.read_on(ARN, where)
        await asyncio.wait_for(came.wait(), 10)
        assert ran[-1] == [data]
        for _ in range(10_000):
            if stream.looks == [where, where]:  # it has looked again, and waits
                break
            await asyncio.sleep(0.001)
        assert stream.looks == [where, where]
    poller.stop()
    await asyncio.wait_for(poller.ended.wait(), 10)
    await reading
    checkpoints.close()
