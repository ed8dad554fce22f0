"""Batches of Kafka records: the events that are made of them, and which of them failed."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambda_nb.engine.events.polled.mapping import let_through
from lambda_nb.rules.events import batches

_TYPES = {0: "CREATE_TIME", 1: "LOG_APPEND_TIME"}

Position = tuple[str, int]
"""A topic and a partition."""


@dataclass(frozen=True, slots=True)
class KafkaRecord:
    """One record: ``told`` as the function sees it, ``arrived`` in epoch seconds."""

    told: Mapping[str, Any]
    position: Position
    offset: int
    arrived: float
    wanted: bool
    key: bytes | None

    @property
    def size(self) -> int:
        """Bytes in an event."""
        return len(json.dumps(self.told)) + 2

    @classmethod
    def of(cls, raw: Any, filters: Sequence[Any]) -> KafkaRecord:
        """The record of what the client library read."""
        told = {
            "topic": raw.topic,
            "partition": raw.partition,
            "offset": raw.offset,
            "timestamp": raw.timestamp,
            "timestampType": _TYPES.get(raw.timestamp_type, "CREATE_TIME"),
            **({} if raw.key is None else {"key": base64.b64encode(raw.key).decode()}),
            "value": None if raw.value is None else base64.b64encode(raw.value).decode(),
            "headers": [{name: list(value or b"")} for name, value in raw.headers],
        }
        contents = {"value": _text(raw.value), "key": _text(raw.key)}
        wanted = let_through(filters, told, contents)
        where = (raw.topic, raw.partition)
        return cls(told, where, raw.offset, raw.timestamp / 1000, wanted, raw.key)


def _text(content: bytes | None) -> str:
    return (content or b"").decode("utf-8", "replace")


def name_of(position: Position) -> str:
    """The name of a partition in events: ``orders-0``."""
    return f"{position[0]}-{position[1]}"


def by_partition(records: Sequence[KafkaRecord]) -> dict[str, list[Any]]:
    """The records of an event, by partition."""
    found: dict[str, list[Any]] = {}
    for record in records:
        found.setdefault(name_of(record.position), []).append(record.told)
    return found


def event_for_function(
    records: Sequence[KafkaRecord], brokers: Sequence[str], arn: str
) -> dict[str, Any]:
    """The event of a function; ``arn`` of a cluster of MSK, empty for others."""
    source = {"eventSource": "aws:kafka", "eventSourceArn": arn} if arn else _SELF_MANAGED
    return {**source, "bootstrapServers": ",".join(brokers), "records": by_partition(records)}


_SELF_MANAGED = {"eventSource": "SelfManagedKafka"}


def event_for_pipe(
    records: Sequence[KafkaRecord], brokers: Sequence[str], arn: str
) -> dict[str, Any]:
    """The batch of a pipe: one list, each record with its source."""
    source = {"eventSource": "aws:kafka", "eventSourceArn": arn} if arn else _SELF_MANAGED
    common = {"bootstrapServers": ",".join(brokers), **source}
    told = [
        {**common, "eventSourceKey": name_of(record.position), **record.told} for record in records
    ]
    return {"Records": told}


def what_fits(records: Sequence[KafkaRecord]) -> list[list[KafkaRecord]]:
    """Split records into events that fit the payload limit."""
    pieces: list[list[KafkaRecord]] = [[]]
    size = 0
    for record in records:
        length = record.size
        if pieces[-1] and size + length > batches.PAYLOAD_LIMIT:
            pieces.append([])
            size = 0
        pieces[-1].append(record)
        size += length
    return pieces


def left_over(response: bytes, records: Sequence[KafkaRecord]) -> list[KafkaRecord]:
    """The records to try again: in each partition, from the first failed one on.

    ``{"batchItemFailures": [{"itemIdentifier": {"partition": "orders-0", "offset": 7}}]}`` names
    failed records (Lambda Developer Guide, kafka-retry-configurations). A response that cannot be
    read, or that names an unknown record, fails the whole batch.
    """
    try:
        answer: Any = json.loads(response or b"null")
    except ValueError:
        return list(records)
    if answer in (None, "", []):
        return []
    entries = answer.get("batchItemFailures") if isinstance(answer, dict) else [None]
    known = {(name_of(record.position), record.offset) for record in records}
    first: dict[str, int] = {}
    for entry in entries or ():
        item = entry.get("itemIdentifier") if isinstance(entry, dict) else None
        named = (item.get("partition"), item.get("offset")) if isinstance(item, dict) else None
        if named not in known:
            return list(records)
        assert named is not None
        first[named[0]] = min(first.get(named[0], named[1]), named[1])
    return [
        record
        for record in records
        if record.offset >= first.get(name_of(record.position), record.offset + 1)
    ]
