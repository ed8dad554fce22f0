"""CloudWatch's figures of each function and mapping, counted here and sent in batches.

Nothing here holds up an invocation: records wait in memory and are worked out a moment later.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import TypeVar
from urllib.parse import urlencode

import aiohttp

from lambda_nb.engine.aws_calls.endpoint import Endpoint
from lambda_nb.engine.model import InvocationRecord, LogSink
from lambda_nb.engine.telemetry import records
from lambda_nb.engine.telemetry.log_lines import FLUSH_EVERY_S
from lambda_nb.engine.telemetry.records import Dimensions
from lambda_nb.engine.telemetry.sender import CLOSE_WITHIN_S, RefusedError, Sender, level

log = logging.getLogger(__name__)

METRICS_EVERY_S = 1.0
VALUES_PER_DATUM = 150
DATA_PER_CALL = 100
WRITTEN_AFTER_S = 0.002
WRITTEN_AT_ONCE = 8
"""Records worked out in one go, unless more than a few times as many wait: nobody who calls a
function meanwhile should wait for the bookkeeping of many."""
LAMBDA = "AWS/Lambda"
_Series = tuple[str, str, Dimensions, int, str]
"""Name, unit, dimensions, minute, namespace."""
_Choose = Callable[[Mapping[_Series, list[float]]], Awaitable[Mapping[_Series, list[float]]]]


def _counted(values: list[float]) -> list[tuple[float, int]]:
    """Each different value and how often it came."""
    return list(Counter(values).items())


_Item = TypeVar("_Item")


def _chunks(items: Sequence[_Item], size: int) -> Iterator[Sequence[_Item]]:
    for i in range(0, len(items), size):
        yield items[i : i + size]


class Metrics:
    """CloudWatch's figures and the invocation log, from one record an attempt.

    Parameters
    ----------
    neighbours
        Where the neighbours answer.
    logs
        Takes the invocation log; ``None`` for none.
    region
        The Region whose figures they are.
    choose
        Picks the series to send, where not all should be.
    """

    def __init__(
        self,
        neighbours: Callable[[], Endpoint],
        logs: LogSink | None = None,
        region: str = "us-east-1",
        choose: _Choose | None = None,
    ) -> None:
        self._sender = Sender(neighbours, region)
        self._choose = choose
        self._logs = logs
        self._waiting: dict[_Series, list[float]] = defaultdict(list)
        self._task: asyncio.Task[None] | None = None
        self._sent = 0.0
        self._closed = False
        self._discarding = False
        self._hurry = asyncio.Event()
        self._records: deque[InvocationRecord] = deque()

    def record(self, record: InvocationRecord) -> None:
        """Take note of one attempt; what there is to write of it is worked out a moment later, and
        not between an answer and its caller."""
        if self._discarding:
            return
        self._records.append(record)
        if len(self._records) == 1:
            asyncio.get_running_loop().call_later(WRITTEN_AFTER_S, self._write_some)

    def _write_some(self) -> None:
        if self._discarding:
            return
        for _ in range(min(len(self._records), max(WRITTEN_AT_ONCE, len(self._records) // 4))):
            self._write_one(self._records.popleft())
        if self._records:
            asyncio.get_running_loop().call_later(WRITTEN_AFTER_S, self._write_some)

    def _write(self) -> None:
        while self._records:
            self._write_one(self._records.popleft())

    def _write_one(self, record: InvocationRecord) -> None:
        if self._logs is not None:
            records.write(record, self._logs)
        minute = record.arrival_ns // 60_000_000_000 * 60
        figures = records.figures(record)
        for dimensions in records.dimensions(record):
            for name, unit, value in figures:
                self._waiting[name, unit, dimensions, minute, LAMBDA].append(value)
        self._send_soon()

    def figure(self, function: str, name: str, unit: str, value: float) -> None:
        """Take note of a figure of a function that does not come from one attempt."""
        self._note(name, unit, value, ((), (("FunctionName", function),)))

    def mapping_figure(self, mapping: str, name: str, value: float) -> None:
        """Take note of a count of an event source mapping."""
        self._note(name, "Count", value, ((("EventSourceMappingUUID", mapping),),))

    def service_figure(
        self,
        namespace: str,
        name: str,
        dimensions: Dimensions,
        unit: str,
        value: float,
        times: int = 1,
    ) -> None:
        """Take note of a figure of another service, such as one of the namespace ``AWS/IoT``, that
        came so often."""
        self._note(name, unit, value, (dimensions,), namespace, times)

    def _note(
        self,
        name: str,
        unit: str,
        value: float,
        sets: Sequence[Dimensions],
        namespace: str = LAMBDA,
        times: int = 1,
    ) -> None:
        if self._discarding:
            return
        minute = int(time.time()) // 60 * 60
        for dimensions in sets:
            self._waiting[name, unit, dimensions, minute, namespace] += [value] * times
        self._send_soon()

    def _send_soon(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._later())

    async def _later(self) -> None:
        while self._waiting:
            if not self._closed:  # soon after a quiet time, seldom under load
                quiet_s = time.monotonic() - self._sent
                nap_s = max(FLUSH_EVERY_S, METRICS_EVERY_S - quiet_s)
                with contextlib.suppress(asyncio.TimeoutError):
                    await asyncio.wait_for(self._hurry.wait(), nap_s)
                if self._discarding:
                    return
            self._sent = time.monotonic()
            waiting, self._waiting = self._waiting, defaultdict(list)
            try:
                await self._send(await self._choose(waiting) if self._choose else waiting)
            except RefusedError as error:
                log.warning("metrics are lost: %s", error)
            except (aiohttp.ClientError, RuntimeError, OSError, asyncio.TimeoutError) as error:
                log.log(level(error), "metrics wait: %s", error)
                for series, values in self._waiting.items():
                    waiting[series].extend(values)
                self._waiting = waiting
                await asyncio.sleep(1)
                if self._closed:
                    return

    async def _send(self, waiting: Mapping[_Series, list[float]]) -> None:
        for namespace in sorted({series[4] for series in waiting}):
            data = [
                (series, chunk)
                for series, values in waiting.items()
                if series[4] == namespace
                for chunk in _chunks(_counted(values), VALUES_PER_DATUM)
            ]
            for batch in _chunks(data, DATA_PER_CALL):
                await self._put(namespace, batch)

    async def _put(
        self, namespace: str, batch: Sequence[tuple[_Series, Sequence[tuple[float, int]]]]
    ) -> None:
        form = {"Action": "PutMetricData", "Version": "2010-08-01", "Namespace": namespace}
        for i, ((name, unit, dimensions, minute, _), values) in enumerate(batch, 1):
            member = f"MetricData.member.{i}"
            form[f"{member}.MetricName"] = name
            form[f"{member}.Unit"] = unit
            form[f"{member}.Timestamp"] = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(minute))
            for j, (key, value) in enumerate(dimensions, 1):
                form[f"{member}.Dimensions.member.{j}.Name"] = key
                form[f"{member}.Dimensions.member.{j}.Value"] = value
            for j, (figure, count) in enumerate(values, 1):
                form[f"{member}.Values.member.{j}"] = repr(figure)
                form[f"{member}.Counts.member.{j}"] = str(count)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        await self._sender.post("monitoring", headers, urlencode(form).encode())

    def discard(self) -> None:
        """Drop what is left and what comes; :meth:`close` then only waits for a call under way."""
        self._discarding = True
        self._records.clear()
        self._waiting.clear()
        self._hurry.set()

    async def flush(self) -> None:
        """Wait until all figures so far are with CloudWatch."""
        self._write()
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Send what is left, within a few seconds, and stop."""
        self._closed = True
        self._hurry.set()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.flush(), CLOSE_WITHIN_S)
        await self._sender.close()
