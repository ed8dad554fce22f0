"""What runs leave behind: log lines, metrics, and one record an attempt, in CloudWatch.

Nothing here holds up an invocation: events wait in memory and leave in batches. Calls are made with
aiohttp on the engine's loop; through botocore a batch would cost ten times the processor time.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import time
from collections import Counter, defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar
from urllib.parse import urlencode

import aiohttp

from lambda_nb.engine.aws_calls.endpoint import Endpoint
from lambda_nb.engine.model import InvocationRecord, LogSink
from lambda_nb.engine.neighbours.process.supervisor import NotStartedError

log = logging.getLogger(__name__)

INVOCATION_LOG = "/lambda-nb/invocations"
"""Log group with one JSON event an attempt: the fields of ``InvocationRecord``."""
FLUSH_EVERY_S = 0.2
BATCH_EVENTS = 10_000
BATCH_BYTES = 1_048_576
EVENT_OVERHEAD = 26
BATCH_SPAN_MS = 24 * 3_600_000
"""PutLogEvents takes 10,000 events and 1 MB at most, each event counted with 26 bytes more; they
must be in order of time and no further apart than a day."""
MOST_WAITING = 500_000
"""Events kept while the neighbours do not answer; older ones are dropped, and it is said."""
METRICS_EVERY_S = 1.0
VALUES_PER_DATUM = 150
DATA_PER_CALL = 100
CLOSE_WITHIN_S = 5.0
WRITTEN_AFTER_S = 0.002
WRITTEN_AT_ONCE = 8
"""Records worked out in one go, unless more than a few times as many wait: nobody who calls a
function meanwhile should wait for the bookkeeping of many."""
_DAY_NS = 24 * 3600 * 1_000_000_000
_ENCODE = json.JSONEncoder(separators=(",", ":")).encode
_Dimensions = tuple[tuple[str, str], ...]
_Series = tuple[str, str, _Dimensions, int]
_Choose = Callable[[Mapping[_Series, list[float]]], Awaitable[Mapping[_Series, list[float]]]]
_SCOPE = (
    "AWS4-HMAC-SHA256 Credential=lambda-nb/20260101/{region}/{service}/aws4_request, "
    "SignedHeaders=host, Signature=0"
)
"""Tells an AWS-compatible endpoint which service is meant; nobody on loopback checks it."""


class RefusedError(RuntimeError):
    """The neighbours will never take this call, however often it is made."""


class Sender:
    """One HTTP session to a service."""

    def __init__(self, neighbours: Callable[[], Endpoint], region: str) -> None:
        self._neighbours = neighbours
        self._region = region
        self._session: aiohttp.ClientSession | None = None

    async def post(self, service: str, headers: Mapping[str, str], body: bytes) -> None:
        """Make one call; that something exists already is no error."""
        at = self._neighbours()
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=at.connector(), timeout=aiohttp.ClientTimeout(total=60)
            )
        url = at.url + "/"
        if at.keys is not None:
            signed = at.keys.sign(service, self._region, "POST", url, headers, body)
        else:
            scope = _SCOPE.format(region=self._region, service=service)
            signed = {"Authorization": scope, **headers}
        async with self._session.post(url, data=body, headers=signed) as reply:
            text = await reply.text()
            if reply.status >= 300 and "AlreadyExists" not in text:
                final = reply.status == 400 and "Throttl" not in text
                raise (RefusedError if final else RuntimeError)(
                    f"{service} answered {reply.status}: {text[:300]}"
                )

    async def logs(self, operation: str, payload: Mapping[str, Any]) -> None:
        """Make one call of CloudWatch Logs."""
        headers = {
            "X-Amz-Target": f"Logs_20140328.{operation}",
            "Content-Type": "application/x-amz-json-1.1",
        }
        await self.post("logs", headers, json.dumps(payload).encode())

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()


def _level(error: BaseException) -> int:
    """How loudly to say that sending failed: that the neighbours still start is no news."""
    return logging.DEBUG if isinstance(error, NotStartedError) else logging.WARNING


class LogShipper:
    """Sends log events on, in batches of one stream each.

    Parameters
    ----------
    neighbours
        Where the neighbours answer; while it raises, events wait.
    region
        The Region whose logs they are.
    """

    def __init__(self, neighbours: Callable[[], Endpoint], region: str = "us-east-1") -> None:
        self._sender = Sender(neighbours, region)
        self._waiting: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
        self._count = 0
        self._dropped = 0
        self._groups: set[str] = set()
        self._streams: set[tuple[str, str]] = set()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    def put(self, group: str, stream: str, timestamp_ms: int, message: str) -> None:
        """Queue one event; CloudWatch takes no empty ones."""
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
            await asyncio.sleep(0 if self._closed else FLUSH_EVERY_S)
            try:
                await self._send()
            except (aiohttp.ClientError, RuntimeError, OSError, asyncio.TimeoutError) as error:
                log.log(_level(error), "log events wait: %s", error)
                await asyncio.sleep(1)
                if self._closed:
                    return

    async def _send(self) -> None:
        for key in list(self._waiting):
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
                del self._waiting[key]

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
        if group not in self._groups:
            await self._sender.logs("CreateLogGroup", {"logGroupName": group})
            self._groups.add(group)
        if (group, stream) not in self._streams:
            await self._sender.logs(
                "CreateLogStream", {"logGroupName": group, "logStreamName": stream}
            )
            self._streams.add((group, stream))

    async def flush(self) -> None:
        """Wait until all events so far are with CloudWatch Logs."""
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Send what is left, within a few seconds, and stop."""
        self._closed = True
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.flush(), CLOSE_WITHIN_S)
        await self._sender.close()


