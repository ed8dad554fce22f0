"""Polls a topic as an event source: a member of a consumer group that commits what succeeded."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from lambda_nb.engine.events.polled.kafka import batch
from lambda_nb.engine.events.polled.kafka.batch import KafkaRecord, Position
from lambda_nb.engine.events.polled.kafka.cluster import Cluster, ClusterError
from lambda_nb.engine.events.polled.mapping import EventSourceMapping, Outcome, Run
from lambda_nb.engine.events.polled.mapping_metrics import Tally
from lambda_nb.engine.events.polled.pending import Pending
from lambda_nb.engine.machine.cancelling import cancelled
from lambda_nb.rules.events import batches

log = logging.getLogger(__name__)

_WINDOW_S = 0.5
"""Time to gather a batch, unless a mapping says otherwise (facts/events.md section 2)."""
_FAREWELL_S = 3.0
"""How long a cluster may take to let a member go: one that has died must not hold up the end."""
_POLL_MS = 200
_MOST_RETRIES_TO_DESTINATION = 10
"""With a failure destination and no other limit (Lambda Developer Guide,
kafka-on-failure-destination, 2026)."""

EventOf = Callable[[Sequence[KafkaRecord], Sequence[str], str], "dict[str, Any]"]


class GivenUp(Protocol):
    """Hears of records that were given up; ``target`` is empty if nobody does."""

    target: str

    async def send(
        self,
        records: Sequence[KafkaRecord],
        condition: str,
        outcome: Outcome | None,
        tries: int,
    ) -> bool:
        """Notify; returns whether somebody got the records."""


class NoFailures:
    """Drops records that were given up, as pipes from Kafka do."""

    target = ""

    async def send(
        self,
        records: Sequence[KafkaRecord],
        condition: str,
        outcome: Outcome | None,
        tries: int,
    ) -> bool:
        """Nobody is told."""
        return False


class KafkaPoller:
    """Feeds one function or pipe from one topic.

    Each partition has at most one batch in flight; a batch may have records of several partitions.
    A failed batch blocks its partitions until it succeeds or is given up. Offsets are committed
    after that.

    Parameters
    ----------
    mapping
        The source and the function.
    cluster
        The cluster.
    group
        The consumer group.
    run
        Runs the function.
    counts
        Receives the mapping's metrics.
    processed
        Called with the result of each batch.
    failures
        Hears of records that were given up.
    event_of
        Makes events.
    """

    def __init__(
        self,
        mapping: EventSourceMapping,
        cluster: Cluster,
        group: str,
        run: Run,
        counts: Tally,
        processed: Callable[[str], None],
        failures: GivenUp,
        event_of: EventOf = batch.event_for_function,
    ) -> None:
        self._mapping = mapping
        self._cluster = cluster
        self._group = group
        self._run = run
        self._counts = counts
        self._processed = processed
        self._failures = failures
        self._event_of = event_of
        self._filters = mapping.patterns
        self._topic = str(mapping.config["Topics"][0])
        self._consumer: Any = None
        self._pending: Pending[KafkaRecord] = Pending(
            mapping.batch_size, mapping.window_s or _WINDOW_S, time.monotonic
        )
        self._busy: set[Position] = set()
        self._placed: set[Position] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._stopping = asyncio.Event()
        self.begun, self.ended = asyncio.Event(), asyncio.Event()

    async def run(self) -> None:
        """Read until :meth:`stop`, then wait for running batches."""
        from aiokafka.errors import KafkaError

        failures = 0
        while not self._stopping.is_set():
            try:
                self._consumer = await self._cluster.consumer(self._group, self._mapping.identifier)
                self._consumer.subscribe([self._topic], listener=_listener(self._place_anew))
                failures = 0
                await self._read()
            except asyncio.CancelledError:
                for task in self._running:
                    task.cancel()
                raise
            except (ClusterError, KafkaError, OSError) as error:
                failures += 1
                self._processed(f"PROBLEM: {error}")
                log.warning("topic %s: %s", self._topic, error)
                await self._pause(batches.backoff(failures))
            finally:
                await self._leave()
        self.ended.set()

    def stop(self) -> None:
        """Stop reading."""
        self._stopping.set()

    async def close(self) -> None:
        """Cancel running batches; they are read again after the next start."""
        self._stopping.set()
        await cancelled(self._running)

    async def _leave(self) -> None:
        """Wait for running batches, which commit, and leave the group."""
        self._pending.take()
        if self._running:
            await asyncio.wait(self._running)
        consumer, self._consumer = self._consumer, None
        self._placed.clear()
        if consumer is not None:
            with contextlib.suppress(Exception):  # the cluster may be gone, and so is the member
                await asyncio.wait_for(consumer.stop(), _FAREWELL_S)

    async def _read(self) -> None:
        while not self._stopping.is_set():
            free = await self._free_partitions()
            if not free:
                await self._pause(_POLL_MS / 1000)
                continue
            room = self._pending.room
            found = await self._consumer.getmany(*free, timeout_ms=_POLL_MS, max_records=room)
            raw = [one for part in found.values() for one in part]
            records = [KafkaRecord.of(one, self._filters) for one in raw]
            self._counts.polled(len(records), sum(record.wanted for record in records))
            self._pending.add(records)
            if self._pending.is_due:
                self._hand_over()

    async def _free_partitions(self) -> list[Any]:
        """The assigned partitions without a batch in flight, each with its position set."""
        assigned = self._consumer.assignment()
        if not assigned:
            if self._consumer.partitions_for_topic(self._topic) == set():
                self._processed(f"PROBLEM: There is no topic {self._topic}")
            return []
        for partition in assigned:
            if tuple(partition) not in self._placed:
                await self._place(partition)
        self.begun.set()
        return [partition for partition in assigned if tuple(partition) not in self._busy]

    async def _place(self, partition: Any) -> None:
        """Begin where the group is in a partition; store where that is, if it has read nothing."""
        from aiokafka import TopicPartition

        committed = await self._consumer.committed(partition)
        if committed is None:
            at = await self._start_of(TopicPartition(*partition))
            self._consumer.seek(partition, at)
            await self._consumer.commit({partition: at})
        else:
            self._consumer.seek(partition, committed)
        self._placed.add(tuple(partition))

    async def _start_of(self, partition: Any) -> int:
        start = self._mapping.config["StartingPosition"]
        if self.begun.is_set():
            start = "TRIM_HORIZON"  # the partition is new: all of it came after the start
        if start == "LATEST":
            return int((await self._consumer.end_offsets([partition]))[partition])
        if start == "AT_TIMESTAMP":
            at_ms = int(float(self._mapping.config["StartingPositionTimestamp"]) * 1000)
            found = (await self._consumer.offsets_for_times({partition: at_ms}))[partition]
            if found is not None:
                return int(found.offset)
            return int((await self._consumer.end_offsets([partition]))[partition])
        return int((await self._consumer.beginning_offsets([partition]))[partition])

    def _place_anew(self, revoked: Iterable[Any]) -> None:
        """Partitions are another member's now."""
        gone = {tuple(partition) for partition in revoked}
        self._placed -= gone
        self._pending.drop(lambda record: record.position in gone)

    def _hand_over(self) -> None:
        """Process what was gathered, while other partitions are read on."""
        records = self._pending.take()
        positions = {record.position for record in records}
        self._busy |= positions
        task = asyncio.get_running_loop().create_task(self._process(records))
        self._running.add(task)

        def done(task: asyncio.Task[None]) -> None:
            self._running.discard(task)
            self._busy -= positions
            if not task.cancelled() and task.exception() is not None:
                log.error("a batch of %s is read again", self._topic, exc_info=task.exception())
                self._placed -= positions

        task.add_done_callback(done)

    async def _process(self, records: Sequence[KafkaRecord]) -> None:
        wanted = [record for record in records if record.wanted]
        done = True
        for piece in batch.what_fits(wanted) if wanted else ():
            done = done and await self._insist(piece, 0)
        if done:
            await self._commit(records)

    async def _insist(self, records: Sequence[KafkaRecord], tries: int) -> bool:
        """Run a batch until it succeeds or is given up; ``False`` if reading stopped first."""
        config = self._mapping.config
        most, waits = self._most_retries(), 0
        outcome: Outcome | None = None
        while not self._stopping.is_set():
            records, expired = self._by_age([r for r in records if r.position in self._placed])
            if expired:
                await self._give_up(expired, "RecordAgeExceeded", outcome, tries)
            if not records:
                return True
            event = self._event_of(records, self._cluster.brokers, self._cluster.arn)
            self._note_lag(records)
            outcome = await self._run(self._mapping.function_arn, event, "kafka")
            rest: Sequence[KafkaRecord] = records
            if outcome.ok and outcome.result is not None:
                reports = self._mapping.reports_failures
                rest = batch.left_over(outcome.result.payload, records) if reports else ()
            self._counts.invoked(len(records), len(rest), ran=outcome.result is not None)
            self._processed("OK" if not rest else f"PROBLEM: {outcome.problem or 'Items failed'}")
            if not rest:
                return True
            waits += 1
            tries += not outcome.throttled
            if not outcome.throttled:
                if config.get("BisectBatchOnFunctionError") and len(rest) > 1:
                    half = len(rest) // 2
                    await self._pause(batches.backoff(waits))
                    halves = (rest[:half], rest[half:])
                    return all([await self._insist(part, tries - 1) for part in halves])
                if most is not None and tries > most:
                    await self._give_up(rest, "RetryAttemptsExhausted", outcome, tries)
                    return True
            records = rest
            await self._pause(batches.backoff(waits))
        return False

    def _most_retries(self) -> int | None:
        most = self._mapping.config.get("MaximumRetryAttempts", -1)
        if most is None or most < 0:
            return _MOST_RETRIES_TO_DESTINATION if self._failures.target else None
        return int(most)

    async def _give_up(
        self, records: Sequence[KafkaRecord], condition: str, outcome: Outcome | None, tries: int
    ) -> None:
        delivered = await self._failures.send(records, condition, outcome, tries)
        self._counts.given_up(len(records), delivered=delivered)

    async def _commit(self, records: Sequence[KafkaRecord]) -> None:
        """Store that everything up to these records is done."""
        from aiokafka import TopicPartition
        from aiokafka.errors import KafkaError

        last = {record.position: record.offset + 1 for record in records}
        offsets = {TopicPartition(*at): n for at, n in last.items() if at in self._placed}
        if not offsets or self._consumer is None:
            return
        try:
            await self._consumer.commit(offsets)
        except KafkaError as error:
            log.warning("offsets of %s could not be committed: %s", self._topic, error)

    def _by_age(
        self, records: Sequence[KafkaRecord]
    ) -> tuple[Sequence[KafkaRecord], Sequence[KafkaRecord]]:
        """Records that are young enough, and those that are too old."""
        limit = self._mapping.config.get("MaximumRecordAgeInSeconds", -1)
        if limit is None or limit < 0:
            return records, ()
        oldest = time.time() - limit
        young = [record for record in records if record.arrived >= oldest]
        return young, [record for record in records if record.arrived < oldest]

    def _note_lag(self, records: Sequence[KafkaRecord]) -> None:
        from aiokafka import TopicPartition

        last = {record.position: record.offset for record in records}
        for position, offset in last.items():
            tip = self._consumer.highwater(TopicPartition(*position)) if self._consumer else None
            if tip is not None:
                self._counts.offset_lag(max(0, tip - offset - 1))

    async def _pause(self, seconds: float) -> None:
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)


def _listener(revoked: Callable[[Iterable[Any]], None]) -> Any:
    from aiokafka import ConsumerRebalanceListener

    class Listener(ConsumerRebalanceListener):  # type: ignore[misc]
        """Hears that partitions go to another member."""

        def on_partitions_revoked(self, revoked_now: Iterable[Any]) -> None:
            revoked(revoked_now)

        def on_partitions_assigned(self, assigned: Iterable[Any]) -> None:
            """Partitions are placed when they are first read."""

    return Listener()
