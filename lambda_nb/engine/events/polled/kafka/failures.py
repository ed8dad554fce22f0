"""Reports records of Kafka that were given up to a mapping's failure destination."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from typing import Any

from lambda_nb.engine.events.asynchronous.destinations import Destinations
from lambda_nb.engine.events.polled.kafka.batch import (
    KafkaRecord,
    event_for_function,
    name_of,
)
from lambda_nb.engine.events.polled.kafka.cluster import Cluster
from lambda_nb.engine.events.polled.mapping import EventSourceMapping, Outcome
from lambda_nb.engine.events.polled.stream_failures import failed_call, object_key, stamp

log = logging.getLogger(__name__)

TOPIC = "kafka://"
"""Begins a destination that is a topic of the same cluster."""


class KafkaFailures:
    """Sends failure records of one mapping (Lambda Developer Guide, kafka-on-failure).

    Parameters
    ----------
    mapping
        The mapping.
    cluster
        Its cluster.
    destinations
        Delivers the records.
    """

    def __init__(
        self, mapping: EventSourceMapping, cluster: Cluster, destinations: Destinations
    ) -> None:
        self._mapping = mapping
        self._cluster = cluster
        self._destinations = destinations
        config = mapping.config.get("DestinationConfig") or {}
        self.target = str((config.get("OnFailure") or {}).get("Destination") or "")

    async def send(
        self,
        records: Sequence[KafkaRecord],
        condition: str,
        outcome: Outcome | None,
        tries: int,
    ) -> bool:
        """Notify the destination, if there is one; returns whether it got the record."""
        if not self.target:
            return False
        told = failed_call(self._mapping, condition, outcome, tries)
        told |= {"version": "1.0", "timestamp": stamp(time.time(), True)}
        try:
            if self.target.startswith(TOPIC):
                await self._to_topic(records, told)
            else:
                await self._to_service(records, told)
        except Exception as error:  # whatever a client library raises: reading must go on
            log.warning("could not deliver to %s: %s", self.target, error)
            return False
        return True

    async def _to_service(self, records: Sequence[KafkaRecord], told: dict[str, Any]) -> None:
        event = json.dumps(self._event(records))
        parts: dict[str, list[KafkaRecord]] = {}
        for record in records:
            parts.setdefault(name_of(record.position), []).append(record)
        info = {
            name: {
                "firstRecordOffset": str(part[0].offset),
                "lastRecordOffset": str(part[-1].offset),
                "firstRecordTimestamp": stamp(part[0].arrived, True),
                "lastRecordTimestamp": stamp(part[-1].arrived, True),
            }
            for name, part in parts.items()
        }
        told["KafkaBatchInfo"] = {**self._batch(len(records), event), "recordsInfo": info}
        key = None
        if self.target.split(":")[2] == "s3":
            told["payload"] = event
            key = object_key(self._mapping)
        await self._destinations.record(self.target, told, key)

    async def _to_topic(self, records: Sequence[KafkaRecord], told: dict[str, Any]) -> None:
        """One record of the topic for each record, with its content and its key."""
        for record in records:
            event = self._event([record])
            info = {"offset": str(record.offset), "timestamp": stamp(record.arrived, True)}
            batch = {**self._batch(1, json.dumps(event)), "recordInfo": info}
            value = json.dumps({**told, "KafkaBatchInfo": batch, "payload": event}).encode()
            await self._cluster.produce(self.target.removeprefix(TOPIC), record.key, value)

    def _event(self, records: Sequence[KafkaRecord]) -> dict[str, Any]:
        return event_for_function(records, self._cluster.brokers, self._cluster.arn)

    def _batch(self, size: int, event: str) -> dict[str, Any]:
        told: dict[str, Any] = {"batchSize": size}
        if self._cluster.arn:
            told["eventSourceArn"] = self._cluster.arn
        servers = ",".join(self._cluster.brokers)
        return {**told, "bootstrapServers": servers, "payloadSize": len(event.encode())}
