"""Sources: they deliver a request, from its arrival until it is done."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Sequence
from typing import Any, Protocol

import numpy as np
import simpy

from lambda_nb.rules.events import batches, retry
from lambda_nb.simulator.assumptions.sources import (
    Asynchronous,
    Delivery,
    Queue,
    Source,
    Stream,
    Synchronous,
)
from lambda_nb.simulator.assumptions.workload import ERROR, SUCCESS
from lambda_nb.simulator.system.attempts import EXPIRED, THROTTLE, Request, Requests
from lambda_nb.simulator.system.calling import Steps
from lambda_nb.simulator.system.invoking import Invoking
from lambda_nb.simulator.system.placing import Placing

Waiting = Generator[simpy.Event, Any, None]

INSTANT_S = 1e-9
"""Rounding error (s): a window with no more than this left is over."""
LONG_S = 1e9
"""Seconds after which no more pollers are added."""


class Taker(Protocol):
    """Takes the requests of one function."""

    @property
    def source(self) -> Source:
        """Where the requests come from."""

    def __call__(self, request: Request) -> None:
        """Take a request."""


class Delivering:
    """Hands each request to the source of its function.

    Parameters
    ----------
    env
        Keeps the time.
    requests
        All requests of the run.
    placing, invoking
        Place a request, and invoke its function once.
    delivery
        The sources of functions; functions without one have callers that wait.
    names
        The functions.
    rng
        Draws back-off, and the shards of records.
    """

    def __init__(
        self,
        env: simpy.Environment,
        requests: Requests,
        placing: Placing,
        invoking: Invoking,
        delivery: Delivery,
        names: list[str],
        rng: np.random.Generator,
    ) -> None:
        self.env = env
        self.requests = requests
        self.placing = placing
        self.invoking = invoking
        self.rng = rng
        self._event = Asynchronous()
        self._named = {names.index(name) for name in delivery.sources}
        self._takers = [taker(self, delivery.sources.get(name, Synchronous())) for name in names]

    def random(self) -> float:
        """A number from 0 to 1."""
        return float(self.rng.random())

    def take(self, request: Request) -> None:
        """Hand a request to its function's source."""
        self._takers[request.function](request)

    def answer(self, request: Request) -> simpy.Process:
        """Start a call by a function; it waits for the end of the returned process."""
        source = self._takers[request.function].source
        waiting = source if isinstance(source, Synchronous) else Synchronous()
        return self.env.process(wait_for_answer(self, waiting, request))

    def send(self, request: Request) -> None:
        """Deliver an event from a function: by the called function's source, or as Lambda does."""
        if request.function in self._named:
            self.take(request)
        else:
            self.env.process(deliver_event(self, self._event, request))


def taker(work: Delivering, source: Source) -> Taker:
    """The object that takes the requests of a source."""
    if isinstance(source, Queue):
        return Messages(work, source)
    if isinstance(source, Stream):
        return Records(work, source)
    return Direct(work, source)


class Direct:
    """Runs each request as its own process."""

    def __init__(self, work: Delivering, source: Synchronous | Asynchronous) -> None:
        self._work = work
        self.source = source

    def __call__(self, request: Request) -> None:
        """Try the request until it is done."""
        source = self.source
        if isinstance(source, Asynchronous):
            self._work.env.process(deliver_event(self._work, source, request))
        else:
            self._work.env.process(wait_for_answer(self._work, source, request))


def wait_for_answer(work: Delivering, source: Synchronous, request: Request) -> Steps:
    """Run a request whose caller waits and may retry; returns the outcome."""
    while True:
        status = yield from work.invoking.attempt([request])
        again = status == THROTTLE or (source.on_error and status != SUCCESS)
        if not again or request.attempts >= source.attempts:
            work.requests.close(request, status)
            return status
        yield work.env.timeout(source.delay(request.attempts, work.random()))


def deliver_event(work: Delivering, source: Asynchronous, request: Request) -> Steps:
    """Run an event through Lambda's asynchronous queue; returns the outcome."""
    failures = throttles = 0
    while True:
        age_s = work.env.now - request.arrival
        placed = yield from work.placing.turn(request, max(0.0, source.max_age - age_s))
        status = THROTTLE
        if placed is not None:
            status = yield from work.invoking.attempt([request], placed=placed)
        if status == SUCCESS:
            work.requests.close(request, SUCCESS)
            return SUCCESS
        refused = status == THROTTLE
        failures += not refused
        throttles = throttles + 1 if refused else 0
        then = retry.after_attempt(
            refused=refused,
            failures=failures,
            throttles=throttles,
            age_s=work.env.now - request.arrival,
            max_attempts=source.retries,
            max_age_s=source.max_age,
        )
        if isinstance(then, str):
            outcome = status if then == "RetriesExhausted" else EXPIRED
            work.requests.close(request, outcome)
            return outcome
        yield work.env.timeout(then)