def _time_of(event: tuple[int, str]) -> int:
    return event[0]


@lru_cache(maxsize=4)
def _day(number: int) -> str:
    """A day, counted from the epoch, as the names of log streams begin with it."""
    return time.strftime("%Y/%m/%d", time.gmtime(number * _DAY_NS / 1e9))


def _batch_length(events: Sequence[tuple[int, str]]) -> int:
    """How many events, which are in order of time, one PutLogEvents may take."""
    size = 0
    for i, (at, message) in enumerate(events[:BATCH_EVENTS]):
        size += len(message) if message.isascii() else len(message.encode("utf-8", "replace"))
        size += EVENT_OVERHEAD
        if i and (size > BATCH_BYTES or at - events[0][0] > BATCH_SPAN_MS):
            return i
    return min(len(events), BATCH_EVENTS)


def _figures(record: InvocationRecord) -> list[tuple[str, str, float]]:
    """CloudWatch's name, unit and value of what one attempt adds.

    Source: facts/scaling-and-cost.md section 6.
    """
    if record.status == "throttle":
        return [
            ("Throttles", "Count", 1.0),
            ("Invocations", "Count", 0.0),
            ("Errors", "Count", 0.0),
        ]
    figures = [
        ("Invocations", "Count", 1.0),
        ("Errors", "Count", 0.0 if record.status == "success" else 1.0),
        ("Throttles", "Count", 0.0),
        ("Duration", "Milliseconds", round(record.duration_ms, 2)),
        ("ConcurrentExecutions", "Count", float(record.concurrency)),
    ]
    if record.start == "provisioned":
        figures.append(("ProvisionedConcurrencyInvocations", "Count", 1.0))
    return figures


