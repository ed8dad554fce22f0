"""``compare``: the same trace under several settings, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd

from lambda_nb.simulator.assumptions.workload import WorkloadError
from lambda_nb.simulator.results.result import Result
from lambda_nb.simulator.simulate import simulate
from lambda_nb.traces import Trace

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Comparison:
    """Results by name.

    Attributes
    ----------
    results
        Each :class:`Result`.
    table
        One row per scenario: the figures of :meth:`Result.summary` over all its functions.
    """

    def __init__(self, results: Mapping[str, Result]) -> None:
        self.results = dict(results)
        self.table: pd.DataFrame = pd.DataFrame.from_dict(
            {name: figures(result) for name, result in self.results.items()}, orient="index"
        )
        self.table.index.name = "scenario"

    def __getitem__(self, name: str) -> Result:
        return self.results[name]

    def plot(self, freq: float | str | None = None) -> Figure:
        """Draw environments, cold starts so far and cost against cold starts.

        Parameters
        ----------
        freq
            Width of a bin: seconds or text such as ``"1min"``.
        """
        from lambda_nb import charts

        lines = {name: result.timeline(freq) for name, result in self.results.items()}
        figure, axes = charts.board(3, title=f"{len(lines)} scenarios")
        charts.compare(lines, "environments", axes[0])
        charts.compare(lines, "cold_starts", axes[1], cumulative=True)
        charts.trade_off(self.table, "cost", "cold_share", axes[2], x_unit="$", y_unit="%")
        return figure

    def __repr__(self) -> str:
        return repr(self.table)

    def _repr_html_(self) -> str:
        html: str = self.table.to_html()
        return html


def compare(
    scenarios: Mapping[str, Mapping[str, Any] | Result],
    *,
    trace: Trace | None = None,
    **common: Any,
) -> Comparison:
    """Simulate a trace under several settings.

    Parameters
    ----------
    scenarios
        By name: settings of :func:`~lambda_nb.simulator.simulate`, or an
        existing result.
    trace
        What was invoked when; not needed when all scenarios are results.
    **common
        Settings for every scenario that does not say otherwise.

    Returns
    -------
    Comparison
        With ``table``, ``results`` and ``plot()``.

    Raises
    ------
    WorkloadError
        When there is nothing to compare, no trace to simulate, or a setting makes no sense; the
        message names the scenario.
    """
    if not scenarios:
        raise WorkloadError("compare needs at least one scenario: {'name': {'keep_alive': 600}}")
    results: dict[str, Result] = {}
    for name, scenario in scenarios.items():
        if isinstance(scenario, Result):
            results[name] = scenario
            continue
        if trace is None:
            raise WorkloadError(f"scenario {name!r} is settings, so compare needs trace=...")
        try:
            results[name] = simulate(trace, **{**common, **scenario})
        except (TypeError, ValueError) as error:
            raise WorkloadError(f"scenario {name!r}: {error}") from error
    return Comparison(results)


def figures(result: Result) -> dict[str, float]:
    """The figures of :meth:`Result.summary` over all functions.

    ``provisioned``, which is also the name of a setting, becomes ``provisioned_starts``.
    """
    names = {"provisioned": "provisioned_starts"}
    return {names.get(name, name): float(value) for name, value in result.total.items()}
