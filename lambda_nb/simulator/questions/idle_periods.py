"""Idle periods of environments in a recorded trace, and what was seen of each."""

from __future__ import annotations

import bisect
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from lambda_nb.simulator.assumptions.workload import Floats, WorkloadError
from lambda_nb.traces import Trace

Flags = npt.NDArray[np.bool_]

IN_USE = 300.0
"""Seconds: an environment gone so soon after its last use did not end because it was idle (no
figure published for Lambda is below 5 minutes)."""


@dataclass(frozen=True)
class Looks:
    """One entry per look at an idle environment, and one per environment's whole life.

    Attributes
    ----------
    gap
        Seconds it had been idle at the look.
    there
        Whether it was still alive.
    silent
        Whether its function had no request in between.
    age
        Seconds since it was created, at the look.
    ages, died_in_use
        Of each environment: age at its last use, and whether it was gone right after.
    """

    gap: Floats
    there: Flags
    silent: Flags
    age: Floats
    ages: Floats
    died_in_use: Flags

    @classmethod
    def joined(cls, parts: list[Looks]) -> Looks:
        """Those of several independent traces."""
        names = cls.__dataclass_fields__
        return cls(**{name: np.concatenate([getattr(p, name) for p in parts]) for name in names})

    def frame(self) -> pd.DataFrame:
        """The looks as a table."""
        made: pd.DataFrame = pd.DataFrame(
            {"gap": self.gap, "there": self.there, "silent": self.silent, "age": self.age}
        )
        return made


def looks(trace: Trace) -> Looks:
    """What a trace shows of its idle environments.

    Raises
    ------
    WorkloadError
        When the trace does not say how requests started, or none was served.
    """
    frame = served(trace)
    parts = [_of_function(group) for _, group in frame.groupby("function", observed=True)]
    return Looks.joined(parts)


def served(trace: Trace) -> pd.DataFrame:
    """Requests that ran on demand: ``arrival``, ``finish`` s, ``function``, ``cold``,
    ``environment``; by arrival, numbered from 0.

    Raises
    ------
    WorkloadError
        As :func:`looks`.
    """
    if "start" not in trace:
        raise WorkloadError(
            "the trace does not say which requests started cold: it needs a column 'start' "
            "(cold, warm)"
        )
    frame = trace.to_pandas()
    start = frame["start"].astype(object)
    frame = frame[start.isin(["cold", "warm"])].reset_index(drop=True)
    if not len(frame):
        raise WorkloadError("no request of the trace started cold or warm: nothing to learn from")
    cold = frame["start"].astype(object) == "cold"
    finish = frame["finish"] if "finish" in frame else pd.Series(np.nan, index=frame.index)
    init = frame["init"].fillna(0.0) if "init" in frame else 0.0
    finish = finish.fillna(frame["arrival"] + frame["duration"].fillna(0.0) + init * cold)
    made: pd.DataFrame = pd.DataFrame(
        {
            "arrival": frame["arrival"],
            "finish": finish.astype(float),
            "function": frame["function"],
            "cold": cold,
        }
    )
    known = "environment" in frame and bool(frame["environment"].notna().all())
    made["environment"] = frame["environment"].astype(str) if known else _inferred(made)
    return made


def _inferred(frame: pd.DataFrame) -> pd.Series[str]:
    """Environments inferred by most-recently-used reuse.

    A warm request takes the one released last; a cold start means that none was left.
    """
    names: list[str] = [""] * len(frame)
    for function, group in frame.groupby("function", observed=True):
        idle: list[tuple[float, int]] = []  # by finish
        count = 0
        for i, arrival, finish, cold in zip(
            group.index, group["arrival"], group["finish"], group["cold"], strict=True
        ):
            free = bisect.bisect_right(idle, (arrival, len(frame)))
            if cold or not free:
                if cold:
                    del idle[:free]
                count += 1
                number = count
            else:
                number = idle.pop(free - 1)[1]
            bisect.insort(idle, (finish, number))
            names[i] = f"{function}#{number}"
    return pd.Series(names, index=frame.index)


def _of_function(frame: pd.DataFrame) -> Looks:
    arrival, finish = frame["arrival"].to_numpy(), frame["finish"].to_numpy()
    cold = arrival[frame["cold"].to_numpy()]
    gaps: list[float] = []
    there: list[bool] = []
    silent: list[bool] = []
    age: list[float] = []
    ages: list[float] = []
    died: list[bool] = []
    ends = np.maximum.accumulate(finish)
    for places in frame.reset_index(drop=True).groupby("environment").indices.values():
        born = arrival[places[0]]
        for k, i in enumerate(places):
            found = k + 1 < len(places)
            if found:
                when = arrival[places[k + 1]]
            else:
                # The first cold start after it was free shows that it is gone.
                after = int(np.searchsorted(cold, finish[i], side="right"))
                ages.append(arrival[i] - born)
                died.append(after < len(cold) and cold[after] - finish[i] < IN_USE)
                if after == len(cold):
                    continue
                when = cold[after]
            before = int(np.searchsorted(arrival, when, side="left")) - 1
            gaps.append(max(0.0, when - finish[i]))
            there.append(found)
            silent.append(bool(ends[before] <= finish[i]))
            age.append(when - born)
    return Looks(
        gap=np.array(gaps, dtype=float),
        there=np.array(there, dtype=bool),
        silent=np.array(silent, dtype=bool),
        age=np.array(age, dtype=float),
        ages=np.array(ages, dtype=float),
        died_in_use=np.array(died, dtype=bool),
    )
