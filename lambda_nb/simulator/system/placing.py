"""Places attempts: the fleet on SimPy's clock, with versions, policies and waiting requests.

``rules.scheduling.fleet`` places every attempt. This file gives it the time and tells the
keep-alive policy what happened.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass

import numpy as np
import simpy

from lambda_nb.rules.keepalive.fleet_wide import Retiring
from lambda_nb.rules.keepalive.histogram import Prewarming
from lambda_nb.rules.keepalive.idle import idle_limit
from lambda_nb.rules.scheduling import fleet as rules
from lambda_nb.rules.scheduling.waiting import WaitingRoom
from lambda_nb.simulator.assumptions.scenario import Ahead, Scenario
from lambda_nb.simulator.assumptions.sources import Deployment
from lambda_nb.simulator.assumptions.workload import Floats, WorkloadError
from lambda_nb.simulator.replay.reference import MergedEnvironment, Prewarmer, Watch
from lambda_nb.simulator.system.attempts import Attempts, Request

Version = tuple[int, Deployment | None]
"""A version's index among those of its function, and what it changes."""
Placed = tuple[int, int, int, Deployment | None]
"""The fleet's code, the slot, the row of the attempt, and what the version changes."""


@dataclass(slots=True, eq=False)
class _Ticket:
    """An event that waits for concurrency."""

    request: Request
    version: Version
    called: simpy.Event
    placed: Placed | None = None


class Placing:
    """Places requests in execution environments.

    Parameters
    ----------
    env
        Keeps the time.
    scenario, names, deployments
        Limits and policies, the functions, and their new versions.
    attempts
        Gets a row for each attempt.
    u
        One random number per row of the trace, for random keep-alive policies.
    random
        All other draws.

    Attributes
    ----------
    placed
        Called with the function and the pool of each attempt; to be set before the first one.
    deployed
        Each deployment with its function and the pools of the version before it and of its own.
    """

    placed: Callable[[int, int], None]

    def __init__(
        self,
        env: MergedEnvironment,
        scenario: Scenario,
        names: list[str],
        deployments: Sequence[Deployment],
        attempts: Attempts,
        u: Floats | None,
        random: Callable[[], float],
    ) -> None:
        self._env = env
        self._policy = policy = scenario.policy
        self._names = names
        self._attempts = attempts
        self._u = u.tolist() if u is not None else None
        self._random = random
        self.fleet, self.ahead = scenario.fleet()
        self.state = self.fleet.state
        self._waiting = WaitingRoom[_Ticket]()
        self._ended: dict[int, float] = {}
        self._pools = [[pool] for pool in range(len(names))]
        self._deployments: dict[int, list[Deployment]] = defaultdict(list)
        self.deployed: list[tuple[Deployment, int, int, int]] = []
        for each in deployments:
            function = names.index(each.function)
            old, new = self._pools[function][-1], self.fleet.add_pool(function)
            self._pools[function].append(new)
            self._deployments[function].append(each)
            self.deployed.append((each, function, old, new))
        self._watch = Watch(self.state, policy) if isinstance(policy, Retiring) else None
        self._prewarmer = None
        if isinstance(policy, Prewarming):
            if deployments:
                raise WorkloadError(
                    f"{type(policy).__name__} does not know of versions; leave deployments out, or "
                    "take another keep-alive policy"
                )
            self._prewarmer = Prewarmer(env, self.state, policy, names)

    def version(self, function: int, now: float) -> Version:
        """Which version takes a request now."""
        place, deployed = 0, None
        for i, each in enumerate(self._deployments.get(function, ())):
            share = each.share(now)
            if share >= 1 or (share > 0 and self._random() < share):
                place, deployed = i + 1, each
        return place, deployed

    def place(self, requests: Sequence[Request], chosen: Version, paced: int = 1) -> Placed:
        """Have the fleet place a request or a batch now."""
        state, now, first = self.state, self._env.now, requests[0]
        function, (version, deployed) = first.function, chosen
        name, pool = self._names[function], self._pools[function][version]
        for request in requests:
            request.attempts += 1
        if self._watch is not None:
            self._watch.coming(now, name)
        if self._prewarmer is not None:
            self._prewarmer.coming(now, function)
        code, slot = rules.arrive(state, now, pool, paced)
        if code == rules.FULL:
            self._collect()
            rules.make_room(state)
            code, slot = rules.arrive(state, now, pool, paced)
        serial = state.e_serial[slot] if slot >= 0 else -1
        place = self._attempts.add(first, len(requests), now, version + 1, code, serial)
        self.placed(function, pool)
        if slot < 0:
            return code, slot, place, deployed
        if self._watch is not None:
            self._watch.started(slot, name)
        if self._prewarmer is not None:
            self._prewarmer.started(function)
        return code, slot, place, deployed

    def finish(self, slot: int, request: Request) -> None:
        """End an attempt; its environment is free for requests that wait."""
        now, name = self._env.now, self._names[request.function]
        rules.finish(self.state, now, slot, self._idle_limit(name, request))
        if self._watch is not None:
            self._watch.finished(now, slot, name)
        if self._prewarmer is not None:
            self._prewarmer.finished(now, request.function)
        self.admit()

    def turn(
        self, request: Request, patience_s: float
    ) -> Generator[simpy.Event, object, Placed | None]:
        """Wait for concurrency, at most ``patience_s`` seconds; returns the placement."""
        version = self.version(request.function, self._env.now)
        pool = self._pools[request.function][version[0]]
        if not self._waiting.waits(pool) and self.fleet.has_room(pool):
            return self.place([request], version, paced=0)
        ticket = _Ticket(request, version, self._env.event())
        self._waiting.enter(pool, ticket)
        yield self._env.any_of([ticket.called, self._env.timeout(patience_s)])
        if ticket.placed is None:
            self._waiting.leave(pool, ticket)
        return ticket.placed

    def admit(self) -> None:
        """Place the events that wait, as far as concurrency allows."""
        while self._waiting:
            called = self._waiting.next(self.fleet.has_room)
            if called is None:
                return
            _, ticket = called
            ticket.placed = self.place([ticket.request], ticket.version, paced=0)
            ticket.called.succeed()

    def end(self) -> tuple[Floats, dict[int, Ahead]]:
        """After the last request: when each environment ended (``inf``: it lives on), and which
        were ready before a request."""
        self._collect()
        self._ended.update((over.serial, over.ended) for over in self.fleet.expire(np.inf))
        ends = np.full(self.state.counts[rules.SERIALS], np.inf)
        if self._ended:
            ends[list(self._ended)] = list(self._ended.values())
        ahead = dict(self.ahead)
        if self._prewarmer is not None:
            ahead |= self._prewarmer.loaded
        return ends, ahead

    def _idle_limit(self, name: str, request: Request) -> float:
        u = 0.5
        if self._u is not None:
            own = request.row >= 0 and request.attempts == 1
            u = self._u[request.row] if own else self._random()
        return idle_limit(self._policy, name, self._env.now, u)

    def _collect(self) -> None:
        state = self.state
        while (slot := rules.pop_ended(state)) >= 0:
            self._ended[state.e_serial[slot]] = state.e_expires[slot]
