"""``replicate``: repeat a simulation with other random numbers, for confidence intervals."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from lambda_nb.simulator.assumptions.workload import WorkloadError
from lambda_nb.simulator.questions.compare import figures
from lambda_nb.simulator.questions.sweep import sweep
from lambda_nb.simulator.simulate import simulate
from lambda_nb.traces import Trace

CONFIDENCE = 0.95


class Replications:
    """Independent runs of one simulation.

    Attributes
    ----------
    frame
        One row per run: its ``seed``, and the figures of :meth:`Result.summary` over all functions.
    table
        One row per figure: ``mean``, ``standard_error``, and ``low`` to ``high``, the 95 %
        confidence interval of the mean (Student's t).
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        runs = frame.drop(columns="seed").astype(float)
        count = len(runs)
        mean, error = runs.mean(), runs.std(ddof=1) / math.sqrt(count)
        half = student_t(CONFIDENCE, count - 1) * error
        self.table: pd.DataFrame = pd.DataFrame(
            {"mean": mean, "standard_error": error, "low": mean - half, "high": mean + half}
        )
        self.table.index.name = "figure"

    def __len__(self) -> int:
        return len(self.frame)

    def __repr__(self) -> str:
        shown = self.table.to_string(float_format="{:,.6g}".format)
        return f"{len(self)} runs; 95 % confidence intervals of the means\n{shown}"

    def _repr_html_(self) -> str:
        html: str = self.table.to_html(float_format="{:,.6g}".format)
        return f"<p>{len(self)} runs; 95 % confidence intervals of the means</p>{html}"


def replicate(
    trace: Trace | Callable[[int], Trace],
    n: int = 10,
    *,
    seed: int = 0,
    workers: int | None = None,
    client: Any = None,
    **settings: Any,
) -> Replications:
    """Run the same simulation several times with independent random numbers.

    Parameters
    ----------
    trace
        What was invoked when; or a function of a seed that makes such a trace, so that arrivals
        differ from run to run too:
        ``lambda seed: traces.poisson(5, duration=1, hours=2, seed=seed)``.
    n
        Runs, two or more.
    seed
        The seeds of all runs come from it; the same seed gives the same runs.
    workers, client
        Processes, or a Dask client, as for :func:`~lambda_nb.simulator.sweep` (for a given
        trace; a function that makes traces runs in this process).
    **settings
        As for :func:`~lambda_nb.simulator.simulate`.

    Raises
    ------
    WorkloadError
        When there are fewer than two runs, or a setting makes no sense.

    Examples
    --------
    >>> from lambda_nb import traces
    >>> runs = replicate(lambda seed: traces.poisson(2, duration=0.5, hours=0.1, seed=seed), n=3)
    >>> len(runs), list(runs.table.columns)
    (3, ['mean', 'standard_error', 'low', 'high'])
    """
    if isinstance(n, bool) or not isinstance(n, int) or n < 2:
        raise WorkloadError(f"n is {n!r}; an interval needs two runs or more")
    streams = np.random.SeedSequence(seed).spawn(n)
    seeds = [int(stream.generate_state(1)[0]) for stream in streams]
    if isinstance(trace, Trace):
        return Replications(
            sweep(trace, {"seed": seeds}, workers=workers, client=client, **settings)
        )
    if not callable(trace):
        raise WorkloadError(
            f"replicate needs a Trace, or a function of a seed, not {type(trace).__name__}"
        )
    rows = [
        {"seed": each, **figures(simulate(trace(each), seed=each, **settings))} for each in seeds
    ]
    return Replications(pd.DataFrame(rows))


def student_t(confidence: float, degrees: int) -> float:
    """Half the width of a confidence interval of a mean, in standard errors.

    Source: Abramowitz and Stegun, 26.7.3 and 26.7.4, solved by bisection.

    Examples
    --------
    >>> round(student_t(0.95, 1), 3), round(student_t(0.95, 9), 3), round(student_t(0.95, 1000), 3)
    (12.706, 2.262, 1.962)
    """
    low, high = 0.0, 1.0
    while _within(high, degrees) < confidence:
        high *= 2.0
    for _ in range(100):
        middle = (low + high) / 2
        if _within(middle, degrees) < confidence:
            low = middle
        else:
            high = middle
    return high


def _within(t: float, degrees: int) -> float:
    """Probability that Student's t lies between ``-t`` and ``t``."""
    angle = math.atan2(t, math.sqrt(degrees))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = degrees % 2
    term = cosine if odd else 1.0
    total = term if degrees > 1 else 0.0
    for k in range(2 + odd, degrees - 1, 2):
        term *= (k - 1) / k * cosine * cosine
        total += term
    return 2 / math.pi * (angle + sine * total) if odd else sine * total
