"""``calibrate``: fit the lifetimes of environments, init and durations to a recorded trace.

A log does not show when an environment ends. It shows one *look* at each idle period: either a
request used the environment again, or a cold start showed that it was gone. Environments end for
three causes, each with its own mechanism; AWS's logs show all three:

* **silence**: the whole function had no request; all its environments end at nearly the same time,
  and the one used last ends only then;
* **age**: environments are replaced after about two hours, however busy;
* **idleness** of the others while the function is in use: a falling curve, not a number.

The silence limit is the middle of the interval that the looks leave. The curve of idleness is the
monotone curve of maximum likelihood (isotonic regression), which has nothing to tune. Ages are a
product-limit (Kaplan-Meier) estimate. Each starts from a :class:`Prior`, which weighs so few looks
that it matters only where the trace says nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from lambda_nb.rules.keepalive.fleet_wide import Measured
from lambda_nb.rules.keepalive.idle import DEFAULT_KEEP_ALIVE, Hazard, KeepAlive, share_left
from lambda_nb.simulator.assumptions.workload import Floats, WorkloadError
from lambda_nb.simulator.questions.idle_periods import Looks, looks
from lambda_nb.traces import Trace
from lambda_nb.traces.generators import laws

EDGES = (0, 60, 180, 300, 420, 540, 660, 780, 900, 1200, 1500, 1800, 2400, 3600, 7200)
"""Edges (s) of the bins of idle time; finer where AWS's environments end."""


@dataclass(frozen=True, slots=True)
class Prior:
    """What is believed before the data.

    Attributes
    ----------
    keep_alive
        Seconds after which half the idle environments are gone, and all of a silent function's.
    steepness
        Of the log-logistic curve of idleness, ``1 / (1 + (gap / keep_alive) ** steepness)``.
    looks
        How many looks the prior is worth in each bin.
    max_age
        Seconds of life of an environment that is always in use; ``inf``: no limit.
    """

    keep_alive: float = DEFAULT_KEEP_ALIVE
    steepness: float = 4.0
    looks: float = 1.0
    max_age: float = math.inf

    def survival(self, gap: Floats) -> Floats:
        """The share of environments still there after ``gap`` idle seconds."""
        share: Floats = 1.0 / (1.0 + (gap / self.keep_alive) ** self.steepness)
        return share


@dataclass(frozen=True)
class Sample:
    """A law of measured values (s), drawn from with replacement."""

    values: Floats

    def __call__(self, rng: np.random.Generator, count: int) -> Floats:
        """``count`` values."""
        return laws.draw(self.values, rng, count)


@dataclass(frozen=True)
class Calibration:
    """Laws fitted to recorded traces.

    Attributes
    ----------
    keep_alive
        Idle times while the function is in use. Alone, as ``simulate(keep_alive=...)``, it is an
        approximation that the compiled engine can run; :attr:`settings` has all three causes.
    silence
        Seconds without a request after which none of a function's environments is left.
    max_age
        Seconds of life after which an environment is not used again (``inf``: none seen).
    init, duration
        Measured seconds to draw from, for ``simulate(init=..., duration=...)``; ``None`` when the
        trace has none.
    looks
        The idle periods behind the fit: ``gap`` s, ``there``, ``silent``, ``age`` s.
    """

    keep_alive: Hazard
    silence: float
    max_age: float
    init: Sample | None
    duration: Sample | None
    looks: pd.DataFrame
    prior: Prior

    @property
    def policy(self) -> KeepAlive:
        """Idleness and silence together, for ``simulate(keep_alive=...)``."""
        return Measured(self.keep_alive, self.silence)

    @property
    def settings(self) -> dict[str, Any]:
        """What to give ``simulate`` so that environments live as calibrated."""
        return {"keep_alive": self.policy, "max_age": self.max_age}

    def p_there(self, gap: float, *, silent: bool, age: float = 0.0) -> float:
        """The probability that an environment is still there.

        Parameters
        ----------
        gap
            Seconds it has been idle.
        silent
            Whether the function had no request in that time.
        age
            Seconds since it was created.
        """
        if age > self.max_age or (silent and gap > self.silence):
            return 0.0
        if silent:
            return 1.0
        return share_left(gap, self.keep_alive.gaps, self.keep_alive.survival)

    def report(self) -> pd.DataFrame:
        """The fit beside the data, by idle gap.

        One row a bin: looks, how many of them found the environment there, their share, the fitted
        curve at the bin's mean gap, and what the prior said. Looks at silent functions and at old
        environments are counted separately (``silent``, ``old``).
        """
        seen = self.looks
        bins = pd.cut(seen["gap"], [*EDGES, np.inf], right=False)
        mine = _about_idleness(seen, self.max_age)
        rows = []
        for interval, group in seen.groupby(bins, observed=False):
            used = group[mine[group.index]]
            mean = float(used["gap"].mean()) if len(used) else math.nan
            rows.append(
                {
                    "from": interval.left,
                    "to": interval.right,
                    "looks": len(used),
                    "there": int(used["there"].sum()),
                    "share": float(used["there"].mean()) if len(used) else math.nan,
                    "fitted": self.p_there(mean, silent=False) if len(used) else math.nan,
                    "prior": float(self.prior.survival(np.array(mean))),
                    "silent": int(group["silent"].sum()),
                    "old": int((~group["silent"] & ~mine[group.index]).sum()),
                }
            )
        frame: pd.DataFrame = pd.DataFrame(rows)
        return frame

    def __repr__(self) -> str:
        age = "no age limit seen" if math.isinf(self.max_age) else f"age up to {self.max_age:.0f} s"
        periods = f"{len(self.looks):,} idle periods"
        return f"<Calibration of {periods}: silence {self.silence:.0f} s, {age}>"


