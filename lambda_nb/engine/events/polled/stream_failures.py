"""Reports records that were given up to a mapping's failure destination."""

from __future__ import annotations

import json
import logging
import time
import uuid
from collections.abc import Sequence
from datetime import datetime, timezone
from typing import Any, Protocol

from lambda_nb.engine.events.asynchronous.destinations import Destinations
from lambda_nb.engine.events.polled.mapping import EventSourceMapping, Outcome
from lambda_nb.engine.events.polled.stream import StreamRecord

log = logging.getLogger(__name__)


class Failures(Protocol):
    """Hears of records that were given up."""

    async def send(
        self,
        shard: str,
        records: Sequence[StreamRecord],
        condition: str,
        outcome: Outcome | None,
        tries: int,
    ) -> bool:
        """Notify whoever wants to know; returns whether somebody got the record."""


class FailureReport:
    """Sends failure records (facts/events.md section 2) of one mapping.

    Parameters
    ----------
    mapping
        The mapping.
    batch_info
        ``KinesisBatchInfo`` or ``DDBStreamBatchInfo``.
    destinations
        Delivers the records.
    """

    def __init__(
        self, mapping: EventSourceMapping, batch_info: str, destinations: Destinations
    ) -> None:
        self._mapping = mapping
        self._batch_info = batch_info
        self._destinations = destinations

    async def send(
        self,
        shard: str,
        records: Sequence[StreamRecord],
        condition: str,
        outcome: Outcome | None,
        tries: int,
    ) -> bool:
        """Notify the destination, if there is one; returns whether it got the record."""
        config = self._mapping.config.get("DestinationConfig") or {}
        target = (config.get("OnFailure") or {}).get("Destination")
        if not target:
            return False
        record = self._record(shard, records, condition, outcome, tries)
        key = None
        if target.split(":")[2] == "s3":
            record["payload"] = json.dumps({"Records": [record.event for record in records]})
            key = object_key(self._mapping, shard)
        try:
            await self._destinations.record(target, record, key)
        except Exception as error:  # whatever a client library raises: the stream must go on
            log.warning("could not deliver to %s: %s", target, error)
            return False
        return True

    def _record(
        self,
        shard: str,
        records: Sequence[StreamRecord],
        condition: str,
        outcome: Outcome | None,
        tries: int,
    ) -> dict[str, Any]:
        contexts = failed_call(self._mapping, condition, outcome, tries)
        return contexts | described(self._batch_info, shard, records, self._mapping.stream_arn)


def object_key(mapping: EventSourceMapping, *shard: str) -> str:
    """The key of a failure record in a bucket (Lambda Developer Guide, services-ddb-errors)."""
    now = datetime.now(timezone.utc)
    name = f"{now:%Y-%m-%dT%H.%M.%S}-{uuid.uuid4()}"
    return "/".join(["aws/lambda", mapping.identifier, *shard, f"{now:%Y/%m/%d}", name])


def failed_call(
    mapping: EventSourceMapping, condition: str, outcome: Outcome | None, tries: int
) -> dict[str, Any]:
    """The members of a failure record that say what was called, and how that ended."""
    context = {
        "requestId": outcome.request_id if outcome else str(uuid.uuid4()),
        "functionArn": mapping.function_arn,
        "condition": condition,
        "approximateInvokeCount": tries,
    }
    record: dict[str, Any] = {"requestContext": context}
    if outcome is not None and outcome.result is not None:
        record["responseContext"] = {
            "statusCode": 200,
            "executedVersion": outcome.result.executed_version,
            "functionError": outcome.result.function_error,  # null: it named failed records
        }
    return record


def described(
    batch_info: str, shard: str, records: Sequence[StreamRecord], stream_arn: str
) -> dict[str, Any]:
    """The members of a failure record that say which records it is about."""
    ms = batch_info == "KinesisBatchInfo"
    return {
        "version": "1.0",
        "timestamp": stamp(time.time(), True),
        batch_info: {
            "shardId": shard,
            "startSequenceNumber": records[0].sequence,
            "endSequenceNumber": records[-1].sequence,
            "approximateArrivalOfFirstRecord": stamp(records[0].arrived, ms),
            "approximateArrivalOfLastRecord": stamp(records[-1].arrived, ms),
            "batchSize": len(records),
            "streamArn": stream_arn,
        },
    }


def stamp(seconds: float, milliseconds: bool) -> str:
    """A time as failure records have it."""
    at = datetime.fromtimestamp(seconds, timezone.utc)
    fraction = f".{at.microsecond // 1000:03d}" if milliseconds else ""
    return f"{at:%Y-%m-%dT%H:%M:%S}{fraction}Z"
