"""What the trace recorded for each function: its rows, its errors, its init phases."""

from __future__ import annotations

from typing import Any

import numpy as np

from lambda_nb.simulator.assumptions.workload import ERROR, Workload


class Recorded:
    """Figures of each function, computed when first needed.

    Attributes
    ----------
    error_shares
        Share of each function's recorded requests that failed, where any did.
    """

    def __init__(self, load: Workload) -> None:
        self._load = load
        self._rows: dict[int, Any] = {}
        self.error_shares = _error_shares(load)

    def rows(self, function: int) -> Any:
        """The row numbers of a function's requests."""
        if function not in self._rows:
            self._rows[function] = np.flatnonzero(self._load.function == function)
        return self._rows[function]

    def typical_init(self, function: int) -> float:
        """The median init phase of a function (s); 0 where the trace has none."""
        rows = self.rows(function)
        return float(np.median(self._load.init[rows])) if len(rows) else 0.0


def _error_shares(load: Workload) -> dict[int, float]:
    failed = load.function[load.status == ERROR]
    total = np.bincount(load.function, minlength=len(load.functions))
    errors = np.bincount(failed, minlength=len(load.functions))
    return {int(f): float(errors[f] / total[f]) for f in np.flatnonzero(errors)}
