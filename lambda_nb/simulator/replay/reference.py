"""The reference engine: a SimPy model that calls ``rules.fleet``.

SimPy keeps the clock and the event queue. Requests do not enter that queue: they are sorted
already, and the run merges them with it, which halves the work. At the same time, a finish comes
before a request. Everything else (a prewarming policy, a client, a queue) is an
ordinary SimPy process in the same environment.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from typing import Any

import numpy as np
import simpy

from lambda_nb.rules.keepalive.fleet_wide import Idle, Retiring, View
from lambda_nb.rules.keepalive.histogram import Prewarming
from lambda_nb.rules.keepalive.idle import idle_limit
from lambda_nb.rules.scheduling import fleet as rules
from lambda_nb.simulator.assumptions.scenario import Ahead, Scenario
from lambda_nb.simulator.assumptions.workload import Floats, Workload
from lambda_nb.simulator.replay.run import Run

Progress = Callable[[int], None]
PROGRESS_EVERY = 1 << 16


class Completion(simpy.Event):
    """The end of one invocation."""

    __slots__ = ("_ok", "_value", "callbacks", "env", "index", "since", "slot", "until")
    since: float
    until: float

    def __init__(self, env: Any, callbacks: list[Any], slot: int, index: int) -> None:
        self.env = env
        self.callbacks = callbacks
        self._value = None
        self._ok = True
        self.slot = slot
        self.index = index


class MergedEnvironment(simpy.Environment):
    """A SimPy environment that also runs a sorted stream of arrivals."""

    def run_merged(
        self, times: list[float], arrive: Callable[[int], None], progress: Progress | None
    ) -> None:
        """Run events and arrivals in order of time; at the same time, events come first."""
        queue, step = self._queue, self.step
        for i, now in enumerate(times):
            while queue and queue[0][0] <= now:
                step()
            self._now = now
            arrive(i)
            if progress is not None and i % PROGRESS_EVERY == 0:
                progress(i)
        while queue:
            step()

    def until(self, when: float) -> Completion:
        """An event that happens at an exact time and does nothing else."""
        event = Completion(self, [], 0, 0)
        self.at(when, event)
        return event

    def at(self, when: float, event: Completion) -> None:
        """Schedule an event at an exact time (a delay from now would round)."""
        calendar: Any = self._queue
        heappush(calendar, (when, 1, next(self._eid), event))


class Watch:
    """Shows a policy the whole fleet before each request, and ends what the policy names."""

    def __init__(self, state: rules.State, policy: Retiring) -> None:
        self._state = state
        self._policy = policy
        self._idle: dict[int, Idle] = {}
        self._busy: dict[str, int] = {}
        policy.begin()

    def coming(self, now: float, function: str) -> None:
        """A request is about to be placed."""
        state, idle = self._state, self._idle
        for slot in [
            e for e in idle if state.e_state[e] != rules.IDLE or state.e_expires[e] <= now
        ]:
            del idle[slot]
        for slot, when in self._policy.retire(View(now, function, idle, self._busy)):
            rules.discard(state, when, slot)
            idle.pop(slot, None)

    def started(self, slot: int, function: str) -> None:
        """An environment took the request."""
        self._idle.pop(slot, None)
        self._busy[function] = self._busy.get(function, 0) + 1

    def finished(self, now: float, slot: int, function: str) -> None:
        """An environment is idle again; the policy does not see provisioned ones."""
        self._busy[function] -= 1
        if not self._state.e_provisioned[slot]:
            self._idle[slot] = Idle(function, now)


class Prewarmer:
    """Loads environments ahead of requests, as a policy says."""

    def __init__(
        self, env: MergedEnvironment, state: rules.State, policy: Prewarming, names: list[str]
    ) -> None:
        self._env, self._state, self._policy, self._names = env, state, policy, names
        self._running = [0] * len(names)
        self._done: list[float | None] = [None] * len(names)
        self.loaded: dict[int, Ahead] = {}
        policy.begin()

    def coming(self, now: float, function: int) -> None:
        """A request arrives."""
        done = self._done[function]
        alone = done is not None and not self._running[function]
        self._policy.came(self._names[function], now - done if alone and done is not None else None)
        self._done[function] = None

    def started(self, function: int) -> None:
        """An environment took the request."""
        self._running[function] += 1

    def finished(self, now: float, function: int) -> None:
        """A request is done; if none runs now, schedule the next load."""
        self._running[function] -= 1
        if self._running[function]:
            return
        self._done[function] = now
        head, tail = self._policy.window(self._names[function])
        if head > 0:
            event = Completion(self._env, [self._load], function, 0)
            event.until, event.since = now + tail, now
            self._env.at(now + head, event)

    def _load(self, event: Completion) -> None:
        function, now = event.slot, self._env.now
        if self._done[function] != event.since:
            return  # a request came first
        if not rules.has_slot(self._state):
            rules.make_room(self._state)
        slot = rules.prewarm(self._state, now, function)
        self.loaded[self._state.e_serial[slot]] = Ahead(function, now, now, provisioned=False)
        rules.ready(self._state, now, slot, event.until - now)


def simulate(
    load: Workload,
    scenario: Scenario,
    u: Floats | None,
    progress: Progress | None = None,
) -> Run:
    """Run a workload through SimPy.

    Parameters
    ----------
    load, scenario
        Requests and settings.
    u
        One random number in [0, 1) per request, for random policies.
    progress
        Called now and then with the number of requests so far.
    """
    env = MergedEnvironment()
    fleet, provisioned = scenario.fleet()
    state = fleet.state
    n = len(load)
    codes, numbers, finishes = bytearray(n), [-1] * n, [np.nan] * n
    ended: dict[int, float] = {}
    policy, names = scenario.policy, load.functions
    functions, finish_of = load.function.tolist(), finishes_of(load)
    limits = scenario.idle_limits(load, u)
    fixed = limits if isinstance(limits, float) else None
    each = limits.tolist() if isinstance(limits, np.ndarray) else None
    draws = u.tolist() if u is not None else None
    watch = Watch(state, policy) if isinstance(policy, Retiring) else None
    ahead = Prewarmer(env, state, policy, names) if isinstance(policy, Prewarming) else None

    def collect() -> None:
        while (slot := rules.pop_ended(state)) >= 0:
            ended[state.e_serial[slot]] = state.e_expires[slot]

    def over(event: Completion) -> None:
        i, now = event.index, env.now
        if fixed is not None:
            limit = fixed
        elif each is not None:
            limit = each[i]
        else:
            u_of = draws[i] if draws else 0.5
            limit = idle_limit(policy, names[functions[i]], now, u_of)
        rules.finish(state, now, event.slot, limit)
        if watch is not None:
            watch.finished(now, event.slot, names[functions[i]])
        if ahead is not None:
            ahead.finished(now, functions[i])

    callbacks = [over]

    def arrive(i: int) -> None:
        now = env.now
        if watch is not None:
            watch.coming(now, names[functions[i]])
        if ahead is not None:
            ahead.coming(now, functions[i])
        code, slot = rules.arrive(state, now, functions[i])
        if code == rules.FULL:
            collect()
            rules.make_room(state)
            code, slot = rules.arrive(state, now, functions[i])
        codes[i] = code
        if slot >= 0:
            if watch is not None:
                watch.started(slot, names[functions[i]])
            if ahead is not None:
                ahead.started(functions[i])
            numbers[i] = state.e_serial[slot]
            finishes[i] = when = finish_of(i, code)
            # SimPy hands an event's list of callbacks over, so each event needs its own.
            env.at(when, Completion(env, callbacks.copy(), slot, i))

    env.run_merged(load.arrival.tolist(), arrive, progress)
    ended.update((over.serial, over.ended) for over in fleet.expire(np.inf))
    ends = np.full(state.counts[rules.SERIALS], np.inf)
    if ended:
        ends[list(ended)] = list(ended.values())
    return Run(
        code=np.frombuffer(bytes(codes), dtype=np.int8),
        environment=np.array(numbers, dtype=np.int32),
        finish=np.array(finishes, dtype=np.float64),
        ended=ends,
        engine="simpy",
        ahead=provisioned | (ahead.loaded if ahead is not None else {}),
        allocations=scenario.allocations,
    )


def finishes_of(load: Workload) -> Callable[[int, int], float]:
    """When a request's environment is free again, given how it started."""
    arrival: list[float] = load.arrival.tolist()
    busy: list[float] = load.busy.tolist()
    init: list[float] = load.init.tolist()
    finish: list[float] = load.finish.tolist()
    was: list[int] = load.was.tolist()
    cold = rules.COLD

    def finish_of(i: int, code: int) -> float:
        if code == was[i] and finish[i] == finish[i]:
            return finish[i]
        if code == cold:
            return arrival[i] + (busy[i] + init[i])
        return arrival[i] + busy[i]

    return finish_of
