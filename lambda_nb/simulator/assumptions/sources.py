"""How requests reach a function: callers that wait, events, queues, streams, other functions.

The trace says when each request, event, message or record arrives; a source says what Lambda does
with it. Retry schedules and pollers' concurrency are those of :mod:`lambda_nb.rules`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from lambda_nb.rules.events import batches, retry
from lambda_nb.simulator.assumptions.workload import WorkloadError

MOST_BACKOFF_S = 20.0
"""Seconds. Longest wait of an AWS SDK in its standard retry mode (botocore's guide to retries)."""


def _whole(name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise WorkloadError(f"{name} is {value!r}: it must be a whole number from {least}")


def _seconds(name: str, value: float) -> None:
    if not value >= 0:
        raise WorkloadError(f"{name} is {value!r}: it must be 0 or more seconds")


@dataclass(frozen=True, slots=True)
class Synchronous:
    """A caller that waits for the response, and may retry.

    Parameters
    ----------
    attempts
        Tries in all. 1: no retry. An AWS SDK makes 3 in its standard mode.
    on_error
        Whether function errors are retried too; an SDK retries only throttles.
    base
        Seconds: before retry ``k`` (from 1) the caller waits ``u * min(20, base * 2**(k-1))``,
        ``u`` uniform from 0 to 1.
    """

    attempts: int = 1
    on_error: bool = False
    base: float = 1.0

    def __post_init__(self) -> None:
        _whole("attempts", self.attempts, 1)
        _seconds("base", self.base)

    def delay(self, retries: int, u: float) -> float:
        """Seconds before the ``retries``-th retry (from 1)."""
        return u * min(MOST_BACKOFF_S, self.base * 2.0 ** (retries - 1))


@dataclass(frozen=True, slots=True)
class Asynchronous:
    """Events (``InvocationType=Event``) in Lambda's own queue, retried as Lambda does.

    Parameters
    ----------
    retries
        Retries after a function error (AWS's ``MaximumRetryAttempts``: 0, 1 or 2).
    max_age
        Seconds an event may wait (``MaximumEventAgeInSeconds``).
    """

    retries: int = retry.MAX_ATTEMPTS
    max_age: float = float(retry.MAX_AGE_S)

    def __post_init__(self) -> None:
        _whole("retries", self.retries, 0)
        _seconds("max_age", self.max_age)


@dataclass(frozen=True, slots=True)
class Queue:
    """An SQS queue and its event source mapping. A row of the trace is a message.

    A batch takes ``overhead`` and its messages' durations one after another.

    Parameters
    ----------
    batch_size
        Most messages in a batch.
    window
        Seconds to wait for a full batch (``MaximumBatchingWindowInSeconds``).
    maximum_concurrency
        Most batches at once (``ScalingConfig``); by default AWS's ramp: 5, and 300 more a minute
        while there is a backlog, up to 1250.
    visibility_timeout
        Seconds after which a failed message becomes visible again.
    max_receives
        Receives after which a message goes to the dead-letter queue; ``None``: never.
    retention
        Seconds that the queue keeps a message (SQS: four days by default).
    partial_failures
        Whether only the messages that failed come back (``ReportBatchItemFailures``).
    overhead
        Seconds a batch takes besides its messages.
    """

    batch_size: int = 10
    window: float = 0.0
    maximum_concurrency: int | None = None
    visibility_timeout: float = 30.0
    max_receives: int | None = None
    retention: float = 345_600.0
    partial_failures: bool = False
    overhead: float = 0.0

    def __post_init__(self) -> None:
        _whole("batch_size", self.batch_size, 1)
        for name in ("window", "visibility_timeout", "retention", "overhead"):
            _seconds(name, getattr(self, name))
        if self.maximum_concurrency is not None:
            _whole("maximum_concurrency", self.maximum_concurrency, 2)
        if self.max_receives is not None:
            _whole("max_receives", self.max_receives, 1)

    def concurrency(self, backlog_s: float) -> int:
        """Batches that may run at once, ``backlog_s`` after a backlog began."""
        return batches.queue_concurrency(backlog_s, self.maximum_concurrency)


@dataclass(frozen=True, slots=True)
class Stream:
    """A Kinesis or DynamoDB stream and its event source mapping. A row of the trace is a record.

    Records of a shard are processed in order. A failed batch blocks its lane until it succeeds, is
    too old, or has no retries left.

    Parameters
    ----------
    shards
        Number of shards; records are spread over them at random.
    batch_size, window
        As for :class:`Queue` (AWS's default batch size for streams is 100).
    parallelization
        Batches of one shard at once (1 to 10), each with its own partition keys.
    retries
        Retries of a batch; ``None``: until its records are too old.
    max_age
        Seconds a record may wait (a Kinesis stream keeps records for a day by default).
    overhead
        Seconds a batch takes besides its records.
    """

    shards: int = 1
    batch_size: int = 100
    window: float = 0.0
    parallelization: int = 1
    retries: int | None = None
    max_age: float = 86_400.0
    overhead: float = 0.0

    def __post_init__(self) -> None:
        _whole("shards", self.shards, 1)
        _whole("batch_size", self.batch_size, 1)
        _whole("parallelization", self.parallelization, 1)
        if self.retries is not None:
            _whole("retries", self.retries, 0)
        for name in ("window", "max_age", "overhead"):
            _seconds(name, getattr(self, name))


Source = Synchronous | Asynchronous | Queue | Stream


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A function invokes another each time one of its invocations succeeds.

    Parameters
    ----------
    caller, function
        Names.
    kind
        ``async``: the caller sends an event when it is done. ``sync``: before it is done, it waits
        for the response (one call after another), and fails if there is none.
    share
        Share of the caller's invocations that make calls.
    count
        Calls per invocation.
    duration, init, memory
        Of the called function, if it is not in the trace: duration and init as seconds or a law,
        memory in MB. If it is in the trace, its durations are drawn from there.
    """

    caller: str
    function: str
    kind: Literal["async", "sync"] = "async"
    share: float = 1.0
    count: int = 1
    duration: Any = None
    init: Any = None
    memory: int = 128

    def __post_init__(self) -> None:
        if self.kind not in ("async", "sync"):
            raise WorkloadError(f"kind is {self.kind!r}; give 'async' or 'sync'")
        if not 0 <= self.share <= 1:
            raise WorkloadError(f"share is {self.share!r}; give a number from 0 to 1")
        _whole("count", self.count, 1)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A new version takes over an alias: all at once, as a canary, or step by step.

    It has its own environments, so its first requests start cold. Its provisioned environments
    start when it does; those of the old version end when it has taken over.

    Parameters
    ----------
    function
        Name.
    at
        Seconds since the trace's start.
    canary
        ``(share, seconds)``: this share of the requests for so many seconds, then all.
    linear
        ``(share, seconds)``: this share more every so many seconds.
    duration_factor, init_factor
        Factors on the durations and init phases of the new version.
    """

    function: str
    at: float
    canary: tuple[float, float] | None = None
    linear: tuple[float, float] | None = None
    duration_factor: float = 1.0
    init_factor: float = 1.0

    def __post_init__(self) -> None:
        if self.canary is not None and self.linear is not None:
            raise WorkloadError("a deployment is either canary or linear; give one of them")
        step = self.canary or self.linear
        if step is not None and not (0 < step[0] <= 1 and step[1] > 0):
            raise WorkloadError(f"{step}: give (share above 0 up to 1, seconds above 0)")
        for name in ("at", "duration_factor", "init_factor"):
            if not getattr(self, name) >= 0:
                raise WorkloadError(f"{name} is {getattr(self, name)!r}: it must be 0 or more")

    def share(self, now: float) -> float:
        """Share of the requests that the new version gets."""
        since = now - self.at
        if since < 0:
            return 0.0
        if self.canary is not None:
            return self.canary[0] if since < self.canary[1] else 1.0
        if self.linear is not None:
            return min(1.0, self.linear[0] * (1 + math.floor(since / self.linear[1])))
        return 1.0

    @property
    def complete(self) -> float:
        """When the new version gets all requests (s)."""
        if self.canary is not None:
            return self.at + self.canary[1]
        if self.linear is not None:
            return self.at + self.linear[1] * (math.ceil(1 / self.linear[0] - 1e-9) - 1)
        return self.at


@dataclass(frozen=True, slots=True)
class Delivery:
    """How requests reach the functions of a run, and what follows from them.

    Attributes
    ----------
    sources
        By function name; a function that is not named has callers that wait and do not retry.
    errors
        Share of the attempts of each function that fail; empty: as the trace says.
    calls, deployments
        Calls between functions, and new versions.
    """

    sources: Mapping[str, Source] = field(default_factory=dict)
    errors: Mapping[str, float] = field(default_factory=dict)
    calls: Sequence[Call] = ()
    deployments: Sequence[Deployment] = ()

    @property
    def plain(self) -> bool:
        """Whether each row of the trace is one attempt of a caller who waits."""
        direct = all(
            isinstance(source, Synchronous) and source.attempts == 1
            for source in self.sources.values()
        )
        return direct and not (self.errors or self.calls or self.deployments)


def delivery(
    functions: Sequence[str],
    recorded: Sequence[str],
    *,
    source: Source | Mapping[str, Source] | None,
    errors: float | Mapping[str, float] | None,
    calls: Sequence[Call],
    deployments: Sequence[Deployment],
) -> Delivery:
    """Check sources, errors, calls and deployments against the functions.

    Parameters
    ----------
    functions, recorded
        All functions, and those of the trace; the others are only called.

    Raises
    ------
    WorkloadError
        When a function is named that does not exist, or a value makes no sense.
    """
    sources = source if isinstance(source, Mapping) else dict.fromkeys(recorded, source)
    shares = errors if isinstance(errors, Mapping) else dict.fromkeys(functions, errors)
    for what, names in (
        ("source", sources),
        ("errors", shares),
        ("calls", [call.caller for call in calls]),
        ("deployments", [each.function for each in deployments]),
    ):
        for name in names:
            if name not in functions:
                raise WorkloadError(f"{what} names {name!r}, which is not in the trace")
    for name, each in sources.items():
        if each is not None and not isinstance(each, Source):
            raise WorkloadError(
                f"source of {name!r} is {each!r}; give Synchronous(), Asynchronous(), Queue() or "
                "Stream() of lambda_nb.simulator"
            )
    for name, share in shares.items():
        if share is not None and not 0 <= share <= 1:
            raise WorkloadError(f"errors of {name!r} is {share!r}; give a share from 0 to 1")
    for call in calls:
        if call.function not in recorded and call.duration is None:
            raise WorkloadError(
                f"{call.function!r}, which {call.caller!r} calls, is not in the trace; give "
                "Call(..., duration=seconds)"
            )
    in_order = sorted(deployments, key=lambda each: each.at)
    _one_after_another(in_order)
    return Delivery(
        sources={name: each for name, each in sources.items() if each is not None},
        errors={name: share for name, share in shares.items() if share is not None},
        calls=tuple(calls),
        deployments=tuple(in_order),
    )


def _one_after_another(deployments: Sequence[Deployment]) -> None:
    until: dict[str, float] = {}
    for each in deployments:
        if each.at < until.get(each.function, -math.inf):
            raise WorkloadError(
                f"two deployments of {each.function!r} overlap at {each.at:g} s; let one end first"
            )
        until[each.function] = each.complete
