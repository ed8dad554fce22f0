"""Where reading of a stream begins, also after a restart; and when a batch is complete."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from lambda_nb.engine.events.polled.checkpoints import Checkpoints
from lambda_nb.engine.events.polled.mapping import EventSourceMapping, Outcome
from lambda_nb.engine.events.polled.pending import Pending
from lambda_nb.engine.events.polled.shards import StreamPoller
from lambda_nb.engine.events.polled.stream import DynamoDBStream, KinesisStream, Shard, StreamRecord
from lambda_nb.engine.model import InvocationResult
from lambda_nb.rules.events.batches import PAYLOAD_LIMIT


class Memory:
    """A stream with two shards; remembers how its readers began."""

    source, batch_info = "kinesis", "KinesisBatchInfo"

    def __init__(self) -> None:
        self.begun: list[tuple[str, str | None, str]] = []
        self.waiting: dict[str, list[StreamRecord]] = {"a": [], "b": []}

    async def shards(self) -> list[Shard]:
        return [Shard("a", ()), Shard("b", ())]

    async def iterator(self, shard: str, after: str | None, start: Mapping[str, Any]) -> str:
        self.begun.append((shard, after, start["ShardIteratorType"]))
        return "next"

    async def read(
        self, shard: str, iterator: str, limit: int
    ) -> tuple[list[StreamRecord], str | None]:
        await asyncio.sleep(0.001)
        records, self.waiting[shard] = self.waiting[shard], []
        return records, "next"


class Nobody:
    """Counts nothing and hears of no failure."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments, **named: None


async def succeed(
    arn: str, event: Mapping[str, Any], source: str, trace: str | None = None
) -> Outcome:
    return Outcome("r", InvocationResult("r", b"null", ""))


def mapping(**settings: Any) -> EventSourceMapping:
    arn = "arn:aws:kinesis:us-east-1:000000000000:stream/s"
    config = {"EventSourceArn": arn, "BatchSize": 10, "StartingPosition": "LATEST", **settings}
    return EventSourceMapping("m", "arn:aws:lambda:us-east-1:000000000000:function:f", config)


async def life(stream: Memory, directory: Path, config: EventSourceMapping) -> dict[str, str]:
    """Read once what waits; the positions that are stored."""
    batches = sum(map(bool, stream.waiting.values()))
    checkpoints, nobody = Checkpoints(directory / "c.sqlite"), Nobody()
    told: list[str] = []
    poller: Any = StreamPoller(
        config, stream, succeed, checkpoints, nobody, nobody, told.append  # type: ignore[arg-type]
    )  # fmt: skip
    reading = asyncio.create_task(poller.run())
    await poller.begun.wait()
    while len(told) < batches:
        await asyncio.sleep(0.001)
    poller.stop()
    await reading
    found = checkpoints.all("m")
    checkpoints.close()
    return found


@pytest.mark.parametrize(
    ("start", "settings"), [("AT_TIMESTAMP", {"StartingPositionTimestamp": 5.0}), ("LATEST", {})]
)
def test_a_restart_moves_no_starting_position(
    tmp_path: Path, start: str, settings: dict[str, Any]
) -> None:
    stream, config = Memory(), mapping(StartingPosition=start, **settings)
    stream.waiting["a"] = [StreamRecord({}, "7", "k", 0.0, wanted=True)]
    stored = asyncio.run(life(stream, tmp_path, config))
    assert stored["a"] == "7"
    assert stored["b"].startswith("@")
    assert sorted(stream.begun) == [("a", None, start), ("b", None, start)]
    stream.begun.clear()
    asyncio.run(life(stream, tmp_path, config))
    assert {shard: after for shard, after, _ in stream.begun} == stored


@pytest.mark.parametrize("kind", [DynamoDBStream, KinesisStream])
def test_a_stored_time_becomes_an_iterator(kind: Any) -> None:
    asked: list[dict[str, Any]] = []

    async def calls(
        service: str, region: str, operation: str, request: dict[str, Any]
    ) -> dict[str, Any]:
        asked.append(request)
        return {"ShardIterator": "i"}

    more = ("role",) if kind is KinesisStream else ()
    stream = kind(mapping(), calls, *more)
    asyncio.run(stream.iterator("a", "@1700000000500000000", {"ShardIteratorType": "LATEST"}))
    told = {name: asked[0][name] for name in asked[0] if name not in ("StreamARN", "StreamArn")}
    of_kinesis = {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": 1700000000.5}
    number = str(1700000000500000000 * 10**9)
    of_tables = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": number}
    assert told == {"ShardId": "a", **(of_kinesis if kind is KinesisStream else of_tables)}


def test_when_a_batch_is_complete() -> None:
    now = [0.0]
    pending: Pending[StreamRecord] = Pending(3, 60, lambda: now[0])

    def record(size: int, *, wanted: bool = True) -> StreamRecord:
        return StreamRecord({"d": "x" * size}, "1", "k", 0.0, wanted=wanted)

    assert not pending.is_due
    pending.add([record(1), record(1)])
    assert (pending.is_due, pending.room) == (False, 1)
    pending.add([record(1)])
    assert pending.is_due
    assert len(pending.take()) == 3
    pending.add([record(1)])
    now[0] = 60.0
    assert pending.is_due
    pending.take()
    pending.add([record(PAYLOAD_LIMIT, wanted=False)])  # a filter drops it: it fills no event
    assert not pending.is_due
    pending.add([record(PAYLOAD_LIMIT)])
    assert pending.is_due
    pending.drop(lambda one: one.wanted)
    assert not pending.is_due
    assert json.dumps(pending.records[0].event)
