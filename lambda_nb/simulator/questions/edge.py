"""Lambda@Edge: a function that runs in many places, each with its own environments.

The edge spreads the same traffic over thirteen locations, so a request finds an idle environment
less often than in a single Region. Rules: CloudFront Developer Guide, edge-functions-restrictions
(2026); facts/events.md section 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd

from lambda_nb.rules.pricing import bill
from lambda_nb.simulator.assumptions.workload import WorkloadError
from lambda_nb.simulator.questions.compare import figures
from lambda_nb.simulator.results.result import Result
from lambda_nb.simulator.simulate import simulate
from lambda_nb.traces import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Trigger = Literal["viewer-request", "origin-request", "origin-response", "viewer-response"]
REGIONAL_CACHES = 13
"""Regional edge caches of CloudFront, in which Lambda@Edge functions run (AWS, 2026)."""
VIEWER_MEMORY_MB = 128
MOST_TIMEOUT_S = 30.0
NOT_AT_THE_EDGE = ("provisioned", "reserved", "ephemeral_storage", "architecture", "snap_start")


class EdgeResult:
    """One :class:`Result` per location.

    Attributes
    ----------
    results
        By location.
    table
        One row per location, and ``all``: the figures of :meth:`Result.summary`.
    """

    def __init__(self, results: Mapping[str, Result]) -> None:
        self.results = dict(results)
        rows = {name: figures(result) for name, result in self.results.items()}
        table: pd.DataFrame = pd.DataFrame.from_dict(rows, orient="index")
        table.loc["all"] = self._together(table)
        table.index.name = "location"
        self.table = table

    @staticmethod
    def _together(table: pd.DataFrame) -> pd.Series[Any]:
        served = table["invocations"]
        together = table.sum()
        together["cold_share"] = together["cold_starts"] / max(1.0, served.sum())
        together["mean_duration"] = (table["mean_duration"] * served).sum() / max(1, served.sum())
        # Percentiles cannot be added: take the worst location's.
        together["p99_duration"] = table["p99_duration"].max()
        return together

    def cost(self) -> pd.DataFrame:
        """The bill in dollars, one row per location and ``all``; the edge has no free tier."""
        lines: dict[Any, Any] = {
            name: bill(result.usage(), result.pricing) for name, result in self.results.items()
        }
        frame: pd.DataFrame = pd.DataFrame.from_dict(lines, orient="index").fillna(0.0)
        frame["total"] = frame.sum(axis=1)
        frame.loc["all"] = frame.sum()
        frame.index.name = "location"
        return frame

    def plot(self, freq: float | str | None = None) -> Figure:
        """Draw environments and cold starts so far by location."""
        from lambda_nb import charts

        lines = {name: result.timeline(freq) for name, result in self.results.items()}
        figure, axes = charts.board(2, title=f"Lambda@Edge in {len(lines)} locations")
        charts.compare(lines, "environments", axes[0])
        charts.compare(lines, "cold_starts", axes[1], cumulative=True)
        return figure

    def __repr__(self) -> str:
        row = self.table.loc["all"]
        return (
            f"EdgeResult({int(row['invocations']):,} invocations in {len(self.results)} locations, "
            f"{int(row['cold_starts']):,} cold starts ({row['cold_share']:.2%}), "
            f"${row['cost']:,.6g})"
        )

    def _repr_html_(self) -> str:
        html: str = self.table.to_html()
        return html


def simulate_triggers(
    trace: Trace,
    *,
    trigger: Trigger = "viewer-request",
    locations: int | Mapping[str, float] = REGIONAL_CACHES,
    cache_hits: float = 0.0,
    seed: int = 0,
    **settings: Any,
) -> EdgeResult:
    """Replay the requests of a CloudFront distribution through a Lambda@Edge function.

    Parameters
    ----------
    trace
        What viewers requested when.
    trigger
        The event that runs the function. Viewer triggers run for every request; origin triggers
        only when the cache does not have the response.
    locations
        How many regional caches the viewers are spread over evenly, or their shares by name.
    cache_hits
        Share of requests that the cache answers.
    seed
        Seed of all random numbers.
    **settings
        As for :func:`~lambda_nb.simulator.simulate`, where Lambda@Edge has the setting.

    Raises
    ------
    WorkloadError
        When a setting makes no sense, or does not exist at the edge.

    Examples
    --------
    >>> from lambda_nb import traces
    >>> viewers = traces.poisson(rate=0.2, duration=0.005, hours=2, seed=1)
    >>> simulate_triggers(viewers, locations={"eu": 0.7, "us": 0.3})
    EdgeResult(1,4... invocations in 2 locations, ... cold starts (...%), $...)
    """
    if trigger not in get_args(Trigger):
        raise WorkloadError(f"trigger is {trigger!r}; give one of {', '.join(get_args(Trigger))}")
    if not 0 <= cache_hits <= 1:
        raise WorkloadError(f"cache_hits is {cache_hits!r}; give a share from 0 to 1")
    for name in NOT_AT_THE_EDGE:
        if name in settings:
            raise WorkloadError(f"Lambda@Edge has no {name}; leave it out")
    if trigger.startswith("viewer"):
        if settings.setdefault("memory", VIEWER_MEMORY_MB) != VIEWER_MEMORY_MB:
            raise WorkloadError(
                f"memory is {settings['memory']!r}; a {trigger} function has {VIEWER_MEMORY_MB} MB"
            )
        cache_hits = 0.0
    timeout = settings.setdefault("timeout", MOST_TIMEOUT_S)
    if isinstance(timeout, (int, float)) and timeout > MOST_TIMEOUT_S:
        raise WorkloadError(f"timeout is {timeout!r} s; at the edge at most {MOST_TIMEOUT_S:g} s")
    shares = _shares(locations)
    rng = np.random.default_rng(np.random.SeedSequence(seed).spawn(4)[3])
    place = rng.choice(len(shares), len(trace), p=list(shares.values()))
    place[rng.random(len(trace)) < cache_hits] = -1
    settings.setdefault("pricing", "edge")
    return EdgeResult(
        {
            name: simulate(trace.where(place == i), seed=seed + i, **settings)
            for i, name in enumerate(shares)
        }
    )


def _shares(locations: int | Mapping[str, float]) -> dict[str, float]:
    if isinstance(locations, Mapping):
        total = sum(locations.values())
        if not locations or not total > 0 or min(locations.values()) < 0:
            raise WorkloadError(f"locations is {dict(locations)!r}; give shares by name")
        return {name: share / total for name, share in locations.items()}
    if isinstance(locations, bool) or not isinstance(locations, int) or locations < 1:
        raise WorkloadError(f"locations is {locations!r}; give 1, 2, ... or shares by name")
    return {f"location {i + 1}": 1 / locations for i in range(locations)}
