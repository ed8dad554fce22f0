"""Provisioned concurrency that changes while the simulation runs.

It changes by schedule, by target tracking, and by deployments, which move it to a new version.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Generator
from typing import Any

import simpy

from lambda_nb.rules.scheduling.autoscaling import (
    PERIOD_S,
    START_DELAY_S,
    STARTS_PER_S,
    TargetTracking,
)
from lambda_nb.simulator.assumptions.scenario import Ahead, Allocation, Scenario
from lambda_nb.simulator.assumptions.schedule import Schedule
from lambda_nb.simulator.assumptions.sources import Deployment
from lambda_nb.simulator.system.placing import Placing

Waiting = Generator[simpy.Event, Any, None]


class Provisioner:
    """Sets the fleet's provisioned concurrency as time goes on.

    Parameters
    ----------
    env
        Keeps the time.
    scenario
        The provisioned concurrency that is asked for.
    placing
        Has the fleet.
    typical_init
        The length of a function's init phase (s), by the function's index.
    going_on
        Whether any request has not yet arrived or is not yet done.
    """

    def __init__(
        self,
        env: simpy.Environment,
        scenario: Scenario,
        placing: Placing,
        typical_init: Callable[[int], float],
        going_on: Callable[[], bool],
    ) -> None:
        self._env = env
        self._placing = placing
        self._typical_init = typical_init
        self._going_on = going_on
        self._changing = scenario.changing
        self.allocations: list[Allocation] = list(scenario.allocations)
        self._asked = dict(enumerate(scenario.provisioned))
        self._pool = dict(enumerate(range(len(scenario.provisioned))))
        self._samples: dict[int, list[float]] = defaultdict(list)
        self._tracked = {
            f: each for f, each in scenario.changing.items() if isinstance(each, TargetTracking)
        }

    def begin(self) -> None:
        """Start the schedules and the target tracking."""
        env = self._env
        for function, each in self._changing.items():
            if isinstance(each, Schedule):
                env.process(self._by_schedule(function, each))
            else:
                env.process(self._by_target(function, each))

    def follow(self, deployment: Deployment, function: int, old: int, new: int) -> None:
        """Move the function's provisioned concurrency from one pool to another, as deployed."""
        self._env.process(self._by_deployment(deployment, function, old, new))

    def seen(self, function: int, pool: int) -> None:
        """Record the utilization at a placed request; datapoints are made of these."""
        if function in self._tracked and self._asked[function]:
            self._samples[function].append(self._busy(pool) / self._asked[function])

    # -- what changes it ----------------------------------------------------------------------

    def _by_schedule(self, function: int, schedule: Schedule) -> Waiting:
        for when, count in schedule.coming():
            if when <= 0:
                continue
            yield self._env.timeout(when - self._env.now)
            if not self._going_on():
                return
            self._ask(function, self._pool[function], count)

    def _by_target(self, function: int, policy: TargetTracking) -> Waiting:
        utilization: list[float] = []
        while self._going_on():
            yield self._env.timeout(PERIOD_S)
            minute = self._samples.pop(function, [])
            if not minute:
                utilization.append(math.nan)
            elif policy.statistic == "maximum":
                utilization.append(max(minute))
            else:
                utilization.append(sum(minute) / len(minute))
            asked = self._asked[function]
            wanted = policy.desired(asked, utilization)
            if wanted != asked and self._settled(function):
                self._ask(function, self._pool[function], wanted)
                utilization.clear()  # the alarm starts again

    def _by_deployment(self, each: Deployment, function: int, old: int, new: int) -> Waiting:
        env = self._env
        yield env.timeout(each.at)
        asked = self._asked[function]
        if not asked:
            return
        self._pool[function] = new
        self._ask(function, new, asked)
        yield env.timeout(max(0.0, each.complete - env.now))
        self._placing.fleet.set_provisioned(env.now, old, 0)
        self._placing.admit()

    # -- the fleet ----------------------------------------------------------------------------

    def _settled(self, function: int) -> bool:
        pool, state = self._pool[function], self._placing.state
        return state.p_provisioned_ready[pool] >= self._asked[function]

    def _busy(self, pool: int) -> int:
        state = self._placing.state
        idle, slot = 0, state.p_spare[pool]
        while slot >= 0:
            idle, slot = idle + 1, state.e_below[slot]
        return state.p_provisioned_ready[pool] - idle

    def _ask(self, function: int, pool: int, count: int) -> None:
        env = self._env
        self._asked[function] = count
        self.allocations.append(Allocation(env.now, function, count))
        for i, slot in enumerate(self._placing.fleet.set_provisioned(env.now, pool, count)):
            env.process(self._start(function, slot, START_DELAY_S + i / STARTS_PER_S))
        self._placing.admit()

    def _start(self, function: int, slot: int, delay: float) -> Waiting:
        env, fleet = self._env, self._placing.fleet
        serial, created = fleet.serial(slot), env.now
        yield env.timeout(delay + self._typical_init(function))
        if fleet.serial(slot) == serial:
            fleet.ready(env.now, slot)
            self._placing.admit()
            self._placing.ahead[serial] = Ahead(function, created, env.now, provisioned=True)
