"""The whole system in SimPy: queues, retries, calls between functions, deployments, autoscaling.

Every attempt is placed by ``rules.fleet``, every retry is timed by ``rules.retry``; what SimPy adds
is the clock. Where each row of the trace is one attempt (no queue, no retry) the answer is that of
:mod:`lambda_nb.simulator.replay.reference`, row by row; a property test holds both to it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import simpy

from lambda_nb.rules.events import lineage
from lambda_nb.rules.keepalive.fleet_wide import Retiring
from lambda_nb.rules.keepalive.histogram import Prewarming
from lambda_nb.rules.keepalive.idle import idle_limit
from lambda_nb.rules.scheduling import fleet as rules
from lambda_nb.rules.scheduling.waiting import WaitingRoom
from lambda_nb.simulator.assumptions.scenario import Scenario
from lambda_nb.simulator.assumptions.sources import (
    Asynchronous,
    Call,
    Delivery,
    Deployment,
    Synchronous,
)
from lambda_nb.simulator.assumptions.workload import (
    ERROR,
    SUCCESS,
    TIMEOUT,
    Floats,
    Workload,
    WorkloadError,
)
from lambda_nb.simulator.replay.reference import (
    Completion,
    MergedEnvironment,
    Prewarmer,
    Progress,
    Watch,
    finishes_of,
)
from lambda_nb.simulator.replay.run import Run
from lambda_nb.simulator.system import delivering, provisioning
from lambda_nb.simulator.system.attempts import DROPPED, THROTTLE, Attempts, Request, frame_of
from lambda_nb.traces.generators import laws

Steps = Generator[simpy.Event, Any, int]
"""A SimPy process that ends with a code of ``attempts.OUTCOMES``."""

_Version = tuple[int, Deployment | None]
Placed = tuple[int, int, int, Deployment | None]
"""The fleet's code, the slot, the row of the attempt, and what the version changes."""


@dataclass(slots=True, eq=False)
class _Turn:
    """An event that waits for concurrency."""

    request: Request
    version: _Version
    called: simpy.Event
    placed: Placed | None = None


class Outcome:
    """A run, its attempts as a workload, and what became of each request."""

    def __init__(self, system: System, run: Run) -> None:
        self.run = run
        self.load = system.attempts.workload(system.functions, system.load.timeout)
        self.rows = system.attempts.rows
        self.columns = system.attempts.columns()
        self._requests, self._functions = system.requests, system.functions

    @property
    def requests(self) -> pd.DataFrame:
        """See :func:`lambda_nb.simulator.system.attempts.frame_of`."""
        return frame_of(self._requests, self._functions)


