"""Provisioned concurrency that changes: by schedule, by target tracking, by deployment."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import simpy

from lambda_nb.rules.scheduling.autoscaling import (
    PERIOD_S,
    START_DELAY_S,
    STARTS_PER_S,
    TargetTracking,
)
from lambda_nb.simulator.assumptions.workload import WorkloadError
from lambda_nb.simulator.replay.run import Ahead, Allocation
from lambda_nb.traces import times

if TYPE_CHECKING:
    from lambda_nb.simulator.assumptions.sources import Deployment
    from lambda_nb.simulator.system.system import System

Waiting = Generator[simpy.Event, Any, None]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Provisioned concurrency by the clock, as scheduled actions set it.

    Parameters
    ----------
    actions
        ``(when, environments)``: seconds since the trace's start, or text such as ``"8h"``.
    every
        After which the actions come again, such as ``"1d"``; ``None``: once.

    Raises
    ------
    WorkloadError
        When an action makes no sense.

    Examples
    --------
    >>> Schedule([("8h", 20), ("18h", 2)], every="1d").at(30 * 3600.0)
    2
    """

    actions: Sequence[tuple[float | str, int]]
    every: float | str | None = None

    def __post_init__(self) -> None:
        if not self.actions:
            raise WorkloadError("a schedule needs actions: (when, environments), ...")
        for when, count in self.actions:
            if not times.seconds(when) >= 0:
                raise WorkloadError(f"a schedule begins at 0 or later, not at {when!r}")
            if isinstance(count, bool) or not isinstance(count, (int, np.integer)) or count < 0:
                raise WorkloadError(f"a schedule asks for {count!r} environments: give 0, 1, 2 ...")
        if self.every is not None and times.seconds(self.every) <= max(
            times.seconds(when) for when, _ in self.actions
        ):
            raise WorkloadError(f"every={self.every!r} must be after the last action")

    def coming(self) -> Generator[tuple[float, int], None, None]:
        """All actions in order of time: seconds, environments."""
        once = sorted((times.seconds(when), int(count)) for when, count in self.actions)
        rounds = itertools.count() if self.every is not None else [0]
        period = times.seconds(self.every) if self.every is not None else 0.0
        for i in rounds:
            for when, count in once:
                yield when + i * period, count

    def at(self, now: float) -> int:
        """Environments asked for at a time (s); before the first action none."""
        asked = 0
        for when, count in self.coming():
            if when > now:
                break
            asked = count
        return asked

    @property
    def most(self) -> int:
        """The most it ever asks for."""
        return max(count for _, count in self.actions)


Changing = Schedule | TargetTracking


def first_of(asked: int | Changing) -> int:
    """Environments that are ready when the trace begins."""
    if isinstance(asked, TargetTracking):
        return asked.minimum
    return asked.at(0.0) if isinstance(asked, Schedule) else int(asked)


def most_of(asked: int | Changing) -> int:
    """The most environments that may ever be asked for."""
    if isinstance(asked, TargetTracking):
        return asked.maximum
    return asked.most if isinstance(asked, Schedule) else int(asked)


class Provisioner:
    """Sets the fleet's provisioned concurrency as time goes on."""

    def __init__(self, system: System) -> None:
        self._system = system
        scenario = system.scenario
        self.allocations: list[Allocation] = list(scenario.allocations)
        self._asked = dict(enumerate(scenario.provisioned))
        self._pool = dict(enumerate(range(len(scenario.provisioned))))
        self._samples: dict[int, list[float]] = defaultdict(list)
        self._tracked = {
            f: each for f, each in scenario.changing.items() if isinstance(each, TargetTracking)
        }

    def begin(self) -> None:
        """Start what runs beside the requests."""
        env = self._system.env
        for function, each in self._system.scenario.changing.items():
            if isinstance(each, Schedule):
                env.process(self._by_schedule(function, each))
            else:
                env.process(self._by_target(function, each))

    def follow(self, deployment: Deployment, function: int, old: int, new: int) -> None:
        """A deployment takes the function's provisioned concurrency to its version."""
        self._system.env.process(self._by_deployment(deployment, function, old, new))

    def seen(self, function: int, pool: int) -> None:
        """A request was placed: what a datapoint of utilization is made of."""
        if function in self._tracked and self._asked[function]:
            self._samples[function].append(self._busy(pool) / self._asked[function])

    # -- what changes it ----------------------------------------------------------------------

    def _by_schedule(self, function: int, schedule: Schedule) -> Waiting:
        for when, count in schedule.coming():
            if when <= 0:
                continue
            yield self._system.env.timeout(when - self._system.env.now)
            if not self._system.going_on:
                return
            self._ask(function, self._pool[function], count)

    def _by_target(self, function: int, policy: TargetTracking) -> Waiting:
        utilization: list[float] = []
        while self._system.going_on:
            yield self._system.env.timeout(PERIOD_S)
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
                utilization.clear()  # the alarm starts anew

    def _by_deployment(self, each: Deployment, function: int, old: int, new: int) -> Waiting:
        env = self._system.env
        yield env.timeout(each.at)
        asked = self._asked[function]
        if not asked:
            return
        self._pool[function] = new
        self._ask(function, new, asked)
        yield env.timeout(max(0.0, each.complete - env.now))
        self._system.fleet.set_provisioned(env.now, old, 0)
        self._system.admit()

    # -- the fleet ----------------------------------------------------------------------------

    def _settled(self, function: int) -> bool:
        pool, state = self._pool[function], self._system.state
        return state.p_provisioned_ready[pool] >= self._asked[function]

    def _busy(self, pool: int) -> int:
        state = self._system.state
        idle, slot = 0, state.p_spare[pool]
        while slot >= 0:
            idle, slot = idle + 1, state.e_below[slot]
        return state.p_provisioned_ready[pool] - idle

    def _ask(self, function: int, pool: int, count: int) -> None:
        env = self._system.env
        self._asked[function] = count
        self.allocations.append(Allocation(env.now, function, count))
        for i, slot in enumerate(self._system.fleet.set_provisioned(env.now, pool, count)):
            env.process(self._start(function, slot, START_DELAY_S + i / STARTS_PER_S))
        self._system.admit()

    def _start(self, function: int, slot: int, delay: float) -> Waiting:
        system = self._system
        serial, created = system.fleet.serial(slot), system.env.now
        init = system.typical_init(function)
        yield system.env.timeout(delay + init)
        if system.fleet.serial(slot) == serial:
            system.fleet.ready(system.env.now, slot)
            system.admit()
            system.ahead[serial] = Ahead(function, created, system.env.now, provisioned=True)
