"""Calls between functions: which requests a function sends to others and how it waits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterator, Sequence
from typing import Any, Protocol

import numpy as np
import simpy

from lambda_nb.rules.events import lineage
from lambda_nb.simulator.assumptions.sources import Call
from lambda_nb.simulator.assumptions.workload import ERROR, SUCCESS, TIMEOUT, Workload
from lambda_nb.simulator.replay.reference import MergedEnvironment
from lambda_nb.simulator.system.attempts import DROPPED, Request, Requests
from lambda_nb.simulator.system.recorded import Recorded
from lambda_nb.traces.generators import laws

Steps = Generator[simpy.Event, Any, int]
"""A SimPy process that ends with a code of ``attempts.OUTCOMES``."""


class Receiver(Protocol):
    """Takes the requests that functions make."""

    def answer(self, request: Request) -> simpy.Process:
        """Start a call; its caller waits for the end of the returned process."""

    def send(self, request: Request) -> None:
        """Take an event that nobody waits for."""


class Calling:
    """Makes the calls of functions.

    Parameters
    ----------
    env
        Keeps the time.
    load, recorded
        Give the durations that a call does not set.
    calls
        Which functions call which.
    requests
        Gets a request for each call.
    rng
        Draws shares and durations.

    Attributes
    ----------
    receiver : Receiver
        Takes the calls; to be set before the first attempt.
    """

    receiver: Receiver

    def __init__(
        self,
        env: MergedEnvironment,
        load: Workload,
        recorded: Recorded,
        calls: Sequence[Call],
        requests: Requests,
        rng: np.random.Generator,
    ) -> None:
        self._env = env
        self._load = load
        self._recorded = recorded
        self._requests = requests
        self._rng = rng
        names = list(load.functions)
        self._calls: dict[int, list[tuple[Call, int]]] = defaultdict(list)
        for call in calls:
            self._calls[names.index(call.caller)].append((call, names.index(call.function)))
        self._drawing: dict[Call, Iterator[tuple[float, float, int]]] = {}

    def wait(self, caller: Request, deadline: float) -> Steps:
        """Make the synchronous calls of a request, one after the other; returns its status."""
        status = SUCCESS
        for call, called in self._calls.get(caller.function, ()):
            if call.kind == "sync" and status == SUCCESS:
                status = yield from self._wait_for(call, called, caller, deadline)
        return status

    def send(self, caller: Request) -> None:
        """Make the asynchronous calls of a request that succeeded."""
        for call, called in self._calls.get(caller.function, ()):
            if call.kind == "async":
                self._send(call, called, caller)

    def _wait_for(self, call: Call, called: int, caller: Request, deadline: float) -> Steps:
        for _ in range(call.count):
            if self._rng.random() >= call.share:
                continue
            request = self._child(call, called, caller)
            if request is None:
                return ERROR
            answer = self.receiver.answer(request)
            if deadline == np.inf:
                yield answer
            else:
                yield self._env.any_of([answer, self._env.until(deadline)])
                if not answer.triggered:
                    return TIMEOUT
            if request.outcome != SUCCESS:
                return ERROR
        return SUCCESS

    def _send(self, call: Call, called: int, caller: Request) -> None:
        for _ in range(call.count):
            if self._rng.random() < call.share:
                request = self._child(call, called, caller)
                if request is not None:
                    self.receiver.send(request)

    def _child(self, call: Call, called: int, caller: Request) -> Request | None:
        """A request by a function; ``None`` if Lambda stops it as a loop."""
        chain = (*caller.chain, caller.function)
        duration, init, memory = self._drawn(call, called)
        request = self._requests.add(
            -1, called, self._env.now, duration, duration, init, memory, SUCCESS,
            caller=caller.number, chain=chain,
        )  # fmt: skip
        if chain.count(called) >= lineage.MOST_RUNS:
            self._requests.close(request, DROPPED)
            return None
        return request

    def _drawn(self, call: Call, called: int) -> tuple[float, float, int]:
        """Duration, init and memory of a call."""
        if call not in self._drawing:
            self._drawing[call] = self._draws(call, called)
        return next(self._drawing[call])

    def _draws(self, call: Call, called: int) -> Iterator[tuple[float, float, int]]:
        """Draw many at once: a law takes about as long for one draw as for a thousand."""
        load, count = self._load, 1024
        while True:
            if call.duration is not None:
                duration = laws.draw(call.duration, self._rng, count)
                init = laws.draw(call.init if call.init is not None else 0.0, self._rng, count)
                memory = np.full(count, call.memory)
            else:
                rows = self._rng.choice(self._recorded.rows(called), count)
                duration, init, memory = load.duration[rows], load.init[rows], load.memory[rows]
            yield from zip(duration.tolist(), init.tolist(), memory.tolist(), strict=True)
