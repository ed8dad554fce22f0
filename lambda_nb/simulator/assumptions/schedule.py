"""Provisioned concurrency that changes: by the clock, or by target tracking."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Sequence
from dataclasses import dataclass

import numpy as np

from lambda_nb.rules.scheduling.autoscaling import TargetTracking
from lambda_nb.simulator.assumptions.workload import WorkloadError
from lambda_nb.traces import times


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