def _dimensions(record: InvocationRecord) -> list[_Dimensions]:
    """The sets of dimensions that AWS keeps each figure under."""
    name = ("FunctionName", record.function)
    resource = record.alias or (record.version if record.version != "$LATEST" else "")
    sets: list[_Dimensions] = [(), (name,)]
    if resource:
        sets.append((name, ("Resource", f"{record.function}:{resource}")))
    else:
        sets.append((name, ("Resource", record.function)))
    return sets


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
        self._records: deque[InvocationRecord] = deque()

    def record(self, record: InvocationRecord) -> None:
        """Take note of one attempt; what there is to write of it is worked out a moment later, and
        not between an answer and its caller."""
        self._records.append(record)
        if len(self._records) == 1:
            asyncio.get_running_loop().call_later(WRITTEN_AFTER_S, self._write_some)

    def _write_some(self) -> None:
        for _ in range(min(len(self._records), max(WRITTEN_AT_ONCE, len(self._records) // 4))):
            self._write_one(self._records.popleft())
        if self._records:
            asyncio.get_running_loop().call_later(WRITTEN_AFTER_S, self._write_some)

    def _write(self) -> None:
        while self._records:
            self._write_one(self._records.popleft())

    def _write_one(self, record: InvocationRecord) -> None:
        if self._logs is not None:
            day = _day(record.arrival_ns // _DAY_NS)
            body = _ENCODE(record._asdict())
            self._logs.put(INVOCATION_LOG, day, record.finish_ns // 1_000_000, body)
        minute = record.arrival_ns // 60_000_000_000 * 60
        figures = _figures(record)
        for dimensions in _dimensions(record):
            for name, unit, value in figures:
                self._waiting[name, unit, dimensions, minute].append(value)
        self._send_soon()

    def figure(self, function: str, name: str, unit: str, value: float) -> None:
        """Take note of a figure of a function that does not come from one attempt."""
        self._note(name, unit, value, ((), (("FunctionName", function),)))

    def mapping_figure(self, mapping: str, name: str, value: float) -> None:
        """Take note of a count of an event source mapping."""
        self._note(name, "Count", value, ((("EventSourceMappingUUID", mapping),),))

    def _note(self, name: str, unit: str, value: float, sets: Sequence[_Dimensions]) -> None:
        minute = int(time.time()) // 60 * 60
        for dimensions in sets:
            self._waiting[name, unit, dimensions, minute].append(value)
        self._send_soon()

    def _send_soon(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._later())

    async def _later(self) -> None:
        while self._waiting:
            if not self._closed:  # soon after a quiet time, seldom under load
                quiet_s = time.monotonic() - self._sent
                await asyncio.sleep(max(FLUSH_EVERY_S, METRICS_EVERY_S - quiet_s))
            self._sent = time.monotonic()
            waiting, self._waiting = self._waiting, defaultdict(list)
            try:
                await self._send(await self._choose(waiting) if self._choose else waiting)
            except RefusedError as error:
                log.warning("metrics are lost: %s", error)
            except (aiohttp.ClientError, RuntimeError, OSError, asyncio.TimeoutError) as error:
                log.log(_level(error), "metrics wait: %s", error)
                for series, values in self._waiting.items():
                    waiting[series].extend(values)
                self._waiting = waiting
                await asyncio.sleep(1)
                if self._closed:
                    return

    async def _send(self, waiting: Mapping[_Series, list[float]]) -> None:
        data = [
            (series, chunk)
            for series, values in waiting.items()
            for chunk in _chunks(_counted(values), VALUES_PER_DATUM)
        ]
        for batch in _chunks(data, DATA_PER_CALL):
            form = {"Action": "PutMetricData", "Version": "2010-08-01", "Namespace": "AWS/Lambda"}
            for i, ((name, unit, dimensions, minute), values) in enumerate(batch, 1):
                member = f"MetricData.member.{i}"
                form[f"{member}.MetricName"] = name
                form[f"{member}.Unit"] = unit
                form[f"{member}.Timestamp"] = time.strftime(
                    "%Y-%m-%dT%H:%M:%SZ", time.gmtime(minute)
                )
                for j, (key, value) in enumerate(dimensions, 1):
                    form[f"{member}.Dimensions.member.{j}.Name"] = key
                    form[f"{member}.Dimensions.member.{j}.Value"] = value
                for j, (figure, count) in enumerate(values, 1):
                    form[f"{member}.Values.member.{j}"] = repr(figure)
                    form[f"{member}.Counts.member.{j}"] = str(count)
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            await self._sender.post("monitoring", headers, urlencode(form).encode())

    async def flush(self) -> None:
        """Wait until all figures so far are with CloudWatch."""
        self._write()
        while self._task is not None and not self._task.done():
            await asyncio.wait([self._task])

    async def close(self) -> None:
        """Send what is left, within a few seconds, and stop."""
        self._closed = True
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self.flush(), CLOSE_WITHIN_S)
        await self._sender.close()
