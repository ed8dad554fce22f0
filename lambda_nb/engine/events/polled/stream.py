"""Reads Kinesis and DynamoDB streams through one common interface."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from lambda_nb.engine.aws_calls.json_calls import CallError, Calls
from lambda_nb.engine.events.polled.checkpoints import time_of
from lambda_nb.engine.events.polled.mapping import EventSourceMapping, let_through

NUMBERS_A_NANOSECOND = 10**9
"""The embedded DynamoDB numbers changes by the time: so many numbers are of one nanosecond."""


@dataclass(frozen=True, slots=True)
class Shard:
    """A shard and the shards that must be read before it."""

    identifier: str
    parents: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """One record: ``event`` as the function sees it, ``arrived`` in epoch seconds."""

    event: Mapping[str, Any]
    sequence: str
    key: str
    arrived: float
    wanted: bool

    @property
    def size(self) -> int:
        """Bytes in the event of a function."""
        return len(json.dumps(self.event)) + 2


class Stream(Protocol):
    """The common interface of streams."""

    source: str
    """Name in the records of invocations."""
    batch_info: str
    """Name of the failure record's member that describes the failed records."""

    async def shards(self) -> list[Shard]:
        """All shards that are still known."""

    async def iterator(self, shard: str, after: str | None, start: Mapping[str, Any]) -> str:
        """An iterator of a shard: after a stored position, or from ``start``."""

    async def read(
        self, shard: str, iterator: str, limit: int
    ) -> tuple[list[StreamRecord], str | None]:
        """Records and the next iterator (``None`` at the end of a closed shard)."""


def starting_position(mapping: EventSourceMapping) -> dict[str, Any]:
    """A mapping's starting position, as GetShardIterator takes it."""
    start: dict[str, Any] = {"ShardIteratorType": mapping.config["StartingPosition"]}
    if start["ShardIteratorType"] == "AT_TIMESTAMP":
        start["Timestamp"] = mapping.config["StartingPositionTimestamp"]
    return start


