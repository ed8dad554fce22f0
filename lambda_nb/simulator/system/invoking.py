"""Runs one attempt: places it, runs it, makes its calls, frees its environment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lambda_nb.rules.scheduling import fleet as rules
from lambda_nb.simulator.assumptions.sources import Deployment
from lambda_nb.simulator.assumptions.workload import ERROR, SUCCESS, TIMEOUT, Workload
from lambda_nb.simulator.replay.reference import MergedEnvironment, finishes_of
from lambda_nb.simulator.system.attempts import THROTTLE, Attempts, Request
from lambda_nb.simulator.system.calling import Calling, Steps
from lambda_nb.simulator.system.placing import Placed, Placing


class Invoking:
    """Invokes functions.

    Parameters
    ----------
    env
        Keeps the time.
    load
        The trace: durations, timeouts, what failed.
    attempts
        Stores how long each attempt took and how it ended.
    placing, calling
        Place attempts, and make the calls of those that succeed.
    errors
        Share of attempts that fail, by function, where the trace does not decide.
    recorded_errors
        The same share in the trace, for attempts that are not rows of it.
    random
        Draws which attempts fail.
    """

    def __init__(
        self,
        env: MergedEnvironment,
        load: Workload,
        attempts: Attempts,
        placing: Placing,
        calling: Calling,
        errors: Mapping[int, float],
        recorded_errors: Mapping[int, float],
        random: Callable[[], float],
    ) -> None:
        self._env = env
        self._load = load
        self._attempts = attempts
        self._placing = placing
        self._calling = calling
        self._errors = errors
        self._recorded_errors = recorded_errors
        self._random = random
        self._finish_of = finishes_of(load)

    def attempt(
        self, requests: Sequence[Request], overhead: float = 0.0, placed: Placed | None = None
    ) -> Steps:
        """Invoke a function once, with one request or a batch; returns the status.

        After an ``ERROR`` each request's ``failed`` says whether the handler failed on it.
        ``placed`` is where a request that waited was just placed.
        """
        env, attempts, placing = self._env, self._attempts, self._placing
        now, first = env.now, requests[0]
        function = first.function
        code, slot, place, deployed = placed or placing.place(
            requests, placing.version(function, now)
        )
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
        yield env.until(end)
        limit = float(self._load.timeout[function])
        ready = now + init if code == rules.COLD else now
        if status == SUCCESS:
            status = yield from self._calling.wait(first, ready + limit)
        waited = env.now - end
        attempts.init[place] = init
        attempts.duration[place] = min(duration + waited, limit)
        attempts.busy[place] = busy + waited
        attempts.status[place], attempts.finish[place] = status, env.now
        placing.finish(slot, first)
        if status == SUCCESS:
            self._calling.send(first)
        return status

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
        limit = float(self._load.timeout[requests[0].function])
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
            share = self._recorded_errors.get(request.function, 0.0)
        return ERROR if share and self._random() < share else SUCCESS
