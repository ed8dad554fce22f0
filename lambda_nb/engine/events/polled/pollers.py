"""Runs a poller for each enabled event source mapping in control's records."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any

from lambda_nb.engine.aws_calls.json_calls import Calls
from lambda_nb.engine.control.records.store import Record, Store
from lambda_nb.engine.errors import AWSError
from lambda_nb.engine.events.asynchronous.destinations import Destinations
from lambda_nb.engine.events.polled.checkpoints import Checkpoints
from lambda_nb.engine.events.polled.kafka.cluster import Cluster, Connect
from lambda_nb.engine.events.polled.kafka.failures import KafkaFailures
from lambda_nb.engine.events.polled.kafka.poller import KafkaPoller
from lambda_nb.engine.events.polled.mapping import EventSourceMapping, Resolve, Runner
from lambda_nb.engine.events.polled.mapping_metrics import Counts, Figures
from lambda_nb.engine.events.polled.poller import Poller
from lambda_nb.engine.events.polled.shards import StreamPoller
from lambda_nb.engine.events.polled.sqs import QueuePoller
from lambda_nb.engine.events.polled.stream import DynamoDBStream, KinesisStream, Stream
from lambda_nb.engine.events.polled.stream_failures import FailureReport
from lambda_nb.engine.machine.cancelling import cancelled

log = logging.getLogger(__name__)

_SETTLED_WITHIN_S = 10.0
"""Maximum time of a state change, if a batch runs or the source does not answer."""
_NOT_READ = {"mq": "Amazon MQ brokers", "rds": "DocumentDB clusters"}
_ON = ("Creating", "Enabling", "Enabled")


class EventSources:
    """Starts and stops pollers as mappings are created, changed and deleted.

    Parameters
    ----------
    store
        Control's records; it reports every change of them.
    calls
        Makes the calls to queues and streams.
    resolve
        Finds the version that serves.
    run
        Runs functions.
    checkpoints
        Store the read positions of streams; closed with this object.
    destinations
        Receive failure records.
    figures
        Receive CloudWatch metrics of mappings.
    connect
        Returns boto3 clients, for the secrets of Kafka clusters.
    """

    def __init__(
        self,
        store: Store,
        calls: Calls,
        resolve: Resolve,
        run: Runner,
        checkpoints: Checkpoints,
        destinations: Destinations,
        figures: Figures,
        connect: Connect,
    ) -> None:
        self._store = store
        self._calls = calls
        self._resolve = resolve
        self._run = run
        self._checkpoints = checkpoints
        self._destinations = destinations
        self._figures = figures
        self._connect = connect
        self._active: dict[str, tuple[object, Poller]] = {}
        self._stopping: dict[str, Poller] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._closed = False

    def start(self) -> None:
        """Start pollers of the enabled mappings, and follow changes."""
        self._store.watch(self._look)
        self._look()

    def begin_afresh(self, kept: Collection[str] = ()) -> None:
        """Forget the read positions and start again: the services have lost their data.

        Parameters
        ----------
        kept
            Services that still have their data.
        """
        records = self._store.children("mapping", "")
        lost = {
            identifier: poller
            for identifier, (_, poller) in self._active.items()
            if identifier not in records or _service(records[identifier]["config"]) not in kept
        }
        task = asyncio.get_running_loop().create_task(self._afresh(lost))
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    async def _afresh(self, lost: dict[str, Poller]) -> None:
        for identifier, poller in lost.items():
            self._active.pop(identifier, None)
            poller.stop()
        await asyncio.gather(*(poller.close() for poller in lost.values()))
        for identifier in lost:
            self._checkpoints.forget(identifier)
        self._look()

    def read_on(self, stream_arn: str, shard: str) -> None:
        """Read a shard with new records now, without waiting for the next poll."""
        for _, poller in self._active.values():
            if isinstance(poller, StreamPoller):
                poller.read_on(stream_arn, shard)

    async def settled(self, identifier: str) -> None:
        """Wait until a disabled mapping has stopped reading, or an enabled one knows its start
        position."""
        stopping = self._stopping.pop(identifier, None)
        active = self._active.get(identifier)
        event = stopping.ended if stopping else active[1].begun if active else None
        if event is not None:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(event.wait(), _SETTLED_WITHIN_S)

    async def close(self) -> None:
        """Stop all reading at once."""
        self._closed = True
        await cancelled(self._tasks)
        await asyncio.gather(*(poller.close() for _, poller in self._active.values()))
        await self._calls.close()
        self._checkpoints.close()

    def _look(self) -> None:
        if self._closed:
            return
        records = self._store.children("mapping", "")
        enabled = {
            identifier: record
            for identifier, record in records.items()
            if record["target"] == "Enabled" and record["state"] in _ON
        }
        for identifier, (version, poller) in list(self._active.items()):
            record = enabled.get(identifier)
            if record is None or _version(record) != version:
                poller.stop()
                self._stopping[identifier] = poller
                del self._active[identifier]
            if identifier not in records:
                self._checkpoints.forget(identifier)
        for identifier, record in enabled.items():
            if identifier not in self._active:
                self._begin(identifier, record)

    def _begin(self, identifier: str, record: Record) -> None:
        mapping = EventSourceMapping(identifier, record["function"], record["config"])
        poller = self._poller(mapping)
        if poller is None:
            return
        self._active[identifier] = (_version(record), poller)
        task = asyncio.get_running_loop().create_task(poller.run())
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _poller(self, mapping: EventSourceMapping) -> Poller | None:
        service = _service(mapping.config)
        processed = self._processed(mapping.identifier)
        counts = Counts(mapping, self._figures)
        if service == "sqs":
            return QueuePoller(mapping, self._calls, self._run, counts, processed)
        if service in ("kinesis", "dynamodb"):
            stream: Stream = DynamoDBStream(mapping, self._calls)
            if service == "kinesis":
                stream = KinesisStream(mapping, self._calls, self._role(mapping))
            report = FailureReport(mapping, stream.batch_info, self._destinations)
            return StreamPoller(
                mapping, stream, self._run, self._checkpoints, report, counts, processed
            )
        if service in ("", "kafka"):
            cluster = Cluster(mapping.config, self._connect)
            failures = KafkaFailures(mapping, cluster, self._destinations)
            group = consumer_group(mapping)
            return KafkaPoller(mapping, cluster, group, self._run, counts, processed, failures)
        text = f"This engine reads nothing from {_NOT_READ.get(service, service)}."
        processed(f"PROBLEM: {text}")
        log.warning("event source mapping %s: %s", mapping.identifier, text)
        return None

    def _role(self, mapping: EventSourceMapping) -> str:
        """The role that reads the stream: the function's role."""
        try:
            return self._resolve(mapping.function_arn, None).function.role
        except AWSError:
            return ""

    def _processed(self, identifier: str) -> Callable[[str], None]:
        """Keeps ``LastProcessingResult`` of a mapping up to date."""

        def note(result: str) -> None:
            record = self._store.get("mapping", "", identifier)
            if self._closed or record is None or record["target"] != "Enabled":
                return
            if "LastProcessingResult" not in record["config"]:
                return  # queues do not show it
            if record["config"]["LastProcessingResult"] != result:
                config = {**record["config"], "LastProcessingResult": result}
                with self._store.write() as batch:
                    batch.put("mapping", "", identifier, {**record, "config": config})

        return note

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("an event source has stopped", exc_info=task.exception())


def consumer_group(mapping: EventSourceMapping) -> str:
    """The consumer group of a mapping of Kafka; its own identifier unless it names one."""
    names = ("SelfManagedKafkaEventSourceConfig", "AmazonManagedKafkaEventSourceConfig")
    told = [mapping.config.get(name) or {} for name in names]
    named = [str(one["ConsumerGroupId"]) for one in told if one.get("ConsumerGroupId")]
    return named[0] if named else mapping.identifier


def _service(config: Mapping[str, Any]) -> str:
    """The service that a mapping reads; empty for brokers that are not AWS's."""
    return str((config.get("EventSourceArn") or "::").split(":")[2])


def _version(record: Record) -> object:
    """The settings of a poller; when they change, it is restarted."""
    config: dict[str, Any] = dict(record["config"])
    config.pop("LastProcessingResult", None)
    return (record["function"], config)
