"""The real environments: keeps them in step with the fleet, and ends them."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from lambda_nb.engine.execution.clock import Clock
from lambda_nb.engine.execution.environment.environment import Environment
from lambda_nb.engine.machine.file_descriptors import Descriptors
from lambda_nb.engine.model import Throttled
from lambda_nb.rules.keepalive.idle import KeepAlive, idle_limit
from lambda_nb.rules.scheduling import fleet as rules
from lambda_nb.rules.scheduling.scheduler import Environment as EndedEnvironment
from lambda_nb.rules.scheduling.scheduler import Fleet
from lambda_nb.rules.scheduling.waiting import WaitingRoom

_LONGEST_SLEEP_S = 3600.0

Placed = tuple[int, int, int]
"""Where a request was placed, and when: the fleet's code, the slot, epoch nanoseconds."""


class Roster:
    """Keeps the fleet and the real environments in step.

    When the fleet ends an environment, the roster ends the real one. A timer checks the idle
    environments when the first of them expires. No two events have the same time.
    """

    def __init__(self, fleet: Fleet, keep_alive: KeepAlive, descriptors: Descriptors) -> None:
        self.fleet = fleet
        self.closing = False
        self._clock = Clock()
        self._keep_alive = keep_alive
        self.descriptors = descriptors
        self._environments: dict[int, Environment] = {}
        self._waiting = WaitingRoom[asyncio.Future["Placed | None"]]()
        self._tasks: set[asyncio.Task[Any]] = set()
        self._expiry: asyncio.TimerHandle | None = None
        self._looked_at = math.inf  # the fleet's seconds

    def now(self) -> float:
        """A new time, in the fleet's seconds."""
        return self._clock.seconds(self._clock.now_ns())

    def arrive(self, pool: int, paced: int = 1) -> Placed:
        """Place a request now: ``(code, slot, epoch nanoseconds)``; for ``paced`` see
        :func:`lambda_nb.rules.scheduling.fleet.arrive`."""
        arrival_ns = self._clock.now_ns()
        code, slot = self.fleet.arrive(self._clock.seconds(arrival_ns), pool, paced)
        self._end(self.fleet.ended())
        return code, slot, arrival_ns

    async def arrive_patiently(self, pool: int, patience_s: float) -> Placed:
        """Place a request that waits for concurrency, at most ``patience_s`` seconds.

        Raises
        ------
        Throttled
            When its time is over, or the pool is closed meanwhile.
        """
        if not self._waiting.waits(pool) and self.fleet.has_room(pool):
            return self.arrive(pool, paced=0)
        turn: asyncio.Future[Placed | None] = asyncio.get_running_loop().create_future()
        self._waiting.enter(pool, turn)
        try:
            placed = await asyncio.wait_for(turn, patience_s)
        except asyncio.TimeoutError:  # its turn may have come at this very moment
            placed = turn.result() if turn.done() and not turn.cancelled() else None
        finally:
            if not turn.done() or turn.cancelled():
                self._waiting.leave(pool, turn)
        if placed is None:
            raise Throttled(rules.THROTTLE_REASONS[rules.THROTTLE_ACCOUNT])
        return placed

    def dismiss(self, waited_for: Callable[[int], bool]) -> None:
        """Throttle the requests that wait for some pools; their callers may try again."""
        for pool in filter(waited_for, self._waiting.pools()):
            for turn in self._waiting.dismiss(pool):
                if not turn.done():
                    turn.set_result(None)

    def _admit(self) -> None:
        """Place the requests that wait, as far as concurrency allows."""
        while self._waiting:
            called = self._waiting.next(self.fleet.has_room)
            if called is None:
                return
            pool, turn = called
            if not turn.done():  # else it has just given up
                turn.set_result(self.arrive(pool, paced=0))

    def finish(self, slot: int, function_name: str, keep_s: float | None = None) -> int:
        """Mark an environment as free for its next request; returns when, in epoch nanoseconds.

        ``keep_s`` is how long it is kept idle, if the keep-alive policy is not to say it.
        """
        finish_ns = self._clock.now_ns()
        now = self._clock.seconds(finish_ns)
        keep_alive = 0.0  # also if the policy fails: the slot must not stay busy
        try:
            if keep_s is not None:
                keep_alive = keep_s
            elif self.descriptors.may_keep_idle():
                keep_alive = idle_limit(self._keep_alive, function_name, now, random.random())
        finally:
            self.fleet.finish(now, slot, keep_alive)
            self._expire_by(now + keep_alive)
            self.bury()
        return finish_ns

    def discard(self, slot: int) -> None:
        """Remove an environment that could not be started or cannot be used any more."""
        self.fleet.discard(self.now(), slot)
        self.bury()

    def add(self, slot: int, environment: Environment) -> None:
        """Set the real environment of a slot."""
        self._environments[self.fleet.serial(slot)] = environment

    def at(self, slot: int) -> Environment:
        """The real environment of a slot."""
        return self._environments[self.fleet.serial(slot)]

    def all(self) -> Iterable[Environment]:
        """Every environment that exists."""
        return self._environments.values()

    def states(self) -> dict[int, str]:
        """What each environment is doing, by its ``id()``: initialising, running or idle."""
        columns = self.fleet.state
        words = {}
        for slot in range(columns.counts[rules.USED_SLOTS]):
            environment = self._environments.get(columns.e_serial[slot])
            if environment is not None:
                state = columns.e_state[slot]
                began = state == rules.BUSY and environment.invocations > 0
                words[id(environment)] = (
                    "idle" if state == rules.IDLE else "running" if began else "initialising"
                )
        return words

    def bury(self) -> None:
        """End the environments that the fleet has ended; then place requests that wait."""
        self._end(self.fleet.ended())
        if self._waiting:
            self._admit()

    def background(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something that :meth:`close` waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        """Wait for what is running and end every environment."""
        if self._expiry is not None:
            self._expiry.cancel()
        self.dismiss(lambda pool: True)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        environments = list(self._environments.values())
        self._environments.clear()
        await asyncio.gather(*(e.end() for e in environments), return_exceptions=True)

    def _end(self, ended: Iterable[EndedEnvironment]) -> None:
        for one in ended:
            environment = self._environments.pop(one.serial, None)
            if environment is not None:
                self.background(environment.end())

    def _expire_by(self, when: float) -> None:
        """Check the idle environments no later than ``when`` (the fleet's seconds)."""
        if when >= self._looked_at or self.closing:
            return
        if self._expiry is not None:
            self._expiry.cancel()
        now = self.now()
        delay = min(_LONGEST_SLEEP_S, max(0.0, when - now) + 0.001)
        self._looked_at = now + delay
        self._expiry = asyncio.get_running_loop().call_later(delay, self._expire)

    def _expire(self) -> None:
        self._expiry, self._looked_at = None, math.inf
        self._end(self.fleet.expire(self.now()))
        self._expire_by(self.fleet.next_expiry())
