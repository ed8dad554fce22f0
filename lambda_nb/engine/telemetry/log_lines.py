"""Log lines on their way to CloudWatch Logs, in batches of one stream each.

Nothing here holds up an invocation: events wait in memory and leave in batches.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import aiohttp

from lambda_nb.engine.aws_calls.endpoint import Endpoint
from lambda_nb.engine.telemetry.sender import CLOSE_WITHIN_S, RefusedError, Sender, level

log = logging.getLogger(__name__)

FLUSH_EVERY_S = 0.2
BATCH_EVENTS = 10_000
BATCH_BYTES = 1_048_576
EVENT_OVERHEAD = 26
BATCH_SPAN_MS = 24 * 3_600_000
"""PutLogEvents takes 10,000 events and 1 MB at most, each event counted with 26 bytes more; they
must be in order of time and no further apart than a day."""
MOST_WAITING = 500_000
"""Events kept while the neighbours do not answer; older ones are dropped, and it is said."""


class LogShipper:
    """Sends log events on, in batches of one stream each.

    Parameters
    ----------
    neighbours
        Where the neighbours answer; while it raises, events wait.
    region
        The Region whose logs they are.
    first
        A log group that is made before any other: whoever reads lines here finds it, empty or not.
    """

    def __init__(
        self,
        neighbours: Callable[[], Endpoint],
        region: str = "us-east-1",
        first: str = "",
    ) -> None:
        self._sender = Sender(neighbours, region)
        self._first = first
        self._waiting: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        self._count = 0
        self._dropped = 0
        self._discarding = False
        self._groups: set[str] = set()
        self._streams: set[tuple[str, str]] = set()
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._hurry = asyncio.Event()

    def put(self, group: str, stream: str, timestamp_ms: int, message: str) -> None:
        """Queue one event; CloudWatch takes no empty ones."""
        if self._discarding:
            return
        if not message or message.isspace():
            return
        if self._count >= MOST_WAITING:
            if not self._dropped:
                log.warning(
                    "the neighbours take no logs; events beyond %d are dropped", MOST_WAITING
                )
            self._dropped += 1
            return
        self._waiting[group, stream].append((timestamp_ms, message))
        self._count += 1
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._later())

    async def _later(self) -> None:
        while self._waiting:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), FLUSH_EVERY_S)
            try:
                await self._send()
            except (aiohttp.ClientError, RuntimeError, OSError, asyncio.TimeoutError) as error:
                log.log(level(error), "log events wait: %s", error)
                await asyncio.sleep(1)
                if self._closed:
                    return

    async def _send(self) -> None:
        for key in list(self._waiting):
            if self._discarding:
                return
            events = self._waiting[key]
            events.sort(key=_time_of)
            taken = _batch_length(events)
            batch = {
                "logGroupName": key[0],
                "logStreamName": key[1],
                "logEvents": [{"timestamp": at, "message": text} for at, text in events[:taken]],
            }
            try:
                await self._deliver(key, batch)
            except RefusedError as error:
                log.warning("%d log events of %s are lost: %s", taken, key[0], error)
            del events[:taken]
            self._count -= taken
            if not events:
                self._waiting.pop(key, None)

    async def _deliver(self, key: tuple[str, str], batch: Mapping[str, Any]) -> None:
        await self._prepare(*key)
        try:
            await self._sender.logs("PutLogEvents", batch)
        except RefusedError as error:
            if "ResourceNotFound" not in str(error):
                raise
            self._groups.discard(key[0])  # somebody deleted the group or the stream: as on AWS,
            self._streams.discard(key)  # the next event brings it back
            await self._prepare(*key)
            await self._sender.logs("PutLogEvents", batch)

    async def _prepare(self, group: str, stream: str) -> None:
        for one in (self._first, group):
            if one and one not in self._groups:
                await self._sender.logs("CreateLogGroup", {"logGroupName": one})
                self._groups.add(one)
        if (group, stream) not in self._streams:
            await self._sender.logs(
                "CreateLogStream", {"logGroupName": group, "logStreamName": stream}
            )
            self._streams.add((group, stream))

    def discard(self) -> None:
        """Drop what is left and what comes; :meth:`close` then only waits for a call under way."""
        self._discarding = True
        self._waiting.clear()
        self._hurry.set()

    async def flush(self) -> None:
        """Wait until all events so far are with CloudWatch Logs."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Send what is left, within a few seconds, and stop."""
        self._closed = True
        self._hurry.set()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.flush(), CLOSE_WITHIN_S)
        await self._sender.close()


def _time_of(event: tuple[int, str]) -> int:
    return event[0]


def _batch_length(events: Sequence[tuple[int, str]]) -> int:
    """How many events, which are in order of time, one PutLogEvents may take."""
    size = 0
    for i, (at, message) in enumerate(events[:BATCH_EVENTS]):
        size += len(message) if message.isascii() else len(message.encode("utf-8", "replace"))
        size += EVENT_OVERHEAD
        if i and (size > BATCH_BYTES or at - events[0][0] > BATCH_SPAN_MS):
            return i
    return min(len(events), BATCH_EVENTS)
