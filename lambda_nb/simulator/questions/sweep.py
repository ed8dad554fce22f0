"""``sweep`` and ``optimise``: a trace under every combination of settings, and the best of them."""

from __future__ import annotations

import itertools
import math
import multiprocessing
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from lambda_nb.simulator.assumptions.workload import WorkloadError
from lambda_nb.simulator.questions.compare import figures
from lambda_nb.simulator.simulate import Prepared
from lambda_nb.traces import Trace

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Grid = Mapping[str, Sequence[Any]]
Objective = str | Callable[[Mapping[str, Any]], float]
Limit = float | tuple[float | None, float | None]

ENOUGH = 5_000_000
"""With at least so many requests over all points, starting processes pays."""

_OF_THE_TRACE = ("init", "duration", "timeout", "seed")


class Job:
    """One trace, simulated again and again; what depends on the trace alone is kept."""

    def __init__(self, trace: Trace, common: Mapping[str, Any]) -> None:
        self._trace = trace
        self._common = dict(common)
        self._prepared: tuple[dict[str, Any], Prepared] | None = None

    def __call__(self, point: Mapping[str, Any]) -> dict[str, float]:
        """The figures of one point."""
        settings = {**self._common, **point}
        mine = {name: settings.pop(name) for name in _OF_THE_TRACE if name in settings}
        # Compared by identity: laws need not support ==.
        old = self._prepared
        same = old is not None and all(old[0].get(name) is mine.get(name) for name in mine)
        if old is None or not same:
            self._prepared = old = mine, Prepared(self._trace, **mine)
        return figures(old[1].simulate(**settings))


_job: Job | None = None


def _begin(trace: Trace, common: Mapping[str, Any]) -> None:
    global _job
    _job = Job(trace, common)


def _point(point: Mapping[str, Any]) -> dict[str, float]:
    assert _job is not None
    return _job(point)


def _on_dask(point: Mapping[str, Any], trace: Trace, common: Mapping[str, Any]) -> dict[str, float]:
    return Job(trace, common)(point)


def sweep(
    trace: Trace,
    grid: Grid,
    *,
    workers: int | None = None,
    client: Any = None,
    **common: Any,
) -> pd.DataFrame:
    """Simulate a trace under every combination of settings.

    Parameters
    ----------
    trace
        What was invoked when.
    grid
        Settings of :func:`~lambda_nb.simulator.simulate`, each with the values to try.
    workers
        Processes. By default one per CPU if there is enough to do, else only this one. The result
        does not depend on it.
    client
        A ``dask.distributed.Client``: its cluster does the work, and ``workers`` is not used.
    **common
        Settings that all points share.

    Returns
    -------
    DataFrame
        One row per combination (the last setting of ``grid`` changes fastest): its settings, then
        the figures of :meth:`Result.summary` over all functions (``provisioned`` there is
        ``provisioned_starts`` here).

    Raises
    ------
    WorkloadError
        When the grid is empty, or a combination makes no sense for this trace.
    """
    points = list(_points(grid, common))
    if client is not None:
        remote = client.scatter(trace, broadcast=True)
        futures = client.map(_on_dask, points, trace=remote, common=common, pure=False)
        rows = client.gather(futures)
    else:
        if workers is None:
            workers = (os.cpu_count() or 1) if len(points) * len(trace) >= ENOUGH else 1
        if workers < 1:
            raise WorkloadError(f"workers is {workers}; give 1 or more")
        rows = _in_processes(trace, points, common, min(workers, len(points)))
    found: pd.DataFrame = pd.DataFrame(rows)
    for place, name in enumerate(grid):
        # A Series, because pandas would take a plain list of policies or mappings apart.
        values = pd.Series([point[name] for point in points], index=found.index)
        found.insert(place, name, values)
    return found