class Messages:
    """An SQS queue and its pollers."""

    def __init__(self, work: Delivering, source: Queue) -> None:
        self._work = work
        self.source = source
        self._waiting: deque[tuple[float, Request]] = deque()
        self._running = 0
        self._backlog_since: float | None = None
        self._gathering = False

    def __call__(self, request: Request) -> None:
        """Put a message into the queue."""
        self._waiting.append((self._work.env.now, request))
        self._go()

    def _go(self) -> None:
        """Start as many batches as may run; wait for a full batch until its window is over."""
        env, source, waiting = self._work.env, self.source, self._waiting
        while waiting:
            if self._running >= self._limit():
                if self._backlog_since is None:
                    self._backlog_since = env.now
                    env.process(self._ramp(env.now))
                return
            left = waiting[0][0] + source.window - env.now
            if len(waiting) < source.batch_size and left > INSTANT_S:
                if not self._gathering:
                    self._gathering = True
                    env.process(self._gather(left))
                return
            count = min(len(waiting), source.batch_size)
            self._running += 1
            env.process(self._process([waiting.popleft()[1] for _ in range(count)]))
        self._backlog_since = None

    def _limit(self) -> int:
        since = self._backlog_since
        return self.source.concurrency(0.0 if since is None else self._work.env.now - since)

    def _gather(self, window: float) -> Waiting:
        yield self._work.env.timeout(window)
        self._gathering = False
        self._go()

    def _ramp(self, since: float) -> Waiting:
        """Let more and more batches run while this backlog lasts."""
        most = self.source.concurrency(LONG_S)
        while self._backlog_since == since and self._limit() < most:
            yield self._work.env.timeout(60.0 / batches.QUEUE_CONCURRENCY_PER_MINUTE)
            self._go()

    def _process(self, batch: list[Request]) -> Waiting:
        work, source = self._work, self.source
        visible_again = work.env.now + source.visibility_timeout
        throttles = 0
        while True:
            status = yield from work.invoking.attempt(batch, source.overhead)
            if status != THROTTLE:
                break
            throttles += 1
            pause = batches.backoff(throttles)
            if work.env.now + pause > visible_again:
                break
            yield work.env.timeout(pause)
        self._running -= 1
        some = source.partial_failures and status == ERROR
        failed = [request for request in batch if (request.failed if some else status != SUCCESS)]
        for request in batch:
            if request not in failed:
                work.requests.close(request, SUCCESS)
        if failed:
            hidden = max(0.0, visible_again - work.env.now)
            work.env.process(self._again(failed, hidden, status))
        self._go()

    def _again(self, failed: list[Request], hidden: float, status: int) -> Waiting:
        """Make failed messages visible again, unless received too often or too old."""
        yield self._work.env.timeout(hidden)
        source, now = self.source, self._work.env.now
        for request in failed:
            request.receives += 1
            if source.max_receives is not None and request.receives >= source.max_receives:
                self._work.requests.close(request, status)
            elif now - request.arrival > source.retention:
                self._work.requests.close(request, EXPIRED)
            else:
                self(request)


class Records:
    """A stream: shards, each with lanes that take one batch at a time."""

    def __init__(self, work: Delivering, source: Stream) -> None:
        self._work = work
        self.source = source
        self._lanes: list[Lane] = [
            Lane(work, source) for _ in range(source.shards * source.parallelization)
        ]

    def __call__(self, request: Request) -> None:
        """Put a record: its partition key belongs to one lane of one shard."""
        self._lanes[int(self._work.rng.integers(len(self._lanes)))].put(request)


class Lane:
    """Processes records in order, one batch at a time."""

    def __init__(self, work: Delivering, source: Stream) -> None:
        self._work = work
        self._source = source
        self._waiting: deque[Request] = deque()
        self._news = work.env.event()
        self._reading = False

    def put(self, request: Request) -> None:
        """Put a record into the lane."""
        self._waiting.append(request)
        if not self._reading:
            self._reading = True
            self._work.env.process(self._read())
        elif len(self._waiting) == self._source.batch_size and not self._news.triggered:
            self._news.succeed()

    def _read(self) -> Waiting:
        env, source, waiting = self._work.env, self._source, self._waiting
        while waiting:
            left = waiting[0].arrival + source.window - env.now
            if len(waiting) < source.batch_size and left > INSTANT_S:
                self._news = env.event()
                yield env.any_of([self._news, env.timeout(left)])
            batch = [waiting.popleft() for _ in range(min(len(waiting), source.batch_size))]
            yield from self._process(batch)
        self._reading = False

    def _process(self, batch: Sequence[Request]) -> Waiting:
        work, source = self._work, self._source
        tries = 0
        while True:
            oldest = work.env.now - source.max_age
            for request in batch:
                if request.arrival < oldest:
                    work.requests.close(request, EXPIRED)
            batch = [request for request in batch if request.arrival >= oldest]
            if not batch:
                return
            status = yield from work.invoking.attempt(batch, source.overhead)
            tries += 1
            done = status == SUCCESS
            if not done and source.retries is not None and tries > source.retries:
                done = True
            if done:
                for request in batch:
                    work.requests.close(request, status)
                return
            yield work.env.timeout(batches.backoff(tries))
