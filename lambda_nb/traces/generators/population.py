"""Generate a whole account of functions, where a few make nearly all the traffic.

The laws are those published for Azure Functions (Shahrad et al., "Serverless in the Wild",
ATC'20). Of the applications, 45 % are invoked at most once an hour and 81 % at most once a minute.
These two points fix a log-normal law of daily rates: its busiest 18.6 % make 99.9 % of the
invocations (99.6 % were measured). Average durations are log-normal with log mean -0.38 and sigma
2.36 (seconds). Allocated memory is Burr with c = 11.652, k = 0.221, lambda = 107.083 (MB).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lambda_nb.traces import schema
from lambda_nb.traces.generators.generate import (
    DAY,
    HOUR,
    Clock,
    checked_rate,
    length_s,
    time_of_week,
)
from lambda_nb.traces.schema import Floats, TraceError
from lambda_nb.traces.trace import Trace

# Normal quantiles at 45 % and 81 %, and (the log of) the daily invocations at each.
_Z45, _Z81 = -0.12566, 0.87790
_PER_HOUR, _PER_MINUTE = math.log(24.0), math.log(1440.0)
_RATE_SIGMA = (_PER_MINUTE - _PER_HOUR) / (_Z81 - _Z45)
_RATE_MU = _PER_HOUR - _Z45 * _RATE_SIGMA
_DURATION_MU, _DURATION_SIGMA = -0.38, 2.36
_BURR_C, _BURR_K, _BURR_LAMBDA = 11.652, 0.221, 107.083
_LEAST_MB, _MOST_MB, _LONGEST_S = 128, 10_240, 900.0


def heavy_tailed(
    functions: int = 100,
    *,
    rate: float | None = 1.0,
    spread: float = 0.5,
    swing: float = 0.5,
    hours: float = 24.0,
    seed: int = 0,
    start: Clock = None,
) -> Trace:
    """Traffic of many functions, with the published heavy tails of rate, duration and memory.

    Each function gets a rate, a mean duration (at most Lambda's 900 s) and a memory (within
    Lambda's 128 to 10,240 MB) from those laws. Its invocations are a Poisson process with a daily
    rhythm.

    Parameters
    ----------
    functions : int
        How many; functions without an invocation in the span do not appear.
    rate : float, optional
        Invocations per second of all functions together. None: as the law gives. Its mean is 1.9
        per second and function: 100 functions make about 16 million a day, or far fewer or more.
    spread : float
        Sigma of the log-normal durations of one function around its mean.
    swing : float, 0 to 1
        Swing of the daily rhythm, which peaks at 14:00; 0: steady.
    hours, seed, start
        As in :func:`lambda_nb.traces.poisson`.

    Raises
    ------
    TraceError
        A parameter is out of range.
    """
    if functions < 1:
        raise TraceError(f"functions={functions!r} must be 1 or more")
    if not 0.0 <= swing <= 1.0:
        raise TraceError(f"swing={swing!r} must lie between 0 and 1")
    rng = np.random.default_rng(seed)
    length = length_s(hours)
    rates = rng.lognormal(_RATE_MU, _RATE_SIGMA, functions) / DAY
    if rate is not None:
        rates *= checked_rate("rate", rate) / rates.sum()
    means = np.minimum(rng.lognormal(_DURATION_MU, _DURATION_SIGMA, functions), _LONGEST_S)
    memory = _burr(rng, functions)
    counts = rng.poisson(rates * length)
    code = np.repeat(np.arange(functions, dtype=np.int32), counts)
    arrival = _with_rhythm(rng, len(code), length, swing, time_of_week(start))
    took = means[code] * rng.lognormal(-0.5 * spread**2, checked_rate("spread", spread), len(code))
    width = len(str(functions - 1))
    names = [f"function-{i:0{width}d}" for i in range(functions)]
    table = pa.table(
        {
            "arrival": arrival,
            "function": schema.words(names, code),
            "duration": np.minimum(took, _LONGEST_S),
            "memory": memory[code],
        }
    )
    return Trace(table, start=start, name="heavy-tailed")[:]


def _with_rhythm(
    rng: np.random.Generator, count: int, length: float, swing: float, since: float
) -> Floats:
    """Draw times with the density of the daily wave, by inverting its integral."""
    grid = np.linspace(0.0, length, max(2, math.ceil(length / 60.0) + 1))
    wave = 1.0 + swing * np.cos(2 * np.pi * ((grid + since) / HOUR - 14.0) / 24.0)
    passed = np.concatenate([[0.0], np.cumsum((wave[1:] + wave[:-1]) / 2 * np.diff(grid))])
    return np.interp(rng.uniform(0.0, passed[-1], count), passed, grid)


def _burr(rng: np.random.Generator, count: int) -> npt.NDArray[np.int32]:
    """Memory in MB: the inverse of 1 - (1 + (x / lambda)^c)^-k, within Lambda's limits."""
    u = rng.random(count)
    mb = _BURR_LAMBDA * ((1.0 - u) ** (-1.0 / _BURR_K) - 1.0) ** (1.0 / _BURR_C)
    return np.clip(np.rint(mb), _LEAST_MB, _MOST_MB).astype(np.int32)