class System:
    """One run in the making.

    Parameters
    ----------
    load, scenario, delivery
        What is asked.
    u
        One random number a row of the trace, for random keep-alive policies.
    rng
        All other draws: errors, back-off, routing, durations of calls.
    """

    def __init__(
        self,
        load: Workload,
        scenario: Scenario,
        delivery: Delivery,
        u: Floats | None,
        rng: np.random.Generator,
    ) -> None:
        self.env = MergedEnvironment()
        self.rng = rng
        self.scenario = scenario
        self.functions = list(load.functions)
        self.attempts = Attempts()
        self.requests: list[Request] = []
        self.unfinished = 0
        self.arrived = 0
        self.load = load
        self.fleet, self.ahead = scenario.fleet()
        self.state = self.fleet.state
        self.provisioned = provisioning.Provisioner(self)
        self._ended: dict[int, float] = {}
        self._waiting = WaitingRoom[_Turn]()
        self._u = u.tolist() if u is not None else None
        self._finish_of = finishes_of(load)
        self._calls: dict[int, list[tuple[Call, int]]] = defaultdict(list)
        names = self.functions
        for call in delivery.calls:
            self._calls[names.index(call.caller)].append((call, names.index(call.function)))
        self._rows: dict[int, Any] = {}
        self._drawing: dict[Call, Iterator[tuple[float, float, int]]] = {}
        self._errors = {names.index(name): share for name, share in delivery.errors.items()}
        self._shares = _error_shares(load)
        self._pools = [[pool] for pool in range(len(names))]
        self._deployments: dict[int, list[Deployment]] = defaultdict(list)
        for each in delivery.deployments:
            self._deploys(each)
        policy = scenario.policy
        self._watch = Watch(self.state, policy) if isinstance(policy, Retiring) else None
        self._prewarmer = None
        if isinstance(policy, Prewarming):
            if delivery.deployments:
                raise WorkloadError(
                    f"{type(policy).__name__} does not know of versions; leave deployments out, or "
                    "take another keep-alive policy"
                )
            self._prewarmer = Prewarmer(self.env, self.state, policy, names)
        self._takers = [
            delivering.taker(self, delivery.sources.get(name, Synchronous())) for name in names
        ]
        self._named = {names.index(name) for name in delivery.sources}
        self._event = Asynchronous()

    # -- settings worked out ------------------------------------------------------------------

    def _deploys(self, each: Deployment) -> None:
        function = self.functions.index(each.function)
        old = self._pools[function][-1]
        self._pools[function].append(self.fleet.add_pool(function))
        self._deployments[function].append(each)
        self.provisioned.follow(each, function, old, self._pools[function][-1])

    # -- the run ------------------------------------------------------------------------------

    def run(self, progress: Progress | None) -> Outcome:
        """Let everything happen."""
        load = self.load
        arrival, function = load.arrival.tolist(), load.function.tolist()
        duration, busy, init = load.duration.tolist(), load.busy.tolist(), load.init.tolist()
        memory, status = load.memory.tolist(), load.status.tolist()

        def arrive(i: int) -> None:
            self.arrived = i + 1
            self.take(
                self._request(
                    i, function[i], arrival[i], duration[i], busy[i], init[i], memory[i], status[i]
                )
            )

        self.provisioned.begin()
        self.env.run_merged(arrival, arrive, progress)
        self._collect()
        self._ended.update((over.serial, over.ended) for over in self.fleet.expire(np.inf))
        ends = np.full(self.state.counts[rules.SERIALS], np.inf)
        if self._ended:
            ends[list(self._ended)] = list(self._ended.values())
        ahead = dict(self.ahead)
        if self._prewarmer is not None:
            ahead |= self._prewarmer.loaded
        attempts = self.attempts
        run = Run(
            code=np.array(attempts.code, dtype=np.int8),
            environment=np.array(attempts.environment, dtype=np.int32),
            finish=np.array(attempts.finish, dtype=np.float64),
            ended=ends,
            engine="simpy",
            ahead=ahead,
            allocations=self.provisioned.allocations,
        )
        return Outcome(self, run)

    @property
    def going_on(self) -> bool:
        """Whether anything is still to come, or not yet done."""
        return self.unfinished > 0 or self.arrived < len(self.load)

    def take(self, request: Request) -> None:
        """A request has come: hand it to the function's source."""
        self._takers[request.function](request)

    def close(self, request: Request, outcome: int) -> None:
        """Nothing more will be done for a request."""
        request.outcome = outcome
        request.done = self.env.now
        self.unfinished -= 1

    def random(self) -> float:
        """A number from 0 to 1."""
        return float(self.rng.random())

    def _request(self, row: int, *what: Any, **more: Any) -> Request:
        request = Request(len(self.requests), row, *what, **more)
        self.requests.append(request)
        self.unfinished += 1
        return request

    # -- one attempt --------------------------------------------------------------------------

    def attempt(
        self, requests: Sequence[Request], overhead: float = 0.0, placed: Placed | None = None
    ) -> Steps:
        """Invoke a function with one request or a batch, once; ends with how that ended.

        After an ``ERROR`` each request's ``failed`` says whether the handler failed on it.
        ``placed`` is where a request that waited has been placed just now.
        """
        env, state, attempts = self.env, self.state, self.attempts
        now, first = env.now, requests[0]
        function = first.function
        name = self.functions[function]
        code, slot, place, deployed = placed or self._place(requests, self._version(function, now))
        if slot < 0:
            return THROTTLE

        status, duration, busy = self._handled(requests, overhead, deployed)
        init = first.init * (deployed.init_factor if deployed is not None else 1.0)
        recorded = first.row if first.attempts == 1 and now == first.arrival else -1
        alone = len(requests) == 1 and not overhead and deployed is None
        if alone and recorded >= 0:
            end = self._finish_of(recorded, code)
        else:
            end = now + (busy + init) if code == rules.COLD else now + busy
        yield self._until(end)
        calls = self._calls.get(function, ()) if status == SUCCESS else ()
        ready = now + init if code == rules.COLD else now
        for call, called in calls:
            if call.kind == "sync" and status == SUCCESS:
                deadline = ready + float(self.load.timeout[function])
                status = yield from self._wait_for(call, called, first, deadline)
        waited = env.now - end
        attempts.init[place] = init
        limit = float(self.load.timeout[function])
        attempts.duration[place] = min(duration + waited, limit)
        attempts.busy[place] = busy + waited
        attempts.status[place], attempts.finish[place] = status, env.now
        rules.finish(state, env.now, slot, self._idle_limit(name, first))
        if self._watch is not None:
            self._watch.finished(env.now, slot, name)
        if self._prewarmer is not None:
            self._prewarmer.finished(env.now, function)
        self.admit()
        if status == SUCCESS:
            for call, called in calls:
                if call.kind == "async":
                    self._send(call, called, first)
        return status

    def _place(self, requests: Sequence[Request], chosen: _Version, paced: int = 1) -> Placed:
        """Have the fleet place a request or a batch now."""
        state, now, first = self.state, self.env.now, requests[0]
        function, (version, deployed) = first.function, chosen
        name, pool = self.functions[function], self._pools[function][version]
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
        place = self.attempts.add(first, len(requests), now, version + 1, code, serial)
        self.provisioned.seen(function, pool)
        if slot < 0:
            return code, slot, place, deployed
        if self._watch is not None:
            self._watch.started(slot, name)
        if self._prewarmer is not None:
            self._prewarmer.started(function)
        return code, slot, place, deployed

    def turn(
        self, request: Request, patience_s: float
    ) -> Generator[simpy.Event, Any, Placed | None]:
        """Wait for concurrency, so many seconds at most; where the request was placed then."""
        version = self._version(request.function, self.env.now)
        pool = self._pools[request.function][version[0]]
        if not self._waiting.waits(pool) and self.fleet.has_room(pool):
            return self._place([request], version, paced=0)
        ticket = _Turn(request, version, self.env.event())
        self._waiting.enter(pool, ticket)
        yield self.env.any_of([ticket.called, self.env.timeout(patience_s)])
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
            ticket.placed = self._place([ticket.request], ticket.version, paced=0)
            ticket.called.succeed()

    def _handled(
        self, requests: Sequence[Request], overhead: float, deployed: Deployment | None
    ) -> tuple[int, float, float]:
        """How the handler ends, how long it takes, and how long its environment is busy."""
        factor = deployed.duration_factor if deployed is not None else 1.0
        duration = overhead + factor * sum(request.duration for request in requests)
        busy = overhead + factor * sum(request.busy for request in requests)
        worst = SUCCESS
        for request in requests:
            ended = self._fate(request)
            request.failed = ended == ERROR
            worst = max(worst, ended)
        limit = float(self.load.timeout[requests[0].function])
        if duration > limit:
            return TIMEOUT, limit, limit
        return worst, duration, busy

    def _fate(self, request: Request) -> int:
        """How the handler ends for one request: as the trace says, or by the share of errors."""
        if request.status == TIMEOUT:
            return TIMEOUT
        share = self._errors.get(request.function)
        if share is None:
            if request.attempts == 1 and request.row >= 0:
                return request.status
            share = self._shares.get(request.function, 0.0)
        return ERROR if share and self.random() < share else SUCCESS

    def _version(self, function: int, now: float) -> _Version:
        """Which version takes a request: its place among the function's, and what it changes."""
        place, deployed = 0, None
        for i, each in enumerate(self._deployments.get(function, ())):
            share = each.share(now)
            if share >= 1 or (share > 0 and self.random() < share):
                place, deployed = i + 1, each
        return place, deployed

    def _idle_limit(self, name: str, request: Request) -> float:
        u = 0.5
        if self._u is not None:
            own = request.row >= 0 and request.attempts == 1
            u = self._u[request.row] if own else self.random()
        return idle_limit(self.scenario.policy, name, self.env.now, u)

    def _until(self, when: float) -> Completion:
        event = Completion(self.env, [], 0, 0)
        self.env.at(when, event)
        return event

    def _collect(self) -> None:
        state = self.state
        while (slot := rules.pop_ended(state)) >= 0:
            self._ended[state.e_serial[slot]] = state.e_expires[slot]

    # -- calls between functions --------------------------------------------------------------

    def _wait_for(self, call: Call, called: int, caller: Request, deadline: float) -> Steps:
        """Call another function and wait; the caller's status after that."""
        for _ in range(call.count):
            if self.random() >= call.share:
                continue
            request = self._child(call, called, caller)
            if request is None:
                return ERROR
            source = self._takers[called].source
            waiting = source if isinstance(source, Synchronous) else Synchronous()
            answer = self.env.process(delivering.wait_for_answer(self, waiting, request))
            if deadline == np.inf:
                yield answer
            else:
                yield self.env.any_of([answer, self._until(deadline)])
                if not answer.triggered:
                    return TIMEOUT
            if request.outcome != SUCCESS:
                return ERROR
        return SUCCESS

    def _send(self, call: Call, called: int, caller: Request) -> None:
        """Send events to another function."""
        for _ in range(call.count):
            if self.random() < call.share:
                request = self._child(call, called, caller)
                if request is None:
                    continue
                if called in self._named:
                    self.take(request)
                else:
                    self.env.process(delivering.deliver_event(self, self._event, request))

    def _child(self, call: Call, called: int, caller: Request) -> Request | None:
        """A request by a function; ``None`` if Lambda stops it as a loop."""
        chain = (*caller.chain, caller.function)
        duration, init, memory = self._drawn(call, called)
        request = self._request(
            -1, called, self.env.now, duration, duration, init, memory, SUCCESS,
            caller=caller.number, chain=chain,
        )  # fmt: skip
        if chain.count(called) >= lineage.MOST_RUNS:
            self.close(request, DROPPED)
            return None
        return request

    def _drawn(self, call: Call, called: int) -> tuple[float, float, int]:
        """Duration, init and memory of a call."""
        if call not in self._drawing:
            self._drawing[call] = self._draws(call, called)
        return next(self._drawing[call])

    def _draws(self, call: Call, called: int) -> Iterator[tuple[float, float, int]]:
        """Many at once: a law takes about as long for one draw as for a thousand."""
        load, count = self.load, 1024
        while True:
            if call.duration is not None:
                duration = laws.draw(call.duration, self.rng, count)
                init = laws.draw(call.init if call.init is not None else 0.0, self.rng, count)
                memory = np.full(count, call.memory)
            else:
                rows = self.rng.choice(self._rows_of(called), count)
                duration, init, memory = load.duration[rows], load.init[rows], load.memory[rows]
            yield from zip(duration.tolist(), init.tolist(), memory.tolist(), strict=True)

    def _rows_of(self, function: int) -> Any:
        if function not in self._rows:
            self._rows[function] = np.flatnonzero(self.load.function == function)
        return self._rows[function]

    def typical_init(self, function: int) -> float:
        """The median init phase of a function (s); 0 where the trace has none."""
        rows = self._rows_of(function)
        return float(np.median(self.load.init[rows])) if len(rows) else 0.0


def _error_shares(load: Workload) -> dict[int, float]:
    """Share of each function's recorded requests that failed, where any did."""
    failed = load.function[load.status == ERROR]
    total = np.bincount(load.function, minlength=len(load.functions))
    errors = np.bincount(failed, minlength=len(load.functions))
    return {int(f): float(errors[f] / total[f]) for f in np.flatnonzero(errors)}


def simulate(
    load: Workload,
    scenario: Scenario,
    delivery: Delivery,
    u: Floats | None,
    rng: np.random.Generator,
    progress: Progress | None = None,
) -> Outcome:
    """Run a workload through the whole system; see :class:`System`."""
    return System(load, scenario, delivery, u, rng).run(progress)
