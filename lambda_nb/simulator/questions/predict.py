"""How probable each cold start of a recorded trace was, judged from what came before it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lambda_nb.simulator.assumptions.workload import Floats
from lambda_nb.simulator.questions.idle_periods import served
from lambda_nb.traces import Trace

PThere = Callable[[float, bool, float], float]
"""``f(gap, silent, age)``: the probability that an idle environment is still alive. ``gap``:
seconds idle; ``silent``: it was used last, and its function had no request since; ``age``: s."""


def p_cold(trace: Trace, p_there: PThere) -> tuple[Floats, Floats]:
    """The probability that each request starts cold, given all that was seen until then.

    A request starts cold if none of the idle environments is alive any more. A cold start shows
    that all of them are gone.

    Returns
    -------
    p, cold
        One entry per request that ran on demand, by arrival: the probability, and 1 if it was cold.
    """
    frame = served(trace)
    chance = np.ones(len(frame))
    for _, group in frame.groupby("function", observed=True):
        born: dict[str, float] = {}
        free: dict[str, float] = {}  # by environment: when it was last released, or will be
        last = -np.inf
        for i, arrival, finish, cold, name in zip(
            group.index, group["arrival"], group["finish"], group["cold"], group["environment"],
            strict=True,
        ):  # fmt: skip
            idle = [(other, since) for other, since in free.items() if since <= arrival]
            silent = len(idle) == len(free)
            for other, since in idle:
                alone = silent and since == last
                chance[i] *= 1.0 - p_there(arrival - since, alone, arrival - born[other])
            if cold:
                for other, _ in idle:
                    del free[other]
            born.setdefault(name, arrival)
            free[name] = finish
            last = max(last, finish)
    return chance, frame["cold"].to_numpy(dtype=float)


def log_score(p: Floats, cold: Floats, floor: float = 1e-3) -> float:
    """Mean negative logarithm of the probability of what happened: less is better.

    Parameters
    ----------
    floor
        Probabilities stay at least this far from 0 and 1; else one surprise is infinite.
    """
    kept = np.clip(p, floor, 1.0 - floor)
    return float(-np.mean(np.where(cold > 0, np.log(kept), np.log1p(-kept))))