def _iterator_request(after: str | None, start: Mapping[str, Any]) -> dict[str, Any]:
    if after is None:
        return dict(start)
    at_ns = time_of(after)
    if at_ns is not None:
        return {"ShardIteratorType": "AT_TIMESTAMP", "Timestamp": at_ns / 1e9}
    return {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": after}


class KinesisStream:
    """Reads a Kinesis data stream.

    Parameters
    ----------
    mapping
        The mapping.
    calls
        Makes the calls.
    role
        The ARN of the role that reads.
    flat
        Whether records are those of pipes, which have everything on one level.
    """

    source = "kinesis"
    batch_info = "KinesisBatchInfo"

    def __init__(
        self, mapping: EventSourceMapping, calls: Calls, role: str, *, flat: bool = False
    ) -> None:
        self._mapping = mapping
        self._calls = calls
        self._role = role
        self._flat = flat
        self._arn = mapping.stream_arn
        self._filters = mapping.patterns

    async def shards(self) -> list[Shard]:
        """All shards of the stream."""
        found: list[Shard] = []
        request: dict[str, Any] = {"StreamARN": self._arn}
        while True:
            page = await self._call("ListShards", request)
            for shard in page.get("Shards", []):
                names = ("ParentShardId", "AdjacentParentShardId")
                parents = tuple(shard[name] for name in names if shard.get(name))
                found.append(Shard(shard["ShardId"], parents))
            if not page.get("NextToken"):
                return found
            request = {"NextToken": page["NextToken"]}

    async def iterator(self, shard: str, after: str | None, start: Mapping[str, Any]) -> str:
        """An iterator of a shard."""
        where = {"StreamARN": self._arn, "ShardId": shard}
        answer = await self._call("GetShardIterator", {**where, **_iterator_request(after, start)})
        return str(answer["ShardIterator"])

    async def read(
        self, shard: str, iterator: str, limit: int
    ) -> tuple[list[StreamRecord], str | None]:
        """Records and the next iterator."""
        request = {"ShardIterator": iterator, "Limit": limit}
        request["StreamARN"] = self._arn
        answer = await self._call("GetRecords", request)
        records = [self._record(shard, raw) for raw in answer["Records"]]
        return records, answer.get("NextShardIterator")

    def _record(self, shard: str, raw: Mapping[str, Any]) -> StreamRecord:
        arrived = float(raw["ApproximateArrivalTimestamp"])
        content = {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": raw["PartitionKey"],
            "sequenceNumber": raw["SequenceNumber"],
            "data": raw["Data"],
            "approximateArrivalTimestamp": arrived,
        }
        event = {
            **(content if self._flat else {"kinesis": content}),
            "eventSource": "aws:kinesis",
            "eventVersion": "1.0",
            "eventID": f"{shard}:{raw['SequenceNumber']}",
            "eventName": "aws:kinesis:record",
            "invokeIdentityArn": self._role,
            "awsRegion": self._mapping.region,
            "eventSourceARN": self._mapping.source_arn,
        }
        text = base64.b64decode(raw["Data"]).decode("utf-8", "replace")
        wanted = let_through(self._filters, {**event, **content}, {"data": text})
        return StreamRecord(event, raw["SequenceNumber"], raw["PartitionKey"], arrived, wanted)

    async def _call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        return await self._calls("kinesis", self._mapping.region, operation, request)


class DynamoDBStream:
    """Reads the stream of a DynamoDB table."""

    source = "dynamodb"
    batch_info = "DDBStreamBatchInfo"

    def __init__(self, mapping: EventSourceMapping, calls: Calls) -> None:
        self._mapping = mapping
        self._calls = calls
        self._filters = mapping.patterns

    async def shards(self) -> list[Shard]:
        """All shards of the stream."""
        found: list[Shard] = []
        request: dict[str, Any] = {"StreamArn": self._mapping.source_arn}
        while True:
            description = (await self._call("DescribeStream", request))["StreamDescription"]
            for shard in description.get("Shards", []):
                parent = shard.get("ParentShardId")
                found.append(Shard(shard["ShardId"], (parent,) if parent else ()))
            if not description.get("LastEvaluatedShardId"):
                return found
            request["ExclusiveStartShardId"] = description["LastEvaluatedShardId"]

    async def iterator(self, shard: str, after: str | None, start: Mapping[str, Any]) -> str:
        """An iterator of a shard."""
        where = {"StreamArn": self._mapping.source_arn, "ShardId": shard}
        at_ns = None if after is None else time_of(after)
        if after is None:
            where |= dict(start)
        else:
            number = after if at_ns is None else str(at_ns * NUMBERS_A_NANOSECOND)
            where |= {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": number}
        try:
            answer = await self._call("GetShardIterator", where)
        except CallError as error:
            if at_ns is None or error.code != "ValidationException":
                raise
            # Another endpoint, whose numbers have no time in front.
            latest = {**where, "ShardIteratorType": "LATEST"}
            del latest["SequenceNumber"]
            answer = await self._call("GetShardIterator", latest)
        return str(answer["ShardIterator"])

    async def read(
        self, shard: str, iterator: str, limit: int
    ) -> tuple[list[StreamRecord], str | None]:
        """Records and the next iterator."""
        request = {"ShardIterator": iterator, "Limit": min(limit, 1000)}
        answer = await self._call("GetRecords", request)
        records = [self._record(raw) for raw in answer["Records"]]
        return records, answer.get("NextShardIterator")

    def _record(self, raw: Mapping[str, Any]) -> StreamRecord:
        event = {
            **raw,
            "eventVersion": "1.1",  # since 2018; other endpoints may send an older one
            "awsRegion": self._mapping.region,
            "eventSourceARN": self._mapping.source_arn,
        }
        identity = raw.get("userIdentity")
        if identity is not None:  # functions see its names in lower case
            event["userIdentity"] = {
                name[:1].lower() + name[1:]: value for name, value in identity.items()
            }
        change = raw["dynamodb"]
        wanted = let_through(self._filters, event, {})
        return StreamRecord(
            event,
            str(change["SequenceNumber"]),
            json.dumps(change.get("Keys"), sort_keys=True),
            float(change.get("ApproximateCreationDateTime", time.time())),
            wanted,
        )

    async def _call(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        return await self._calls("dynamodbstreams", self._mapping.region, operation, request)


def in_lanes(records: Sequence[StreamRecord], lanes: int) -> list[list[StreamRecord]]:
    """Split records so that those of one key stay together and in order."""
    found: dict[int, list[StreamRecord]] = {}
    for record in records:
        found.setdefault(hash(record.key) % lanes, []).append(record)
    return list(found.values())