def _points(grid: Grid, common: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for name, values in grid.items():
        if isinstance(values, str) or not hasattr(values, "__iter__"):
            raise WorkloadError(f"grid[{name!r}] is {values!r}; give a list of values to try")
        if not len(values):
            raise WorkloadError(f"grid[{name!r}] is empty; give the values to try")
        if name in common:
            raise WorkloadError(f"{name} is both in the grid and given for all points")
    if not grid:
        raise WorkloadError("the grid is empty: {'keep_alive': [300, 600], ...}")
    for values in itertools.product(*grid.values()):
        yield dict(zip(grid, values, strict=True))


def _in_processes(
    trace: Trace, points: list[dict[str, Any]], common: Mapping[str, Any], workers: int
) -> list[dict[str, float]]:
    if workers == 1:
        return list(map(Job(trace, common), points))
    # multiprocessing needs __spec__; embedded Python (as in pytest-xdist) has none.
    main = sys.modules["__main__"]
    main.__spec__ = getattr(main, "__spec__", None)
    # Spawned: numba and Arrow have threads, which a fork would lose.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        workers, mp_context=context, initializer=_begin, initargs=(trace, common)
    ) as pool:
        return list(pool.map(_point, points))


@dataclass(frozen=True)
class Optimum:
    """What :func:`optimise` found.

    Attributes
    ----------
    settings
        The best combination, for ``simulate(trace, **settings)``.
    table
        All combinations as from :func:`sweep`, with ``objective`` and ``feasible``.
    chosen
        Its row in the table.
    against
        The figure that the trade-off curve shows beside the objective.
    """

    settings: dict[str, Any]
    table: pd.DataFrame
    chosen: int
    against: str

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the trade-off: the objective against the other figure, the choice marked."""
        from lambda_nb import charts

        named = self.table.assign(settings=self._labels())
        return charts.trade_off(
            named, self.against, "objective", ax, label="settings", chosen=self.chosen
        )

    def _labels(self) -> list[str]:
        return [
            ", ".join(str(row[name]) for name in self.settings) for _, row in self.table.iterrows()
        ]

    def __repr__(self) -> str:
        best = float(self.table["objective"].to_numpy()[self.chosen])
        return f"<Optimum {self.settings}: objective {best:.6g}, of {len(self.table)} combinations>"


def optimise(
    trace: Trace,
    objective: Objective = "cost",
    constraints: Mapping[str, Limit] | None = None,
    grid: Grid | None = None,
    *,
    against: str | None = None,
    workers: int | None = None,
    client: Any = None,
    **common: Any,
) -> Optimum:
    """Find the combination of settings with the smallest objective that keeps the constraints.

    Parameters
    ----------
    trace
        What was invoked when.
    objective
        A figure of the summary that should be small (``"cost"``, ``"cold_share"``, ...), or a
        function of a row: ``lambda row: row["cost"] + 0.001 * row["cold_starts"]``.
    constraints
        By figure: the most it may be, or ``(least, most)`` with ``None`` for no limit.
    grid
        Settings with the values to try.
    against
        The figure that the trade-off curve shows; the first constraint's by default.
    workers, client, **common
        As for :func:`sweep`.

    Raises
    ------
    WorkloadError
        When a figure is unknown, or no combination keeps the constraints; the message gives the
        range of each figure.
    """
    constraints = dict(constraints or {})
    table = sweep(trace, grid or {}, workers=workers, client=client, **common)
    against = against or next(iter(constraints), "cold_share")
    for name in (*constraints, against, *([objective] if isinstance(objective, str) else [])):
        if name not in table:
            raise WorkloadError(f"{name!r} is no figure of a run; there are {list(table.columns)}")
    table["objective"] = (
        table[objective].astype(float)
        if isinstance(objective, str)
        else [float(objective({str(k): v for k, v in row.items()})) for _, row in table.iterrows()]
    )
    feasible = table["objective"].notna()
    for name, limit in constraints.items():
        least, most = limit if isinstance(limit, tuple) else (None, limit)
        # NaN keeps no limit.
        feasible &= table[name] >= (-math.inf if least is None else least)
        feasible &= table[name] <= (math.inf if most is None else most)
    table["feasible"] = feasible
    if not feasible.any():
        spans = ", ".join(
            f"{name} {table[name].min():.6g} to {table[name].max():.6g} (asked: {limit})"
            for name, limit in constraints.items()
        )
        raise WorkloadError(
            f"no combination of {len(table)} keeps the constraints: {spans}; widen the grid or "
            "the limits"
        )
    chosen = int(np.flatnonzero(feasible)[np.argmin(table.loc[feasible, "objective"])])
    settings = list(_points(grid or {}, common))[chosen]
    return Optimum(settings=settings, table=table, chosen=chosen, against=against)
