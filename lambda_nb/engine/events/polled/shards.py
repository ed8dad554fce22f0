"""Polls streams as event sources: one reader per shard processes its records in order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from lambda_nb.engine.aws_calls.json_calls import CallError
from lambda_nb.engine.events.polled.checkpoints import ENDED, Checkpoints, position_at
from lambda_nb.engine.events.polled.mapping import EventSourceMapping, Outcome, Run
from lambda_nb.engine.events.polled.mapping_metrics import Tally
from lambda_nb.engine.events.polled.pending import Pending
from lambda_nb.engine.events.polled.stream import (
    Shard,
    Stream,
    StreamRecord,
    in_lanes,
    starting_position,
)
from lambda_nb.engine.events.polled.stream_failures import Failures
from lambda_nb.engine.events.polled.windows import TumblingWindow
from lambda_nb.engine.machine.cancelling import cancelled
from lambda_nb.rules.events import batches

log = logging.getLogger(__name__)

_POLL_S = 0.5
"""Between two reads of an empty shard, unless its service reports new records."""
_LOOK_FOR_SHARDS_S = 5.0
_FROM_THE_START = {"ShardIteratorType": "TRIM_HORIZON"}


class StreamPoller:
    """Feeds one function from one stream.

    A failed batch blocks its shard until it succeeds. If it gets too old or uses up its retries,
    a failure record goes to the failure destination and reading continues.

    Parameters
    ----------
    mapping
        The source and the function.
    stream
        The stream.
    run
        Runs the function.
    checkpoints
        Store the read position of each shard.
    failures
        Sends failure records to the failure destination.
    counts
        Receives the mapping's metrics.
    processed
        Called with the result of each batch.

    Attributes
    ----------
    begun, ended : asyncio.Event
        Set when the start position in each shard is known, and when reading has stopped and no
        batch runs.
    """

    def __init__(
        self,
        mapping: EventSourceMapping,
        stream: Stream,
        run: Run,
        checkpoints: Checkpoints,
        failures: Failures,
        counts: Tally,
        processed: Callable[[str], None],
    ) -> None:
        self._mapping = mapping
        self._stream = stream
        self._run = run
        self._checkpoints = checkpoints
        self._failures = failures
        self._counts = counts
        self._processed = processed
        self._readers: dict[str, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()
        self._look_again = asyncio.Event()
        self._news: dict[str, asyncio.Event] = {}
        self.begun, self.ended = asyncio.Event(), asyncio.Event()
        self._unplaced: set[str] = set()
        self._first_look = True

    async def run(self) -> None:
        """Read all shards, new ones as they appear, until :meth:`stop`."""
        failures = 0
        while not self._stopping.is_set():
            patience = _LOOK_FOR_SHARDS_S
            self._look_again.clear()
            try:
                self._begin_shards(await self._stream.shards())
                failures = 0
                self._note_begun()
            except CallError as error:
                failures += 1
                patience = batches.backoff(failures)
                self._processed(f"PROBLEM: {error}")
            await _within(patience, self._look_again)
        if self._readers:
            await asyncio.wait(self._readers.values())
        self.ended.set()

    def stop(self) -> None:
        """Stop reading."""
        self._stopping.set()
        self._look_again.set()
        for news in self._news.values():
            news.set()

    def read_on(self, stream_arn: str, shard: str) -> None:
        """Read a shard with new records at once, if this poller reads it."""
        if shard in self._news and stream_arn == self._mapping.stream_arn:
            self._news[shard].set()

    async def close(self) -> None:
        """Cancel running batches; they are read again after the next start."""
        await cancelled(self._readers.values())

    async def _pause(self, seconds: float) -> None:
        await _within(seconds, self._stopping)

    def _begin_shards(self, shards: list[Shard]) -> None:
        known = self._checkpoints.all(self._mapping.identifier)
        listed = {shard.identifier for shard in shards}
        # Read later shards from their start: LATEST is a point in time, and they come after it.
        first_ever = self._first_look and not known
        start = starting_position(self._mapping) if first_ever else _FROM_THE_START
        at_once = start["ShardIteratorType"] == "LATEST"
        for shard in shards:
            before = [parent for parent in shard.parents if parent in listed]
            if shard.identifier in self._readers or known.get(shard.identifier) == ENDED:
                continue
            if not at_once and any(known.get(parent) != ENDED for parent in before):
                continue  # its parents come first
            reader = self._read(shard.identifier, known.get(shard.identifier), start)
            task = asyncio.get_running_loop().create_task(reader)
            task.add_done_callback(_say_why)
            self._readers[shard.identifier] = task
            if not self.begun.is_set():
                self._unplaced.add(shard.identifier)
        self._first_look = False

    def _note_begun(self, shard: str = "") -> None:
        """A shard's position is known; once all present shards' are, the mapping has begun."""
        self._unplaced.discard(shard)
        if not self._unplaced:
            self.begun.set()

    async def _read(self, shard: str, after: str | None, start: Mapping[str, Any]) -> None:
        iterator: str | None = None
        failures = 0
        news = self._news[shard] = asyncio.Event()
        mapping = self._mapping
        pending: Pending[StreamRecord]
        pending = Pending(mapping.batch_size, mapping.window_s, time.monotonic)
        window = TumblingWindow(mapping, shard) if mapping.tumbling_s else None
        while not self._stopping.is_set():
            try:
                if iterator is None:
                    at = position_at(start, time.time_ns())
                    iterator = await self._stream.iterator(shard, after, start)
                    if after is None and at is not None:
                        # The next start of the engine begins here as well, not where it is then.
                        after = at
                        self._checkpoints.put(mapping.identifier, shard, at)
                    self._note_begun(shard)
                news.clear()  # before the read: it may miss records that come from now on
                records, following = await self._stream.read(shard, iterator, pending.room)
                failures = 0
            except CallError as error:
                failures += 1
                iterator = None  # it may have expired
                pending.take()
                self._processed(f"PROBLEM: {error}")
                await self._pause(batches.backoff(failures))
                continue
            self._counts.polled(len(records), sum(record.wanted for record in records))
            pending.add(records)
            if pending.is_due or (pending.records and following is None):
                batch = pending.take()
                if not await self._deal_with(shard, batch, window):
                    return
                after = batch[-1].sequence
                if window is None or window.start is None:
                    self._checkpoints.put(mapping.identifier, shard, after)
            # At the tip after the window's end, or at the shard's end: no record can follow.
            at_tip = following is None or not (records or pending.records)
            over = window is not None and at_tip and window.is_over(time.time(), following is None)
            if window is not None and over and not await self._finish(shard, window):
                return
            if following is None:
                self._checkpoints.put(mapping.identifier, shard, ENDED)
                self._look_again.set()  # its children's turn has come
                return
            iterator = following
            if not records:
                await _within(_POLL_S, news)

    async def _deal_with(
        self, shard: str, records: Sequence[StreamRecord], window: TumblingWindow | None
    ) -> bool:
        """Process all records; ``False`` if reading stopped first."""
        wanted = [record for record in records if record.wanted]
        if window is not None:
            return await self._through_windows(shard, wanted, window)
        factor = int(self._mapping.config.get("ParallelizationFactor") or 1)
        lanes = in_lanes(wanted, factor) if wanted else []
        done = await asyncio.gather(*(self._lane(shard, _what_fits(lane)) for lane in lanes))
        return all(done)

    async def _through_windows(
        self, shard: str, records: Sequence[StreamRecord], window: TumblingWindow
    ) -> bool:
        """Process records window by window."""
        for start, part in window.parted(records):
            if window.start not in (None, start) and not await self._finish(shard, window):
                return False
            window.open(start)
            for piece in _what_fits(part):
                if not await self._insist(shard, piece, 0, window):
                    return False
                window.last = piece[-1].sequence
                if window.overflows and not await self._finish(shard, window, early=True):
                    return False
        return True

    async def _finish(self, shard: str, window: TumblingWindow, *, early: bool = False) -> bool:
        """Pass the window's state to the function for the last time."""
        most = _limit(self._mapping.config.get("MaximumRetryAttempts"))
        tries = 0
        while not self._stopping.is_set():
            event = window.event([], final=not early, early=early)
            outcome = await self._run(self._mapping.function_arn, event, self._stream.source)
            self._processed("OK" if outcome.ok else f"PROBLEM: {outcome.problem}")
            tries += not outcome.throttled
            if outcome.ok or (most is not None and tries > most):
                break
            await self._pause(batches.backoff(tries or 1))
        else:
            return False
        if early:
            window.begin_again()
            return True
        if window.last is not None:
            self._checkpoints.put(self._mapping.identifier, shard, window.last)
        window.close()
        return True

    async def _lane(self, shard: str, pieces: Sequence[Sequence[StreamRecord]]) -> bool:
        for piece in pieces:
            if not await self._insist(shard, piece, 0):
                return False
        return True

    async def _insist(
        self,
        shard: str,
        records: Sequence[StreamRecord],
        tries: int,
        window: TumblingWindow | None = None,
    ) -> bool:
        """Run a batch until it succeeds or is given up."""
        config = self._mapping.config
        most = _limit(config.get("MaximumRetryAttempts"))
        waits = 0
        outcome: Outcome | None = None
        while not self._stopping.is_set():
            records, expired = self._by_age(records)
            if expired:
                await self._give_up(shard, expired, "RecordAgeExceeded", outcome, tries)
            if not records:
                return True
            told = [record.event for record in records]
            event = {"Records": told} if window is None else window.event(told)
            self._counts.iterator_age(records[-1].arrived)
            outcome = await self._run(self._mapping.function_arn, event, self._stream.source)
            rest = self._left_over(records, outcome, window)
            self._counts.invoked(len(records), len(rest), ran=outcome.result is not None)
            self._processed("OK" if not rest else f"PROBLEM: {outcome.problem or 'Items failed'}")
            if not rest:
                return True
            waits += 1
            if not outcome.throttled:
                tries += 1
                if config.get("BisectBatchOnFunctionError") and len(rest) > 1:
                    half = len(rest) // 2
                    await self._pause(batches.backoff(waits))
                    return all(
                        [await self._insist(shard, part, tries - 1, window)
                         for part in (rest[:half], rest[half:])]
                    )  # fmt: skip
                if most is not None and tries > most:
                    await self._give_up(shard, rest, "RetryAttemptsExhausted", outcome, tries)
                    return True
            records = rest
            await self._pause(batches.backoff(waits))
        return False

    async def _give_up(
        self,
        shard: str,
        records: Sequence[StreamRecord],
        condition: str,
        outcome: Outcome | None,
        tries: int,
    ) -> None:
        """Give records up: report them to the failure destination."""
        delivered = await self._failures.send(shard, records, condition, outcome, tries)
        self._counts.given_up(len(records), delivered=delivered)

    def _left_over(
        self,
        records: Sequence[StreamRecord],
        outcome: Outcome,
        window: TumblingWindow | None,
    ) -> Sequence[StreamRecord]:
        """The records to retry: from the first failed one on."""
        if not outcome.ok or outcome.result is None:
            return records
        if window is not None and not window.take_state(outcome.result.payload):
            return records
        if not self._mapping.reports_failures:
            return ()
        sequences = [record.sequence for record in records]
        failed = batches.failed_items(outcome.result.payload, sequences)
        return records[min(map(sequences.index, failed)) :] if failed else ()

    def _by_age(
        self, records: Sequence[StreamRecord]
    ) -> tuple[Sequence[StreamRecord], Sequence[StreamRecord]]:
        """Records that are young enough, and those that are too old."""
        limit = _limit(self._mapping.config.get("MaximumRecordAgeInSeconds"))
        if limit is None:
            return records, ()
        oldest = time.time() - limit
        young = [record for record in records if record.arrived >= oldest]
        old = [record for record in records if record.arrived < oldest]
        return young, old


async def _within(seconds: float, event: asyncio.Event) -> None:
    """Wait for an event, at most ``seconds``."""
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(event.wait(), seconds)


def _what_fits(records: Sequence[StreamRecord]) -> list[list[StreamRecord]]:
    """Split records into events that fit the payload limit."""
    pieces: list[list[StreamRecord]] = [[]]
    size = 0
    for record in records:
        if pieces[-1] and size + record.size > batches.PAYLOAD_LIMIT:
            pieces.append([])
            size = 0
        pieces[-1].append(record)
        size += record.size
    return pieces


def _limit(setting: int | None) -> int | None:
    return None if setting is None or setting < 0 else setting


def _say_why(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("a shard is read no more", exc_info=task.exception())