def calibrate(trace: Trace | Sequence[Trace], *, prior: Prior | None = None) -> Calibration:
    """Fit the lives of environments, init and durations to recorded traces.

    Parameters
    ----------
    trace
        One recorded run, or several that are independent of each other. Needs ``start``;
        ``environment`` where known, else the most recently used idle environment is taken, as
        Lambda does. ``finish`` where known, else arrival + init + duration.
    prior
        What is believed before the data.

    Raises
    ------
    WorkloadError
        When the trace does not say which requests started cold, or has no served request.
    """
    traces = [trace] if isinstance(trace, Trace) else list(trace)
    if not traces:
        raise WorkloadError("calibrate needs at least one trace")
    prior = prior or Prior()
    seen = Looks.joined([looks(each) for each in traces])
    frame = seen.frame()
    silence = _silence(frame, prior)
    max_age = _max_age(seen, prior)
    return Calibration(
        keep_alive=_idleness(frame, max_age, prior),
        silence=silence,
        max_age=max_age,
        init=_law(traces, "init"),
        duration=_law(traces, "duration"),
        looks=frame,
        prior=prior,
    )


def _law(traces: list[Trace], column: str) -> Sample | None:
    values = np.concatenate([each.numbers(column) for each in traces])
    values = values[np.isfinite(values)]
    return Sample(np.sort(values)) if len(values) else None


def _silence(frame: pd.DataFrame, prior: Prior) -> float:
    """The threshold that contradicts fewest looks; among equal ones, the middle.

    The prior counts as a look on each side of its keep-alive, 1/5 of it away.
    """
    silent = frame[frame["silent"]]
    gaps = np.append(silent["gap"].to_numpy(), [prior.keep_alive * 0.8, prior.keep_alive * 1.2])
    there = np.append(silent["there"].to_numpy(dtype=bool), [True, False])
    order = np.argsort(gaps, kind="stable")
    gaps, there = gaps[order], there[order]
    # Contradictions of a threshold after the first k looks: gone before it, there after it.
    gone_before = np.concatenate([[0], np.cumsum(~there)])
    there_after = there.sum() - np.concatenate([[0], np.cumsum(there)])
    # An environment may end before the limit for another cause, but none may live after it.
    wrong = gone_before + there_after
    best = np.flatnonzero(wrong == wrong.min())
    k = int(best[-1])
    low = gaps[k - 1] if k > 0 else 0.0
    high = gaps[k] if k < len(gaps) else gaps[-1]
    return float(low + high) / 2


def _max_age(seen: Looks, prior: Prior) -> float:
    """The median age at which environments that were in use until then are gone.

    Product-limit estimate: an environment whose last use lies at most five minutes before the look
    that missed it died of age (or with its host); all others are censored at their last use. With
    fewer than three such deaths beyond an hour, the prior stands.
    """
    ages, died = seen.ages, seen.died_in_use
    order = np.argsort(ages, kind="stable")
    ages, died = ages[order], died[order]
    if int((died & (ages > 3600)).sum()) < 3:
        return prior.max_age
    at_risk = np.arange(len(ages), 0, -1)
    survival = np.cumprod(np.where(died, 1.0 - 1.0 / at_risk, 1.0))
    below = np.flatnonzero(survival <= 0.5)
    return float(ages[below[0]]) if len(below) else prior.max_age


def _about_idleness(frame: pd.DataFrame, max_age: float) -> Any:
    """Which looks say something about idleness: the others are silent, or too old."""
    # Ages at death scatter below the median: a look at an old environment says nothing.
    return ~frame["silent"] & ~(frame["age"] > 0.75 * max_age)


def _idleness(frame: pd.DataFrame, max_age: float, prior: Prior) -> Hazard:
    mine = frame[_about_idleness(frame, max_age)]
    gap, there = mine["gap"].to_numpy(), mine["there"].to_numpy(dtype=float)
    edges = np.array(EDGES, dtype=float)
    bins = np.digitize(gap, edges) - 1
    points, shares, weights = [], [], []
    for k in range(len(edges)):
        inside = bins == k
        middle = (edges[k] + edges[k + 1]) / 2 if k + 1 < len(edges) else 2 * edges[k]
        count = float(inside.sum())
        weight = count + prior.looks
        believed = float(prior.survival(np.array(middle)))
        points.append((gap[inside].sum() + prior.looks * middle) / weight)
        shares.append((there[inside].sum() + prior.looks * believed) / weight)
        weights.append(weight)
    curve = _falling(np.array(shares), np.array(weights))
    return Hazard([0.0, *map(float, points)], [1.0, *map(float, curve)])


def _falling(shares: Floats, weights: Floats) -> Floats:
    """The falling sequence nearest to ``shares`` (pool adjacent violators)."""
    blocks: list[list[float]] = []  # mean, weight, length
    for share, weight in zip(shares, weights, strict=True):
        blocks.append([float(share), float(weight), 1.0])
        while len(blocks) > 1 and blocks[-2][0] < blocks[-1][0]:
            mean, heavy, length = blocks.pop()
            last = blocks[-1]
            last[0] = (last[0] * last[1] + mean * heavy) / (last[1] + heavy)
            last[1] += heavy
            last[2] += length
    fitted: Floats = np.repeat([b[0] for b in blocks], [int(b[2]) for b in blocks])
    return fitted
