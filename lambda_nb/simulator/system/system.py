"""The whole system in SimPy: queues, retries, calls between functions, deployments, autoscaling.

Theory of operation::

      arrivals --> Delivering --------> Invoking ----> Placing ----> rules.scheduling.fleet
                   (sources, retries)   (one attempt)  (waiting,     ^
                       ^                   |            versions)    |
                       `---- Calling <-----'              ^          |
                       (calls between functions)          `---- Provisioner

``rules.scheduling.fleet`` places every attempt, and ``rules.events.retry`` times every retry. SimPy
adds the clock. If each row of the trace is one attempt (no queue, no retry), the result equals that
of :mod:`lambda_nb.simulator.replay.reference`, row by row; a property test checks this.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from lambda_nb.simulator.assumptions.scenario import Scenario
from lambda_nb.simulator.assumptions.sources import Delivery
from lambda_nb.simulator.assumptions.workload import Floats, Workload
from lambda_nb.simulator.replay.reference import MergedEnvironment, Progress
from lambda_nb.simulator.replay.run import Run
from lambda_nb.simulator.system.attempts import Attempts, Requests, frame_of
from lambda_nb.simulator.system.calling import Calling
from lambda_nb.simulator.system.delivering import Delivering
from lambda_nb.simulator.system.invoking import Invoking
from lambda_nb.simulator.system.placing import Placing
from lambda_nb.simulator.system.provisioning import Provisioner
from lambda_nb.simulator.system.recorded import Recorded


class Outcome:
    """A run, its attempts as a workload, and the outcome of each request."""

    def __init__(self, load: Workload, attempts: Attempts, requests: Requests, run: Run) -> None:
        self.run = run
        self._functions = list(load.functions)
        self.load = attempts.workload(self._functions, load.timeout)
        self.rows = attempts.rows
        self.columns = attempts.columns()
        self._requests = requests.all

    @property
    def requests(self) -> pd.DataFrame:
        """See :func:`lambda_nb.simulator.system.attempts.frame_of`."""
        return frame_of(self._requests, self._functions)


class System:
    """Builds and runs one simulation.

    Parameters
    ----------
    load, scenario, delivery
        What to simulate.
    u
        One random number per row of the trace, for random keep-alive policies.
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
        names = list(load.functions)
        env, recorded = MergedEnvironment(), Recorded(load)
        self._load, self._env, self._rng = load, env, rng
        self._arrived = 0
        self._requests, self._attempts = Requests(env), Attempts()
        self._placing = Placing(
            env, scenario, names, delivery.deployments, self._attempts, u, self._random
        )
        self._provisioner = Provisioner(
            env, scenario, self._placing, recorded.typical_init, self._going_on
        )
        self._placing.placed = self._provisioner.seen
        for deployed in self._placing.deployed:
            self._provisioner.follow(*deployed)
        calling = Calling(env, load, recorded, delivery.calls, self._requests, rng)
        invoking = Invoking(
            env,
            load,
            self._attempts,
            self._placing,
            calling,
            {names.index(name): share for name, share in delivery.errors.items()},
            recorded.error_shares,
            self._random,
        )
        self._delivering = Delivering(
            env, self._requests, self._placing, invoking, delivery, names, rng
        )
        calling.receiver = self._delivering

    def run(self, progress: Progress | None) -> Outcome:
        """Run the simulation."""
        load, add = self._load, self._requests.add
        arrival, function = load.arrival.tolist(), load.function.tolist()
        duration, busy, init = load.duration.tolist(), load.busy.tolist(), load.init.tolist()
        memory, status = load.memory.tolist(), load.status.tolist()

        def arrive(i: int) -> None:
            self._arrived = i + 1
            self._delivering.take(
                add(i, function[i], arrival[i], duration[i], busy[i], init[i], memory[i], status[i])
            )

        self._provisioner.begin()
        self._env.run_merged(arrival, arrive, progress)
        ends, ahead = self._placing.end()
        run = Run(
            code=np.array(self._attempts.code, dtype=np.int8),
            environment=np.array(self._attempts.environment, dtype=np.int32),
            finish=np.array(self._attempts.finish, dtype=np.float64),
            ended=ends,
            engine="simpy",
            ahead=ahead,
            allocations=self._provisioner.allocations,
        )
        return Outcome(load, self._attempts, self._requests, run)

    def _going_on(self) -> bool:
        """Whether any request has not yet arrived or is not yet done."""
        return self._requests.unfinished > 0 or self._arrived < len(self._load)

    def _random(self) -> float:
        return float(self._rng.random())


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
