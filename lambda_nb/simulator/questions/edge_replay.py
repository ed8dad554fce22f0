"""What a replay of a distribution's log answers: decisions, hit ratios, latencies, money."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lambda_nb.rules.edge import pricing
from lambda_nb.rules.edge.locations import LOCATIONS
from lambda_nb.simulator.questions.edge import EdgeResult, Trigger, simulate_triggers
from lambda_nb.traces import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class EdgeReplay:
    """The requests of a log under a set of assumptions.

    Attributes
    ----------
    requests
        One row a request, in the log's order: ``time``, ``location`` (code), ``behaviour``
        (pattern), ``result`` (the word that the log would say), ``logged`` (the one that it says),
        ``decided`` (whether the cache was asked at all), ``hit``, ``asked`` (whether the origin
        was), ``bytes`` (sent to the viewer), ``origin_bytes``, ``latency`` (s: the viewer's round
        trip and the time at the location; NaN where the log knows no such time).
    """

    def __init__(
        self,
        requests: pd.DataFrame,
        secure: np.ndarray[Any, Any],
        functions: Mapping[Trigger, Mapping[str, Any]],
        cloudfront_functions: int,
    ) -> None:
        self.requests = requests
        self._secure = secure
        self._settings = functions
        self._cloudfront_functions = cloudfront_functions

    @property
    def hit_ratio(self) -> float:
        """The share of the requests that came to the cache and were hits; NaN without any."""
        came = self.requests["decided"]
        return float(self.requests.loc[came, "hit"].mean()) if came.any() else math.nan

    @property
    def agreement(self) -> float:
        """The share of the decisions that are those of the log; 1.0 with the log's own settings.

        Standard logs have whole seconds: a request in the very second in which an object expires
        can be decided otherwise.
        """
        came = self.requests[self.requests["decided"]]
        return float((came["result"] == came["logged"]).mean()) if len(came) else math.nan

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per location and behaviour, and ``all``.

        ``requests``, ``hits`` (refreshed ones too), ``hit_ratio`` (of those that came to the
        cache), ``errors``, ``origin_requests``, ``bytes`` and ``origin_bytes``, ``p50`` and ``p99``
        (latency, s).
        """
        groups = self.requests.groupby(["location", "behaviour"], sort=True, observed=True)
        rows = {key: _figures(group) for key, group in groups}
        rows["all", ""] = _figures(self.requests)
        table: pd.DataFrame = pd.DataFrame.from_dict(rows, orient="index")
        table.index = pd.MultiIndex.from_tuples(rows, names=["location", "behaviour"])
        return table

    def by(self, column: str) -> pd.DataFrame:
        """The figures of :attr:`table` by ``location``, ``behaviour``, ``result``..."""
        groups = self.requests.groupby(column, sort=True, observed=True)
        table: pd.DataFrame = pd.DataFrame.from_dict(
            {key: _figures(group) for key, group in groups}, orient="index"
        )
        table.index.name = column
        return table

    @cached_property
    def functions(self) -> dict[Trigger, EdgeResult]:
        """What each Lambda@Edge function did, by trigger: environments by Region."""
        regions = np.array([LOCATIONS[code].region for code in self.requests["location"]])
        results = {}
        for trigger, settings in self._settings.items():
            runs = self.requests["decided"].to_numpy()
            if trigger.startswith("origin"):
                runs = runs & self.requests["asked"].to_numpy()
            if not runs.any():
                continue
            trace = _trace(self.requests["time"][runs], settings)
            told = {name: value for name, value in settings.items() if name != "duration"}
            parts = {}
            for region in np.unique(regions[runs]):
                there = trace.where(regions[runs] == region)
                (part,) = simulate_triggers(
                    there, trigger=trigger, locations=1, **told
                ).results.values()
                parts[str(region)] = part
            results[trigger] = EdgeResult(parts)
        return results

    def cost(self, *, free_tier: bool = False) -> pd.DataFrame:
        """The bill of the log's requests in dollars, one row a line and ``total``.

        Requests and transfer by the prices of each location's area, CloudFront Functions, and
        Lambda@Edge; what the origin costs is not in it.

        Parameters
        ----------
        free_tier
            Whether the month's free tier is still whole. Lambda@Edge has none.
        """
        areas = np.array([LOCATIONS[code].area for code in self.requests["location"]])
        sent = self.requests["bytes"].to_numpy() / pricing.BYTES_PER_GB
        usage = {
            str(area): pricing.AreaUsage(
                http=float((~self._secure & (areas == area)).sum()),
                https=float((self._secure & (areas == area)).sum()),
                gb=float(sent[areas == area].sum()),
            )
            for area in np.unique(areas)
        }
        came = int(self.requests["decided"].sum())
        lines = pricing.bill(
            usage, functions=came * self._cloudfront_functions, free_tier=free_tier
        )
        for trigger, result in self.functions.items():
            lines[f"Lambda@Edge {trigger}"] = float(result.cost()["total"].loc["all"])
        lines["total"] = sum(lines.values())
        frame: pd.DataFrame = pd.DataFrame({"cost": lines})
        frame.index.name = "line"
        return frame

    def map_table(self) -> pd.DataFrame:
        """One row per location: where it is, and its figures; :func:`lambda_nb.charts.edge_map`."""
        table = self.by("location")
        places = [LOCATIONS[str(code)] for code in table.index]
        table.insert(0, "city", [place.city for place in places])
        table.insert(1, "latitude", [place.latitude for place in places])
        table.insert(2, "longitude", [place.longitude for place in places])
        return table

    def plot(self) -> Figure:
        """Draw where requests were answered, the hit ratio so far, and latency by location."""
        from lambda_nb import charts

        told = f"{len(self.requests):,} requests"
        if not math.isnan(self.hit_ratio):
            told += f", hit ratio {self.hit_ratio:.1%}"
        figure, axes = charts.board(3, title=told, heights=[1.6, 1.0, 1.0])
        charts.edge_map(self.map_table(), axes[0])
        came = self.requests[self.requests["decided"]]
        charts.hit_ratio(came["time"], came["hit"], axes[1], groups=came["behaviour"])
        times = {str(code): group["latency"] for code, group in came.groupby("location")}
        charts.latency(times, axes[2], title="Latency by location")
        return figure

    def __repr__(self) -> str:
        places = self.requests["location"].nunique()
        ratio = self.hit_ratio
        told = "" if math.isnan(ratio) else f"hit ratio {ratio:.2%}, "
        return (
            f"EdgeReplay({len(self.requests):,} requests at {places} "
            f"location{'s' if places != 1 else ''}, {told}"
            f"{int(self.requests['origin_bytes'].sum()):,} bytes from the origin)"
        )

    def _repr_html_(self) -> str:
        html: str = self.table.to_html()
        return html


def _figures(group: pd.DataFrame) -> dict[str, float]:
    came = group[group["decided"]]
    waits = group["latency"].dropna()
    return {
        "requests": len(group),
        "hits": int(group["hit"].sum()),
        "hit_ratio": float(came["hit"].mean()) if len(came) else math.nan,
        "errors": int((group["result"] == "Error").sum()),
        "origin_requests": int(group["asked"].sum()),
        "bytes": int(group["bytes"].sum()),
        "origin_bytes": int(group["origin_bytes"].sum()),
        "p50": float(waits.quantile(0.5)) if len(waits) else math.nan,
        "p99": float(waits.quantile(0.99)) if len(waits) else math.nan,
    }


def _trace(times: pd.Series[Any], settings: Mapping[str, Any]) -> Trace:
    duration = settings.get("duration", 0.0)
    begun = times - times.min()
    seconds = np.asarray(begun.dt.total_seconds(), dtype=np.float64)
    return Trace(
        {
            "arrival": seconds,
            "function": ["edge"] * len(seconds),
            "duration": np.full(len(seconds), float(duration)),
            "memory": np.full(len(seconds), int(settings.get("memory", 128)), dtype=np.int32),
        }
    )
